"""The sections of the settings, one class a table: keys, defaults, and what a value must be.

Which table stands where, and where values come from, is `monitor.config`. Sections are frozen and refuse unknown keys.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations when the module is loaded
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from monitor.calls.rules import CADENCES, Reading, RingRule
from monitor.config_sources import absolute, state_folder
from monitor.errors import ConfigError

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

LEDGER_BACKENDS = frozenset({"sqlite", "postgresql"})


def one_line(path: Path, what: str, content: str, pattern: re.Pattern[str] | None = None) -> str:
    """The one line of a file that holds a secret.

    Args:
        path: the file.
        what: what messages call it, as in "secret_file of Asterisk 'pbx1'".
        content: what belongs into it, in words.
        pattern: what the line must be; None for anything.

    Raises:
        ConfigError: it cannot be read, is empty, holds several lines or something else. Never shows the line.
    """
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(
            f"{path}: {what} cannot be read ({reason}); let the user that runs callmonitor read it."
        ) from error
    if not text or "\n" in text or "\r" in text or (pattern is not None and not pattern.fullmatch(text)):
        raise ConfigError(f"{path}: {what} must hold one line; write {content} into it and nothing else.")
    return text


class Section(BaseModel):
    """Base of every section."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


class AsteriskSettings(Section):
    """One Asterisk to listen to: a table `[[asterisk]]`."""

    name: str = Field(min_length=1)
    """What this system is called in every figure; must be `systemname` in its asterisk.conf."""
    host: str = Field(min_length=1)
    port: int = Field(default=5038, ge=1, le=65535)
    username: str = Field(min_length=1)
    secret: SecretStr | None = None
    secret_file: Path | None = None
    """A file that holds the secret, read at every login."""
    auth: Literal["md5", "plain"] = "md5"
    """`md5` answers a challenge, so that the secret does not cross the network."""
    tls: bool = False
    tls_ca: Path | None = None
    """A file of certificates to trust in place of the machine's own."""
    tls_hostname: str | None = None
    """The name the certificate must bear where it is not `host`."""
    connect_timeout_seconds: float = Field(default=5.0, gt=0)
    ping_interval_seconds: float = Field(default=2.0, gt=0)
    ping_timeout_seconds: float = Field(default=5.0, gt=0)
    """How long a ping may stay unanswered, and not a byte come, before the connection counts as dead."""
    reconnect_min_seconds: float = Field(default=0.5, gt=0)
    reconnect_max_seconds: float = Field(default=30.0, gt=0)
    filter: bool = True
    """Ask Asterisk to keep back events that nobody needs, where the account may."""

    @field_validator("name", "host", "username")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if "\r" in value or "\n" in value:
            raise ValueError("holds a line end; write it on one line")
        return value

    @field_validator("secret_file", "tls_ca")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else absolute(value)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.secret is None) == (self.secret_file is None):
            raise ValueError("needs either secret or secret_file; give exactly one of them")
        if self.secret is not None and any(end in self.secret.get_secret_value() for end in "\r\n"):
            raise ValueError("has a secret with a line end; write it on one line")
        if not self.tls and (self.tls_ca or self.tls_hostname):
            raise ValueError("names tls_ca or tls_hostname without tls; set tls = true")
        if self.reconnect_min_seconds > self.reconnect_max_seconds:
            raise ValueError("has reconnect_min_seconds above reconnect_max_seconds; exchange them")
        return self

    def read_secret(self) -> str:
        """The secret itself, from the setting or the file of the moment.

        Raises:
            ConfigError: the file cannot be read, is empty or holds several lines.
        """
        if self.secret is not None:
            return self.secret.get_secret_value()
        assert self.secret_file is not None  # noqa: S101 - the validator above allows nothing else
        return one_line(self.secret_file, f"secret_file of Asterisk {self.name!r}", "the secret of manager.conf")


class LineSettings(Section):
    """One line whose calls are counted: a table `[[line]]`. What a pattern matches is told by `monitor.calls.lines`."""

    name: str = Field(min_length=1)
    patterns: tuple[str, ...] = Field(min_length=1)
    """Numbers as trunks deliver them."""
    contexts: tuple[str, ...] = ()
    """Dialplan contexts in which the number counts; all where empty."""


class RuleSettings(Section):
    """One ring rule: a table `[[rule]]`."""

    name: str = Field(default="three-rings", min_length=1, pattern=r"^[^/\s]+$")
    version: int = Field(default=1, ge=1)
    holds_from: date = date(2000, 1, 1)
    country: str = "KR"
    limit: int = Field(default=3, ge=1)
    headline: Reading = Reading.WITHIN

    @field_validator("country")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in CADENCES:
            raise ValueError(f"has no known ringing cadence; use one of {', '.join(sorted(CADENCES))}")
        return value

    def rule(self) -> RingRule:
        """The rule itself, as the call state takes it."""
        return RingRule(**dict(self))


class TransferSettings(Section):
    """Which transfer targets are inside the centre, and which are another department: `[transfers]`."""

    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


class LedgerSettings(Section):
    """Where calls are kept: `[ledger]`."""

    url: SecretStr = Field(default_factory=lambda: SecretStr(default_ledger_url(os.environ)))
    """An SQLAlchemy URL of SQLite or PostgreSQL; may hold a password."""
    password_file: Path | None = None
    """A file that holds PostgreSQL's password, for a URL that does not."""
    memory_facts: int = Field(default=50_000, ge=1)
    """Facts that wait in memory while the store is away."""
    spool_dir: Path = Field(default_factory=lambda: state_folder(os.environ) / "spool")
    """Where further facts wait on disk."""

    @field_validator("url")
    @classmethod
    def _usable(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value().startswith("sqlite:///"):
            return value
        from sqlalchemy.engine import make_url  # noqa: PLC0415 - slow to load, and a replay needs no ledger
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

        try:
            url = make_url(value.get_secret_value())
        except (ArgumentError, ValueError):
            # The cause would print the URL, and the password in it; a ValueError is a port that is no number.
            raise ValueError("is no database URL; write sqlite:////path/ledger.sqlite3 or postgresql://…") from None
        if url.get_backend_name() == "postgres":
            url = url.set(drivername="postgresql")
        if url.get_backend_name() not in LEDGER_BACKENDS:
            raise ValueError("names a database that is not supported; use sqlite:///… or postgresql://…")
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        return SecretStr(url.render_as_string(hide_password=False))

    @field_validator("spool_dir", "password_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else absolute(value)

    def connect_url(self) -> str:
        """The URL with its password in it.

        Raises:
            ConfigError: `password_file` cannot be read, or does not hold one line.
        """
        password = self.read_password()
        if password is None:
            return self.url.get_secret_value()
        from sqlalchemy.engine import make_url  # noqa: PLC0415

        return make_url(self.url.get_secret_value()).set(password=password).render_as_string(hide_password=False)

    def read_password(self) -> str | None:
        """What `password_file` holds at this moment; None where there is none.

        Raises:
            ConfigError: it cannot be read, or does not hold one line.
        """
        if self.password_file is None:
            return None
        return one_line(self.password_file, "password_file of [ledger]", "the database user's password")

    @property
    def shown_url(self) -> str:
        """The URL with its password hidden, fit for a log or a page."""
        from sqlalchemy.engine import make_url  # noqa: PLC0415

        return make_url(self.url.get_secret_value()).render_as_string(hide_password=True)


class LogSettings(Section):
    """How the log is written: `[log]`."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    """`auto` is `console` on a terminal and `json` elsewhere."""


def default_ledger_url(environ: Mapping[str, str]) -> str:
    """The URL of the ledger where none is set: a file below the user's state folder."""
    return f"sqlite:///{state_folder(environ) / 'ledger.sqlite3'}"
