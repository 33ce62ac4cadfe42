"""What a scrape shows: names, labels and their bounds; what promtool says, and that docs/metrics.md says the same."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import replace
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
    AttemptResult,
    Outcome,
    QueueCallers,
    Scope,
    Stage,
    TransferKind,
    TransferResult,
    Verdict,
)
from monitor.calls.rules import RingRule
from monitor.metrics import MAX_QUEUES, Metrics
from monitor.metrics_present import MAX_EVENTS
from tests.programs import required

from .measured import CALL, NOON, Centre, Store, System, attempt, busy_centre

if TYPE_CHECKING:
    from prometheus_client import Metric

    from monitor.calls.facts import Fact


DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


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


def test_reports_are_told_where_they_are_made_by_themselves() -> None:
    centre = Centre()
    assert centre.value("callcenter_scheduled_reports_made_total", kind="month") == 3
    assert centre.value("callcenter_scheduled_reports_failed_total", work="report") == 1
    assert [centre.value("callcenter_scheduled_reports_overdue", work=work) for work in ("report", "mail")] == [0, 2]
    registry = CollectorRegistry()
    Metrics(registry, Board(), RingRule(), systems={}, store=Store())
    assert [family.name for family in registry.collect() if "scheduled" in family.name] == []


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
    checked = subprocess.run(
        [required("promtool"), "check", "metrics"],
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
