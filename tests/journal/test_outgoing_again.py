"""A call going out through a restart: followed again from what was journaled, and told once, as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.ami.feed import Batch, LinkUp
from monitor.calls.facts import Observed, OutgoingCall
from monitor.calls.lines import Patterns
from monitor.following import Following
from monitor.resume import follow_again
from tests.scenarios.test_scenarios import expected_of, plan_of

from .material import NAME, SYSTEM, followed, items_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.calls.facts import Fact

PLAN = replace(plan_of("called_out"), phones=Patterns(("PJSIP/*-agent*",)), prefixes=("9",))


def made(facts: Iterable[Fact]) -> list[OutgoingCall]:
    return [fact for fact in facts if isinstance(fact, OutgoingCall)]


def test_a_run_that_is_stopped_in_mid_call_goes_on_with_it() -> None:
    """Agent and person talk when the run ends; the next one is told nothing anew, and tells the call at its end."""
    items = items_of("called_out")
    (whole,) = made(followed(PLAN, items))
    assert whole.answered_at is not None
    talking = next(
        number
        for number, item in enumerate(items, 1)
        if isinstance(item, Batch) and any(b"Event: BridgeEnter" in packet for _, packet in item.packets)
    )
    while not any(b"agent1" in packet and b"Event: BridgeEnter" in packet for packet in packets(items[:talking])):
        talking += 1
    before, behind = items[:talking], items[talking:]
    last_us = max(item.received_at_us for item in before if isinstance(item, Batch))

    stopped = Following(NAME, PLAN)
    for item in before:
        assert made(stopped.take(item)) == []
    (cut,) = made(stopped.close())
    assert (cut.key, cut.answered_at, cut.observed) == (whole.key, whole.answered_at, Observed.PARTLY)

    again = follow_again(Following(NAME, PLAN), before, last_us)
    assert made(again.stored) == made(again.present) == made(again.following.take(again.link_down)) == []
    told = made(again.following.take(LinkUp(last_us + 1_000, SYSTEM)))
    for item in behind:
        told += made(again.following.take(item))
    assert told == [replace(whole, observed=Observed.PARTLY)]


def packets(items: Iterable[object]) -> list[bytes]:
    return [packet for item in items if isinstance(item, Batch) for _, packet in item.packets]


def test_what_was_over_is_stored_again_and_no_present() -> None:
    items = items_of("called_out")
    last_us = max(item.received_at_us for item in items if isinstance(item, Batch))
    again = follow_again(Following(NAME, PLAN), items, last_us)
    (stored,) = made(again.stored)
    assert made(again.present) == []
    (expected,) = expected_of("called_out")["outgoing"]
    assert (stored.agent, stored.number) == (expected["agent"], expected["number"])


def test_a_clock_in_doubt_keeps_the_record_back_like_a_callers() -> None:
    """Until an answer tells: nothing was wrong, and it is whole; or the clock was set, and it is partly known."""
    (whole,) = made(followed(PLAN, items_of("called_out")))
    for sure, observed in ((True, Observed.WHOLE), (False, Observed.PARTLY)):
        following = Following(NAME, PLAN)
        following._late = True
        assert following._hold([whole]) == []
        assert following._release(sure=sure) == [replace(whole, observed=observed)]
