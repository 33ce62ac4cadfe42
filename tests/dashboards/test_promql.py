"""Every query of every panel, asked of a real Prometheus that scraped the replayed day."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest

from monitor.calls.facts import TransferKind
from monitor.metrics_names import NAMES as METRICS
from tests.day.day import LINE, PAGE, SYSTEM

from .boards import LANGUAGES, NAMES, STEP_SECONDS, Question, load, panels, promql, questions

if TYPE_CHECKING:
    from tests.day.day import ReplayedDay
    from tests.day.prometheus import Sample

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("replayed_day")]

KNOWN = {name.name for name in METRICS} | {
    f"{name.name}{part}" for name in METRICS if name.kind == "histogram" for part in ("_bucket", "_sum", "_count")
}
QUESTIONS = list(questions("prometheus"))


def asked(day: ReplayedDay, question: Question) -> list[Sample]:
    """What Prometheus answers at the moment when the feed stood still; of a range, each series' last value."""
    expression = promql(question.target["expr"])
    if question.target["instant"]:
        return day.prometheus.query(expression, day.cut_at)
    return day.prometheus.query_range(expression, day.begun_at, day.cut_at, STEP_SECONDS)


def named_values(panel: dict[str, object]) -> set[str]:
    """The values of a legend's label that the panel has a word for."""
    overrides = panel["fieldConfig"]["overrides"]  # type: ignore[index] # JSON
    return {override["matcher"]["options"] for override in overrides}


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_query_returns_data_with_the_labels_of_its_legend(replayed_day: ReplayedDay, question: Question) -> None:
    found = asked(replayed_day, question)
    assert found, "no data"
    values = [value for _, value in found]
    assert any(not math.isnan(value) for value in values)
    if question.target["instant"]:
        assert not any(math.isnan(value) for value in values)
    labels = re.findall(r"\{\{(\w+)\}\}", question.target["legendFormat"])
    for series, _ in found:
        assert [label for label in labels if not series.get(label)] == []
    if not labels:
        assert len(found) == 1, "several series under one name"
    words = named_values(question.panel)
    if words and len(labels) == 1:
        assert {series[labels[0]] for series, _ in found} <= words, "a value is shown as it stands in the metric"


def test_there_are_queries() -> None:
    assert len(QUESTIONS) > 60


def test_only_metrics_that_exist_are_asked_for() -> None:
    asked_for = {name for question in QUESTIONS for name in re.findall(r"callcenter_\w+", question.target["expr"])}
    assert asked_for <= KNOWN
    # Rings are told as rings; seconds of ringing and of hold are the ledger's tables' to show. What is overdue of
    # scheduled reports, how a reload of the settings went, and what clocks do, is an alert's to tell; calls seen in
    # part are among the excluded there.
    assert {name.name for name in METRICS} - {re.sub("_(bucket|sum|count)$", "", name) for name in asked_for} == {
        "callcenter_ringing_seconds",
        "callcenter_hold_seconds",
        "callcenter_access_log_lost_total",
        "callcenter_callbacks",
        "callcenter_calls_partly_observed_total",
        "callcenter_cases",
        "callcenter_clock_offset_seconds",
        "callcenter_clock_steps_total",
        "callcenter_config_last_reload_success_timestamp_seconds",
        "callcenter_config_last_reload_successful",
        "callcenter_journal_bytes",
        "callcenter_journal_holes_total",
        "callcenter_journal_up",
        "callcenter_leader",
        "callcenter_page_info",
        "callcenter_purge_last_success_timestamp_seconds",
        "callcenter_due_last_read_timestamp_seconds",
        "callcenter_reconciliation_calls",
        "callcenter_reconciliation_last_success_timestamp_seconds",
        "callcenter_reconciliation_overdue",
        "callcenter_scheduled_reports_failed_total",
        "callcenter_scheduled_reports_made_total",
        "callcenter_scheduled_reports_overdue",
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_variables_find_their_values(replayed_day: ReplayedDay, language: str, name: str) -> None:
    day = replayed_day
    wanted = {"system": {SYSTEM}, "line": {LINE}, "queue": {"counsel", "claims"}, "page": {PAGE}}
    for variable in load(language, name)["templating"]["list"]:
        if variable["type"] != "query":
            continue
        found = re.fullmatch(r"label_values\((.+),(\w+)\)", variable["query"]["query"])
        assert found is not None
        values = day.prometheus.label_values(promql(found[1]), found[2], day.begun_at, day.ended_at)
        assert values == wanted[variable["name"]]


@pytest.mark.parametrize("reading", ["within", "before"])
def test_the_compliance_that_is_shown_is_the_boards(replayed_day: ReplayedDay, reading: str) -> None:
    """The stat of today on the board `compliance`, asked at the day's end."""
    panel = panels(load("en", "compliance"))[0]
    assert panel["title"] == "Today"
    target = next(one for one in panel["targets"] if f'reading="{reading}"' in one["expr"])
    ((_, shown),) = replayed_day.prometheus.query(promql(target["expr"]), replayed_day.ended_at)
    today = replayed_day.board.today(replayed_day.until)
    assert shown == pytest.approx(today.compliance(reading), rel=1e-9)


def figure(day: ReplayedDay, board: str, title: str) -> float:
    """What a panel of one figure shows at the day's end."""
    panel = next(panel for panel in panels(load("en", board)) if panel["title"] == title and panel["type"] == "stat")
    ((_, shown),) = day.prometheus.query(promql(panel["targets"][0]["expr"]), day.ended_at)
    return shown


def test_the_figures_of_today_are_the_boards(replayed_day: ReplayedDay) -> None:
    """Rates to nine digits; counts nearly, since Prometheus stretches an increase to the window's end."""
    today = replayed_day.board.today(replayed_day.until)
    assert figure(replayed_day, "now", "Answer rate") == pytest.approx(today.answer_rate, rel=1e-9)
    assert figure(replayed_day, "now", "Handled directly") == pytest.approx(today.direct_handling_rate, rel=1e-9)
    asa_seconds = today.waiting_us / today.answered / 1e6
    assert figure(replayed_day, "now", "ASA") == pytest.approx(asa_seconds, rel=1e-9)
    assert figure(replayed_day, "now", "Breaches") == pytest.approx(today.breaches, rel=0.05)
    by_a_person = today.transfers.total() - today.transfers[TransferKind.FORWARD]
    assert figure(replayed_day, "transfers", "Transfers") == pytest.approx(by_a_person, rel=0.05)
