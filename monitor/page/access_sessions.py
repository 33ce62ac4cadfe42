"""Who has signed in: cookies that carry a name and are signed, so that nothing has to be kept for them here.

A cookie that is forged, cut off, too old or another instance's is no error: whoever brings it is just not signed in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import HTTPConnection
    from starlette.responses import Response

FORM_SECONDS = 3600
"""How long a sign-in form may lie open. The page loads it anew before that."""
_COOKIE_AT_MOST = 4096
"""Characters: ours have some 200, and no browser keeps longer ones."""
_ENDED_AT_MOST = 10_000


class _Signer(TimestampSigner):
    """Dates by the clock that was handed in."""

    def __init__(self, *args: Any, clock: Callable[[], datetime], **options: Any) -> None:
        super().__init__(*args, **options)
        self._clock = clock

    def get_timestamp(self) -> int:
        """The present, in seconds since 1970."""
        return int(self._clock().timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in that still holds."""

    name: str
    """Who signed in, in its normal form."""
    fingerprint: str
    """Of the hash that the password fitted."""
    id: str
    """Drawn at the sign-in."""
    ends_at: datetime


class Sessions:
    """Gives out cookies, and reads those that come back.

    Args:
        key: signs them.
        lasting: how long a sign-in holds.
        secure: whether they may travel over HTTPS only.
        clock: the present, aware.
    """

    def __init__(self, key: bytes, lasting: timedelta, clock: Callable[[], datetime], *, secure: bool) -> None:
        self._key = key
        self._lasting_seconds = int(lasting.total_seconds())
        self._secure = secure
        self._clock = clock
        # A browser takes a cookie of this name from this host only, over HTTPS only, and from no other subdomain.
        prefix = "__Host-" if secure else ""
        self.session_cookie = f"{prefix}callmonitor_session"
        self.form_cookie = f"{prefix}callmonitor_form"
        self._sessions = self._serializer("session")
        self._forms = self._serializer("form")
        self._ended: dict[str, datetime] = {}

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._key,
            salt=f"callmonitor {purpose}",
            signer=_Signer,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256, "clock": self._clock},
        )

    def go_on_from(self, before: Sessions) -> None:
        """Take over who signed out: what another one ended stays ended."""
        self._ended = before._ended

    def start(self, response: Response, name: str, fingerprint: str) -> None:
        """Let a response sign somebody in, under an identity that nobody could have known before."""
        value = self._sessions.dumps([name, fingerprint, secrets.token_urlsafe(16)])
        self._give(response, self.session_cookie, value, self._lasting_seconds)
        self._take(response, self.form_cookie)

    def read(self, connection: HTTPConnection) -> Session | None:
        """The sign-in that a connection's cookie tells of, ended or not; None where there is none."""
        found = self._read(self._sessions, connection.cookies.get(self.session_cookie), self._lasting_seconds)
        match found:
            case [str(name), str(fingerprint), str(identity)], signed_at:
                ends_at = signed_at + timedelta(seconds=self._lasting_seconds)
                return Session(name=name, fingerprint=fingerprint, id=identity, ends_at=ends_at)
        return None  # none of ours; or signed with the same key by a release that put something else into it

    def end(self, response: Response, session: Session) -> None:
        """Sign somebody out: their browser forgets the cookie, and a copy of it is worth nothing from now on."""
        now = self._clock()
        self._ended = {identity: ends_at for identity, ends_at in self._ended.items() if ends_at > now}
        if len(self._ended) >= _ENDED_AT_MOST:
            self._ended.pop(next(iter(self._ended)))
        self._ended[session.id] = session.ends_at
        self._take(response, self.session_cookie)

    def holds(self, session: Session) -> bool:
        """Whether it has neither run out nor been ended."""
        return session.id not in self._ended and self._clock() < session.ends_at

    def form_of(self, connection: HTTPConnection) -> str | None:
        """What ties a sign-in form to the browser that was given it, where nobody has signed in yet."""
        found = self._read(self._forms, connection.cookies.get(self.form_cookie), FORM_SECONDS)
        return found[0] if found is not None and isinstance(found[0], str) else None

    def give_form(self, response: Response, identity: str) -> None:
        """Let a response bring the form's cookie, good for an hour from now."""
        self._give(response, self.form_cookie, self._forms.dumps(identity), FORM_SECONDS)

    def csrf(self, identity: str) -> str:
        """What a form must bring along to be known as ours, by the identity of its session or sign-in form."""
        return hmac.new(self._key, f"csrf\0{identity}".encode(), hashlib.sha256).hexdigest()

    def _read(
        self, serializer: URLSafeTimedSerializer, cookie: str | None, age_seconds: int
    ) -> tuple[Any, datetime] | None:
        if cookie is None or len(cookie) > _COOKIE_AT_MOST:
            return None
        try:
            found: tuple[Any, datetime] = serializer.loads(cookie, max_age=age_seconds, return_timestamp=True)
        except (BadData, UnicodeError):
            return None
        return found

    def _give(self, response: Response, name: str, value: str, age_seconds: int) -> None:
        response.set_cookie(name, value, max_age=age_seconds, httponly=True, samesite="lax", secure=self._secure)

    def _take(self, response: Response, name: str) -> None:
        response.delete_cookie(name, httponly=True, samesite="lax", secure=self._secure)
