"""Templates to HTML: one environment a language, with the words and forms that every page shares.

Jinja2 escapes whatever it fills in; nothing here marks a text from the network as safe.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from monitor import __version__
from monitor.calls.facts import microseconds
from monitor.forms import NOTHING, clock, percent, tenths
from monitor.masking import hyphenated
from monitor.page.viewer import viewer_of
from monitor.replay_json import at_json
from monitor.texts import LANGUAGES, TEXTS, catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from jinja2.bccache import Bucket
    from starlette.requests import HTTPConnection, Request

    from monitor.calls.facts import CallKey
    from monitor.texts import Language

LANGUAGE_COOKIE = "callmonitor_language"


class _Compiled(BytecodeCache):
    """The code that templates become: the same in each language, since words are looked up when a page is made."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code of a template where it was compiled before."""
        code = self._code.get((bucket.key, bucket.checksum))
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        self._code[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class Renderer:
    """Renders templates in a viewer's language.

    Args:
        zone: the centre's time zone.
        language: of those who have not chosen one.
        teams: the configured ones, each with its name in English.
    """

    def __init__(self, zone: tzinfo, language: Language, *, teams: Mapping[str, str] = MappingProxyType({})) -> None:
        self.zone = zone
        self._teams = teams
        self.language = language
        self.offered: set[str] = set()
        """Which pages there are that not every monitor has, by the beginning of their path: the navigation's."""
        self._environments = {name: self._environment(name) for name in LANGUAGES}

    def _environment(self, language: Language) -> Environment:
        environment = Environment(
            loader=PackageLoader("monitor.page"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            auto_reload=False,
            bytecode_cache=_COMPILED,
        )
        environment.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined] # i18n adds it
        environment.globals |= {
            "language": language,
            "nothing": NOTHING,
            "offered": self.offered,
            "texts": TEXTS[language],
            "version": __version__,
        }
        environment.filters |= {
            "time": self.time,
            "day": self.day,
            "iso": at_json,
            "tenths": tenths,
            "clock": clock,
            "percent": percent,
            "hyphenated": hyphenated,
            "milliseconds": milliseconds,
            "call_path": call_path,
            "team": lambda team: self.team(team, language),
            "case_path": case_path,
        }
        return environment

    def language_of(self, connection: HTTPConnection) -> Language:
        """The language somebody has chosen, by `?lang=` now or by cookie before."""
        chosen = connection.query_params.get("lang") or connection.cookies.get(LANGUAGE_COOKIE)
        return next((name for name in LANGUAGES if name == chosen), self.language)

    def page(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A whole page for one viewer."""
        language = self.language_of(request)
        html = self.fragment(language, template, request=request, viewer=viewer_of(request), **context)
        response = HTMLResponse(html, status)
        if request.query_params.get("lang") == language:
            response.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * 86400, httponly=True, samesite="lax")
        return response

    def fragment(self, language: Language, template: str, **context: Any) -> str:
        """What a template makes of its context."""
        return self._environments[language].get_template(template).render(context)

    def team(self, team: str | None, language: str) -> str:
        """What a team is called; empty where there is none."""
        return (self._teams.get(team or "") if language == "en" else None) or team or ""

    def time(self, at: datetime | None) -> str:
        """The time of day in the centre, `14:03:59`."""
        return NOTHING if at is None else at.astimezone(self.zone).strftime("%H:%M:%S")

    def day(self, at: datetime) -> str:
        """The local day, `2026-11-25`."""
        return at.astimezone(self.zone).strftime("%Y-%m-%d")


def milliseconds(at: datetime | None) -> str:
    """An instant as a browser counts, in milliseconds since 1970; empty where there is none."""
    return "" if at is None else f"{microseconds(at) / 1000:.3f}"


def call_path(key: CallKey) -> str:
    """Where a call's own page is; whatever stands in its names goes in one step of the path."""
    return f"/calls/{quote(key.system, safe='')}/{quote(key.linkedid, safe='')}"


def case_path(reference: str) -> str:
    """Where a case's own page is; a slash in its reference stays in one step of the path."""
    return f"/cases/{quote(reference, safe='')}"
