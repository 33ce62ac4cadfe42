"""The settings: defaults < file (TOML) < environment < flags.

Settings are frozen, and an unknown key is refused wherever it stands: a misspelt limit must not be a silent default.
Environment variables are named `CALLMONITOR_` and the key, `__` between its parts (`CALLMONITOR_WEB__PORT=9200`). Parts
that are numbers count the tables of a list from 0 (`CALLMONITOR_ASTERISK__0__SECRET=…`); a value that begins like a
list or table of JSON is JSON. Secrets are never in a message, nor in what `repr` prints.
"""

from __future__ import annotations

import os
import tomllib
from datetime import date
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations when the module is loaded
from typing import TYPE_CHECKING, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from monitor.calls.rules import CADENCES, Reading, RingRule
from monitor.config_sources import Origin, Tree, absolute, environment_tree, read_text, sentence, state_folder
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

LEDGER_BACKENDS = frozenset({"sqlite", "postgresql"})


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
    ping_interval_seconds: float = Field(default=10.0, gt=0)
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
        try:
            text = self.secret_file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigError(
                f"{self.secret_file}: secret_file of Asterisk {self.name!r} cannot be read ({reason}); "
                "let the user that runs callmonitor read it."
            ) from error
        if not text or "\n" in text or "\r" in text:
            raise ConfigError(
                f"{self.secret_file}: secret_file of Asterisk {self.name!r} must hold one line; "
                "write the secret of manager.conf into it and nothing else."
            )
        return text


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

    @field_validator("spool_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return absolute(value)

    @property
    def shown_url(self) -> str:
        """The URL with its password hidden, fit for a log or a page."""
        from sqlalchemy.engine import make_url  # noqa: PLC0415

        return make_url(self.url.get_secret_value()).render_as_string(hide_password=True)


class WebSettings(Section):
    """Where `/metrics` and the page are served: `[web]`."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=9158, ge=0, le=65535)
    """0 takes any free port."""


class LogSettings(Section):
    """How the log is written: `[log]`."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    """`auto` is `console` on a terminal and `json` elsewhere."""


DEFAULT_LINE = LineSettings(name="1588-6565", patterns=("15886565", "6565"))


class Settings(BaseSettings):
    """Everything that can be set. Made by `load`; made directly, it reads neither file nor environment."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    asterisk: tuple[AsteriskSettings, ...] = ()
    line: tuple[LineSettings, ...] = (DEFAULT_LINE,)
    rule: tuple[RuleSettings, ...] = (RuleSettings(),)
    transfers: TransferSettings = TransferSettings()
    ledger: LedgerSettings = Field(default_factory=LedgerSettings)
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    language: Literal["ko", "en"] = "ko"
    timezone: str = "Asia/Seoul"
    """Where the centre's days begin; a name of the IANA database."""

    @classmethod
    def settings_customise_sources(  # noqa: D102 - the base documents it
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @field_validator("line", "rule")
    @classmethod
    def _not_empty(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        if not value:
            raise ValueError("is empty; leave it out for the default or give at least one")
        return value

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        for section, names in (
            ("asterisk", [system.name for system in self.asterisk]),
            ("line", [line.name for line in self.line]),
            ("rule", [rule.rule().label for rule in self.rule]),
        ):
            twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
            if twice is not None:
                raise ValueError(f"two [[{section}]] tables are called {twice!r}; give each a name of its own")
        return self

    @field_validator("timezone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as `Asia`
            raise ValueError("is no time zone; write a name such as Asia/Seoul") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The centre's time zone."""
        return ZoneInfo(self.timezone)

    def ring_rules(self) -> tuple[RingRule, ...]:
        """The configured ring rules, as the call state takes them."""
        return tuple(rule.rule() for rule in self.rule)

    def require_asterisk(self) -> tuple[AsteriskSettings, ...]:
        """The systems to listen to.

        Raises:
            ConfigError: none is configured.
        """
        if not self.asterisk:
            raise ConfigError(
                "No Asterisk is configured; add an [[asterisk]] table to the settings file, as docs/connect.md shows."
            )
        return self.asterisk


def default_ledger_url(environ: Mapping[str, str]) -> str:
    """The URL of the ledger where none is set: a file below the user's state folder."""
    return f"sqlite:///{state_folder(environ) / 'ledger.sqlite3'}"


def load(
    path: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings.

    Args:
        path: a TOML file; None for none.
        overrides: what flags said, as a tree of settings keys; they win over all else.
        environ: the environment, that of the process where None.

    Raises:
        ConfigError: something cannot be used; a sentence for each fault, a line each.
    """
    environ = os.environ if environ is None else environ
    text = "" if path is None else read_text(path)
    try:
        file_tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not TOML ({error}); correct that line.") from error
    environment = environment_tree(environ, file_tree)
    flags = dict(overrides or {})
    state: Tree = {
        "ledger": {"url": default_ledger_url(environ), "spool_dir": str(state_folder(environ) / "spool")},
    }
    sources = tuple(InitSettingsSource(Settings, tree) for tree in (flags, environment, file_tree, state))
    try:
        settings = Settings(_build_sources=(sources, {}))  # type: ignore[call-arg] # the stub hides private arguments
    except ValidationError as error:
        origin = Origin(path=path, text=text, environ=environ, flags=flags, keys=keys())
        # No cause: pydantic's own text would print the input, and a secret in it.
        raise ConfigError("\n".join(sentence(fault, origin) for fault in error.errors())) from None
    for system in settings.asterisk:
        system.read_secret()
        if system.tls_ca is not None and not system.tls_ca.is_file():
            raise ConfigError(
                f"{system.tls_ca}: tls_ca of Asterisk {system.name!r} does not exist; "
                "copy the certificate that signed Asterisk's there."
            )
    return settings


def keys() -> dict[str, frozenset[str]]:
    """Every key there is, by section; those of the top under the empty name."""
    sections: dict[str, type[BaseModel]] = {
        "": Settings,
        "asterisk": AsteriskSettings,
        "line": LineSettings,
        "rule": RuleSettings,
        "transfers": TransferSettings,
        "ledger": LedgerSettings,
        "web": WebSettings,
        "log": LogSettings,
    }
    return {name: frozenset(section.model_fields) for name, section in sections.items()}
