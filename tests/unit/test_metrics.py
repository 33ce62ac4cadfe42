"""What the facts count, what promtool says of it, and that the page for operators says the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from monitor import metrics_names
from monitor.board import Board
from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    AttemptEnded,
    AttemptResult,
    Call,
    CallAnswered,
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
from monitor.metrics import MAX_QUEUES, RING_BOUNDS, Metrics, ringing_bounds
from monitor.metrics_present import MAX_EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import Metric

    from monitor.calls.facts import Fact

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEY = CallKey(system="pbx", linkedid="1777000000.41")
DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"
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
            page_url="https://board.example.org",
        )

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


def test_a_call_counts_once_in_each_family() -> None:
    centre = Centre()

    centre.record(CALL)

    assert centre.here("callcenter_calls_total", queue="help", outcome="answered") == 1
    assert centre.here("callcenter_ring_verdicts_total", reading="within", verdict="kept") == 1
    assert centre.here("callcenter_ring_verdicts_total", reading="before", verdict="broken") == 1
    assert centre.here("callcenter_ring_verdicts_total", reading="before", verdict="kept") == 0
    assert centre.here("callcenter_call_rings_sum") == 3
    assert centre.here("callcenter_ringing_seconds_sum") == 8.999999
    assert centre.here("callcenter_waiting_seconds_sum", outcome="answered") == 12
    assert centre.here("callcenter_talking_seconds_sum") == 61
    assert centre.here("callcenter_hold_seconds_sum") == 7


def test_what_did_not_happen_is_left_out_of_the_histograms() -> None:
    centre = Centre()

    centre.record(
        replace(
            CALL,
            outcome=Outcome.ABANDONED_ANNOUNCEMENT,
            rings=0,
            ringing_us=0,
            waiting_us=None,
            talking_us=0,
            hold_us=0,
            holds=(),
            queue=None,
        )
    )

    assert centre.here("callcenter_calls_total", queue="", outcome="abandoned_announcement") == 1
    for name in ("call_rings", "ringing_seconds", "talking_seconds", "hold_seconds"):
        assert centre.here(f"callcenter_{name}_count") == 0
    assert centre.here("callcenter_waiting_seconds_count", outcome="abandoned_announcement") == 0


def test_buckets_of_ringing_part_calls_where_rings_do() -> None:
    """On both sides of every boundary of Korea's 3 s: n periods less 1 µs is ring n, n periods is ring n + 1."""
    centre = Centre()
    rule = RingRule()
    durations = [bound * 3_000_000 + step for bound in RING_BOUNDS for step in (-1, 0)]
    for ringing_us in durations:
        centre.record(replace(CALL, ringing_us=ringing_us, rings=rule.rings(ringing_us)))

    for bound, seconds in zip(RING_BOUNDS, ringing_bounds(3_000_000), strict=True):
        in_rings = centre.here("callcenter_call_rings_bucket", le=str(float(bound)))
        in_seconds = centre.here("callcenter_ringing_seconds_bucket", le=str(seconds))
        # At most `bound` rings: all durations below bound periods, counted in whole microseconds.
        assert in_rings == in_seconds == sum(ringing_us < bound * 3_000_000 for ringing_us in durations)
    assert centre.here("callcenter_ringing_seconds_count") == len(durations)


def test_nine_seconds_exactly_is_ring_four() -> None:
    centre = Centre()

    centre.record(replace(CALL, ringing_us=9_000_000, rings=4))

    assert centre.here("callcenter_ringing_seconds_bucket", le="8.999999") == 0
    assert centre.here("callcenter_ringing_seconds_bucket", le="11.999999") == 1


def test_warnings_breaches_attempts_and_transfers_count_at_their_own_instant() -> None:
    centre = busy_centre()

    assert centre.here("callcenter_ring_warnings_total") == 1
    assert centre.here("callcenter_ring_breaches_total") == 1
    assert centre.value("callcenter_ring_attempts_total", system="pbx", queue="help", result="no_answer") == 1
    assert centre.value("callcenter_ring_attempts_total", system="pbx", queue="help", result="answered") == 0
    assert centre.here("callcenter_transfers_total", kind="attended", scope="outside", result="completed") == 1
    assert centre.here("callcenter_transfer_reconnect_seconds_sum", kind="attended") == 4


def test_a_transfer_nobody_answered_has_no_reconnection() -> None:
    centre = Centre()
    unanswered = replace(TRANSFER, result=TransferResult.NO_ANSWER, reconnected_at=None, reconnect_us=None)

    centre.record(TransferEnded(key=KEY, line="main", transfer=unanswered))

    assert centre.here("callcenter_transfers_total", kind="attended", scope="outside", result="no_answer") == 1
    assert centre.here("callcenter_transfer_reconnect_seconds_count", kind="attended") == 0


def test_gauges_show_the_board_at_the_scrape() -> None:
    centre = busy_centre()

    assert centre.here("callcenter_calls_in_progress", stage="ringing") == 1
    assert centre.here("callcenter_calls_in_progress", stage="talking") == 0
    assert centre.here("callcenter_calls_ringing_past_limit") == 1
    assert centre.here("callcenter_oldest_ringing_since_timestamp_seconds") == NOON.timestamp()
    assert centre.value("callcenter_queue_callers", system="pbx", queue="help") == 3
    assert centre.value("callcenter_agents", system="pbx", queue="help", state="free") == 1
    assert centre.value("callcenter_agents", system="pbx", queue="help", state="paused") == 0

    centre.record(replace(CALL, key=CallKey(system="pbx", linkedid="1777000000.42")))

    assert centre.here("callcenter_calls_in_progress", stage="ringing") == 0
    assert centre.here("callcenter_calls_ringing_past_limit") == 0
    assert centre.here("callcenter_oldest_ringing_since_timestamp_seconds") is None
    assert centre.here("callcenter_oldest_waiting_since_timestamp_seconds") is None


def test_waiting_is_counted_from_when_a_person_was_asked_for_until_one_answers() -> None:
    centre = Centre()
    later, latest = NOON + timedelta(seconds=4), NOON + timedelta(seconds=9)
    centre.record(CallStarted(key=KEY, line="main", dialled="15886565", caller=None, at=NOON))
    assert centre.here("callcenter_oldest_waiting_since_timestamp_seconds") is None

    centre.record(StageChanged(key=KEY, line="main", stage=Stage.WAITING, at=later, queue="help"))
    centre.record(StageChanged(key=KEY, line="main", stage=Stage.RINGING, at=latest, queue="help"))
    assert centre.here("callcenter_oldest_waiting_since_timestamp_seconds") == NOON.timestamp() + 4

    answered = CallAnswered(key=KEY, line="main", agent="PJSIP/1", member=None, queue="help", at=latest, rings=1)
    centre.record(answered)
    assert centre.here("callcenter_oldest_waiting_since_timestamp_seconds") is None


def test_an_answered_call_that_left_the_centre_is_counted_once() -> None:
    centre = Centre()
    outside = replace(TRANSFER, kind=TransferKind.BLIND, scope=Scope.OUTSIDE, result=TransferResult.COMPLETED)
    centre.record(replace(CALL, outcome=Outcome.ANSWERED, transfers=(outside, outside)))
    centre.record(replace(CALL, outcome=Outcome.ANSWERED, transfers=(replace(outside, scope=Scope.INSIDE),)))

    assert centre.here("callcenter_calls_left_centre_total") == 1


def test_figures_of_listener_and_store_are_read_at_the_scrape() -> None:
    centre = Centre()
    assert centre.value("callcenter_ami_last_event_timestamp_seconds", system="pbx") is None
    centre.system.last_event_at = 5.5
    centre.system.events["Hangup"] = 3
    centre.system.up = False

    assert centre.value("callcenter_ami_up", system="pbx") == 0
    assert centre.value("callcenter_ami_events_total", system="pbx", event="Hangup") == 3
    assert centre.value("callcenter_ami_reconnects_total", system="pbx") == 2
    assert centre.value("callcenter_ami_last_event_timestamp_seconds", system="pbx") == 5.5
    assert centre.value("callcenter_ami_discarded_packets_total", system="pbx", reason="oversized") == 1
    assert centre.value("callcenter_unexpected_events_total", system="pbx", kind="unknown_channel") == 0
    assert centre.value("callcenter_unobserved_seconds_total", system="pbx") == 1.5
    assert centre.value("callcenter_store_up") == 0
    assert centre.value("callcenter_store_waiting_facts") == 12


def test_what_was_told_at_once_is_read_at_the_scrape() -> None:
    centre = Centre()
    assert centre.value("callcenter_alerts_sent_total", target="alertmanager") == 5
    assert centre.value("callcenter_alerts_failed_total", target="alertmanager") == 2
    assert centre.value("callcenter_alerts_waiting", target="alertmanager") == 1
    assert centre.value("callcenter_alerts_sent_total", target="apprise") == 0


def test_who_watches_the_page_is_read_at_the_scrape() -> None:
    centre = Centre()
    assert centre.value("callcenter_page_streams") == 3
    assert centre.value("callcenter_page_streams_dropped_total") == 1


def test_failures_of_a_sink_are_read_at_the_scrape() -> None:
    centre = Centre()
    assert centre.value("callcenter_sink_failures_total", sink="ledger") == 0

    centre.sink_failures["ledger"] += 2
    # A sink that joins later, such as the screen.
    centre.sink_failures["screen"] = 0

    assert centre.value("callcenter_sink_failures_total", sink="ledger") == 2
    assert centre.value("callcenter_sink_failures_total", sink="board") == 0
    assert centre.value("callcenter_sink_failures_total", sink="screen") == 0


def test_known_label_sets_start_at_zero() -> None:
    centre = Centre()
    zeros = Counter(
        sample.name for family in centre.registry.collect() for sample in family.samples if sample.value == 0
    )

    assert zeros["callcenter_calls_total"] == len(Outcome)
    assert zeros["callcenter_ring_verdicts_total"] == 2 * 3
    assert zeros["callcenter_ring_warnings_total"] == zeros["callcenter_ring_breaches_total"] == 1
    assert zeros["callcenter_ring_attempts_total"] == len(AttemptResult)
    assert zeros["callcenter_transfers_total"] == 4 * 3 * 7
    assert zeros["callcenter_calls_in_progress"] == len(Stage) - 1
    assert zeros["callcenter_call_rings_count"] == 1


@pytest.mark.parametrize(
    "fact",
    [
        QueueCallers(system="pbx", queue="help", callers=0, at=NOON),
        AgentState(system="pbx", queue="help", agent="PJSIP/kim", member="Kim", status=AgentStatus.FREE, at=NOON),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_a_queue_counts_from_zero_when_it_is_first_heard_of(fact: Fact) -> None:
    """`increase()` does not see the first value of a series, so that value must not be the first call."""
    centre = Centre()
    assert centre.here("callcenter_calls_total", queue="help", outcome="answered") is None
    centre.record(fact)
    for outcome in Outcome:
        assert centre.here("callcenter_calls_total", queue="help", outcome=outcome) == 0
    assert centre.value("callcenter_ring_attempts_total", system="pbx", queue="help", result="answered") == 0


def test_the_pages_address_is_told_where_it_is_set() -> None:
    centre = Centre()
    assert centre.value("callcenter_page_info", url="https://board.example.org") == 1
    registry = CollectorRegistry()
    Metrics(registry, Board(), RingRule(), systems={}, store=Store())
    told = {family.name: family.samples for family in registry.collect()}
    assert told["callcenter_page_info"] == []


def test_queue_labels_are_bounded() -> None:
    centre = Centre()
    for number in range(MAX_QUEUES + 30):
        centre.record(replace(CALL, queue=f"q{number}"), attempt(f"q{number}"))

    for name in ("callcenter_calls_total", "callcenter_ring_attempts_total"):
        samples = [sample for family in centre.registry.collect() for sample in family.samples if sample.name == name]
        queues = {sample.labels["queue"] for sample in samples}
        assert len(queues) == MAX_QUEUES + 2  # with the empty one and `other`
        assert sum(sample.value for sample in samples) == MAX_QUEUES + 30
        assert sum(sample.value for sample in samples if sample.labels["queue"] == "other") == 30


def test_event_labels_are_bounded() -> None:
    centre = Centre({"pbx": System(events={f"Event{number}": 1 for number in range(MAX_EVENTS + 5)})})

    assert centre.value("callcenter_ami_events_total", system="pbx", event="other") == 5
    assert centre.value("callcenter_ami_events_total", system="pbx", event=f"Event{MAX_EVENTS}") is None


def test_nothing_personal_is_exposed() -> None:
    text = generate_latest(busy_centre().registry).decode()

    for secret in ("01012345678", "1777000000.4", "PJSIP", "Kim"):
        assert secret not in text


def test_every_name_is_exported_with_its_labels_and_its_help() -> None:
    families = {family.name: family for family in busy_centre().registry.collect()}

    assert {name.name.removesuffix("_total") for name in metrics_names.NAMES} == set(families)
    for name in metrics_names.NAMES:
        family = families[name.name.removesuffix("_total")]
        assert family.type == name.kind
        assert family.documentation == name.help
        assert "Source: " in name.help
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(name.labels), sample


def test_the_documentation_names_exactly_what_is_exported() -> None:
    """docs/metrics.md against the registry, both ways: names, kinds, labels."""
    rows = re.findall(r"^\| `(callcenter_\w+)` \| (\w+) \|([^|]*)\|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    documented = {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}

    assert len(rows) == len(documented)
    assert documented == {name.name: (name.kind, name.labels) for name in metrics_names.NAMES}


def test_the_documentation_names_every_label_value() -> None:
    text = DOCUMENT.read_text("utf-8")

    for values in (Outcome, Verdict, AttemptResult, TransferKind, TransferResult, Scope, AgentStatus):
        for value in values:
            assert re.search(rf"\b{value}\b", text), value
    for stage in Stage:
        assert stage is Stage.ENDED or re.search(rf"\b{stage}\b", text), stage


def test_promtool_finds_nothing_to_say() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        if os.environ.get("CI"):
            raise RuntimeError("promtool is missing: make lab installs it")
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")

    checked = subprocess.run(
        [promtool, "check", "metrics"],
        input=generate_latest(busy_centre().registry),
        capture_output=True,
        check=False,
        timeout=30,
    )

    assert (checked.returncode, checked.stdout.decode(), checked.stderr.decode()) == (0, "", "")


def read_openmetrics(registry: CollectorRegistry) -> list[Metric]:
    """What the library's own parser makes of the exposition."""
    text = generate_openmetrics(registry).decode()  # type: ignore[no-untyped-call]  # the library leaves both untyped
    return list(parse_openmetrics(text))  # type: ignore[no-untyped-call]


def test_openmetrics_can_be_read_back() -> None:
    centre = busy_centre()

    families = {family.name: family for family in read_openmetrics(centre.registry)}

    assert families["callcenter_calls"].type == "counter"
    assert len(families) == len(metrics_names.NAMES)
