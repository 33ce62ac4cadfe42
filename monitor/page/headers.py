"""What every answer tells the browser to refuse, and to which names the page answers at all.

Both are plain ASGI and look at the beginning of an answer only: nothing is held back, so that an event stream flows.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from monitor.addresses import is_from_here
from monitor.page.api_problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FROM_HERE = ("script-src", "style-src", "img-src", "connect-src", "media-src", "font-src", "form-action")
_FROM_NOWHERE = ("default-src", "frame-ancestors", "base-uri")
CONTENT_SECURITY_POLICY = "; ".join(
    [*(f"{kind} 'none'" for kind in _FROM_NOWHERE), *(f"{kind} 'self'" for kind in _FROM_HERE)]
)
"""Everything comes from here, and nothing stands inline: what a caller's name smuggles in is not run."""

PERMISSIONS_POLICY = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
_ALWAYS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": PERMISSIONS_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_FAILED = "처리하지 못했습니다. 이유는 로그에 있습니다.\nThis failed; the log says why.\n"
"""In both languages at once, and no template: that may be what failed."""
_YEAR_SECONDS = 365 * 86_400


class SecurityHeaders:
    """Adds the security headers to every answer.

    Pages are never kept by a browser or a proxy, since the next to sit there may be somebody else; static files are
    kept, and asked for anew by their ETag. Where a route fails, this answers in its place, and passes the error on to
    whoever logs it.

    Args:
        app: what answers.
        secure: whether browsers come over HTTPS, and are to insist on it from now on.
    """

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = _ALWAYS | ({"strict-transport-security": f"max-age={_YEAR_SECONDS}"} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caching = "no-cache" if route_path(scope).startswith("/static/") else "no-store"

        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("cache-control", caching)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            if not begun:
                await _failed(scope)(scope, receive, sending)
            raise


def _failed(scope: Scope) -> Response:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    if is_api(scope):
        return ProblemError(status, "This failed; the monitor's log says why.").answer()
    return PlainTextResponse(_FAILED, status)


class LoopbackNames:
    """Serves only those who call this machine by a name of loopback.

    Where nobody signs in, whoever reaches the page may read it. A page from elsewhere, open in a browser on this
    machine, could have its own name point to 127.0.0.1 and read it too, as far as the browser can tell; but then the
    browser still sends that name.

    Args:
        app: what answers.
        refuse: the answer to everybody else.
        open_to_all: whether nobody signs in now; who signs in may come by any name.
    """

    def __init__(
        self, app: ASGIApp, *, refuse: Callable[[Request], Response], open_to_all: Callable[[], bool] = lambda: True
    ) -> None:
        self._app = app
        self._refuse = refuse
        self._open_to_all = open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http" or not self._open_to_all() or is_from_here(scope):
            await self._app(scope, receive, send)
            return
        await self._refuse(Request(scope))(scope, receive, send)


def is_api(scope: Scope) -> bool:
    """Whether the JSON API is asked."""
    path = route_path(scope)
    return path == "/api" or path.startswith("/api/")


def route_path(scope: Scope) -> str:
    """The path as the routes see it, below whatever the application is mounted at."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
