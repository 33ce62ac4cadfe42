"""Which calls are told of as one, from when to when; and that nobody can be known by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.alerts_groups import Group, Groups, Kind, Turn
from monitor.calls.facts import AgentState, AgentStatus, CallForgotten, CallKey, Gap, GapCause
from monitor.calls.rules import RingRule

from .calls import LINE, QUEUE, SYSTEM, Ringing, blind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.alerts_groups import Present
    from monitor.calls.facts import Fact

NOON = datetime(2026, 11, 25, 3, tzinfo=UTC)
WARNING = Group(Kind.WARNING, SYSTEM, LINE, QUEUE)
BREACH = Group(Kind.BREACH, SYSTEM, LINE, QUEUE)


def call(number: int = 1, *, queue: str | None = QUEUE, member: str | None = "김하나") -> Ringing:
    """A call whose phone begins to ring at noon."""
    return Ringing(number, seconds=0, queue=queue, member=member, now=NOON)


def groups(*, warnings: bool = True) -> Groups:
    return Groups([RingRule()], lambda _, at: at, warnings=warnings)


def turns(kept: Groups, facts: Iterable[Fact]) -> list[tuple[str, str]]:
    """What the facts change, as (kind, turn)."""
    return [(change.group.kind.name, change.turn.name) for fact in facts for change in kept.record(fact)]


def present(kept: Groups, seconds: float, group: Group = BREACH) -> Present:
    found = kept.present(group, NOON + timedelta(seconds=seconds))
    assert found is not None
    return found


def test_a_call_is_warned_of_at_ring_three_and_is_a_breach_at_ring_four() -> None:
    kept, one = groups(), call()

    assert turns(kept, [one.starts()]) == []
    assert turns(kept, [one.warns()]) == [("WARNING", "BEGAN")]
    assert turns(kept, [one.breaks()]) == [("WARNING", "ENDED"), ("BREACH", "BEGAN")]
    assert turns(kept, [one.ceases()]) == [("BREACH", "ENDED")]
    assert list(kept) == []


def test_without_warnings_there_are_breaches_alone() -> None:
    kept, one = groups(warnings=False), call()

    assert turns(kept, [one.starts(), one.warns(), one.breaks()]) == [("BREACH", "BEGAN")]


def test_calls_to_one_line_and_queue_are_one_group_and_others_are_not() -> None:
    kept = groups(warnings=False)
    same, other, direct = call(2), call(3, queue="sales"), call(4, queue=None)
    for one in (call(1), same, other, direct):
        for fact in (one.starts(), one.breaks()):
            kept.record(fact)

    assert list(kept) == [BREACH, BREACH._replace(queue="sales"), BREACH._replace(queue=None)]
    assert present(kept, 9).calls == 2
    assert turns(kept, [same.ceases()]) == [("BREACH", "CHANGED")]
    assert present(kept, 9).calls == 1


def test_the_longest_ringing_gives_the_ring_count() -> None:
    """Ring n + 1 begins after 3 n s: at 12.0 s after noon the first is at ring 5, and the one 4 s younger at ring 3."""
    kept, old = groups(warnings=False), call(1)
    young = Ringing(2, seconds=-4, now=NOON)
    for fact in (old.starts(), young.starts(), old.breaks()):
        kept.record(fact)

    assert present(kept, 11.999999).rings == 4
    assert present(kept, 12).rings == 5
    kept.record(young.breaks())
    assert (present(kept, 13).calls, present(kept, 13).rings) == (2, 5)
    kept.record(old.ceases())
    # The young one alone: 9 s after it began, that is 13 s after noon, its ring 4 begins.
    assert (present(kept, 13).rings, present(kept, 16).rings) == (4, 5)


def test_it_is_from_the_instant_of_its_first_ring_four_to_that_of_its_latest() -> None:
    kept, later = groups(warnings=False), Ringing(2, seconds=-4, now=NOON)
    for fact in (call().starts(), later.starts(), call().breaks(), later.breaks()):
        kept.record(fact)

    found = present(kept, 14)
    assert found.began_at == NOON + timedelta(seconds=9)
    assert found.latest_at == NOON + timedelta(seconds=13)


def test_a_call_rung_anew_after_a_breach_is_told_of_from_the_first_bell() -> None:
    kept, one = groups(), call()
    for fact in (one.starts(), one.warns(), one.breaks(), one.ceases(10.0)):
        kept.record(fact)

    assert turns(kept, [one.starts(seconds=15, before_us=10_000_000)]) == [("BREACH", "BEGAN")]
    found = present(kept, 17)
    assert found.began_at == NOON + timedelta(seconds=15)
    # 10 s before the pause and 2 s since: exactly 12 s, where ring 5 begins.
    assert found.rings == 5


def test_two_phones_of_one_call_are_one_call_until_both_are_silent() -> None:
    kept, one, also = groups(warnings=False), call(), call(2, member="이두리")
    also.key = one.key
    for fact in (one.starts(), also.starts(seconds=1), one.breaks()):
        kept.record(fact)

    assert (present(kept, 9).calls, present(kept, 9).phones) == (1, ("김하나", "이두리"))
    assert turns(kept, [one.ceases()]) == [("BREACH", "CHANGED")]
    assert present(kept, 10).phones == ("이두리",)
    assert turns(kept, [also.ceases()]) == [("BREACH", "ENDED")]


def test_a_phone_that_began_to_ring_anew_is_not_silenced_by_what_is_told_late_of_before() -> None:
    kept, one = groups(warnings=False), call()
    for fact in (one.starts(), one.breaks(), one.ceases(10), one.starts(seconds=12, before_us=10_000_000)):
        kept.record(fact)

    assert turns(kept, [one.ceases(11)]) == []
    assert list(kept) == [BREACH]


@pytest.mark.parametrize("ends", ["answered", "forgotten"])
def test_an_answer_and_an_end_are_the_end(ends: str) -> None:
    kept, one = groups(warnings=False), call()
    end: Fact = one.answered()
    if ends == "forgotten":
        end = CallForgotten(key=one.key, into=CallKey(system=SYSTEM, linkedid="1795400000.9"))

    assert turns(kept, [one.starts(), one.breaks(), end]) == [("BREACH", "BEGAN"), ("BREACH", "ENDED")]
    # What rings then is a transfer's target.
    assert turns(kept, [one.starts(seconds=20, counting=False)]) == []


def test_a_warning_of_a_call_that_nothing_is_known_of_is_passed_over() -> None:
    kept = groups()
    assert turns(kept, [call().warns(), call().breaks(), call().ceases(), call().answered()]) == []


def test_phones_are_called_by_name_where_a_queue_has_told_it() -> None:
    kept, one = groups(warnings=False), call(member=None)
    kept.record(
        AgentState(
            system=SYSTEM, queue=QUEUE, agent=one.agent, member="박세나", status=AgentStatus.RINGING, at=one.began_at
        )
    )
    for fact in (one.starts(), one.breaks()):
        kept.record(fact)

    assert present(kept, 9).phones == ("박세나",)


def test_a_number_in_a_phones_name_is_masked() -> None:
    kept, one = groups(warnings=False), call(member=None)
    one.agent = "Local/01098765432@mobiles"
    for fact in (one.starts(), one.breaks()):
        kept.record(fact)

    # Four digits of eleven are hidden.
    assert present(kept, 9).phones == ("Local/010-****-5432@mobiles",)


def test_a_system_is_unseen_until_each_of_its_gaps_has_ended() -> None:
    kept = groups()
    booting = Gap(system=SYSTEM, started_at=NOON, ended_at=None, cause=GapCause.NOT_BOOTED)
    for fact in (blind(at=NOON), booting):
        kept.record(fact)

    kept.record(replace(blind(at=NOON), ended_at=NOON))
    assert kept.unseen(SYSTEM)
    assert not kept.unseen("pbx2")
    kept.record(replace(booting, ended_at=NOON))
    assert not kept.unseen(SYSTEM)


def test_nothing_is_left_of_calls_that_are_over() -> None:
    kept = groups()
    for number in range(500):
        one = call(number)
        broken: list[Fact] = [one.breaks()] if number % 2 else []
        for fact in (one.starts(), one.warns(), *broken, one.ceases(), one.answered()):
            kept.record(fact)
        silent = call(1000 + number)
        for fact in (silent.starts(), silent.ceases(2)):
            kept.record(fact)

    assert (kept._calls, kept._groups) == ({}, {})


def test_turns_are_told_once_each() -> None:
    kept, one = groups(), call()
    kept.record(one.starts())
    assert [change.turn for change in kept.record(one.warns())] == [Turn.BEGAN]
    assert kept.record(one.answered()) == [(WARNING, Turn.ENDED)]
    assert kept.record(one.answered()) == []
