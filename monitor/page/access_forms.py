"""What somebody is refused, how that is told, and forms that may be trusted to be ours."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect

from monitor.page.api_problems import ProblemError
from monitor.page.headers import is_api, route_path
from monitor.texts import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

    from monitor.page.render import Renderer


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLimits:
    """How much a form may bring."""

    size: int = 8192
    """Bytes."""
    fields: int = 20


FORM_LIMITS = FormLimits()
"""Of forms that need no more."""
_BODY_SECONDS = 10
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _(text: str) -> str:
    """Mark a text for the catalogues; it is put into words where it is told."""
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why somebody does not get what they asked for."""

    status: HTTPStatus
    sentence: str
    title: str = _("Not possible")
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - it says what happens to a request, not that something broke
    """A request is refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


MISDIRECTED = Refusal(
    status=HTTPStatus.MISDIRECTED_REQUEST,
    sentence=_("Nobody has to sign in here, so the board answers on this machine only: open it as localhost."),
)
SIGN_IN = Refusal(
    status=HTTPStatus.UNAUTHORIZED,
    sentence="Sign in, or send a token as `Authorization: Bearer …`.",
    headers={"www-authenticate": 'Bearer realm="callmonitor"'},
)
BAD_TOKEN = Refusal(
    status=HTTPStatus.UNAUTHORIZED,
    sentence="This token is not known here; ask for a new one.",
    headers={"www-authenticate": 'Bearer realm="callmonitor", error="invalid_token"'},
)
NO_CALLS = Refusal(
    status=HTTPStatus.FORBIDDEN,
    title=_("Not for you to see"),
    sentence=_("Single calls are shown to supervisors only; your role sees the board and its figures."),
)
NO_REPORTS = Refusal(
    status=HTTPStatus.FORBIDDEN,
    title=_("Not for you to see"),
    sentence=_("Reports are made and read by supervisors only; your role sees the board and its figures."),
)
NO_WORK = Refusal(
    status=HTTPStatus.FORBIDDEN,
    title=_("Not for you to see"),
    sentence=_("Calls back, reviews and cases are for supervisors; your role sees the board and its figures."),
)
CASES_ONLY = Refusal(
    status=HTTPStatus.FORBIDDEN,
    sentence="This token brings in cases and reads them, at /api/v1/cases, and nothing else.",
)
TOKENS_ONLY = Refusal(
    status=HTTPStatus.FORBIDDEN,
    sentence="Programs write here with a token, as `Authorization: Bearer …`; people open the page and write there.",
)
ELSEWHERE = Refusal(
    status=HTTPStatus.FORBIDDEN,
    sentence=_(
        "This form was sent from another site, and nothing was done. Open the page itself and send it from there."
    ),
)
STALE = Refusal(
    status=HTTPStatus.FORBIDDEN,
    sentence=_("This form is no longer valid, and nothing was done. Open the page again and send it once more."),
)
READ_ONLY = Refusal(
    status=HTTPStatus.METHOD_NOT_ALLOWED,
    sentence=_("Nothing can be changed here; read with GET."),
    headers={"allow": "GET, HEAD"},
)
TOO_LARGE = Refusal(
    status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence=_("This form is larger than any of ours; it was not read.")
)
TOO_SLOW = Refusal(status=HTTPStatus.REQUEST_TIMEOUT, sentence=_("The form did not arrive in time; send it once more."))
NO_FORM = Refusal(
    status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    sentence=_("Only forms are taken here, as application/x-www-form-urlencoded."),
)
UNREADABLE = Refusal(status=HTTPStatus.BAD_REQUEST, sentence=_("This form cannot be read; send it once more."))
NOT_HERE = Refusal(
    status=HTTPStatus.NOT_FOUND,
    title=_("No such page"),
    sentence=_("Nothing is under this address. Go on from the board."),
)
WRONG_METHOD = Refusal(
    status=HTTPStatus.METHOD_NOT_ALLOWED,
    sentence=_("This address is not used that way, and nothing was done. Go on from the board."),
)
_BY_STATUS = {refusal.status: refusal for refusal in (NOT_HERE, WRONG_METHOD)}


def for_program(scope: Scope) -> bool:
    """Whether a program waits for the answer and could do nothing with a page: the API, or an event stream."""
    accept = dict(scope["headers"]).get(b"accept", b"")
    return is_api(scope) or b"text/event-stream" in accept


def told(refusal: Refusal, request: Request, renderer: Renderer) -> Response:
    """The answer that tells it: to people a page in their language, to programs JSON."""
    if for_program(request.scope):
        response = ProblemError(refusal.status, refusal.sentence, headers=refusal.headers).answer()
    else:
        response = message(request, renderer, refusal.title, refusal.sentence, status=refusal.status)
        response.headers.update(refusal.headers)
    if refusal.status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT):
        response.headers["connection"] = "close"  # what is left of the body is not waited for
    return response


def told_by_status(error: HTTPException, request: Request, renderer: Renderer) -> Response:
    """The answer where the routes have none: an address that nothing is under, or a method that it does not take."""
    status = HTTPStatus(error.status_code)
    refusal = _BY_STATUS.get(status) or Refusal(status=status, sentence=_("This cannot be answered."))
    return told(replace(refusal, headers=error.headers or {}), request, renderer)


def message(
    request: Request,
    renderer: Renderer,
    title: str,
    sentence: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    again: str | None = None,
    seconds: int = 0,
) -> Response:
    """A page that says one thing.

    Args:
        request: of whoever is told.
        renderer: makes the page.
        title: in English, as the catalogues have it; so is the sentence.
        sentence: what happened, and what to do.
        status: of the answer.
        again: the address that is asked for a little later.
        seconds: how much later.
    """
    words = catalogue(renderer.language_of(request))
    return renderer.page(
        request,
        "message.html",
        status=status,
        title=words.gettext(title),
        sentence=words.gettext(sentence),
        signs_in=route_path(request.scope) == "/login",
        again=again,
        seconds=seconds,
    )


def sent_from_here(request: Request) -> bool:
    """Whether the browser says that a form was sent from our own page, or does not say.

    Browsers say so of every form; programs do not, and have to bring the form's token all the same.
    """
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None and fetched not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    scheme, _separator, host = origin.partition("://")
    # The scheme itself is not compared: a proxy in front may have taken TLS off. "null" has none and names nobody.
    return scheme in _DEFAULT_PORTS and _with_port(scheme, host) == _with_port(scheme, request.headers.get("host", ""))


def _with_port(scheme: str, host: str) -> str:
    """A host in lower case, its port written out."""
    host = host.lower()
    return host if re.search(r":\d+$", host) else f"{host}:{_DEFAULT_PORTS[scheme]}"


async def read_form(request: Request, limits: FormLimits = FORM_LIMITS) -> dict[str, str]:
    """The fields of a form.

    Args:
        request: it, its body not yet read.
        limits: how much it may bring.

    Raises:
        Refused: it is no form, too large, too slow, or not text.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Refused(NO_FORM)
    body = await read_body(request, limits.size, _BODY_SECONDS)
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=limits.fields)
    except ValueError:
        raise Refused(UNREADABLE) from None
    return {name: values[-1] for name, values in fields.items()}


async def read_body(request: Request, size: int, within_seconds: float, *, too_large: Refusal = TOO_LARGE) -> bytes:
    """What a request brings.

    Args:
        request: it, its body not yet read.
        size: bytes at most.
        within_seconds: by when all of it has to be there.
        too_large: how it is refused where it is.

    Raises:
        Refused: it is too large, too slow, or broken off.
    """
    length = request.headers.get("content-length", "0")
    if len(length) > len(str(size)) or not length.isdecimal() or int(length) > size:
        raise Refused(too_large)
    body = bytearray()
    try:
        async with asyncio.timeout(within_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > size:
                    raise Refused(too_large)
    except TimeoutError:
        raise Refused(TOO_SLOW) from None
    except ClientDisconnect:
        raise Refused(UNREADABLE) from None
    return bytes(body)
