"""The sections of the settings about the record itself: `[journal]`, `[privacy]`, `[reconcile]`, `[metrics]`."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations when the module is loaded
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator

from monitor.config_sections import Section, one_line
from monitor.config_sources import absolute, state_folder
from monitor.numbers import Numbers

_KEY = re.compile(r"\S{32,}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _path(value: Path | None) -> Path | None:
    return None if value is None else absolute(value)


class JournalSettings(Section):
    """Where what Asterisk sends is written down before it is followed: `[journal]`."""

    enabled: bool = True
    """False: a killed monitor forgets the calls in progress, and nothing can be rebuilt."""
    folder: Path = Field(default_factory=lambda: state_folder(os.environ) / "journal")
    """One folder below it for each system. It holds callers' numbers as received."""
    segment_minutes: float = Field(default=15.0, gt=0)
    """A segment is closed, and compressed, after so long."""
    segment_megabytes: int = Field(default=64, ge=1)
    """Or once it holds so much."""
    fsync: Literal["always", "second", "never"] = "second"
    """When the disk must have what was written: with each write, every second, or when the system sees fit."""
    keep_days: int = Field(default=35, ge=1)
    """Closed segments are deleted when they are older than this."""
    keep_megabytes: int = Field(default=10_240, ge=64)
    """Or, oldest first, while all of them take more than this."""

    _absolute = field_validator("folder")(absolute)

    @property
    def told(self) -> str:
        """What is kept, where and for how long, in words."""
        if not self.enabled:
            return "none: a killed monitor forgets the calls in progress, and nothing can be rebuilt"
        return f"{self.folder}, {self.keep_days} days and {self.keep_megabytes} MB at most"


class PrivacySettings(Section):
    """How long personal data stay, and in which form: `[privacy]`."""

    numbers: Literal["plain", "hmac"] = "plain"
    """`hmac` keeps a keyed hash of a caller's number in the ledger in place of the number."""
    key_file: Path | None = None
    """A file that holds the key of hashes and pseudonyms in one line: 32 random characters or more."""
    numbers_days: int = Field(default=365, ge=0)
    """Callers' numbers are erased from the ledger so long after the call; 0 keeps them."""
    agent_states_days: int = Field(default=0, ge=0)
    """What queue members did is deleted after so long; 0 keeps it."""
    agents_days: int = Field(default=0, ge=0)
    """Names of agents in calls are replaced by pseudonyms after so long; 0 keeps them."""
    access_log_days: int = Field(default=730, ge=0)
    """Who saw which call is deleted after so long; 0 keeps it."""
    purge_at: str = Field(default="03:10", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """When the nightly purge runs, in the centre's time zone."""

    _absolute = field_validator("key_file")(_path)

    @model_validator(mode="after")
    def _key_for_hashes(self) -> Self:
        needed = self.numbers == "hmac" or self.agents_days > 0
        if needed and self.key_file is None:
            raise ValueError('needs key_file for numbers = "hmac" and for agents_days; give one')
        if not needed and self.key_file is not None:
            raise ValueError('has a key_file and nothing to use it for; set numbers = "hmac" or agents_days')
        return self

    @property
    def told(self) -> str:
        """In which form callers' numbers are kept, and for how long, in words."""
        form = "a keyed hash in place of each" if self.numbers == "hmac" else "as received"
        return f"{form}, {f'{self.numbers_days} days' if self.numbers_days else 'never erased'}"

    def read_numbers(self) -> Numbers:
        """How callers' numbers are kept, and agents' pseudonyms made.

        Raises:
            ConfigError: the key's file cannot be read, or does not hold one long line.
        """
        return Numbers(self.read_key(), hashed=self.numbers == "hmac")

    def read_key(self) -> bytes | None:
        """The key of hashes and pseudonyms; None where there are none.

        Raises:
            ConfigError: its file cannot be read, or does not hold one long line.
        """
        if self.key_file is None:
            return None
        return one_line(self.key_file, "key_file of [privacy]", "32 random characters or more", _KEY).encode()


class ReconcileSettings(Section):
    """What one Asterisk wrote itself, to compare the ledger with: a table `[[reconcile]]`."""

    system: str = Field(min_length=1)
    """The system's name in the ledger."""
    queue_log: Path | None = None
    cdr: SecretStr = SecretStr("")
    """The path of Master.csv, or a database URL with the table after `#`, which may hold a password."""
    cel: SecretStr = SecretStr("")
    """The path of CEL's Master.csv, or a database URL with the table after `#`."""
    password_file: Path | None = None
    """A file that holds the database's password, for URLs that do not."""
    timezone: str = ""
    """In which times of records without an offset were written; empty: the centre's. UTC for usegmtime."""
    nightly_at: str = Field(default="04:10", pattern=r"^(|([01]\d|2[0-3]):[0-5]\d)$")
    """When the day before is compared, in the centre's time zone; empty for never."""

    _absolute = field_validator("queue_log", "password_file")(_path)

    @field_validator("timezone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key if value else ""
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as `Asia`
            raise ValueError("is no time zone; write a name such as Asia/Seoul") from None

    @model_validator(mode="after")
    def _names_a_source(self) -> Self:
        if self.queue_log is None and not self.cdr and not self.cel:
            raise ValueError("names nothing to compare with; give queue_log, cdr or cel")
        return self

    @property
    def told(self) -> str:
        """What is compared, and when, in words; a database's URL, which may hold a password, is not among them."""
        given = {"queue_log": self.queue_log is not None, "cdr": bool(self.cdr), "cel": bool(self.cel)}
        sources = ", ".join(source for source, is_given in given.items() if is_given)
        return (
            f"{self.system} by {sources}, {f'each night at {self.nightly_at}' if self.nightly_at else 'by hand alone'}"
        )


class MetricsSettings(Section):
    """Where `/metrics` is served apart from the page: `[metrics]`."""

    host: str = ""
    """Empty: together with the page."""
    port: int = Field(default=9159, ge=0, le=65535)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    token_sha256: SecretStr | None = None
    """The SHA-256 of the bearer token that /metrics asks for, as `callmonitor make-token` prints it."""
    token_file: Path | None = None
    """Or a file that holds the token itself in one line, which Prometheus may read too."""

    _absolute = field_validator("tls_cert", "tls_key", "token_file")(_path)

    @field_validator("token_sha256")
    @classmethod
    def _a_digest(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _SHA256.fullmatch(value.get_secret_value()):
            raise ValueError("is no SHA-256 in hexadecimal; make a token with `callmonitor make-token`")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("needs tls_cert and tls_key together; give both or neither")
        if not self.host and self.tls_cert is not None:
            raise ValueError("has a certificate and no host; set host, or give the certificate to [web]")
        if self.token_sha256 is not None and self.token_file is not None:
            raise ValueError("has both token_sha256 and token_file; give one of them")
        return self

    def read_token_sha256(self) -> str | None:
        """The SHA-256 of the token in hexadecimal; None where none is asked for.

        Raises:
            ConfigError: its file cannot be read, or does not hold one long line.
        """
        if self.token_sha256 is not None:
            return self.token_sha256.get_secret_value()
        if self.token_file is None:
            return None
        token = one_line(self.token_file, "token_file of [metrics]", "a token of 32 characters or more", _KEY)
        return hashlib.sha256(token.encode()).hexdigest()
