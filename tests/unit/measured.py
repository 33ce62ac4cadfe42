"""Board and metrics fed by hand, with what the pipeline would hand to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from monitor.board import Board
from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    AttemptEnded,
    AttemptResult,
    Call,
    CallKey,
    CallStarted,
    Hold,
    Observed,
    Outcome,
    QueueCallers,
    RingAttempt,
    RingBreach,
    RingingStarted,
    RingWarning,
    Scope,
    Stage,
    StageChanged,
    Transfer,
    TransferEnded,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import RingRule
from monitor.metrics import Metrics
from monitor.metrics_due import DueCollector
from monitor.metrics_journal import JournalCollector
from monitor.metrics_privacy import PrivacyCollector
from monitor.metrics_reconciled import ReconciliationCollector
from monitor.metrics_settings import SettingsCollector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.calls.facts import Fact


NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEY = CallKey(system="pbx", linkedid="1777000000.41")


CALL = Call(
    key=KEY,
    line="main",
    dialled="15886565",
    caller="01012345678",
    entered_at=NOON,
    asked_at=NOON,
    first_ring_at=NOON,
    answered_at=NOON,
    ended_at=NOON,
    outcome=Outcome.ANSWERED,
    rings=3,
    ringing_us=8_999_999,
    waiting_us=12_000_000,
    talking_us=61_000_000,
    hold_us=7_000_000,
    verdicts=(("within", Verdict.KEPT), ("before", Verdict.BROKEN)),
    verdict_reason=VerdictReason.ANSWERED_WITHIN_RULE,
    rule="three-rings/1",
    observed=Observed.WHOLE,
    queue="help",
    team="remote",
    agent="PJSIP/kim",
    member="Kim",
    answered_by_pickup=False,
    attempts=(),
    transfers=(),
    holds=(Hold(by="PJSIP/kim", started_at=NOON, ended_at=NOON + timedelta(seconds=7)),),
    recorded_at=NOON,
)
TRANSFER = Transfer(
    kind=TransferKind.ATTENDED,
    at=NOON,
    by="PJSIP/kim",
    to="201",
    scope=Scope.OUTSIDE,
    result=TransferResult.COMPLETED,
    announced=True,
    consent=True,
    consultation_us=9_000_000,
    caller_hold_us=9_000_000,
    reconnected_at=NOON,
    reconnect_us=4_000_000,
    reconnect_rings=2,
)


@dataclass
class System:
    """One Asterisk's figures, as the pipeline hands them."""

    up: bool = True
    events: dict[str, int] = field(default_factory=lambda: {"Newstate": 7})
    reconnects: int = 2
    last_event_at: float | None = None
    discarded: dict[str, int] = field(default_factory=lambda: {"oversized": 1})
    unexpected: dict[str, int] = field(default_factory=lambda: {"unknown_channel": 0})
    unobserved_us: int = 1_500_000
    clock_offset_us: int | None = -1_250_000
    clock_steps: Mapping[str, int] = field(default_factory=lambda: {"asterisk": 2, "monitor": 0})


@dataclass
class Store:
    """The store's figures, as the pipeline hands them."""

    up: bool = False
    waiting_facts: int = 12


@dataclass
class Alerts:
    """The figures of those told at once, as the pipeline hands them."""

    sent: int = 5
    failed: int = 2
    waiting: int = 1


@dataclass
class Page:
    """Who watches."""

    streams: int = 3
    streams_dropped: int = 1


@dataclass
class Reports:
    """What the schedule of reports tells."""

    made: dict[str, int] = field(default_factory=lambda: {"month": 3, "half": 0})
    failed: dict[str, int] = field(default_factory=lambda: {"report": 1, "mail": 0})
    overdue: dict[str, int] = field(default_factory=lambda: {"report": 0, "mail": 2})


@dataclass
class Reloads:
    """How the settings were loaded last."""

    successful: bool = False
    succeeded_at: float = 1_777_896_000.5


class Purged:
    """What the nightly purge tells."""

    purged_at = 1_772_442_600.0


class Accesses:
    """What the access log tells."""

    lost = 2


@dataclass
class Reconciled:
    """What came of comparing with Asterisk's own records."""

    results: dict[str, dict[str, int]] = field(
        default_factory=lambda: {"pbx": {"matched": 40, "filled": 2, "disagreeing": 1, "ours_alone": 0}}
    )
    succeeded_at: dict[str, float] = field(default_factory=lambda: {"pbx": 1_777_896_600.0})
    overdue: dict[str, int] = field(default_factory=lambda: {"pbx": 0})


@dataclass
class Journaled:
    """What one system's journal tells."""

    up: bool = True
    holes: int = 2


@dataclass
class Journals:
    """What the journal of all systems tells."""

    systems: dict[str, Journaled] = field(default_factory=lambda: {"pbx": Journaled(), "other": Journaled(up=False)})
    bytes_on_disk: int = 12_345


@dataclass
class Standing:
    """What is due, as it was last read."""

    read_at: datetime = NOON
    callbacks: Mapping[tuple[str, str, str], int] = field(default_factory=lambda: {("main", "missed", "overdue"): 2})
    cases: Mapping[tuple[str, str], int] = field(default_factory=lambda: {("voc_simple", "due_soon"): 1})


@dataclass
class Due:
    """What of the ledger is due."""

    standing: Standing | None = field(default_factory=Standing)


class Centre:
    """Board and metrics on a registry of their own, both fed the same facts."""

    def __init__(self, systems: Mapping[str, System] | None = None) -> None:
        self.registry = CollectorRegistry()
        self.board = Board()
        self.system = System()
        self.sink_failures = {"board": 0, "ledger": 0}
        self.metrics = Metrics(
            self.registry,
            self.board,
            RingRule(),
            systems={"pbx": self.system} if systems is None else systems,
            store=Store(),
            lines=["main"],
            version="1.2.3",
            sink_failures=self.sink_failures,
            alerts={"alertmanager": Alerts(), "apprise": Alerts(sent=0)},
            page=Page(),
            reports=Reports(),
            page_url="https://board.example.org",
            teams=["remote", "claims"],
        )
        self.registry.register(SettingsCollector(Reloads()))
        self.registry.register(DueCollector(Due()))
        self.registry.register(ReconciliationCollector(Reconciled()))
        self.registry.register(JournalCollector(Journals()))
        self.registry.register(PrivacyCollector(Purged(), Accesses()))

    def record(self, *facts: Fact) -> None:
        for fact in facts:
            self.board.record(fact)
            self.metrics.record(fact)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    def here(self, name: str, **labels: str) -> float | None:
        return self.value(name, system="pbx", line="main", **labels)


def attempt(queue: str | None = "help", result: AttemptResult = AttemptResult.NO_ANSWER) -> AttemptEnded:
    return AttemptEnded(
        key=KEY,
        line="main",
        attempt=RingAttempt(
            agent="PJSIP/kim",
            member="Kim",
            channel="PJSIP/kim-1",
            queue=queue,
            started_at=NOON,
            ended_at=NOON,
            ringing_us=0,
            rings=0,
            result=result,
        ),
    )


def busy_centre() -> Centre:
    """Every family has samples."""
    centre = Centre()
    centre.system.last_event_at = 1_777_000_000.5
    other = CallKey(system="pbx", linkedid="1777000000.42")
    centre.record(
        CallStarted(key=other, line="main", dialled="6565", caller=None, at=NOON),
        StageChanged(key=other, line="main", stage=Stage.RINGING, at=NOON, queue="help"),
        RingingStarted(
            key=other,
            line="main",
            channel="PJSIP/lee-2",
            agent="PJSIP/lee",
            member="Lee",
            queue="help",
            at=NOON,
            before_us=0,
            counting=True,
        ),
        RingWarning(
            key=other, line="main", queue="help", at=NOON, rings=3, agents=("PJSIP/lee",), rule="three-rings/1"
        ),
        RingBreach(key=other, line="main", queue="help", at=NOON, rings=4, agents=("PJSIP/lee",), rule="a/1"),
        AgentState(system="pbx", queue="help", agent="PJSIP/kim", member="Kim", status=AgentStatus.FREE, at=NOON),
        QueueCallers(system="pbx", queue="help", callers=3, at=NOON),
        attempt(),
        TransferEnded(key=KEY, line="main", transfer=TRANSFER),
        CALL,
    )
    return centre
