"""What rang when a system was lost stays to be seen, as it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import AttemptEnded, AttemptResult, CallKey, Gap, GapCause, RingAttempt, Stage

from .board_facts import KEY, at, board_of, rings, silent, stage, started

if TYPE_CHECKING:
    from monitor.calls.facts import Fact


def unseen(phone: str, began: float, over: float, key: CallKey = KEY) -> AttemptEnded:
    """The end of a phone's ringing that nobody saw, as the call state tells it when the wire breaks."""
    attempt = RingAttempt(
        agent=f"PJSIP/{phone}",
        member=phone.title(),
        channel=f"PJSIP/{phone}-01",
        queue="help",
        started_at=at(began),
        ended_at=at(over),
        ringing_us=round((over - began) * 1_000_000),
        rings=1,
        result=AttemptResult.UNOBSERVED,
    )
    return AttemptEnded(key=key, line="main", attempt=attempt)


def gap(began: float, ended: float | None = None) -> Gap:
    over = None if ended is None else at(ended)
    return Gap(system="pbx", started_at=at(began), ended_at=over, cause=GapCause.NOT_CONNECTED)


LOST: tuple[Fact, ...] = (
    started(),
    rings("kim", 0),
    rings("lee", 2),
    silent("kim", 0, 7.5),
    silent("lee", 2, 7.5),
    stage(Stage.WAITING, 7.5),
    unseen("kim", 0, 7.5),
    unseen("lee", 2, 7.5),
    gap(7.5),
)


def test_what_rang_when_the_wire_broke_stands_as_it_was() -> None:
    """7.5 s of ringing are ring 3; an hour later nobody knows more."""
    board = board_of(*LOST)

    [call] = board.lost.calls.values()
    assert [phone.member for phone in call.phones.values()] == ["Kim", "Lee"]
    assert (call.rings(at(7.5)), call.rings(at(3600))) == (3, 3)
    assert call.ringing_us(at(3600)) == 7_500_000
    assert board.ringing == {}


def test_a_system_that_is_heard_again_tells_for_itself() -> None:
    board = board_of(*LOST, gap(7.5, 60))

    assert board.lost.calls == {}


def test_a_phone_that_fell_silent_before_is_not_shown_as_ringing() -> None:
    board = board_of(started(), rings("kim", 0), silent("kim", 0, 5), gap(7.5))

    assert board.lost.calls == {}
