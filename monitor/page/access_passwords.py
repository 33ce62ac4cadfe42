"""Passwords: argon2 hashes are made here, and passwords checked against them.

A check takes some 50 ms and 64 MiB on purpose. It must neither hold up the event loop nor, many at once, use up the
machine: at most two run, some wait, and more are sent away.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64encode
from typing import TYPE_CHECKING

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from monitor.config_web import UserSettings

SHORTEST, LONGEST = 10, 256
"""Characters of a password."""
AT_ONCE = 2
WAITING_AT_MOST = 32
_READ_EVERY_SECONDS = 1.0

log = structlog.get_logger(__name__)


def normal(text: str) -> str:
    """One form of what can be typed in several: Hangul comes composed or in parts, by keyboard and system.

    **Source:** RFC 8265, section 4.2 (OpaqueString), normalisation form C.
    """
    return unicodedata.normalize("NFC", text)


def name_key(name: str) -> str:
    """What a user's name is known by, as set or as typed: keyboards of telephones add a space behind it."""
    return normal(name).strip()


def hash_password(password: str) -> str:
    """The argon2 hash of a password, for the settings.

    Raises:
        ConfigError: it is too short or too long.
    """
    password = normal(password)
    if len(password) < SHORTEST:
        raise ConfigError(f"The password has fewer than {SHORTEST} characters; choose a longer one.")
    if len(password) > LONGEST:
        raise ConfigError(f"The password has more than {LONGEST} characters; choose a shorter one.")
    return PasswordHasher().hash(password)


class TooManyAtOnceError(Exception):
    """So many wait for their password to be checked that one more would wait too long."""


class Passwords:
    """The users' hashes, and the checking of passwords against them.

    Args:
        users: who may sign in.
        key: what fingerprints are made with.
        clock: the present, aware.

    Raises:
        ConfigError: a hash cannot be read: better told at the start than to the first who signs in.
    """

    def __init__(self, users: Iterable[UserSettings], key: bytes, clock: Callable[[], datetime]) -> None:
        self._users = {name_key(user.name): user for user in users}
        self._key = key
        self._clock = clock
        self._fingerprints: dict[str, tuple[datetime, str | None]] = {}
        self._unreadable: set[str] = set()
        self._running = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        hashes = [user.read_hash() for user in self._users.values()]
        self._decoy = decoy(hashes[0]) if hashes else ""
        self._hasher = PasswordHasher()

    async def check(self, name: str, password: str) -> str | None:
        """Whether it is the password of the user of this key, by the hash of this moment.

        Who does not exist takes as long to be refused as who does, so that nobody can find out.

        Returns:
            The fingerprint of the hash that it fits; None where it fits none.

        Raises:
            TooManyAtOnceError: too many wait already.
        """
        if self._waiting >= WAITING_AT_MOST:
            raise TooManyAtOnceError
        self._waiting += 1
        try:
            async with self._running:
                return await asyncio.to_thread(self._checked, name, password)
        finally:
            self._waiting -= 1

    def fingerprint(self, name: str) -> str | None:
        """What tells the user's hash from any other without giving it away; None where there is no such user or hash.

        It is asked for with every request and every part of a stream, so files are read once a second at most.
        """
        now = self._clock()
        kept = self._fingerprints.get(name)
        if kept is None or not 0 <= (now - kept[0]).total_seconds() < _READ_EVERY_SECONDS:
            known = self._hash(name)
            kept = self._fingerprints[name] = (now, None if known is None else self._fingerprint(name, known))
        return kept[1]

    def _checked(self, name: str, password: str) -> str | None:
        known = self._hash(name)
        try:
            self._hasher.verify(known or self._decoy, normal(password))
        except (VerificationError, InvalidHashError):
            return None
        if known is None:
            return None
        fingerprint = self._fingerprint(name, known)
        self._fingerprints[name] = (self._clock(), fingerprint)
        return fingerprint

    def _hash(self, name: str) -> str | None:
        user = self._users.get(name)
        if user is None:
            return None
        try:
            known = user.read_hash()
        except ConfigError as error:
            if name not in self._unreadable:
                log.warning("password_unknown", user=user.name, problem=str(error))
            self._unreadable.add(name)
            return None
        self._unreadable.discard(name)
        return known

    def _fingerprint(self, name: str, known: str) -> str:
        return hmac.new(self._key, f"{name}\0{known}".encode(), hashlib.sha256).hexdigest()[:32]


def decoy(known: str) -> str:
    """A hash that takes as long to check as `known` does, and that no password fits."""
    parameters, salt, digest = known.rsplit("$", 2)
    drawn = (b64encode(secrets.token_bytes(len(part) * 3 // 4)).decode().rstrip("=") for part in (salt, digest))
    return "$".join((parameters, *drawn))
