"""What a period held, as plain numbers: the contract between counting and telling.

Durations are integer microseconds, shares are made by `monitor.calls.formulas`. Everything here has been counted; no
word is chosen yet. Maps hold only what occurred.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from monitor.calls.facts import AttemptResult, GapCause, Outcome, Scope, Source, TransferKind, TransferResult
    from monitor.calls.rules import Reading
    from monitor.calls.tally import Tally
    from monitor.reports.charter_figures import CharterFigures
    from monitor.reports.periods import Period
    from monitor.texts import Language
    from monitor.worktime import Hours

JudgedOn = Literal["all", "working_time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    """A ring rule that judged calls of the period."""

    label: str
    """Name and version, `three-rings/1`."""
    limit: int
    period_us: int
    headline: Reading
    country: str
    holds_from: date
    calls: int
    """Calls it judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Of durations, by nearest rank; None where there are none."""

    count: int
    mean_us: float | None
    p50_us: int | None
    p90_us: int | None
    p95_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RingFigures:
    """Calls by how often the phone rang. Row 0: no phone rang. Calls whose ringing is not known are apart."""

    rings: int
    answered: int
    """Answered by a person after so many rings."""
    never_answered: Mapping[Outcome, int]
    """Of those nobody answered, by outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """One local day."""

    day: date
    holiday: Mapping[Language, str]
    """Name of the public holiday in each language; empty where the day is none."""
    working_day: bool
    """Working time is set for it."""
    tally: Tally
    coverage: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFigures:
    """One agent's phone: of all calls, and their ring attempts."""

    system: str
    """Whose phone it is: two may have one of the same name."""
    agent: str
    """The interface, `PJSIP/agent1`."""
    member: str | None
    answered: int
    """Calls this phone answered first."""
    pickups: int
    """Of them, taken from another's phone."""
    kept: int
    """Of `answered`, kept under the headline reading."""
    broken: int
    """Of `answered`, broken under it; the others were excluded, as calls are whose ringing no record tells."""
    attempts: Mapping[AttemptResult, int]
    """Ring attempts at this phone before a person's answer, by result; `no_answer` is ring-no-answer."""
    ringing_us: int
    """Of all its attempts."""
    talking_us: int
    """Of the calls it answered first."""
    transfers: int
    """Transfers made from it, a phone's own forwarding left out."""


class Why(StrEnum):
    """Why callers waited in an hour; the annex says how it is told."""

    PHONES_UNANSWERED = "phones_unanswered"
    """Phones rang and nobody picked up."""
    ALL_BUSY = "all_busy"
    """People were signed in, and none of them free."""
    NOT_OFFERED = "not_offered"
    """Somebody was free and no phone rang: the queue's own pauses between two tries."""
    NOBODY_SIGNED_IN = "nobody_signed_in"
    """No member was signed in, or all were paused or away."""
    NOT_OBSERVED = "not_observed"
    """The ledger does not know what the members did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstHour:
    """One of the hours in which most calls were broken or lost."""

    started_at: datetime
    tally: Tally
    why: Why
    waited_us: Mapping[Why, int]
    """The callers' waiting of that hour, by what held it up; `why` is the largest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCall:
    """A call nobody answered."""

    system: str
    linkedid: str
    filed_at: datetime
    line: str
    queue: str | None
    caller: str
    """Masked; empty where the caller sent none."""
    outcome: Outcome
    rings: int | None
    waiting_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFigures:
    """Where callers were passed to by people."""

    to: str
    """Masked where it is a personal number."""
    scope: Scope
    transfers: int
    completed: int
    reconnection: Quantiles


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFigures:
    """Transfers of the period's calls. A phone's own forwarding stands in `counts` alone."""

    counts: Mapping[tuple[TransferKind, Scope, TransferResult], int]
    announced: int
    """Transfers by people in which the agent spoke with the target before letting go."""
    by_people: int
    consent_yes: int
    consent_no: int
    reconnection: Quantiles
    """From letting go to a person's answer."""
    reconnection_rings: Mapping[int, int]
    """How often the target's phone rang until that answer → transfers."""
    reconnection_by_kind: Mapping[TransferKind, Quantiles]
    targets: tuple[TargetFigures, ...]
    """The most frequent first."""
    chains: Mapping[int, int]
    """Transfers by people within one call → calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyFigures:
    """What a mystery-caller survey would have scored: callers drawn from the judged calls, under one reading."""

    callers: int
    """100, or as many calls as were judged where they were fewer."""
    score: float
    """Expected share kept."""
    low: float
    high: float
    """The score of 95 in 100 such surveys lies between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFigures:
    """An interval in which a system could not be observed, cut to the period."""

    system: str
    started_at: datetime
    ended_at: datetime
    cause: GapCause | Literal["before_monitor"]
    """`before_monitor`: the ledger knows nothing yet of this system."""
    lasts: bool
    """Its end is not known: it was cut to the period, or to now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledFigures:
    """How the ledger of one system fits what Asterisk wrote itself."""

    system: str
    sources: tuple[str, ...]
    """What was read, as in `cdr`."""
    days: float
    """How much of the period was compared."""
    matched: int
    filled: int
    """Calls that only Asterisk saw, put into the ledger."""
    disagreeing: int
    last_made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything a report tells."""

    period: Period
    made_at: datetime
    line: str | None
    queue: str | None
    lines: tuple[str, ...]
    """Lines there were calls to."""
    systems: tuple[str, ...]
    rules: tuple[RuleFigures, ...]
    """Those that judged, most calls first; where there was no call, the one that would have."""
    recounted: bool
    """Verdicts were made anew under `--rule`."""
    judged_on: JudgedOn
    within_us: int
    """The x of the service levels."""
    short_us: int
    """Callers who left sooner than this after asking for a person are short abandons."""
    whole: Tally
    """Every call."""
    by_hours: Mapping[Hours, Tally]
    """The same calls by whether they came in working time, in the lunch shift or outside; all three are there."""
    judged: Tally
    """The calls that the promise is judged on: all, or those of working time."""
    before: Tally | None
    """`judged` of the month (or half, or as many days) before; None where the monitor followed no call of it."""
    year_before: Tally | None
    """`judged` of the same period a year before."""
    waiting: Quantiles
    """Of answered calls among `judged`."""
    waiting_by_hours: Mapping[Hours, Quantiles]
    ring_counts: tuple[RingFigures, ...]
    """Of `judged`, by rings ascending."""
    ringing_unknown: int
    """Calls of `judged` whose ringing no record tells."""
    months: Mapping[tuple[int, int], Tally]
    """`judged` by (year, month)."""
    months_before: Mapping[tuple[int, int], Tally]
    """The same of the half before; empty but for a half."""
    days: tuple[DayFigures, ...]
    """Every day of the period, of all calls."""
    half_hours: Mapping[tuple[int, int], Tally]
    """All calls by (weekday 0 = Monday, half-hour 0 to 47)."""
    queues: Mapping[str | None, Tally]
    teams: Mapping[str | None, Tally]
    """All calls by the team whose they are; under None those that no team has. Teams without a call are left out."""
    teams_before: Mapping[str | None, Tally]
    """The same of the period before; empty where it held no call."""
    by_line: Mapping[str, Tally]
    agents: tuple[AgentFigures, ...]
    """By name; empty where they are left out."""
    worst_hours: tuple[WorstHour, ...]
    """At most ten, the worst first; hours without a broken or lost call are none."""
    missed: tuple[MissedCall, ...]
    """By time."""
    transfers: TransferFigures
    survey: Mapping[Reading, SurveyFigures]
    """Of `judged`; empty where nothing was judged."""
    sources: Mapping[Source, int]
    coverage: float | None
    unobserved_us: int
    whole_us: int
    gaps: tuple[GapFigures, ...]
    last_seen_at: datetime | None = None
    """The last instant up to `made_at` of which the monitor left any record; None where it never did."""
    reconciled: tuple[ReconciledFigures, ...] = ()
    """By system; empty where none was compared, and in a report of one line or queue."""
    charter: CharterFigures | None = None
    """The rest of the charter."""
    charter_before: CharterFigures | None = None
    """The same of the period before."""
