"""The settings: defaults < file (TOML) < environment < flags.

Settings are frozen, and an unknown key is refused wherever it stands: a misspelt limit must not be a silent default.
Environment variables are named `CALLMONITOR_` and the key, `__` between its parts (`CALLMONITOR_WEB__PORT=9200`). Parts
that are numbers count the tables of a list from 0 (`CALLMONITOR_ASTERISK__0__SECRET=…`); a value that begins like a
list or table of JSON is JSON. Secrets are never in a message, nor in what `repr` prints.
"""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from monitor.callbacks.settling import Terms
from monitor.config_charter import (
    CHARTER_SETTINGS,
    CallbackSettings,
    CaseSettings,
    CommitmentSettings,
    ReviewItemSettings,
    ReviewSettings,
    TeamSettings,
)
from monitor.config_keeping import JournalSettings, MetricsSettings, PrivacySettings, ReconcileSettings
from monitor.config_reports import MailSettings, ReportSettings, WorkingTimeSettings
from monitor.config_sections import (
    AsteriskSettings,
    LedgerSettings,
    LineSettings,
    LogSettings,
    RuleSettings,
    TransferSettings,
    default_ledger_url,
)
from monitor.config_sources import Origin, Tree, environment_tree, read_text, sentence, state_folder
from monitor.config_web import AlertSettings, TokenSettings, UserSettings, WebSettings
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from monitor.calls.rules import RingRule

__all__ = [
    "AlertSettings",
    "AsteriskSettings",
    "CallbackSettings",
    "CaseSettings",
    "CommitmentSettings",
    "JournalSettings",
    "LedgerSettings",
    "LineSettings",
    "LogSettings",
    "MailSettings",
    "MetricsSettings",
    "PrivacySettings",
    "ReconcileSettings",
    "ReportSettings",
    "ReviewItemSettings",
    "ReviewSettings",
    "RuleSettings",
    "Settings",
    "TeamSettings",
    "TokenSettings",
    "TransferSettings",
    "UserSettings",
    "WebSettings",
    "WorkingTimeSettings",
    "default_ledger_url",
    "keys",
    "load",
]

DEFAULT_LINE = LineSettings(name="1588-6565", patterns=("15886565", "6565"))


class Settings(BaseSettings):
    """Everything that can be set. Made by `load`; made directly, it reads neither file nor environment."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    asterisk: tuple[AsteriskSettings, ...] = ()
    line: tuple[LineSettings, ...] = (DEFAULT_LINE,)
    rule: tuple[RuleSettings, ...] = (RuleSettings(),)
    transfers: TransferSettings = TransferSettings()
    ledger: LedgerSettings = Field(default_factory=LedgerSettings)
    journal: JournalSettings = Field(default_factory=JournalSettings)
    privacy: PrivacySettings = PrivacySettings()
    reconcile: tuple[ReconcileSettings, ...] = ()
    web: WebSettings = WebSettings()
    metrics: MetricsSettings = MetricsSettings()
    alerts: AlertSettings = AlertSettings()
    working_time: WorkingTimeSettings = WorkingTimeSettings()
    team: tuple[TeamSettings, ...] = ()
    callbacks: CallbackSettings = CallbackSettings()
    reviews: ReviewSettings = ReviewSettings()
    commitment: tuple[CommitmentSettings, ...] = CHARTER_SETTINGS
    cases: CaseSettings = CaseSettings()
    reports: ReportSettings = Field(default_factory=ReportSettings)
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
            ("reconcile", [one.system for one in self.reconcile]),
            ("team", [team.name for team in self.team]),
            ("commitment", [one.key for one in self.commitment]),
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

    def callback_terms(self) -> Terms:
        """By when one calls back, as the ledger takes it."""
        return Terms(
            work_time=self.working_time.work_time(self.zone),
            promised_working_days=self.callbacks.promised_working_days,
            missed_working_days=self.callbacks.missed_working_days,
        )

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
        "journal": {"folder": str(state_folder(environ) / "journal")},
        "reports": {"folder": str(state_folder(environ) / "reports")},
    }
    sources = tuple(InitSettingsSource(Settings, tree) for tree in (flags, environment, file_tree, state))
    try:
        settings = Settings(_build_sources=(sources, {}))  # type: ignore[call-arg] # the stub hides private arguments
    except ValidationError as error:
        origin = Origin(path=path, text=text, environ=environ, flags=flags, keys=keys())
        # No cause: pydantic's own text would print the input, and a secret in it.
        raise ConfigError("\n".join(sentence(fault, origin) for fault in error.errors())) from None
    for user in settings.web.user:
        user.read_hash()
    settings.web.read_session_secret()
    settings.ledger.connect_url()
    settings.privacy.read_key()
    settings.metrics.read_token_sha256()
    settings.reports.mail.read_password()
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
        "journal": JournalSettings,
        "privacy": PrivacySettings,
        "reconcile": ReconcileSettings,
        "web": WebSettings,
        "metrics": MetricsSettings,
        "web.user": UserSettings,
        "web.token": TokenSettings,
        "alerts": AlertSettings,
        "working_time": WorkingTimeSettings,
        "team": TeamSettings,
        "callbacks": CallbackSettings,
        "reviews": ReviewSettings,
        "reviews.item": ReviewItemSettings,
        "commitment": CommitmentSettings,
        "cases": CaseSettings,
        "reports": ReportSettings,
        "reports.mail": MailSettings,
        "log": LogSettings,
    }
    return {name: frozenset(section.model_fields) for name, section in sections.items()}
