"""The sections of the settings for reports: `[working_time]`, `[reports]` and `[reports.mail]`."""

from __future__ import annotations

import os
import re
from datetime import date, time
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations when the module is loaded
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator, model_validator

from monitor.config_sections import Section, one_line
from monitor.config_sources import absolute, state_folder
from monitor.worktime import Shift, WorkTime

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OFFICE = "09:00-18:00"


class WorkingTimeSettings(Section):
    """When the centre is there: `[working_time]`, in its time zone."""

    monday: str = _OFFICE
    """Hours as in `09:00-18:00`; empty for a day off."""
    tuesday: str = _OFFICE
    wednesday: str = _OFFICE
    thursday: str = _OFFICE
    friday: str = _OFFICE
    saturday: str = ""
    sunday: str = ""
    lunch: str = "12:00-13:00"
    """The lunch shift, told apart; empty for none."""
    lunch_counts: bool = True
    """The lunch shift belongs to working time."""
    holidays: str = "KR"
    """The country whose public holidays are days off (ISO 3166-1); empty for none."""
    closed: tuple[date, ...] = ()
    """The institution's own closed days."""
    opened: tuple[date, ...] = ()
    """Days that are worked although they are holidays or closed; their weekday has hours."""
    judged_on: Literal["all", "working_time"] = "all"
    """Which calls the promise is judged on in reports."""

    @field_validator(*WEEKDAYS, "lunch")
    @classmethod
    def _a_shift(cls, value: str) -> str:
        if value:
            Shift.read(value)
        return value

    @field_validator("holidays")
    @classmethod
    def _a_country(cls, value: str) -> str:
        if not value or value == "KR":
            return value
        import holidays  # noqa: PLC0415 - takes a tenth of a second, and most leave it at the default

        if value not in holidays.list_supported_countries():
            raise ValueError("is no country whose holidays are known; write a code such as KR, or leave it empty")
        return value

    @model_validator(mode="after")
    def _opened_hours(self) -> Self:
        week = [getattr(self, day) for day in WEEKDAYS]
        for day in self.opened:
            if any(week) and not week[day.weekday()]:
                raise ValueError(
                    f"opened names {day}, a {WEEKDAYS[day.weekday()].capitalize()}, which has no hours; "
                    "give that weekday hours, or take the day out"
                )
        return self

    def work_time(self, zone: ZoneInfo) -> WorkTime:
        """The working time itself."""
        return WorkTime(
            zone=zone,
            week=tuple(Shift.read(hours) if (hours := getattr(self, day)) else None for day in WEEKDAYS),
            lunch=Shift.read(self.lunch) if self.lunch else None,
            lunch_counts=self.lunch_counts,
            country=self.holidays,
            closed=frozenset(self.closed),
            opened=frozenset(self.opened),
        )


class MailSettings(Section):
    """By whom and to whom reports are mailed: `[reports.mail]`. Nothing is mailed where `to` is empty."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    tls_ca: Path | None = None
    """A file of certificates to trust in place of the machine's own."""
    username: str = ""
    password_file: Path | None = None
    """A file that holds the password in one line, read at each mailing."""
    sender: str = ""
    to: tuple[str, ...] = ()

    _paths = field_validator("password_file", "tls_ca")(lambda value: None if value is None else absolute(value))

    @field_validator("sender", "to")
    @classmethod
    def _addresses(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        # No sender is set while nobody is mailed; an empty address among those to mail is a slip.
        for address in ((value,) if value else ()) if isinstance(value, str) else value:
            if not re.fullmatch(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+", address, re.ASCII):
                raise ValueError("must hold mail addresses such as reports@example.org; correct it")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.to and not (self.host and self.sender):
            raise ValueError("names whom to mail and not how; set host and sender too")
        if bool(self.username) != (self.password_file is not None):
            raise ValueError("needs username and password_file together; give both or neither")
        if self.username and self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("would send a password in plain text; set security to starttls or tls")
        return self

    def read_password(self) -> str | None:
        """The password; None where nobody logs in.

        Raises:
            ConfigError: its file cannot be read, or does not hold one line.
        """
        if self.password_file is None:
            return None
        return one_line(self.password_file, "password_file of [reports.mail]", "the mail account's password")


class ReportSettings(Section):
    """How reports are made, and when by themselves: `[reports]`."""

    folder: Path = Field(default_factory=lambda: state_folder(os.environ) / "reports")
    """Where reports are kept that the page or the schedule made."""
    schedule: bool = True
    """Make last month's report on the first working day of each month, and last half's record in January and July."""
    at: time = time(7, 0)
    """At what time of that day."""
    languages: tuple[Literal["ko", "en"], ...] = ("ko",)
    """Of what the schedule makes."""
    formats: tuple[Literal["pdf", "xlsx", "html", "csv", "json"], ...] = ("pdf", "xlsx")
    agents: bool = True
    """Figures of single agents stand in reports; false leaves them out of all, whoever asks."""
    audience: str = ""
    """Who may see reports, in a sentence for the cover; empty for the usual one."""
    institution: str = ""
    """Name of the institution, for the public record."""
    target: float | None = Field(default=None, gt=0, le=1)
    """Compliance that the institution has set itself, as in 0.95; None for none but the promise itself."""
    within_seconds: float = Field(default=20.0, ge=0, le=3600)
    """The x of the service levels."""
    short_seconds: float = Field(default=5.0, ge=0, le=60)
    """Callers who left sooner are short abandons."""
    page_url: str = ""
    """Where people reach the page, for links to single calls; empty for that of [alerts]."""
    mail: MailSettings = MailSettings()

    _folder = field_validator("folder")(absolute)

    @field_validator("at", mode="before")
    @classmethod
    def _no_number(cls, value: object) -> object:
        if isinstance(value, int | float):
            # It would be taken as seconds behind midnight.
            raise ValueError('must be a time of day such as "07:00"')  # noqa: TRY004 - pydantic takes ValueErrors alone
        return value

    @field_validator("at")
    @classmethod
    def _local(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("is in a time zone of its own; write the centre's local time, as in 07:00")
        return value

    @field_validator("languages", "formats")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or len(set(value)) < len(value):
            raise ValueError("needs at least one entry, and each once; correct it")
        return value
