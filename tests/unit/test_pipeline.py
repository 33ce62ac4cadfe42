"""What the pipeline does with a sink that fails: it is counted where it can be seen, and the others have every fact."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from monitor import log
from monitor.calls.facts import CallKey, CallStarted, Gap, GapCause, QueueCallers
from monitor.config import AsteriskSettings, LedgerSettings, LogSettings, Settings
from monitor.pipeline import Monitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.calls.facts import Fact

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
CALLER = "01012345678"


class Clumsy:
    """A sink that drops every fact of a queue or a call."""

    def record(self, fact: Fact) -> None:
        if isinstance(fact, QueueCallers | CallStarted):
            raise KeyError(fact)


class Attentive:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def record(self, fact: Fact) -> None:
        self.facts.append(fact)


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    settings = Settings(
        asterisk=(AsteriskSettings(name="pbx", host="127.0.0.1", username="m", secret=SecretStr("hush")),),
        ledger=LedgerSettings(url=SecretStr(f"sqlite:///{tmp_path / 'ledger.sqlite3'}"), spool_dir=tmp_path),
    )
    made = Monitor(settings)
    yield made
    made.writer.close(5.0)


def failures(monitor: Monitor, sink: str) -> float | None:
    return monitor.registry.get_sample_value("callcenter_sink_failures_total", {"sink": sink})


def test_a_failing_sink_is_counted_and_spares_the_others(monitor: Monitor, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(LogSettings(level="info", format="json"))
    attentive = Attentive()
    monitor.add_sink(Clumsy(), "screen")
    monitor.add_sink(attentive)
    told: list[Fact] = [
        CallStarted(key=CallKey(system="pbx", linkedid="1.2"), line="main", dialled="1", caller=CALLER, at=NOON),
        Gap(system="pbx", started_at=NOON, ended_at=NOON, cause=GapCause.NOT_CONNECTED),
        QueueCallers(system="pbx", queue="help", callers=1, at=NOON),
    ]
    assert [failures(monitor, sink) for sink in ("board", "metrics", "ledger", "screen")] == [0, 0, 0, 0]

    monitor.tell(told)

    # The clumsy one failed at the first and the third.
    assert [failures(monitor, sink) for sink in ("board", "metrics", "ledger", "screen")] == [0, 0, 0, 2]
    assert attentive.facts == told
    assert monitor.board.queue_callers["pbx", "help"] == 1
    # The first failure is told, and the second is not; neither tells who called.
    (line,) = capsys.readouterr().err.splitlines()
    told_of = json.loads(line)
    assert (told_of["sink"], told_of["fact"], told_of["error"]) == ("screen", "CallStarted", "KeyError")
    assert told_of["where"].startswith("test_pipeline.py:")
    assert CALLER not in line
