"""What is asked for when a report is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.calls.rules import RingRule
    from monitor.commitments.register import Commitment
    from monitor.reports.periods import Period
    from monitor.texts import Language
    from monitor.worktime import WorkTime


SCHEDULE = "schedule"
"""Who ordered what nobody asked for, in `Order.made_by`."""


def asked_by(name: str) -> str:
    """A person's name as `Order.made_by` has it: whoever is called like the schedule is not taken for it."""
    return f"@{name}" if name == SCHEDULE else name


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
    """Who asked: a user's name as `asked_by` has it, `SCHEDULE`, or empty for somebody at this machine."""
    letters: bool = False
    """Whether mails that carry it are written beside the files, one for each language; see `monitor.reports.mail`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What figures rest on besides the ledger: the settings that counting needs."""

    rules: tuple[RingRule, ...]
    """The configured ring rules, which `Order.rule` may name; the ledger's own are known too."""
    lines: tuple[str, ...]
    """The configured lines."""
    systems: tuple[str, ...]
    """The configured systems, whose coverage is told; those of the ledger where there are none."""
    work_time: WorkTime
    judged_on: Literal["all", "working_time"]
    within_us: int
    """The x of the service levels."""
    short_us: int
    """Cut-off of short abandons."""
    agents: bool = True
    """Whether figures of single agents may be told at all."""
    register: tuple[Commitment, ...] = ()
    """The promises with a clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a report says of the institution: the settings that telling needs."""

    institution: str = ""
    audience: str = ""
    """Who may see it; empty for the usual sentence."""
    target: float | None = None
    """Compliance the institution has set itself."""
    page_url: str = ""
    """Where the page is, for links to single calls; empty for none."""
    teams: Mapping[str, str] = field(default_factory=dict)
    """The configured teams, in order: name → what it is called in English."""
