"""Facts about people who are owed a call back, all told in minutes of one Monday."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.callbacks.settling import Terms
from monitor.calls.facts import Call, CallbackPromise, CallKey, Observed, Outcome, OutgoingCall
from monitor.worktime import Shift, WorkTime

from .records import NINE, a_call

HOURS = Shift.read("09:00-18:00")
WORK_TIME = WorkTime(zone=ZoneInfo("Asia/Seoul"), week=(*[HOURS] * 5, None, None), country="KR")
TERMS = Terms(work_time=WORK_TIME)
"""The next working day's end. `NINE` (UTC) is Monday 2026-03-02, 18:00 in Seoul: the day off in place of Sunday the 1st
of March, so that the next working day is Tuesday the 3rd and its end 09:00 UTC."""
DUE = NINE + timedelta(days=1)
MOBILE = "01012345678"


def at(minutes: float) -> Any:
    """An instant of that Monday, in minutes after nine UTC."""
    return NINE + timedelta(minutes=minutes)


def left(minutes: float, *, caller: str | None = MOBILE, system: str = "pbx1", **changes: Any) -> Call:
    """A caller who entered a minute before, and left without an answer."""
    call = a_call(
        f"in-{minutes}",
        caller=caller,
        entered_at=at(minutes - 1),
        asked_at=at(minutes - 1),
        first_ring_at=None,
        answered_at=None,
        ended_at=at(minutes),
        outcome=Outcome.ABANDONED_WAITING,
        talking_us=0,
        agent=None,
        member=None,
        attempts=(),
        transfers=(),
        holds=(),
        recorded_at=at(minutes),
    )
    return replace(call, key=CallKey(system=system, linkedid=call.key.linkedid), **changes)


def answered(minutes: float, *, caller: str | None = MOBILE, promised: tuple[Any, ...] = (), **changes: Any) -> Call:
    """A caller who entered a minute before, and was answered then; promises are minutes, or pairs with `due_at`."""
    promises = tuple(
        CallbackPromise(at=at(one[0]), by="PJSIP/agent2", due_at=one[1])
        if isinstance(one, tuple)
        else CallbackPromise(at=at(one), by="PJSIP/agent2", due_at=None)
        for one in promised
    )
    call = a_call(
        f"in-{minutes}",
        caller=caller,
        entered_at=at(minutes - 1),
        asked_at=at(minutes - 1),
        first_ring_at=None,
        answered_at=at(minutes),
        ended_at=at(minutes + 3),
        attempts=(),
        transfers=(),
        holds=(),
        recorded_at=at(minutes + 3),
        callbacks=promises,
    )
    return replace(call, **changes)


def called(minutes: float, *, number: str = MOBILE, reached: bool = False, agent: str = "agent3") -> OutgoingCall:
    """A call that the centre made, rung for half a minute, and answered then or not."""
    return OutgoingCall(
        key=CallKey(system="pbx2", linkedid=f"out-{minutes}"),
        agent=f"PJSIP/{agent}",
        member=agent.title(),
        number=number,
        started_at=at(minutes),
        answered_at=at(minutes + 0.5) if reached else None,
        ended_at=at(minutes + 2),
        observed=Observed.WHOLE,
    )
