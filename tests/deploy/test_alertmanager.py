"""Alertmanager's configuration: amtool reads it, and a real Alertmanager routes, inhibits and writes by it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from monitor.metrics_names import AMI_UP
from tests.alerts.alertmanager import Alertmanager
from tests.alerts.receiver import Receiver

from .mailbox import Mailbox, text_of
from .prometheus import ROOT, ShippedPrometheus, alerts, called

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ROOT / "deploy" / "alertmanager"
FILE = FOLDER / "alertmanager.yml"
TEXT = FILE.read_text(encoding="utf-8")

FLOOR, SUPERVISORS, OPERATORS, EVERYBODY = "floor", "supervisors", "operators", "everybody"
ROUTES = {
    "RingWarning": FLOOR,
    "RingBreach": FLOOR,
    "ComplianceLowHour": SUPERVISORS,
    "ComplianceLowToday": SUPERVISORS,
    "RingBreachBurst": EVERYBODY,
    "AbandonRateHigh": SUPERVISORS,
    "LongestWait": SUPERVISORS,
    "AgentsNotAnswering": SUPERVISORS,
    "TransfersOutHigh": SUPERVISORS,
    "CallbacksOverdue": SUPERVISORS,
    "CallbacksDueSoon": SUPERVISORS,
    "CasesOverdue": SUPERVISORS,
    "CasesDueSoon": SUPERVISORS,
    "AmiDown": EVERYBODY,
    "NoEvents": OPERATORS,
    "StoreDown": EVERYBODY,
    "StoreBehind": OPERATORS,
    "JournalBroken": OPERATORS,
    "CoverageLow": OPERATORS,
    "ClockOffset": OPERATORS,
    "ClockStepped": OPERATORS,
    "ReportOverdue": OPERATORS,
    "ReconciliationOverdue": OPERATORS,
    "PurgeOverdue": OPERATORS,
    "DueNotRead": OPERATORS,
    "AccessLogLost": OPERATORS,
    "SettingsRefused": OPERATORS,
    "MonitorAbsent": EVERYBODY,
    "AlertDeliveryFailing": EVERYBODY,
    "AlertmanagerDeliveryFailing": EVERYBODY,
}
SEVERITIES = {"RingWarning": "warning", "RingBreach": "critical"} | {
    name: rule["labels"]["severity"] for name, rule in alerts().items()
}

SIX_IN_THE_EVENING = datetime(2026, 11, 25, 9, 0, 0, tzinfo=UTC)
"""In Korea."""

MAIL = """\
■ [주의] LongestWait: 요약
설명입니다.
시작: 2026-11-25 18:00:00
조치 방법: docs/runbook.md#x

--------

■ [warning] LongestWait: summary
Described.
Since: 2026-11-25 09:00:00 UTC
What to do: docs/runbook.md#x"""


# -- the file ----------------------------------------------------------------------------------------------------------


def test_amtool_finds_nothing_wrong() -> None:
    done = called("amtool", "check-config", FILE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 templates" in done.stdout


@pytest.mark.parametrize("name", sorted(SEVERITIES))
def test_every_alert_has_its_receiver(name: str) -> None:
    labels = [f"alertname={name}", f"severity={SEVERITIES[name]}"]
    done = called("amtool", "config", "routes", "test", f"--config.file={FILE}", *labels)
    assert done.stdout.split() == [ROUTES[name]]


def test_no_secret_stands_in_the_file() -> None:
    # What may hold one names a file, which is nowhere near the checkout.
    for key, value in re.findall(r"(?m)^\s*(\w*(?:password|secret|token|credentials)\w*): *(.*)$", TEXT):
        assert key.endswith("_file")
        assert value.startswith("/etc/alertmanager/secrets/")
    assert set(re.findall(r"[\w.-]+\.(?:org|com|net|kr)\b", TEXT)) == {
        "mail.example.org",
        "example.org",
        "messenger.example.org",
    }


def test_what_can_wait_is_told_within_opening_hours_and_the_rest_at_any_time() -> None:
    settings = yaml.safe_load(TEXT)
    for route in settings["route"]["routes"]:
        urgent = route["receiver"] in (FLOOR, EVERYBODY)
        assert route.get("active_time_intervals", []) == ([] if urgent else ["opening_hours"])
    ((hours,),) = [interval["time_intervals"] for interval in settings["time_intervals"]]
    # 00:00 and 09:00 UTC are 09:00 and 18:00 in Korea on the same day, as `centre:open:bool` has it.
    assert hours == {"weekdays": ["monday:friday"], "times": [{"start_time": "00:00", "end_time": "09:00"}]}


# -- a real one --------------------------------------------------------------------------------------------------------


class Stage:
    """The shipped configuration with addresses of this machine, at any hour, and those it tells."""

    def __init__(self, alertmanager: Alertmanager, messenger: Receiver, mailbox: Mailbox) -> None:
        self.alertmanager = alertmanager
        self.messenger = messenger
        self.mailbox = mailbox

    def post(self, name: str, started_at: datetime | None = None, /, **labels: str) -> None:
        """Fire an alert through amtool, with texts that name it."""
        given = {"severity": SEVERITIES[name], **labels}
        texts = {"summary": f"{name}: 요약", "summary_en": f"{name}: summary"}
        texts |= {"description": "설명입니다.", "description_en": "Described.", "runbook": "docs/runbook.md#x"}
        arguments = [f"{key}={value}" for key, value in given.items()]
        arguments += [f"--annotation={key}={value}" for key, value in texts.items()]
        times = [f"--start={started_at.isoformat()}"] if started_at else []
        where = f"--alertmanager.url={self.alertmanager.url}"
        done = called("amtool", where, "alert", "add", f"alertname={name}", *arguments, *times)
        assert done.returncode == 0, done.stderr

    def wait_for_states(self, states: dict[str, str], **labels: str) -> None:
        """Wait until the alerts with these labels are in these states: `active`, or `suppressed` by another one."""

        def hold(found: list[dict[str, Any]]) -> bool:
            return {one["labels"]["alertname"]: one["status"]["state"] for one in found} == states

        self.alertmanager.wait_for(hold, seconds=10.0, **labels)

    def told_to_the_floor(self) -> list[tuple[str, str]]:
        """(alert, its system) of everything the messenger was told, in order."""
        told = [alert["labels"] for request in self.messenger.requests for alert in request.json["alerts"]]
        return [(labels["alertname"], labels.get("system", "")) for labels in told]


@contextmanager
def standing(home: Path) -> Iterator[Stage]:
    with Receiver() as messenger, Mailbox() as mailbox:
        home.mkdir()
        token = home / "messenger.token"
        token.write_text("of-the-test\n", encoding="utf-8")
        text = TEXT.replace("http://messenger.example.org", messenger.url)
        text = text.replace("mail.example.org:587", f"127.0.0.1:{mailbox.port}")
        text = text.replace("/etc/alertmanager/secrets/messenger.token", str(token))
        text = text.replace("templates/*.tmpl", str(FOLDER / "templates" / "*.tmpl"))
        settings: dict[str, Any] = yaml.safe_load(text)
        # The mail server of the test has neither accounts nor TLS.
        for key in ("smtp_auth_username", "smtp_auth_password_file"):
            del settings["global"][key]
        settings["global"]["smtp_require_tls"] = False
        # At whatever hour this runs; and a test cannot wait for what people can.
        settings["time_intervals"][0]["time_intervals"] = [{"weekdays": ["sunday:saturday"]}]
        for route in (settings["route"], *settings["route"]["routes"]):
            route["group_interval"] = "200ms"
        settings["route"]["group_wait"] = "300ms"
        file = home / "alertmanager.yml"
        file.write_text(json.dumps(settings), encoding="utf-8")
        with Alertmanager(home, configuration=file) as alertmanager:
            yield Stage(alertmanager, messenger, mailbox)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with standing(tmp_path / "alertmanager") as one:
        yield one


@pytest.mark.stage
def test_a_breach_is_told_at_once_and_keeps_its_warning_quiet(stage: Stage) -> None:
    here = {"system": "pbx1", "line": "1588-6565"}
    stage.post("RingBreach", **here, queue="support")
    stage.messenger.wait_for(lambda requests: len(requests) == 1)
    assert stage.messenger.requests[0].headers["Authorization"] == "Bearer of-the-test"
    # The warning of the same line and queue says nothing new; that of another queue does.
    stage.post("RingWarning", **here, queue="support")
    stage.post("RingWarning", **here, queue="billing")
    stage.messenger.wait_for(lambda requests: len(requests) == 2)
    queues = [alert["labels"]["queue"] for one in stage.messenger.requests for alert in one.json["alerts"]]
    assert queues == ["support", "billing"]
    stage.wait_for_states({"RingBreach": "active", "RingWarning": "suppressed"}, queue="support")


@pytest.mark.stage
def test_a_system_that_is_not_followed_keeps_quiet_what_is_said_of_it_and_of_no_other(stage: Stage) -> None:
    stage.post("AmiDown", system="pbx1")
    stage.messenger.wait_for(lambda requests: len(requests) == 1)
    stage.post("RingBreach", system="pbx1", line="1588-6565")
    stage.post("CoverageLow", system="pbx1")
    stage.post("StoreDown", instance="127.0.0.1:9158")
    stage.post("RingBreach", system="pbx2", line="1588-6565")
    stage.messenger.wait_for(lambda requests: len(requests) == 3)
    stage.wait_for_states(
        {"AmiDown": "active", "RingBreach": "suppressed", "CoverageLow": "suppressed"},
        system="pbx1",
    )
    assert sorted(stage.told_to_the_floor()) == [("AmiDown", "pbx1"), ("RingBreach", "pbx2"), ("StoreDown", "")]


@pytest.mark.stage
def test_an_absent_monitor_keeps_quiet_all_that_it_measures(stage: Stage) -> None:
    stage.post("MonitorAbsent", instance="127.0.0.1:9158")
    stage.messenger.wait_for(lambda requests: len(requests) == 1)
    own = {"StoreDown": {}, "StoreBehind": {}, "AlertDeliveryFailing": {"target": "apprise"}}
    for name in sorted(set(SEVERITIES) - {"MonitorAbsent", "AlertmanagerDeliveryFailing"} - set(own)):
        stage.post(name, system="pbx1", line="1588-6565")
    for name, labels in own.items():
        stage.post(name, **labels)
    # That Alertmanager reaches nobody is Prometheus' own finding, and true with or without a monitor.
    stage.post("AlertmanagerDeliveryFailing", integration="email")
    active = {"MonitorAbsent", "AlertmanagerDeliveryFailing"}
    stage.wait_for_states({name: "active" if name in active else "suppressed" for name in SEVERITIES})


@pytest.mark.stage
def test_a_mail_is_korean_first_and_english_below(stage: Stage) -> None:
    stage.post("LongestWait", SIX_IN_THE_EVENING, system="pbx1", line="1588-6565")
    (mail,) = stage.mailbox.wait_for(lambda mails: len(mails) == 1)
    assert mail["Subject"] == "[주의] LongestWait: 요약"
    assert mail["To"] == "supervisors@example.org"
    # 09:00:00 UTC is 18:00:00 in Korea.
    assert text_of(mail).replace("\r\n", "\n").strip() == MAIL


@pytest.mark.stage
def test_several_alerts_of_a_group_are_one_mail_and_their_end_another(stage: Stage) -> None:
    for instance in ("a", "b"):
        stage.post("StoreBehind", SIX_IN_THE_EVENING, instance=instance)
    mails = stage.mailbox.wait_for(lambda mails: any("2건" in str(mail["Subject"]) for mail in mails))
    assert mails[-1]["Subject"] == "[주의] StoreBehind: 요약 등 2건"
    assert mails[-1]["To"] == "operators@example.org"
    end = f"--end={(SIX_IN_THE_EVENING + timedelta(minutes=5)).isoformat()}"
    texts = ["--annotation=summary=StoreBehind: 요약", "--annotation=summary_en=StoreBehind: summary"]
    for instance in ("a", "b"):
        labels = ["severity=warning", f"instance={instance}", f"--start={SIX_IN_THE_EVENING.isoformat()}", end]
        where = f"--alertmanager.url={stage.alertmanager.url}"
        assert called("amtool", where, "alert", "add", "StoreBehind", *labels, *texts).returncode == 0
    mails = stage.mailbox.wait_for(lambda mails: str(mails[-1]["Subject"]).startswith("[해제]"))
    text = text_of(mails[-1])
    assert "□ [해제] StoreBehind: 요약" in text
    assert "해제: 2026-11-25 18:05:00" in text
    assert "□ [resolved] StoreBehind: summary" in text


# -- from the metric to the mail ---------------------------------------------------------------------------------------


@pytest.mark.stage
def test_an_asterisk_that_is_lost_is_told_by_mail_and_so_is_its_return(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    up = Gauge(AMI_UP.name, AMI_UP.help, AMI_UP.labels, registry=registry)
    up.labels("pbx1").set(1)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with standing(tmp_path / "alertmanager") as stage:
            targets = {"callmonitor": server.server_port, "alertmanager": stage.alertmanager.port}
            with ShippedPrometheus(tmp_path / "prometheus", targets) as prometheus:
                prometheus.wait_for(f"{AMI_UP.name} == 1")
                up.labels("pbx1").set(0)
                (lost,) = stage.mailbox.wait_for(lambda mails: len(mails) == 1, 30)
                up.labels("pbx1").set(1)
                mails = stage.mailbox.wait_for(lambda mails: len(mails) == 2, 30)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert lost["Subject"] == "[긴급] 교환기 수신 끊김: pbx1"
    assert "pbx1 교환기의 이벤트를 1분 넘게 받지 못하고 있습니다." in text_of(lost)
    assert mails[1]["Subject"] == "[해제] 교환기 수신 끊김: pbx1"
    assert {mail["From"] for mail in mails} == {"callmonitor@example.org"}
