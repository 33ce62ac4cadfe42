"""Letters on their way: sent over SMTP as they lie beside a report's files, and remembered there once they are gone.

A letter that was taken for everybody is removed, and `mailed.json` says who got it when; so a restart neither mails
twice nor forgets. Of several addressees each is remembered by itself, since a server may take one and refuse another.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal

from monitor.errors import MailError
from monitor.reports.kept import LETTER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

MAILED = "mailed.json"
_NEW = "mailed.new"
_TIMEOUT_SECONDS = 30.0
"""For the connection, and for each answer of the mail server."""
_STEP = "It is tried again by itself."
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "shows a certificate that cannot be trusted ({detail}): set tls_ca, or host."),
    (ssl.SSLError, "does not speak TLS as set ({detail}): see security and port of [reports.mail]."),
    (smtplib.SMTPNotSupportedError, "offers no STARTTLS, or no login: see security of [reports.mail]."),
    (
        smtplib.SMTPAuthenticationError,
        "refused the login ({detail}): see username and password_file of [reports.mail].",
    ),
    (smtplib.SMTPRecipientsRefused, "refused every address ({detail}): see `to` of [reports.mail]."),
    (smtplib.SMTPSenderRefused, "refused the sender ({detail}): see sender of [reports.mail]."),
    (smtplib.SMTPResponseException, "refused the mail ({detail}): ask whoever runs it."),
    (smtplib.SMTPServerDisconnected, "hung up: see port and security of [reports.mail]."),
    (TimeoutError, f"did not answer within {_TIMEOUT_SECONDS:.0f} s: see host and port of [reports.mail]."),
    (Exception, "cannot be reached ({detail}): see host and port of [reports.mail]."),
)
"""What is told of each error, the narrower ones first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """By which server, from whom and to whom letters go."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    tls_ca: Path | None = None
    """A file of certificates to trust in place of the machine's own."""
    username: str = ""
    """Empty where the server asks for none."""
    password: Callable[[], str | None] = field(repr=False)
    """Reads it, each time a letter is sent."""
    sender: str
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter beside a report's files that not everybody has got."""

    path: Path
    missing: tuple[str, ...]
    """The addressees who have not got it."""

    @property
    def message_id(self) -> str:
        """The same at each try, so that mail servers know one they have had already; without its domain."""
        return f"{self.path.parent.name}.{self.path.name.removesuffix(LETTER)}"


def waiting_in(folder: Path, to: Iterable[str]) -> list[Letter]:
    """The letters in a report's folder that wait for somebody.

    Args:
        folder: the report's.
        to: the addressees.

    Raises:
        MailError: the record of what was mailed cannot be read.
    """
    told = _mailed(folder)
    found = []
    for path in sorted(folder.glob(f"mail.*{LETTER}")):
        missing = tuple(address for address in to if address not in told.get(path.name, {}))
        if missing:
            found.append(Letter(path=path, missing=missing))
    return found


def deliver(post: Post, letter: Letter, now: datetime) -> None:
    """Send a letter to those who have not got it, and remember who now has. Blocks for as long as the server takes.

    Args:
        post: by which server and to whom.
        letter: one of `waiting_in`.
        now: its date; aware.

    Raises:
        MailError: it could not be sent, or not to everybody; with what happened and the next step, without a secret.
        ConfigError: the password cannot be read.
    """
    try:
        content = letter.path.read_bytes()
    except OSError as error:
        raise MailError(f"{letter.path} cannot be read ({error.strerror}): let this user read it. {_STEP}") from error
    domain = post.sender.rpartition("@")[2]
    # Where there is no room for the record, nothing may go out: it would go out again and again.
    _write(letter, letter.missing, now)
    refused = send(post, content, to=letter.missing, message_id=f"<{letter.message_id}@{domain}>", now=now)
    taken = [address for address in letter.missing if address not in refused]
    if refused:
        _write(letter, taken, now)
    _settle(letter)
    if refused:
        codes = ", ".join(sorted({str(code) for code in refused.values()}))
        raise MailError(
            f"The mail server took the report for {len(taken)} of {len(letter.missing)} addresses and refused the rest "
            f"({codes}): correct `to` of [reports.mail]. {_STEP}"
        )
    letter.path.unlink(missing_ok=True)


def send(
    post: Post, letter: bytes | EmailMessage, *, to: tuple[str, ...], message_id: str, now: datetime
) -> Mapping[str, int]:
    """Send a letter; sender, addressees and date are put before it.

    Args:
        post: by which server; its whole list of addressees stands in the letter.
        letter: as `monitor.reports.mail.letter_of` makes it.
        to: to which of them it goes now.
        message_id: in angle brackets.
        now: its date; aware.

    Returns:
        Whom the server refused, with its code, where it took the letter for others.

    Raises:
        MailError: nobody got it; with what happened and the next step, without a secret.
        ConfigError: the password cannot be read.
    """
    head = EmailMessage(policy=SMTP)
    head["From"] = post.sender
    head["To"] = ", ".join(post.to)
    head["Date"] = format_datetime(now)
    head["Message-ID"] = message_id
    head["Auto-Submitted"] = "auto-generated"
    body = letter if isinstance(letter, bytes) else letter.as_bytes(policy=SMTP)
    password = post.password()
    try:
        with _connection(post) as server:
            if post.username and password is not None:
                server.login(post.username, password)
            refused = server.sendmail(post.sender, to, head.as_bytes().removesuffix(b"\r\n") + body)
    except (OSError, smtplib.SMTPException) as error:
        # No cause: what a server answers may repeat what it was told.
        raise MailError(f"{_reason(error, post)} {_STEP}") from None
    return {address: code for address, (code, _) in refused.items()}


def _connection(post: Post) -> smtplib.SMTP:
    """A connection that is safe to log in over."""
    if post.security == "none":
        return smtplib.SMTP(post.host, post.port, timeout=_TIMEOUT_SECONDS)
    try:
        context = ssl.create_default_context(cafile=post.tls_ca)
    except OSError as error:
        raise MailError(
            f"{post.tls_ca}: tls_ca of [reports.mail] holds no certificates ({error.strerror or error.reason}): "  # type: ignore[attr-defined] # an SSLError has a reason
            f"correct it. {_STEP}"
        ) from error
    if post.security == "tls":
        return smtplib.SMTP_SSL(post.host, post.port, timeout=_TIMEOUT_SECONDS, context=context)
    server = smtplib.SMTP(post.host, post.port, timeout=_TIMEOUT_SECONDS)
    try:
        server.starttls(context=context)
    except BaseException:
        server.close()
        raise
    return server


def _reason(error: Exception, post: Post) -> str:
    """What went wrong, and what to look at."""
    text = next(text for kind, text in _REASONS if isinstance(error, kind))
    return f"The mail server {post.host}:{post.port} {text.format(detail=_detail(error))}"


def _detail(error: Exception) -> str:
    """The code or cause alone: the words of a server may repeat what it was told."""
    match error:
        case ssl.SSLCertVerificationError():
            return error.verify_message
        case ssl.SSLError():
            return error.reason or type(error).__name__
        case smtplib.SMTPRecipientsRefused():
            return ", ".join(sorted({str(code) for code, _ in error.recipients.values()}))
        case smtplib.SMTPResponseException():
            return str(error.smtp_code)
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return type(error).__name__


def _mailed(folder: Path) -> dict[str, dict[str, str]]:
    """By letter, who got it when."""
    path = folder / MAILED
    try:
        told = json.loads(path.read_bytes())
        return {str(name): dict(got) for name, got in told.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not what was written"
        raise MailError(
            f"{path} cannot be read ({reason}), so nobody knows who has got the report: correct it, or remove the "
            f"letters beside it. {_STEP}"
        ) from error


def _write(letter: Letter, taken: Iterable[str], now: datetime) -> None:
    """Write what the record will say, beside it."""
    told = _mailed(letter.path.parent)
    told.setdefault(letter.path.name, {}).update(dict.fromkeys(taken, now.isoformat(timespec="seconds")))
    new = letter.path.with_name(_NEW)
    try:
        new.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        new.chmod(0o600)
    except OSError as error:
        raise MailError(
            f"{new} cannot be written ({error.strerror}), so the report is not mailed: make room, or let this user "
            f"write there. {_STEP}"
        ) from error


def _settle(letter: Letter) -> None:
    """Let the record say it."""
    try:
        letter.path.with_name(_NEW).replace(letter.path.with_name(MAILED))
    except OSError as error:
        raise MailError(
            f"The report was mailed, and {letter.path.with_name(MAILED)} cannot say so ({error.strerror}): let this "
            f"user write there, or remove {letter.path.name}, or it is mailed again."
        ) from error
