"""The settings, loaded anew while everything runs: what can be taken over is, and a bad file changes nothing.

Three steps. The settings are read as at the start, and refused whole where anything in them is wrong. Then they are put
together with those that hold: what needs a restart stays as it was, and is named. Then every part prepares what it
takes over, which may still be refused; only when all have is anything changed, so that no two parts hold settings of
two files.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import BaseModel, ValidationError

from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.config import AsteriskSettings, Settings

_log = structlog.get_logger(__name__)

APPLIED = frozenset(
    {
        "ledger.password_file",
        "privacy.access_log_days",
        "privacy.agent_states_days",
        "privacy.agents_days",
        "privacy.numbers_days",
        "privacy.purge_at",
        "web.user",
        "web.token",
        "web.numbers_for",
        "web.session_hours",
        "web.session_secret_file",
        "web.tls_cert",
        "web.tls_key",
        "metrics.tls_cert",
        "metrics.tls_key",
        "metrics.token_sha256",
        "metrics.token_file",
        "alerts.alertmanager",
        "alerts.apprise",
        "alerts.repeat_seconds",
        "alerts.warnings",
        "commitment",
        "cases.due_soon_days",
        "cases.personal_days",
        "reports.at",
        "reports.languages",
        "reports.formats",
        "reports.mail",
        "log",
    }
)
"""What is taken over while running: whole sections, or keys of one. Of `[[asterisk]]` all is, for the same systems."""
_REPLACED = frozenset({"tls_cert", "tls_key"})
"""Taken over where there was one and is another: whether TLS is spoken at all is for a restart to change."""


class Reload:
    """Loads the settings anew. Everything belongs to the event loop's thread.

    Args:
        settings: those that hold.
        load: reads them anew, as at the start; in a thread.

    Attributes:
        settings: those that hold now.
        successful: whether the last try was.
        succeeded_at: when one was last; seconds since 1970.
        needs_restart: keys that the file has changed and that stay as they were until a restart.
    """

    def __init__(self, settings: Settings, load: Callable[[], Settings] | None = None) -> None:
        self.settings = settings
        self.load = load
        self.successful = True
        self.succeeded_at = time.time()
        self.needs_restart: tuple[str, ...] = ()
        self._prepare: list[Callable[[Settings], Callable[[], None]]] = []
        self._one_at_a_time = asyncio.Lock()

    def add(self, prepare: Callable[[Settings], Callable[[], None]]) -> None:
        """Let a part take over what it can.

        Args:
            prepare: is given the settings that are to hold, makes ready what may fail, and returns what changes the
                part over, at once and without fail; raises `ConfigError` where the settings cannot be used.
        """
        self._prepare.append(prepare)

    async def again(self) -> bool:
        """Load the settings anew, and take them over.

        Returns:
            Whether they hold now; where they do not, the log says why, and those before do.
        """
        if self.load is None:
            return False
        async with self._one_at_a_time:
            try:
                new = await asyncio.to_thread(self.load)
                self._take(new)
            except ConfigError as error:
                self.successful = False
                for sentence in str(error).splitlines():
                    _log.error("settings_refused", problem=sentence, next_step="The settings before hold on.")
            except Exception as error:  # noqa: BLE001 - whatever it is, the calls go on
                self.successful = False
                _log.error("settings_refused", problem=type(error).__name__, next_step="Report it; see --debug.")
                # Its message may quote a value, and a secret in it.
                _log.debug("settings_refused", exc_info=error)
            else:
                self.successful = True
                self.succeeded_at = time.time()
        return self.successful

    def _take(self, new: Settings) -> None:
        effective, waiting = together(self.settings, new)
        changed = tuple(differences(self.settings, effective))
        commits = [prepare(effective) for prepare in self._prepare]
        self.settings = effective
        self.needs_restart = waiting
        for commit in commits:
            commit()
        _log.info("settings_reloaded", changed=list(changed))
        if waiting:
            _log.warning(
                "settings_need_a_restart",
                problem=f"needs a restart: {', '.join(waiting)}",
                next_step="What was set before holds until then.",
            )


def together(old: Settings, new: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The settings that are to hold, and the keys of the new ones that need a restart.

    Args:
        old: those that hold.
        new: as loaded.
    """
    update: dict[str, Any] = {}
    waiting: list[str] = []
    for section in type(old).model_fields:
        was, will = getattr(old, section), getattr(new, section)
        if was == will:
            continue
        if section == "asterisk":
            update[section], more = _systems(was, will)
        elif section in APPLIED:
            update[section], more = will, []
        elif isinstance(was, BaseModel):
            update[section], more = _section(section, was, will)
        else:
            more = [section]
        waiting += more
    return old.model_copy(update=update), tuple(waiting)


def differences(old: Settings, new: Settings) -> Iterator[str]:
    """The keys in which two settings differ, without a value: `web.user`, `asterisk pbx1.secret`."""
    for section in type(old).model_fields:
        was, will = getattr(old, section), getattr(new, section)
        if section == "asterisk":
            before = {system.name: system for system in was}
            for system in will:
                yield from (
                    f"asterisk {system.name!r}.{key}" for key in _changed(before.get(system.name, system), system)
                )
        elif isinstance(was, BaseModel):
            yield from (f"{section}.{key}" for key in _changed(was, will))
        elif was != will:
            yield section


def _changed(old: BaseModel, new: BaseModel) -> list[str]:
    return [key for key in type(old).model_fields if getattr(old, key) != getattr(new, key)]


def _section(name: str, old: BaseModel, new: BaseModel) -> tuple[BaseModel, list[str]]:
    """A section with what can be taken over, and the keys that cannot."""
    changed = _changed(old, new)
    taken = {
        key: getattr(new, key)
        for key in changed
        if f"{name}.{key}" in APPLIED and not (key in _REPLACED and None in (getattr(old, key), getattr(new, key)))
    }
    waiting = [f"{name}.{key}" for key in changed if key not in taken]
    if not waiting:
        return new, waiting
    try:
        # What was refused in one file is refused of two: a page open to all because `host` is the old one still.
        return type(old).model_validate(dict(old) | taken), waiting
    except ValidationError:
        return old, [f"{name}.{key}" for key in changed]


def _systems(
    old: tuple[AsteriskSettings, ...], new: tuple[AsteriskSettings, ...]
) -> tuple[tuple[AsteriskSettings, ...], list[str]]:
    """The same systems as before, each as it is set now, and those that came or went."""
    before, now = {system.name: system for system in old}, {system.name: system for system in new}
    came = [f"asterisk {name!r} (added)" for name in now if name not in before]
    went = [f"asterisk {name!r} (removed)" for name in before if name not in now]
    return tuple(now.get(name, system) for name, system in before.items()), came + went
