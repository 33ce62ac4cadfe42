"""What a start makes of the journal it finds: of a run before, of long ago, of none, and of one that others outran."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from monitor.alerts_groups import Change, Group, Groups, Kind, Turn
from monitor.ami.feed import Standing
from monitor.calls.facts import (
    AgentState,
    Call,
    CallKey,
    Gap,
    GapCause,
    Outcome,
    RingBreach,
    RingingCeased,
    RingingStarted,
    instant,
)
from monitor.calls.rules import RingRule
from monitor.config import AsteriskSettings
from monitor.config_keeping import JournalSettings
from monitor.follower import Follower
from monitor.following import Following
from monitor.journal.journal import Journal
from monitor.journal.reading import last_at_us, unfinished
from monitor.journal.segments import folder_of
from monitor.resume import LONGEST_US, follow_again, from_journal

from .hour import SYSTEM, Hour, hour
from .killed import PLAN

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.calls.facts import Fact

NAME = "configured"
"""What the settings call the system; Asterisk itself says `SYSTEM`."""


@pytest.fixture(scope="module")
def wire() -> Hour:
    return hour(240.0)


@pytest.fixture
def folder(tmp_path: Path, wire: Hour) -> Path:
    """The journal of a run that followed two minutes and was killed in mid-call."""
    following, now_us = Following(NAME, PLAN), wire.batches[0].received_at_us
    journal = Journal(JournalSettings(folder=tmp_path, segment_minutes=0.5), lambda: now_us)
    recorder = journal.of(NAME, following.oldest_call_age_us, following.standing)
    journal.start()
    begin = wire.first_look
    for item in [*wire.coming_up(begin), *wire.batches[begin : len(wire.batches) // 2]]:
        now_us = getattr(item, "received_at_us", now_us)
        recorder.append(item)
        following.take(item)
    assert following.calls_known > 1
    journal.close(1.0)
    return folder_of(tmp_path, NAME)


def follower() -> Follower:
    settings = AsteriskSettings(name=NAME, host="127.0.0.1", port=1, username="m", secret=SecretStr("hush"))
    return Follower(settings, PLAN, lambda _: None)


def ended(facts: list[Fact]) -> dict[str, Outcome]:
    return {fact.key.linkedid: fact.outcome for fact in facts if isinstance(fact, Call)}


def test_what_is_known_besides_the_calls_goes_on_from_segment_to_segment(folder: Path) -> None:
    """Members, the link's name and the clock: taken first, a `Standing` makes what follows tell the same."""
    items = list(unfinished(folder))
    following = Following(NAME, PLAN)
    facts = [(item, following.take(item)) for item in items]
    at = max(number for number, item in enumerate(items) if isinstance(item, Standing))
    late = Following(NAME, PLAN)
    told = late.take(items[at])
    assert late.system == SYSTEM
    # Taken where it was written it changes nothing.
    assert facts[at][1] == []
    # It tells of each member as the ledger has it already: when its state began, and not when this was written.
    earlier = [fact for _, told_then in facts[:at] for fact in told_then if isinstance(fact, AgentState)]
    before = {(fact.queue, fact.agent): fact for fact in earlier}
    assert {(fact.queue, fact.agent): fact for fact in told if isinstance(fact, AgentState)} == before
    for item, expected in facts[at + 1 :]:
        found = [fact for fact in late.take(item) if isinstance(fact, AgentState)]
        assert found == [fact for fact in expected if isinstance(fact, AgentState)]


def test_the_calls_in_progress_go_on_and_the_time_since_is_a_gap(folder: Path) -> None:
    again = from_journal(follower(), folder, lambda _: None)
    assert again is not None
    assert again.following.system == SYSTEM, "as Asterisk calls itself, and not as the settings do"
    assert again.following.calls_known > 1
    assert {type(fact) for fact in again.present} >= {AgentState}
    assert not any(isinstance(fact, Call) for fact in again.present), "what is over is not present"
    events = again.following.events
    news = again.following.take(again.link_down)
    (gap,) = [fact for fact in news if isinstance(fact, Gap)]
    assert (gap.cause, gap.ended_at) == (GapCause.MONITOR_DOWN, None)
    assert abs(gap.started_at - instant(again.last_us)) < timedelta(milliseconds=100)
    assert ended(news) == {}
    assert events == {}, "they were counted by the run before"


def test_calls_of_half_a_day_ago_are_over(folder: Path) -> None:
    last_us = last_at_us(folder)
    assert last_us is not None
    again = follow_again(Following(NAME, PLAN), unfinished(folder), last_us)
    again.following.take(again.link_down)
    assert again.long_over(last_us + LONGEST_US) == []
    outcomes = ended(again.long_over(last_us + LONGEST_US + 1))
    assert set(outcomes.values()) == {Outcome.UNOBSERVED}
    assert again.following.calls_known == 0


def test_a_ledger_that_knows_more_was_written_without_this_journal(folder: Path) -> None:
    last_us = last_at_us(folder)
    assert last_us is not None

    def ledger(later: timedelta) -> datetime:
        return instant(last_us) + later

    assert from_journal(follower(), folder, lambda _: ledger(timedelta(minutes=2))) is None
    assert from_journal(follower(), folder, lambda _: ledger(timedelta(seconds=2))) is not None


def test_without_a_journal_that_can_be_read_nothing_is_gone_on_with(tmp_path: Path) -> None:
    assert from_journal(follower(), tmp_path / "none", lambda _: None) is None
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    assert from_journal(follower(), in_the_way, lambda _: None) is None
    (tmp_path / "20261126T090000.000000Z.ami").write_bytes(b"nothing that is AMI\r\n\r\n")
    assert from_journal(follower(), tmp_path, lambda _: None) is None


def test_an_alert_that_rang_on_through_a_restart_is_no_news(folder: Path) -> None:
    """The breach was told of by the run before; only what began in its last two seconds may not have gone out."""
    del folder
    at = instant(1_795_683_600_000_000)
    ring, breach = _ringing(at), _breach(at + timedelta(seconds=9))
    group = Group(Kind.BREACH, SYSTEM, "main", "support")
    for told_until, turn in ((at + timedelta(seconds=20), Turn.RESUMED), (at + timedelta(seconds=8), Turn.BEGAN)):
        groups = Groups([RingRule()], lambda _, there_at: there_at)
        groups.recall([ring, breach], told_until)
        # Nothing is seen, then it is found ringing on.
        groups.record(RingingCeased(key=ring.key, channel=ring.channel, at=at + timedelta(seconds=21)))
        assert groups.record(_ringing(at + timedelta(seconds=30))) == [Change(group, turn)]
        # Silent and rung once more, it is told of as ever.
        groups.record(RingingCeased(key=ring.key, channel=ring.channel, at=at + timedelta(seconds=40)))
        assert groups.record(_ringing(at + timedelta(seconds=41))) == [Change(group, Turn.BEGAN)]


def _ringing(at: datetime) -> RingingStarted:
    return RingingStarted(
        key=_breach(at).key, line="main", channel="PJSIP/a-1", agent="PJSIP/a", member=None,
        queue="support", at=at, before_us=0, counting=True,
    )  # fmt: skip


def _breach(at: datetime) -> RingBreach:
    return RingBreach(
        key=CallKey(system=SYSTEM, linkedid="1.1"), line="main", queue="support", at=at, rings=4,
        agents=("PJSIP/a",), rule=RingRule().label,
    )  # fmt: skip
