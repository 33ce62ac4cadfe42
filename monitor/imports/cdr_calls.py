"""What call detail records come to: calls.

A record says that a channel was answered, not by whom; so a person has answered only where a phone is named that was
connected by an application which calls phones. When that was, no record tells: a menu or an announcement may have
answered the channel before. How long they talked, none tells: it counts hold and consultation too. Who ended a call
that nobody answered, none tells either.

**Source:** https://docs.asterisk.org/Deployment/Reporting/Call-Detail-Records-CDR/CDR-Specification/.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.calls.facts import Outcome, Source
from monitor.imports.cdr import epoch_of, interface_of
from monitor.imports.frame import LINGER_SECONDS, LeftOut, Told, call_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.calls.facts import Call
    from monitor.imports.cdr import CdrRow
    from monitor.imports.frame import Frame

_CALLS_PHONES = frozenset({"dial", "queue", "followme"})
_ANSWERS_ITSELF = "followme"
"""It answers the caller first, and calls a person then."""
_UNREACHABLE = frozenset({"FAILED", "CONGESTION"})
_ROWS_BETWEEN_LOOKS = 5_000
_LINGER = timedelta(seconds=LINGER_SECONDS)
DOUBTFUL = timedelta(minutes=10)
"""A channel's first record begins with the channel; more than this between the two is another time zone."""


class CdrReader:
    """Gathers the rows of each call.

    Args:
        frame: where the calls belong; its notes are told what was not taken.
        people_answer: nothing in the dialplan answers a call but a person: no menu, no announcement.
    """

    def __init__(self, frame: Frame, *, people_answer: bool = False) -> None:
        self._frame = frame
        self._people_answer = people_answer
        self._rows: dict[str, list[CdrRow]] = {}
        self._newest_at = datetime.fromtimestamp(0, UTC)
        self._taken = 0

    def take(self, row: CdrRow) -> Iterator[Call]:
        """Take one row, and give the calls of which no more is to come."""
        self._taken += 1
        self._newest_at = max(self._newest_at, row.end_at)
        rows = self._rows.setdefault(row.key, [])
        if row not in rows:
            rows.append(row)
        if self._taken % _ROWS_BETWEEN_LOOKS == 0:
            yield from self._let_go(self._newest_at - _LINGER)

    def end(self) -> Iterator[Call]:
        """No more rows: the calls that are left."""
        yield from self._let_go(None)

    def _let_go(self, before: datetime | None) -> Iterator[Call]:
        # The row that came last need not be the one that ended last.
        quiet = [key for key, rows in self._rows.items() if before is None or max(row.end_at for row in rows) < before]
        for key in quiet:
            call = self._call(key, self._rows.pop(key))
            if call is not None:
                yield call

    def _call(self, key: str, rows: list[CdrRow]) -> Call | None:
        frame, left_out = self._frame, self._frame.notes.left_out
        rows.sort(key=lambda row: (row.start_at, row.sequence))
        own = [row for row in rows if row.uniqueid == key]
        if not own:
            left_out[LeftOut.BEGAN_BEFORE] += 1
            return None
        first, last_at = own[0], max(row.end_at for row in own)
        known = frame.known.get(key)
        dialled = next(((row, line) for row in own if (line := known or self._line_of(row)) is not None), None)
        if dialled is None or frame.line not in (None, dialled[1]):
            left_out[LeftOut.OTHER_NUMBER] += 1
            return None
        if not known and (frame.plan.inside.match(interface_of(first.channel)) or frame.plan.inside.match(first.src)):
            left_out[LeftOut.OWN_PEOPLE] += 1
            return None
        if doubtful(first):
            left_out[LeftOut.TIME_DOUBTFUL] += 1
            return None
        row, line = dialled
        answers = [each for each in own if _by_a_phone(each)]
        told = Told(
            linkedid=key,
            source=Source.CDR,
            line=line,
            last_at=last_at,
            dialled=row.did or row.dst,
            caller=first.src or None,
            entered_at=first.start_at,
            ended_at=last_at,
            outcome=_outcome(own, answers),
            queue=_queue(answers[:1] or own),
            agent=_agent(answers[0], rows) if answers else None,
        )
        answered_at = answers[0].answer_at if answers and answers[0].lastapp != _ANSWERS_ITSELF else None
        if self._people_answer and answered_at is not None:
            told.asked_at, told.answered_at = first.start_at, answered_at
            told.waiting_us = max(0, (answered_at - first.start_at) // timedelta(microseconds=1))
        return call_of(told, frame)

    def _line_of(self, row: CdrRow) -> str | None:
        return self._frame.plan.lines.find(row.did or row.dst, row.context)


def doubtful(row: CdrRow) -> bool:
    """Whether the first row of a channel does not begin when its uniqueid says that the channel did."""
    epoch_at = epoch_of(row.uniqueid)
    return epoch_at is not None and abs(row.start_at - epoch_at) > DOUBTFUL


def _by_a_phone(row: CdrRow) -> bool:
    return row.disposition == "ANSWERED" and row.dstchannel != "" and row.lastapp in _CALLS_PHONES


def _outcome(own: Sequence[CdrRow], answers: Sequence[CdrRow]) -> Outcome:
    if answers:
        return Outcome.ANSWERED
    called = {row.disposition for row in own if row.dstchannel}
    if called == {"BUSY"}:
        return Outcome.BUSY
    if called and called <= _UNREACHABLE:
        return Outcome.FAILED
    return Outcome.UNOBSERVED


def _queue(rows: Sequence[CdrRow]) -> str | None:
    """Of the answer; else the last one it waited in."""
    queues = [row.lastdata.partition(",")[0] for row in rows if row.lastapp == "queue"]
    return next((queue for queue in reversed(queues) if queue), None)


def _agent(answer: CdrRow, rows: Sequence[CdrRow]) -> str:
    """The phone itself, also where it was reached through Local channels."""
    channel, passed = answer.dstchannel, set[str]()
    while channel.startswith("Local/") and channel.endswith(";1") and channel not in passed:
        passed.add(channel)
        other = channel.removesuffix("1") + "2"
        channel = next((row.dstchannel for row in rows if row.channel == other and _by_a_phone(row)), channel)
    return interface_of(channel)
