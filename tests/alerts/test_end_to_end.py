"""From a simulated Asterisk's socket to a real Alertmanager: it is told while the phone still rings."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from monitor.calls.facts import CallAnswered, RingBreach
from monitor.config import AlertSettings, AsteriskSettings, LedgerSettings, Settings
from monitor.pipeline import Monitor
from monitor.simulator import SECRET, SYSTEM, USERNAME, Simulator
from monitor.simulator.arrivals import shown_first
from monitor.web import bind

from .receiver import Receiver

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.calls.facts import Fact

    from .alertmanager import Alertmanager


class Witness:
    """A sink that keeps the breaches and answers of the call that is shown first."""

    def __init__(self) -> None:
        self.breach: RingBreach | None = None
        self.answer: CallAnswered | None = None
        self.broken = asyncio.Event()

    def record(self, fact: Fact) -> None:
        if isinstance(fact, RingBreach) and self.breach is None:
            self.breach = fact
            self.broken.set()
        elif isinstance(fact, CallAnswered) and self.breach is not None and fact.key == self.breach.key:
            self.answer = fact


@pytest.mark.stage
def test_a_phone_that_rings_too_long_is_an_alert_before_anybody_answers(
    alertmanager: Alertmanager, tmp_path: Path
) -> None:
    """The call that a demonstration begins with is answered after 11.2 s of ringing; ring 4 begins after 9 s."""
    asyncio.run(asyncio.wait_for(_while_ringing(alertmanager, tmp_path), 50))


async def _while_ringing(alertmanager: Alertmanager, tmp_path: Path) -> None:
    simulator = Simulator(seed=1, calls_per_hour=0.001, shows=False)
    port = await simulator.start()
    with Receiver() as second:
        settings = Settings(
            asterisk=(
                AsteriskSettings(name=SYSTEM, host="127.0.0.1", port=port, username=USERNAME, secret=SecretStr(SECRET)),
            ),
            ledger=LedgerSettings(url=SecretStr(f"sqlite:///{tmp_path / 'ledger.sqlite3'}"), spool_dir=tmp_path),
            alerts=AlertSettings(alertmanager=(alertmanager.url, second.url)),
        )
        monitor, witness, stop = Monitor(settings), Witness(), asyncio.Event()
        monitor.add_sink(witness)
        running = asyncio.create_task(monitor.run(bind("127.0.0.1", 0), stop))
        working = asyncio.create_task(simulator.run())
        try:
            (follower,) = monitor.followers
            while not follower.up:  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.02)
            _, late = shown_first()[0]
            simulator.centre.place(late, simulator.now_us())
            await witness.broken.wait()
            (alert,) = await asyncio.to_thread(alertmanager.wait_for, bool, alertname="RingBreach")
            assert witness.answer is None, "the phone still rings"
            (metric,) = [
                sample.value
                for family in monitor.registry.collect()
                for sample in family.samples
                if sample.name == "callcenter_alerts_sent_total"
            ]
            await asyncio.to_thread(alertmanager.wait_for, lambda found: not found, alertname="RingBreach")
            while witness.answer is None:  # noqa: ASYNC110 - the answer's fact sets no event
                await asyncio.sleep(0.02)
        finally:
            stop.set()
            await running
            await simulator.stop()
            await working
    breach = witness.breach
    assert breach is not None
    assert alert["labels"] == {
        "alertname": "RingBreach",
        "severity": "critical",
        "system": SYSTEM,
        "line": breach.line,
        "queue": "counsel",
    }
    assert alert["startsAt"] == breach.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert metric > 0
    _nobody_can_be_known(breach, [request.json for request in second.requests])
    # The other one was told in the same moment. A second is an eternity, and proves that nobody waited for a scrape.
    first = next(request for request in second.requests if "RingBreach" in request.text)
    assert 0 < (datetime.fromtimestamp(first.at, UTC) - breach.at).total_seconds() < 1


def _nobody_can_be_known(breach: RingBreach, sent: list[list[dict[str, Any]]]) -> None:
    everything = json.dumps(sent)
    assert breach.key.linkedid not in everything
    # The simulated callers' numbers all begin so.
    assert "0100000" not in everything
