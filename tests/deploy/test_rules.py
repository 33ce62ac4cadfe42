"""The rules of Prometheus: promtool checks and plays them, and every alert has its texts, its tests and its page."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter, ProcessCollector, start_http_server

from monitor.metrics_names import NAMES, RING_BREACHES

from .prometheus import FOLDER, ROOT, RULES, ShippedPrometheus, alerts, called, rules

if TYPE_CHECKING:
    from pathlib import Path

TESTS = sorted((FOLDER / "tests").glob("*.yml"))
AT_ONCE = {"RingWarning", "RingBreach"}
"""What the monitor tells of by itself, with no rule of Prometheus."""
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
SECTIONS = {found[1]: found[2] for found in re.finditer(r"(?ms)^### (\w+)$(.*?)(?=^##|\Z)", RUNBOOK)}
HANGUL = re.compile(r"[가-힣]")


def test_promtool_finds_nothing_wrong() -> None:
    done = called("promtool", "check", "config", "--lint=all", "--lint-fatal", FOLDER / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_alerts_fire_and_stay_quiet_as_told(file: Path) -> None:
    done = called("promtool", "test", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_expectation_would_be_found(tmp_path: Path) -> None:
    """What promtool says "SUCCESS" to is not nothing."""
    text = (FOLDER / "tests" / "due.yml").read_text(encoding="utf-8").replace("../rules", str(FOLDER / "rules"))
    file = tmp_path / "due.yml"
    file.write_text(text.replace("기한 확인 중단: 11m", "기한 확인 중단: 12m"), encoding="utf-8")
    done = called("promtool", "test", "rules", file)
    assert done.returncode != 0
    assert "alertname: DueNotRead" in done.stdout + done.stderr


def cases() -> list[tuple[str, bool]]:
    """Each tested alert, and whether it is expected to fire."""
    files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in TESTS]
    return [
        (case["alertname"], bool(case.get("exp_alerts")))
        for file in files
        for test in file["tests"]
        for case in test.get("alert_rule_test", [])
    ]


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_is_shown_to_fire_and_to_stay_quiet(name: str) -> None:
    assert {fires for alert, fires in cases() if alert == name} == {True, False}


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_is_told_in_both_languages(name: str) -> None:
    rule = alerts()[name]
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    texts = rule["annotations"]
    assert set(texts) == {"summary", "summary_en", "description", "description_en", "runbook"}
    for key in ("summary", "description"):
        # Templates may hold Korean words of their own; what is said around them must be in the language it claims.
        spoken = re.sub(r"\{\{.*?\}\}", "", texts[key])
        spoken_en = re.sub(r"\{\{.*?\}\}", "", texts[f"{key}_en"])
        assert HANGUL.search(spoken)
        assert not HANGUL.search(spoken_en)
        # The same figures in both.
        assert texts[key].count("$value") == texts[f"{key}_en"].count("$value")
    assert re.search(r"(니다|십시오)\.$", texts["description"])


def test_the_runbook_has_a_section_for_every_alert_and_no_other() -> None:
    assert set(SECTIONS) == set(alerts()) | AT_ONCE


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_links_its_section_which_shows_its_title(name: str) -> None:
    rule = alerts()[name]
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
    title = rule["annotations"]["summary"].partition(":")[0]
    assert SECTIONS[name].strip().startswith(f"**{title}** · {rule['labels']['severity']}\n")


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_every_section_says_what_it_means_what_to_do_and_when_to_ignore_it(name: str) -> None:
    assert re.findall(r"(?m)^- \*\*(\w+)\*\*: ", SECTIONS[name]) == ["Means", "Check", "Do", "Ignore"]


def shown() -> list[str]:
    """Every query of the runbook."""
    blocks = re.findall(r"(?ms)^ *```promql\n(.*?)^ *```$", RUNBOOK)
    return [line.strip() for block in blocks for line in block.splitlines()]


def test_every_query_of_the_runbook_can_be_asked(tmp_path: Path) -> None:
    groups = [{"name": "shown", "rules": [{"record": f"shown:{n}", "expr": text} for n, text in enumerate(shown())]}]
    file = tmp_path / "shown.yml"
    file.write_text(json.dumps({"groups": groups}), encoding="utf-8")
    done = called("promtool", "check", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(shown()) > 15


def used(text: str) -> set[str]:
    """The series a text reads, by name."""
    return set(re.findall(r"\b(?:[a-z]+:[a-z0-9_]+:[a-z0-9_]+|callcenter_\w+)\b", text))


def test_every_series_that_is_read_exists() -> None:
    """A misspelt name is no error to Prometheus: the alert would stay quiet for ever."""
    parts = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
    exported = {name.name + part for name in NAMES for part in parts[name.kind]}
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    read = set().union(*(used(json.dumps(rule, ensure_ascii=False)) for rule in rules()), *map(used, shown()))
    assert read - recorded == {name for name in read - recorded if name in exported}
    # A threshold that nobody reads would be a promise to whoever changes it.
    thresholds = {name for name in recorded if name.startswith("centre:")}
    assert thresholds - set().union(*(used(rule["expr"]) for rule in rules())) == set()


def test_thresholds_stand_in_one_file() -> None:
    """Alerts compare with a named threshold, with 0 or with 1, never with a number of their own."""
    for name, rule in alerts().items():
        numbers: list[Any] = re.findall(r"(?:[<>]=?|[=!]=)\s*(?:bool\s*)?([\d.]+)", rule["expr"])
        assert set(numbers) <= {"0", "1"}, name


def test_the_recorded_figures_are_documented() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").partition("## Recorded figures")[2]
    told = set()
    for row in re.findall(r"(?m)^\| (`\w+:.*?) \|", text):
        first, *others = re.findall(r"`(.+?)`", row)
        level, metric, _ = first.split(":")
        told |= {first, *(other.replace("…", f"{level}:{metric}") for other in others)}
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    # What others are made of, and the thresholds, which thresholds.yml explains.
    steps = re.compile(r"centre:(?!open:).*|instance:.*|line:callcenter_answered_waiting_.*|.*:of_day|.*_past")
    assert told == {name for name in recorded if not steps.fullmatch(name)}


def test_recorded_names_are_level_metric_operations() -> None:
    for rule in rules():
        if "record" in rule:
            assert re.fullmatch(r"(centre|system|line|queue|instance):[a-z0-9_]+:[a-z0-9_]+", rule["record"])
    assert [file.name for file in RULES] == ["alerts.yml", "recording.yml", "thresholds.yml"]


@pytest.mark.stage
def test_a_real_prometheus_counts_today_in_whole_calls(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    breaches = Counter(RING_BREACHES.name, RING_BREACHES.help, RING_BREACHES.labels, registry=registry)
    line = breaches.labels("pbx1", "1588-6565")
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with ShippedPrometheus(tmp_path / "prometheus", {"callmonitor": server.server_port}) as prometheus:
            today = "line:callcenter_ring_breaches:increase_today"
            prometheus.wait_for(f"{today} == 0")
            # Few enough that no burst is told of, however far `increase` stretches them over its ten minutes.
            line.inc(2)
            # Exactly 2: `increase` would estimate what it did not see.
            (sample,) = prometheus.wait_for(f"{today} > 0")
            assert sample["value"][1] == "2"
            assert sample["metric"] == {"__name__": today, "system": "pbx1", "line": "1588-6565"}
            assert prometheus.query("ALERTS{alertstate='firing'}") == []
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
