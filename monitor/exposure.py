"""What the settings leave open to strangers: plain text over a network, weak secrets, files that anybody may read.

Told by `doctor`, `check-config` and, at the start, the log. Nothing here is refused: a private network, a VPN or a
proxy may be the answer already, which no setting shows.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.addresses import is_loopback
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.config import AsteriskSettings, Settings

SECRET_AT_LEAST = 16
"""Characters of an AMI secret: a machine reads it, so nothing speaks for a shorter one."""
_DIFFERENT_AT_LEAST = 6
_TRIED_FIRST = frozenset(
    {"amp111", "asterisk", "callmonitor", "change-me", "changeme", "mysecret", "password", "secret"}
)
"""What samples, distributions and manuals have, alone or with digits behind."""
_ENGINE = "/run/secrets/"
"""Where container engines put secrets, readable to all in a container that has one user."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """One thing that is open."""

    where: str
    """A system's name, or a section of the settings."""
    sentence: str
    next_step: str


def exposures(settings: Settings) -> list[Exposure]:
    """All that the settings leave open."""
    found: list[Exposure] = []
    for system in settings.asterisk:
        found += _asterisk(system)
    return [*found, *_web(settings), *_metrics(settings), *_ledger(settings), *_files(settings)]


def _asterisk(system: AsteriskSettings) -> Iterator[Exposure]:
    if not system.tls and not is_loopback(system.host):
        secret = ", and so does the secret" if system.auth == "plain" else ""
        yield Exposure(
            system.name,
            f"AMI of {system.host} crosses the network in plain text: whoever is between reads callers' numbers and "
            f"can forge events{secret}.",
            "Set `tls = true` here and `tlsenable = yes` in manager.conf, or lead the connection through a VPN.",
        )
    try:
        weak = _weakness(system.read_secret(), system.username)
    except ConfigError:
        return  # told where it is needed
    if weak is not None:
        yield Exposure(
            system.name,
            f"The secret of {system.username!r} {weak}.",
            "Draw one with `openssl rand -hex 24`, and write it into manager.conf and into secret_file.",
        )


def _weakness(secret: str, username: str) -> str | None:
    """Why a secret is easily guessed; None where it is not. Never shows it."""
    plain = secret.strip().lower()
    if plain.rstrip("0123456789!") in _TRIED_FIRST | {username.lower()} or plain in _TRIED_FIRST:
        return "is one of those that are tried first"
    if len(secret) < SECRET_AT_LEAST:
        return f"has fewer than {SECRET_AT_LEAST} characters"
    if len(set(secret)) < _DIFFERENT_AT_LEAST:
        return f"has fewer than {_DIFFERENT_AT_LEAST} different characters"
    return None


def _web(settings: Settings) -> Iterator[Exposure]:
    web = settings.web
    if not web.on_loopback and not web.https_only:
        yield Exposure(
            "web",
            f"The page is served beyond this machine ({web.host}) as plain HTTP: passwords, sign-ins and calls cross "
            "the network for anybody to read.",
            "Set tls_cert and tls_key of [web], or secure_cookies = true where a proxy in front speaks HTTPS.",
        )


def _metrics(settings: Settings) -> Iterator[Exposure]:
    metrics, web = settings.metrics, settings.web
    host = metrics.host or web.host
    if is_loopback(host):
        return
    if metrics.token_sha256 is None and metrics.token_file is None:
        yield Exposure(
            "metrics",
            f"/metrics is served beyond this machine ({host}) to whoever asks: figures by agent and queue.",
            "Set token_file of [metrics] and give Prometheus the same token, or bind it to loopback.",
        )
    elif (metrics.tls_cert if metrics.host else web.tls_cert) is None:
        yield Exposure(
            "metrics",
            f"The token of /metrics crosses the network in plain text ({host}).",
            f"Set tls_cert and tls_key of [{'metrics' if metrics.host else 'web'}].",
        )


def _ledger(settings: Settings) -> Iterator[Exposure]:
    if settings.ledger.url.get_secret_value().startswith("sqlite:"):
        return
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - slow to load, and SQLite is the usual case

    url = make_url(settings.ledger.url.get_secret_value())
    host, sslmode = url.host or "", str(url.query.get("sslmode", "prefer"))
    if host and not host.startswith("/") and not is_loopback(host) and not sslmode.startswith(("require", "verify-")):
        yield Exposure(
            "ledger",
            f"The ledger at {host} may be written in plain text: callers' numbers cross the network.",
            "Add `?sslmode=verify-full&sslrootcert=FILE` to [ledger] url.",
        )


def _files(settings: Settings) -> Iterator[Exposure]:
    files = [
        *((system.name, "secret_file", system.secret_file) for system in settings.asterisk),
        *(("web", f"password_hash_file of {user.name!r}", user.password_hash_file) for user in settings.web.user),
        ("web", "session_secret_file", settings.web.session_secret_file),
        ("web", "tls_key", settings.web.tls_key),
        ("metrics", "tls_key", settings.metrics.tls_key),
        ("metrics", "token_file", settings.metrics.token_file),
        ("ledger", "password_file", settings.ledger.password_file),
        ("privacy", "key_file", settings.privacy.key_file),
        *(("reconcile", f"password_file of {one.system!r}", one.password_file) for one in settings.reconcile),
        ("reports", "password_file of [reports.mail]", settings.reports.mail.password_file),
    ]
    for where, what, path in files:
        if path is not None and not str(path).startswith(_ENGINE) and _anybody_reads(path):
            yield Exposure(where, f"{path}: {what} can be read by every user of this machine.", f"chmod o= {path}")


def _anybody_reads(path: Path) -> bool:
    try:
        reached = all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
        return reached and bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False  # told where it is needed
