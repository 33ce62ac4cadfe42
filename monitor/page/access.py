"""Who may see the page: people sign in, programs bring a token, and on loopback nobody need where no users are set.

Whatever is not known to be allowed is refused here, before any route is reached: routes find a viewer they can trust in
`viewer_of`, and a form that is ours in `request.state.form`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from monitor.addresses import address_of
from monitor.page.access_attempts import Attempts
from monitor.page.access_forms import (
    BAD_TOKEN,
    ELSEWHERE,
    MISDIRECTED,
    READ_ONLY,
    SIGN_IN,
    STALE,
    Refused,
    for_program,
    read_form,
    sent_from_here,
    told,
)
from monitor.page.access_passwords import Passwords, TooManyAtOnceError, name_key
from monitor.page.access_paths import UPLOAD, limits_of, program_writes, refusal_of
from monitor.page.access_sessions import Sessions
from monitor.page.access_uploads import read_upload
from monitor.page.headers import LoopbackNames, SecurityHeaders, is_api, route_path
from monitor.page.viewer import LOCAL, Viewer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import HTTPConnection
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from monitor.config_web import WebSettings
    from monitor.page.access_sessions import Session
    from monitor.page.render import Renderer
    from monitor.page.viewer import Role

NOBODY = Viewer(name="", role="board")
"""Whoever has not signed in: seen by the sign-in form and by refusals alone."""
_HERE = "this machine"
"""The identity whose forms are taken where nobody signs in: whoever reads the page there may do what it offers."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_NAME_AT_MOST = 64
_NEXT_AT_MOST = 2000
_BUSY_SECONDS = 5

log = structlog.get_logger(__name__)


class Access:
    """Lets people and programs in.

    Args:
        settings: users, programs, and how long a sign-in holds.
        renderer: makes the pages that tell who is refused why.
        clock: the present, aware.

    Raises:
        ConfigError: a file with a password's hash or the cookies' key cannot be read.

    Attributes:
        middleware: for the application that serves the page, outermost first.
        routes: the sign-in form, and signing in and out.
    """

    def __init__(self, settings: WebSettings, renderer: Renderer, clock: Callable[[], datetime]) -> None:
        self._drawn_key = secrets.token_bytes(32)
        self._renderer = renderer
        self._clock = clock
        self._attempts = Attempts(clock)
        self._secure = settings.https_only
        self._sessions = self._sessions_of(settings)
        self.prepare(settings)()
        self.middleware = [Middleware(SecurityHeaders, secure=self._secure)]
        # People may be let in, or nobody any more, while this runs.
        self.middleware.append(Middleware(LoopbackNames, refuse=self._misdirected, open_to_all=lambda: not self._users))
        self.middleware.append(Middleware(_Door, access=self))
        self.routes: list[BaseRoute] = [
            Route("/login", self._form, methods=["GET"]),
            Route("/login", self._sign_in, methods=["POST"]),
            Route("/logout", self._sign_out, methods=["POST"]),
        ]

    def prepare(self, settings: WebSettings) -> Callable[[], None]:
        """Make ready for other settings: users, programs, roles and the cookies' key. Sign-ins that fit them hold on.

        Returns:
            What changes over, at once.

        Raises:
            ConfigError: a file with a password's hash or the cookies' key cannot be read.
        """
        passwords = Passwords(settings.user, self._key_of(settings), self._clock)
        sessions = self._sessions_of(settings)
        users = {name_key(user.name): user for user in settings.user}

        def change_over() -> None:
            sessions.go_on_from(self._sessions)
            self._users, self._tokens, self._numbers_for = users, settings.token, settings.numbers_for
            self._passwords, self._sessions = passwords, sessions

        return change_over

    def _key_of(self, settings: WebSettings) -> bytes:
        return settings.read_session_secret() or self._drawn_key

    def _sessions_of(self, settings: WebSettings) -> Sessions:
        lasting = timedelta(hours=settings.session_hours)
        # Browsers keep a cookie under the name it had: whether that says "secure" is for a restart to change.
        return Sessions(self._key_of(settings), lasting, self._clock, secure=self._secure)

    # -- who is there --------------------------------------------------------------------------------------------------

    def recognise(self, connection: HTTPConnection) -> tuple[Viewer | None, Session | None]:
        """Who a request comes from, and by which sign-in; no viewer for somebody who has to sign in first.

        Raises:
            Refused: a token is brought that is none of ours. It is not passed over: whoever sends it relies on it.
        """
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if is_api(connection.scope) and scheme.lower() == "bearer":
            return self._program(token.strip()), None
        if not self._users:
            return replace(LOCAL, csrf=self._sessions.csrf(_HERE)), None
        session = self._sessions.read(connection)
        if session is None or not self.holds(session):
            return None, None
        user = self._users[session.name]
        return self._viewer(user.name, user.role, csrf=self._sessions.csrf(session.id)), session

    def holds(self, session: Session) -> bool:
        """Whether a sign-in holds still: not run out, not ended, its user there, and their password the same."""
        known = self._passwords.fingerprint(session.name) if session.name in self._users else None
        return known is not None and hmac.compare_digest(known, session.fingerprint) and self._sessions.holds(session)

    def holds_for(self, viewer: Viewer, session: Session | None) -> bool:
        """Whether who streams would be let in as the same viewer still: neither signed out nor given another role."""
        if session is None:
            return not self._users
        user = self._users.get(session.name)
        same = user is not None and (viewer.role, viewer.numbers) == (user.role, user.role in self._numbers_for)
        return same and self.holds(session)

    def _program(self, token: str) -> Viewer:
        digest = hashlib.sha256(token.encode()).hexdigest()
        # All are compared, so that the time tells nothing of which is near.
        found = [known for known in self._tokens if hmac.compare_digest(known.sha256.get_secret_value(), digest)]
        if not found:
            raise Refused(BAD_TOKEN)
        return self._viewer(found[0].name, found[0].role)

    def _viewer(self, name: str, role: Role, *, csrf: str = "") -> Viewer:
        return Viewer(name=name, role=role, numbers=role in self._numbers_for, csrf=csrf)

    # -- what is refused -----------------------------------------------------------------------------------------------

    async def admit(self, request: Request) -> tuple[Response | None, Session | None]:
        """Look at a request before the routes do, and put the viewer and a form of theirs into its state.

        Returns:
            An answer where it goes no further, and the sign-in it came by where there is one.
        """
        request.state.viewer = NOBODY
        try:
            viewer, session = self.recognise(request)
            request.state.session = session
            if viewer is not None:
                request.state.viewer = viewer
            elif not _open_to_all(request.scope):
                return self._to_sign_in(request), None
            self._allowed(request)
            if request.method not in _READING:
                request.state.form = await self._vetted(request, session)
        except Refused as refused:
            return told(refused.refusal, request, self._renderer), None
        return None, session

    def _allowed(self, request: Request) -> None:
        """Keep what a role does not see from whoever has it."""
        refusal = refusal_of(request.state.viewer, route_path(request.scope))
        if refusal is not None:
            raise Refused(refusal)

    async def _vetted(self, request: Request, session: Session | None) -> dict[str, str]:
        """A form that was sent on purpose, by the one who was given it; empty of a program, which has sent none."""
        path = route_path(request.scope)
        if is_api(request.scope):
            program_writes(request, path)
            return {}
        if request.method != "POST":
            raise Refused(READ_ONLY)
        if not sent_from_here(request):
            raise Refused(ELSEWHERE)
        form = await (read_upload(request) if path == UPLOAD else read_form(request, limits_of(path)))
        if path == "/login":
            identity = self._sessions.form_of(request)
        elif self._users:
            identity = session.id if session is not None else None
        else:
            identity = _HERE
        brought = form.get("csrf", "").encode()
        if not identity or not hmac.compare_digest(self._sessions.csrf(identity).encode(), brought):
            raise Refused(STALE)
        return form

    def _to_sign_in(self, request: Request) -> Response:
        if for_program(request.scope):
            return told(SIGN_IN, request, self._renderer)
        path = request.scope.get("raw_path", b"/").decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        then = local_path(f"{path}?{query}" if query else path) if request.method in _READING else "/"
        return _see("/login" if then == "/" else f"/login?next={quote(then, safe='')}")

    def _misdirected(self, request: Request) -> Response:
        request.state.viewer = NOBODY
        return told(MISDIRECTED, request, self._renderer)

    # -- signing in and out --------------------------------------------------------------------------------------------

    async def _form(self, request: Request) -> Response:
        then = local_path(request.query_params.get("next", "/"))
        if request.state.viewer is not NOBODY:
            return _see(then)
        return self._form_again(request, then)

    async def _sign_in(self, request: Request) -> Response:
        form: dict[str, str] = request.state.form
        then = local_path(form.get("next", "/"))
        name = name_key(form.get("name", ""))[: _NAME_AT_MOST + 1]
        address = address_of(request.client.host if request.client else None)
        user = self._users.get(name)
        # What stands in place of a name may be a password that slipped into the wrong field: only names go to the log.
        shown = user.name if user else None
        wait_seconds = self._attempts.begin(address, name)
        if wait_seconds:
            log.debug("sign_in_held_back", user=shown, address=address, wait_seconds=wait_seconds)
            return self._later(request, then, wait_seconds)
        try:
            fingerprint = await self._passwords.check(name, form.get("password", ""))
        except TooManyAtOnceError:
            log.warning("sign_ins_pile_up", address=address)
            return self._later(request, then, _BUSY_SECONDS)
        if user is None or fingerprint is None:
            log.info("sign_in_failed", user=shown, address=address)
            return self._form_again(request, then, "wrong", status=HTTPStatus.FORBIDDEN, name=name)
        self._attempts.succeeded(address, name)
        log.info("signed_in", user=user.name, role=user.role, address=address)
        response = _see(then)
        self._sessions.start(response, name, fingerprint)
        return response

    async def _sign_out(self, request: Request) -> Response:
        response = _see("/login")
        if request.state.session is not None:
            self._sessions.end(response, request.state.session)
            log.info("signed_out", user=request.state.viewer.name)
        return response

    def _later(self, request: Request, then: str, wait_seconds: int) -> Response:
        status = HTTPStatus.TOO_MANY_REQUESTS
        response = self._form_again(request, then, "later", status=status, wait_seconds=wait_seconds)
        response.headers["retry-after"] = str(wait_seconds)
        return response

    def _form_again(
        self,
        request: Request,
        then: str,
        problem: str = "",
        *,
        status: HTTPStatus = HTTPStatus.OK,
        name: str = "",
        wait_seconds: int = 0,
    ) -> Response:
        # A second tab must not make the first one's form invalid: the browser keeps what it was given.
        identity = self._sessions.form_of(request) or secrets.token_urlsafe(16)
        response = self._renderer.page(
            request,
            "login.html",
            status=status,
            next=then,
            csrf=self._sessions.csrf(identity),
            problem=problem,
            name=name,
            wait_seconds=wait_seconds,
        )
        self._sessions.give_form(response, identity)
        return response


class _Door:
    """Asks `Access` about every request, and ends a stream when the sign-in it came by does.

    Args:
        app: the routes.
        access: who lets in.
    """

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope, receive)
        answer, session = await self._access.admit(request)
        viewer: Viewer = request.state.viewer
        if answer is not None:
            await answer(scope, receive, send)
        elif session is None and not self._access.holds_for(viewer, None):
            await self._app(scope, receive, send)
        else:
            await self._while_it_holds(partial(self._access.holds_for, viewer, session), scope, receive, send)

    async def _while_it_holds(self, holds: Callable[[], bool], scope: Scope, receive: Receive, send: Send) -> None:
        streams = over = False

        async def sending(message: Message) -> None:
            nonlocal streams, over
            if message["type"] == "http.response.start":
                streams = Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream")
            elif streams and (over or not holds()):
                over = True
                # What a server raises once a browser has gone: whoever streams stops.
                raise OSError("the sign-in of this stream has ended")
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            if not over:
                raise
        if over:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _open_to_all(scope: Scope) -> bool:
    path = route_path(scope)
    return path == "/login" or path.startswith("/static/")


def local_path(wanted: str) -> str:
    """Where to go after the sign-in: a path of this page; its beginning where anything else is wanted.

    Browsers read a backslash as a slash and pass over tabs and line ends, so that what looks like a path may lead to
    another host.

    **Source:** WHATWG URL, "relative slash state" and the removal of ASCII tab and newline.
    """
    if len(wanted) > _NEXT_AT_MOST or not re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", wanted):
        return "/"
    path = wanted.partition("?")[0].partition("#")[0]
    return "/" if path in ("/login", "/logout") else wanted


def _see(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
