"""What is asked for when a report is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.reports.periods import Period
    from monitor.texts import Language


class FileFormat(StrEnum):
    """The forms in which a report is written."""

    PDF = "pdf"
    XLSX = "xlsx"
    HTML = "html"
    CSV = "csv"
    """One file for each table."""
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One report, as somebody asked for it."""

    period: Period
    line: str | None = None
    """A line's name; all where None."""
    queue: str | None = None
    languages: tuple[Language, ...] = ("ko",)
    formats: tuple[FileFormat, ...] = (FileFormat.PDF,)
    rule: str | None = None
    """Name of the rule under which the period is counted again, `name` or `name/version`; None for the rules of the
    time, as the calls were judged."""
    agents: bool = True
    """Whether figures of single agents are in it."""
    publishable: bool = False
    """The half-yearly record for the public, without any personal data, instead of the report for management."""
    made_by: str = ""
    """Who asked: a user's name, `schedule`, or empty for somebody at this machine."""
