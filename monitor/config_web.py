"""The sections of the settings for those who look on: the page, its users and programs, and alerts."""

from __future__ import annotations

import re
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations when the module is loaded
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from monitor.addresses import is_loopback
from monitor.config_sections import Section, one_line
from monitor.config_sources import absolute

Role = Literal["board", "supervisor"]
"""`board` sees figures, with callers' numbers masked; `supervisor` also each call."""
ProgramRole = Literal["board", "supervisor", "cases"]
"""What a program may be: `cases` brings in cases and reads them, and sees nothing else."""

_ARGON2 = re.compile(r"\$argon2(id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SESSION_SECRET = re.compile(r"\S{32,}")


def _path(value: Path | None) -> Path | None:
    return None if value is None else absolute(value)


class UserSettings(Section):
    """One person who may sign in: a table `[[web.user]]`."""

    name: str = Field(min_length=1, max_length=64)
    role: Role = "board"
    agents: tuple[str, ...] = ()
    """Interfaces and member names of their own: calls that these answered they may not review."""
    password_hash: SecretStr | None = None
    """As `callmonitor hash-password` prints it (argon2)."""
    password_hash_file: Path | None = None
    """A file that holds it in one line."""

    _absolute = field_validator("password_hash_file")(_path)

    @field_validator("name")
    @classmethod
    def _a_person(cls, value: str) -> str:
        if value == "schedule":
            raise ValueError("stands for reports that are made by themselves; choose another name")
        return value

    @field_validator("password_hash")
    @classmethod
    def _an_argon2_hash(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _ARGON2.fullmatch(value.get_secret_value()):
            raise ValueError("is no argon2 hash; make one with `callmonitor hash-password`")
        return value

    @model_validator(mode="after")
    def _one_hash(self) -> Self:
        if (self.password_hash is None) == (self.password_hash_file is None):
            raise ValueError("needs either password_hash or password_hash_file; give exactly one of them")
        return self

    def read_hash(self) -> str:
        """The argon2 hash.

        Raises:
            ConfigError: its file cannot be read, or does not hold one line.
        """
        if self.password_hash is not None:
            return self.password_hash.get_secret_value()
        assert self.password_hash_file is not None  # noqa: S101 - the validator above allows nothing else
        what = f"password_hash_file of user {self.name!r}"
        return one_line(self.password_hash_file, what, "what `callmonitor hash-password` prints", _ARGON2)


class TokenSettings(Section):
    """One program that may read `/api/v1`: a table `[[web.token]]`."""

    name: str = Field(min_length=1, max_length=64)
    role: ProgramRole = "board"
    sha256: SecretStr
    """The SHA-256 of the token, in hexadecimal, as `callmonitor make-token` prints it beside the token."""

    @field_validator("sha256")
    @classmethod
    def _a_digest(cls, value: SecretStr) -> SecretStr:
        if not _SHA256.fullmatch(value.get_secret_value()):
            raise ValueError("is no SHA-256 in hexadecimal; make a token with `callmonitor make-token`")
        return value


class WebSettings(Section):
    """Where `/metrics` and the page are served, and to whom: `[web]`."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=9158, ge=0, le=65535)
    """0 takes any free port."""
    user: tuple[UserSettings, ...] = ()
    """Who may sign in. Nobody need where there are none, which is allowed on loopback only."""
    token: tuple[TokenSettings, ...] = ()
    numbers_for: tuple[Role, ...] = ("supervisor",)
    """Roles that see callers' numbers in full once signed in; all others see them masked."""
    session_hours: float = Field(default=12.0, gt=0, le=24 * 31)
    session_secret_file: Path | None = None
    """A file with the key that signs the cookies; without it one is drawn at each start, and all sign in anew."""
    secure_cookies: bool = False
    """Send cookies over HTTPS only: set it where a proxy in front speaks TLS; so it is where this speaks it itself."""
    tls_cert: Path | None = None
    """The certificate, with its chain, of HTTPS; without it plain HTTP is served."""
    tls_key: Path | None = None

    _absolute = field_validator("session_secret_file", "tls_cert", "tls_key")(_path)

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("needs tls_cert and tls_key together; give both or neither")
        return self

    @model_validator(mode="after")
    def _signed_in_outside(self) -> Self:
        for section, names in (
            ("web.user", [user.name for user in self.user]),
            ("web.token", [token.name for token in self.token]),
        ):
            twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
            if twice is not None:
                raise ValueError(f"has two [[{section}]] tables called {twice!r}; give each a name of its own")
        if not self.user and not self.on_loopback:
            raise ValueError(
                f"serves outside this machine (host {self.host!r}) and nobody has to sign in; "
                "add a [[web.user]] table, or set host to 127.0.0.1"
            )
        return self

    def read_session_secret(self) -> bytes | None:
        """The key that signs the cookies; None where one is to be drawn.

        Raises:
            ConfigError: its file cannot be read, or does not hold one long line.
        """
        if self.session_secret_file is None:
            return None
        content = "32 random characters or more"
        return one_line(self.session_secret_file, "session_secret_file", content, _SESSION_SECRET).encode()

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self.host)

    @property
    def https_only(self) -> bool:
        """Whether browsers come over HTTPS, spoken here or by a proxy in front."""
        return self.secure_cookies or self.tls_cert is not None


class AlertSettings(Section):
    """Who is told at the third and at the fourth ring: `[alerts]`."""

    # They may hold passwords, so that no repr shows them.
    alertmanager: tuple[str, ...] = Field(default=(), repr=False)
    """Base URLs of Alertmanagers, each of which is told, as in `http://127.0.0.1:9093`."""
    apprise: tuple[SecretStr, ...] = ()
    """URLs of apprise for those without an Alertmanager; may hold passwords."""
    page_url: str = ""
    """Where people reach the page, for the link in an alert; empty for none."""
    warnings: bool = True
    """Tell of the last ring within the promise too; false for breaches alone."""
    repeat_seconds: float = Field(default=60.0, gt=0)
    """The same line and queue is told again by apprise at the earliest after this."""

    @field_validator("alertmanager")
    @classmethod
    def _web_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", address):
                raise ValueError("must hold addresses such as http://127.0.0.1:9093; correct it")
        return tuple(address.rstrip("/") for address in value)

    @field_validator("page_url")
    @classmethod
    def _a_web_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
            raise ValueError("must be an address such as https://board.example.org; correct it")
        return value.rstrip("/")
