"""What `check-config` and `doctor` say of those who are told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from monitor.alerts_setup import alerts_of, who_is_told
from monitor.config import AlertSettings, AsteriskSettings, Settings
from monitor.doctor import Severity, _alerts
from tests.unit.test_replay import callmonitor

from .receiver import Receiver

if TYPE_CHECKING:
    from pathlib import Path

    from .alertmanager import Alertmanager

ASTERISK = '[[asterisk]]\nname = "pbx1"\nhost = "127.0.0.1"\nport = 1\nusername = "m"\nsecret = "hush"\n'


def checked(tmp_path: Path, alerts: str) -> tuple[int, str]:
    """Exit status and output of `check-config` with this section."""
    (tmp_path / "callmonitor.toml").write_text(f"{ASTERISK}[alerts]\n{alerts}\n", encoding="utf-8")
    done = callmonitor("check-config", cwd=tmp_path)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def test_nobody_is_told_where_nobody_is_configured() -> None:
    assert alerts_of(Settings()) is None
    assert who_is_told(Settings()) == "nobody"


def test_check_config_says_who_is_told_and_no_password(tmp_path: Path) -> None:
    status, told = checked(
        tmp_path,
        'alertmanager = ["http://m:hush@alerts.example.org:9093/a", "https://other.example.org"]\n'
        'apprise = ["json://m:hush@127.0.0.1:9"]',
    )
    assert status == 0, told
    assert (
        "Told at once: Alertmanager at alerts.example.org:9093, Alertmanager at other.example.org:443, "
        "1 address of apprise; warnings and breaches\n"
    ) in told
    assert "hush" not in told


def test_check_config_says_that_warnings_are_left_out(tmp_path: Path) -> None:
    status, told = checked(tmp_path, 'alertmanager = ["http://127.0.0.1:9093"]\nwarnings = false')
    assert status == 0, told
    assert "Alertmanager at 127.0.0.1:9093; breaches alone\n" in told


@pytest.mark.parametrize("alerts", ['apprise = ["nonsense://m:hush@x"]', 'alertmanager = ["http://m:hush@host:port"]'])
def test_check_config_refuses_an_address_in_one_sentence_that_does_not_show_it(tmp_path: Path, alerts: str) -> None:
    status, told = checked(tmp_path, alerts)
    assert status == 2
    assert "[alerts]" in told
    assert "hush" not in told
    assert "Traceback" not in told


@pytest.mark.stage
def test_doctor_says_whether_each_alertmanager_listens(alertmanager: Alertmanager) -> None:
    with Receiver(status=404) as other:
        settings = Settings(
            asterisk=(AsteriskSettings(name="pbx1", host="127.0.0.1", username="m", secret=SecretStr("hush")),),
            alerts=AlertSettings(alertmanager=(alertmanager.url, other.url, "http://127.0.0.1:1")),
        )
        findings = _alerts(settings)
    assert [finding.severity for finding in findings] == [Severity.GOOD, Severity.WARNING, Severity.WARNING]
    good, refused, away = (finding.sentence for finding in findings)
    assert good == f"Alertmanager at 127.0.0.1:{alertmanager.port} listens."
    assert refused.endswith("it answers 404.")
    assert "cannot be reached" in away
    assert alertmanager.alerts() == [], "it was asked, and told nothing"
