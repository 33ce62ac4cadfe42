"""What the lines of a queue log come to: calls.

**Source:** https://docs.asterisk.org/Operation/Logging/Queue-Logs/; app_queue.c of Asterisk 11 to 22.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.calls.facts import (
    AttemptResult,
    Outcome,
    RingAttempt,
    Scope,
    Source,
    Transfer,
    TransferKind,
    TransferResult,
)
from monitor.imports.frame import LINGER_SECONDS, LeftOut, Told, call_of
from monitor.imports.queue_log import MOST_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.calls.facts import Call
    from monitor.imports.frame import Frame
    from monitor.imports.queue_log import LogEvent

_NO_CALL = frozenset({"", "NONE", "REALTIME", "MANAGER", "SYSTEM"})
"""What stands in the place of a callid where a line tells of no call."""
_NOBODY = frozenset({"", "NONE"})
_LINES_BETWEEN_LOOKS = 5_000
_RINGTIME = 2
"""Its place among the data of CONNECT; Asterisk 1.4 does not tell it."""
_SECOND = timedelta(seconds=1)
_LINGER = timedelta(seconds=LINGER_SECONDS)
_LONGEST = timedelta(days=1)
"""How long a call without an end is waited for."""


@dataclass(slots=True)
class _Open:
    """A call of which more may be told."""

    told: Told
    did: str | None = None
    outcome: Outcome | None = None
    """None until a line tells one."""
    begun: bool = False
    """That it entered a queue was told."""
    left_off_at: datetime | None = None
    """The queue gave it up."""
    cancelled_at: datetime | None = None
    """A phone ceased to ring since the caller had left."""
    talked: timedelta = timedelta()
    attempts: list[RingAttempt] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    seen: dict[LogEvent, str] = field(default_factory=dict)
    """What was told, and in which file."""

    @property
    def answered(self) -> bool:
        return self.told.answered_at is not None

    @property
    def patience(self) -> timedelta:
        """How long it may be quiet before no more of it is expected."""
        return _LONGEST if self.outcome is None else _LINGER


class QueueLogReader:
    """Follows the calls of one Asterisk's queue log.

    Args:
        frame: where the calls belong; its notes are told what was not taken.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._open: dict[str, _Open] = {}
        self._lines = 0
        self._newest_at = datetime.fromtimestamp(0, UTC)
        self._takers: dict[str, Callable[[_Open, LogEvent], None]] = {
            "ENTERQUEUE": _entered,
            "CONNECT": _connected,
            "RINGNOANSWER": _not_answered,
            "RINGCANCELED": _cancelled,
            "AGENTDUMP": _dumped,
            "ABANDON": _abandoned,
            "EXITWITHTIMEOUT": _given_up,
            "EXITEMPTY": _given_up,
            "EXITWITHKEY": _went_by_key,
            "SYSCOMPAT": _incompatible,
            "COMPLETEAGENT": _completed,
            "COMPLETECALLER": _completed,
            "BLINDTRANSFER": self._sent_on,
            "TRANSFER": self._sent_on,
            "ATTENDEDTRANSFER": _handed_over,
            "DID": _dialled,
        }

    def take(self, event: LogEvent, file: str) -> Iterator[Call]:
        """Follow one line, and give the calls of which no more is to come.

        Args:
            event: of the line.
            file: where it stands; a line that another file has too says nothing new.

        Raises:
            ValueError: the line lacks what its event needs.
        """
        self._newest_at = max(self._newest_at, event.at)
        self._lines += 1
        if event.callid not in _NO_CALL and event.event in self._takers:
            call = self._open.get(event.callid) or self._begin(event)
            if call.seen.get(event, file) == file:
                self._takers[event.event](call, event)
                call.seen[event] = file
                call.told.last_at = max(call.told.last_at, event.at)
        if self._lines % _LINES_BETWEEN_LOOKS == 0:
            yield from self._let_go(self._newest_at)

    def end(self) -> Iterator[Call]:
        """No more lines: the calls that are left, those without an end as unobserved."""
        yield from self._let_go(None)

    def _begin(self, event: LogEvent) -> _Open:
        told = Told(linkedid=event.callid, source=Source.QUEUE_LOG, line="", last_at=event.at)
        call = self._open[event.callid] = _Open(told)
        return call

    def _let_go(self, now: datetime | None) -> Iterator[Call]:
        """Finish the calls that have been quiet for long at an instant of the log; without one, all of them."""
        quiet = [key for key, call in self._open.items() if now is None or now - call.told.last_at > call.patience]
        for callid in quiet:
            call = self._finished(self._open.pop(callid))
            if call is not None:
                yield call

    def _sent_on(self, call: _Open, event: LogEvent) -> None:
        talked, to = event.seconds(3), event.data[0]
        call.transfers.append(
            _transfer(event, TransferKind.BLIND, TransferResult.UNOBSERVED, to, self._frame.plan.scope(to))
        )
        _left_to_another(call, talked)

    def _finished(self, call: _Open) -> Call | None:
        """The call as it stands; None where it is none of ours."""
        notes = self._frame.notes
        if not call.begun:
            notes.left_out[LeftOut.BEGAN_BEFORE] += 1
            return None
        line = self._frame.known.get(call.told.linkedid, self._frame.line)
        if call.did is not None and call.told.linkedid not in self._frame.known:
            named = self._frame.plan.lines.find(call.did, "")
            if named is None or (line and line != named):
                notes.left_out[LeftOut.OTHER_NUMBER] += 1
                return None
            line = named
        if line is None:
            notes.left_out[LeftOut.OTHER_NUMBER] += 1
            return None
        return call_of(_come_to(call, line), self._frame)


def _come_to(call: _Open, line: str) -> Told:
    """What a call comes to, once no more of it is to come."""
    told = call.told
    rang = [each for each in call.attempts if each.ended_at > each.started_at]
    before = [each.started_at for each in rang if told.answered_at is None or each.started_at <= told.answered_at]
    # An answered call without an end was broken off, unless somebody passed it on: then its end is told elsewhere.
    outcome = call.outcome or (Outcome.ANSWERED if call.answered and call.transfers else Outcome.UNOBSERVED)
    until_at = told.answered_at or call.left_off_at or (told.ended_at if call.outcome is not None else None)
    waiting = until_at - told.asked_at if until_at is not None and told.asked_at is not None else None
    talked = call.talked if outcome is Outcome.ANSWERED and told.ended_at is not None and not call.transfers else None
    if outcome is not Outcome.ANSWERED and not call.answered and outcome is not Outcome.UNOBSERVED:
        talked = timedelta()
    return replace(
        told,
        line=line,
        dialled=call.did or "",
        outcome=outcome,
        first_ring_at=min(before, default=None),
        waiting_us=None if waiting is None or waiting < timedelta() else _us(waiting),
        talking_us=None if talked is None else _us(talked),
        attempts=tuple(call.attempts),
        transfers=tuple(call.transfers),
    )


# What each event says of its call


def _entered(call: _Open, event: LogEvent) -> None:
    if not call.begun:
        call.begun = True
        call.told.asked_at = event.at
        caller = event.data[1] if len(event.data) > 1 else ""
        call.told.caller = None if caller.lower() in {"", "unknown", "none"} else caller
    if call.answered:
        # Back in a queue after a conversation: how the call ends is to be told anew.
        call.told.ended_at = None
    else:
        call.told.queue = event.queue
        call.outcome = None
        call.left_off_at = call.told.ended_at = None


def _connected(call: _Open, event: LogEvent) -> None:
    rang = event.seconds(_RINGTIME) if len(event.data) > _RINGTIME else timedelta()
    _tried(call, event, rang, AttemptResult.ANSWERED)
    if not call.answered:
        told = call.told
        told.answered_at, told.queue = event.at, event.queue
        told.agent = told.member = event.member if event.member not in _NOBODY else None
    elif call.transfers and call.transfers[-1].reconnected_at is None:
        last = call.transfers[-1]
        call.transfers[-1] = replace(
            last,
            result=TransferResult.COMPLETED,
            reconnected_at=event.at,
            reconnect_us=max(0, _us(event.at - last.at)),
        )


def _not_answered(call: _Open, event: LogEvent) -> None:
    rang = _milliseconds(event)
    # Told of phones that never rang too: busy, unreachable, declined at once. Which it was is not told.
    _tried(call, event, rang, AttemptResult.NO_ANSWER if rang else AttemptResult.UNOBSERVED)


def _cancelled(call: _Open, event: LogEvent) -> None:
    call.cancelled_at = event.at
    _tried(call, event, _milliseconds(event), AttemptResult.CALLER_LEFT)


def _dumped(call: _Open, event: LogEvent) -> None:
    _tried(call, event, timedelta(), AttemptResult.DECLINED_BY_PERSON)


def _abandoned(call: _Open, event: LogEvent) -> None:
    call.told.ended_at = event.at
    if call.answered:
        call.outcome = Outcome.ANSWERED
        if call.transfers and call.transfers[-1].reconnected_at is None:
            call.transfers[-1] = replace(call.transfers[-1], result=TransferResult.CALLER_LEFT)
        return
    ringing = call.cancelled_at is not None and abs(event.at - call.cancelled_at) <= _SECOND
    call.outcome = Outcome.ABANDONED_RINGING if ringing else Outcome.ABANDONED_WAITING


def _given_up(call: _Open, event: LogEvent) -> None:
    if not call.answered:
        call.outcome, call.left_off_at = Outcome.NO_ANSWER, event.at


def _went_by_key(call: _Open, event: LogEvent) -> None:
    if not call.answered:
        call.outcome, call.left_off_at = Outcome.UNOBSERVED, event.at


def _incompatible(call: _Open, event: LogEvent) -> None:
    if not call.answered:
        call.outcome, call.told.ended_at = Outcome.FAILED, event.at


def _completed(call: _Open, event: LogEvent) -> None:
    call.talked += event.seconds(1)
    call.told.ended_at = event.at
    if call.answered:
        call.outcome = Outcome.ANSWERED


def _handed_over(call: _Open, event: LogEvent) -> None:
    talked = event.seconds(-2)
    # The second leg still ran a Dial, so that nobody had answered it: the target was ringing.
    ringing = event.data[0].upper() == "APP"
    kind = TransferKind.BLONDE if ringing else TransferKind.ATTENDED
    result = TransferResult.UNOBSERVED if ringing else TransferResult.COMPLETED
    call.transfers.append(_transfer(event, kind, result, "", Scope.UNKNOWN))
    _left_to_another(call, talked)


def _dialled(call: _Open, event: LogEvent) -> None:
    if event.data and event.data[0]:
        call.did = event.data[0]


def _left_to_another(call: _Open, talked: timedelta) -> None:
    """An agent let the caller go to somebody of whom the queue tells nothing."""
    call.talked += talked
    call.told.ended_at = None
    if call.answered:
        call.outcome = Outcome.ANSWERED


def _tried(call: _Open, event: LogEvent, rang: timedelta, result: AttemptResult) -> None:
    """A phone was called; when it began to ring follows from the queue's own measure."""
    if event.member in _NOBODY:
        return
    call.attempts.append(
        RingAttempt(
            agent=event.member,
            member=event.member,
            channel="",
            queue=event.queue,
            started_at=event.at - rang,
            ended_at=event.at,
            ringing_us=None,
            rings=None,
            result=result,
        )
    )


def _transfer(event: LogEvent, kind: TransferKind, result: TransferResult, to: str, scope: Scope) -> Transfer:
    return Transfer(
        kind=kind,
        at=event.at,
        by="" if event.member in _NOBODY else event.member,
        to=to,
        scope=scope,
        result=result,
        announced=kind is TransferKind.ATTENDED,
        consent=None,
        consultation_us=None,
        caller_hold_us=None,
        reconnected_at=None,
        reconnect_us=None,
        reconnect_rings=None,
    )


def _milliseconds(event: LogEvent) -> timedelta:
    return timedelta(seconds=round(min(event.number(0), 1000 * MOST_SECONDS) / 1000))


def _us(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
