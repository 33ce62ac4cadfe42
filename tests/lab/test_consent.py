"""Callers asked before they are passed on, by the shipped samples in a real Asterisk, compared with the wire.

The program runs there as on a PBX (`asked_first.OF_THE_PACKAGE` and pyst2, nothing else); callers press keys in the
media (RFC 2833), agents by INFO. All scenarios side by side, once.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from monitor.calls.formulas import asked_first_rate
from monitor.calls.rules import RingRule
from monitor.ledger.store import Store
from monitor.reports.counting import figures_of
from monitor.reports.order import Basis, Order
from monitor.reports.periods import Period
from monitor.worktime import WorkTime

from . import asked_first
from .configuration import ACCOUNTS, READ_NEEDED, Account, Settings
from .plan_consent import CALLER, CONSENT, SAMPLES
from .run import Stage

if TYPE_CHECKING:
    from .ami import Packet
    from .run import Played
    from .wire import Leg

pytestmark = pytest.mark.lab

TOLERANCE_SECONDS = 0.2
"""Programs that start beside Asterisk take its processor; how near it is otherwise, test_side_by_side.py tells."""
SEOUL = ZoneInfo("Asia/Seoul")
SAID = ("intro", "department", "reason", "question")
NAMES = [scenario.name for scenario in CONSENT]


@dataclass(frozen=True, kw_only=True)
class Session:
    """All scenarios, played side by side."""

    played: dict[str, Played]
    packets: list[Packet]
    log: str
    console: str
    calls: dict[str, dict[str, Any]]
    """What the monitor tells of each scenario's call."""
    ledger: Path
    """Where it has written them."""

    def events(self, name: str, event: str) -> list[Packet]:
        """The events of one kind about a scenario's channels."""
        scenario = self.played[name].scenario
        return [p for p in self.packets if p.get("Event") == event and scenario.owns(p.get("Channel", ""))]

    def said(self, name: str) -> list[str]:
        """The sounds that a scenario's channels were told to play, in order."""
        commands = [packet["Command"].split() for packet in self.events(name, "AGIExecStart")]
        return [words[2].rpartition("/")[2] for words in commands if words[:2] == ["STREAM", "FILE"]]

    def reported(self, name: str, kind: str, header: str) -> list[str]:
        """What a scenario's channels reported by `UserEvent`."""
        return [packet[header] for packet in self.events(name, "UserEvent") if packet["UserEvent"] == kind]


@pytest.fixture(scope="module")
def session(lab: None, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The scenarios on an Asterisk that has AGI, the feature codes of the sample, and the program."""
    settings = Settings(
        modules=("res_agi",),
        accounts=(*ACCOUNTS, Account(name="with_agi", read=f"{READ_NEEDED},agi")),
        extra_files={"features.conf": (SAMPLES / "features.conf.sample").read_text(encoding="utf-8")},
    )
    stage = Stage(CONSENT, settings)
    asked_first.install(stage.asterisk)
    with stage:
        recorder = stage.recorder("with_agi")
        try:
            played = stage.play(NAMES, recorder)
        finally:
            recorder.close()
        log, console = stage.asterisk.log, (stage.asterisk.folder / "console").read_text(encoding="utf-8")
    ledger = tmp_path_factory.mktemp("consent") / "ledger.sqlite3"
    calls = replayed(recorder.raw, ledger)
    by_name = {
        name: calls[linkedid]
        for name in NAMES
        for linkedid in {
            packet["Linkedid"]
            for packet in recorder.packets
            if packet.get("Event") == "Newchannel" and packet["Channel"].startswith(f"PJSIP/{name}-trunk-")
        }
    }
    return Session(
        played={one.scenario.name: one for one in played},
        packets=recorder.packets,
        log=log,
        console=console,
        calls=by_name,
        ledger=ledger,
    )


def replayed(raw: bytes, ledger: Path) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "monitor.cli", "replay", "-", "--line", "1588-6565", "--store", str(ledger)],
        input=raw,
        capture_output=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
        timeout=60,
    )
    return {call["linkedid"]: call for call in map(json.loads, done.stdout.splitlines())}


def seconds(leg: Leg, what: str, of: str = "INVITE") -> float:
    at_us = leg.at(what, of)
    assert at_us is not None
    return at_us / 1_000_000


def instant_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def instant(text: str) -> float:
    return instant_of(text).timestamp()


@pytest.mark.parametrize("name", NAMES)
def test_scenario_went_by_its_script(session: Session, name: str) -> None:
    assert session.played[name].errors == []


@pytest.mark.parametrize(
    ("name", "answer", "result", "heard"),
    [
        ("consent_yes", "yes", "completed", "agent2"),
        ("consent_no", "no", "returned", "agent1"),
        ("consent_silence", None, "completed", "agent2"),
        ("consent_wrong_keys", None, "completed", "agent2"),
        ("consent_missing", None, "completed", "agent2"),
        ("consent_broken", None, "completed", "agent2"),
    ],
)
def test_caller_reaches_somebody_whatever_they_answer(
    session: Session, name: str, answer: str | None, result: str, heard: str
) -> None:
    """The last phone on the wire is who the caller is with, from its 200 to the BYE; it rang 0.8 s, so once.

    The phone of an agent who has the caller back is no target's: 0 rings.
    """
    played = session.played[name]
    phone = played.of(heard)[-1]
    (caller,) = played.of(CALLER)
    (transfer,) = session.calls[name]["transfers"]
    assert (transfer["kind"], transfer["by"], transfer["to"]) == ("blind", f"PJSIP/{name}-agent1", "202")
    assert (transfer["consent"], transfer["result"]) == (answer, result)
    assert instant(transfer["reconnected_at"]) == pytest.approx(seconds(phone, "200"), abs=TOLERANCE_SECONDS)
    assert transfer["reconnect_rings"] == (1 if heard == "agent2" else 0)
    assert caller.ended_at_us is not None
    assert caller.ended_at_us / 1_000_000 - seconds(phone, "200") > 1
    assert [message.sent for message in caller.messages if message.what == "BYE"] == [False], "the phone hung up last"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("consent_no", "consent_attended_no")])
def test_the_transfer_is_when_the_phone_let_go(session: Session, name: str) -> None:
    """By REFER, or by the BYE that ends the consultation."""
    leg = session.played[name].of("agent1")[0]
    told = instant(session.calls[name]["transfers"][0]["at"])
    let_go = ("BYE", "BYE") if name == "consent_attended" else ("REFER", "REFER")
    assert told == pytest.approx(seconds(leg, *let_go), abs=TOLERANCE_SECONDS)


def test_a_caller_who_hangs_up_while_asked_left(session: Session) -> None:
    (caller,) = session.played["consent_hangup"].of(CALLER)
    assert [message.sent for message in caller.messages if message.what == "BYE"] == [True]
    assert session.played["consent_hangup"].of("agent2") == []
    (transfer,) = session.calls["consent_hangup"]["transfers"]
    assert (transfer["consent"], transfer["result"], transfer["reconnected_at"]) == (None, "caller_left", None)
    # Asterisk lets the channel go when the program, told of it, has ended.
    assert 0 <= instant(session.calls["consent_hangup"]["ended_at"]) - seconds(caller, "BYE", "BYE") < 2


def test_an_agent_who_asked_aloud_tells_it_by_a_feature_code(session: Session) -> None:
    (transfer,) = session.calls["consent_attended"]["transfers"]
    assert (transfer["kind"], transfer["consent"], transfer["result"]) == ("attended", "yes", "completed")
    assert session.reported("consent_attended", "TransferConsent", "Consent") == ["yes"]
    # Not agreed to, and so not passed on: a call without a transfer, whose agent promised to call back.
    assert session.calls["consent_attended_no"]["transfers"] == []
    assert session.reported("consent_attended_no", "TransferConsent", "Consent") == ["no"]
    assert session.reported("consent_attended_no", "CallbackPromised", "Due") == [""]


@pytest.mark.parametrize(
    ("name", "reported"),
    [
        ("consent_yes", ["yes"]),
        ("consent_no", ["no"]),
        ("consent_silence", []),
        ("consent_wrong_keys", []),
        ("consent_hangup", []),
        ("consent_missing", []),
        ("consent_broken", []),
    ],
)
def test_only_an_answer_is_reported(session: Session, name: str, reported: list[str]) -> None:
    assert session.reported(name, "TransferConsent", "Consent") == reported


def test_what_callers_are_told(session: Session) -> None:
    """Intro, department, reason, question; a key ends it, and a wrong one brings the question again."""
    assert session.said("consent_silence") == list(SAID)
    for name in ("consent_yes", "consent_no", "consent_hangup"):
        said = session.said(name)
        assert said
        assert said == list(SAID)[: len(said)]
    wrong = session.said("consent_wrong_keys")
    assert wrong[:-1] == list(SAID)[: len(wrong) - 1]
    assert wrong[-1] == "question"
    assert len(wrong) > 1
    for name in ("consent_missing", "consent_broken", "consent_attended", "consent_attended_no"):
        assert session.said(name) == []


def test_what_is_wrong_stands_in_asterisks_log_and_no_number_does(session: Session) -> None:
    assert "callmonitor-agi: /lab/" in session.log
    assert "none.toml cannot be read (No such file or directory)" in session.log
    assert CALLER not in session.log + session.console


def test_ledger_and_report_count_answers_alone(session: Session) -> None:
    """Yes: by the key 1 and by *71; no: by the key 2. The five others passed on were not heard to answer."""
    with closing(sqlite3.connect(session.ledger)) as connection:
        stored = dict(connection.execute("SELECT consent, count(*) FROM transfers GROUP BY 1").fetchall())
    assert stored == {1: 2, 0: 1, None: 5}

    day = instant_of(session.calls["consent_yes"]["entered_at"]).astimezone(SEOUL).date()
    basis = Basis(
        rules=(RingRule(),),
        lines=("1588-6565",),
        systems=("lab1",),
        work_time=WorkTime(zone=SEOUL),
        judged_on="all",
        within_us=20_000_000,
        short_us=5_000_000,
    )
    # Two days: midnight may come while they are played.
    order = Order(period=Period.days_between(day, day + timedelta(days=1), SEOUL))
    store = Store(f"sqlite:///{session.ledger}")
    try:
        told = figures_of(store, order, basis, now=datetime.now(UTC)).transfers
    finally:
        store.close()
    assert (told.by_people, told.consent_yes, told.consent_no) == (8, 2, 1)
    assert asked_first_rate(told.consent_yes, told.consent_yes + told.consent_no) == 2 / 3
