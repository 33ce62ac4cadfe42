"""What channel events come to: calls.

The log tells which channels were in one bridge, and when, so that a person's answer is told apart from a menu's. It
does not tell that a phone rang: rings stay null, and of a caller who hung up unanswered it is not told whether one did.

The legs of an attended transfer by SIP are calls of their own until they are joined, each with a linkedid of its own:
all linkedids under which one channel was ever seen are one, and so are those that met in a bridge.

**Source:** https://docs.asterisk.org/Configuration/Reporting/Channel-Event-Logging-CEL/CEL-Specification/.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.calls.facts import Outcome, Source, Transfer, TransferKind, TransferResult
from monitor.imports.cdr import epoch_of, interface_of
from monitor.imports.cdr_calls import DOUBTFUL
from monitor.imports.cel_bridges import Conversation, conversations, is_holding
from monitor.imports.frame import LINGER_SECONDS, LeftOut, Told, call_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.calls.facts import Call
    from monitor.imports.cel import CelRow
    from monitor.imports.frame import Frame

_ASKS_FOR_PEOPLE = frozenset({"dial", "queue"})
"""FollowMe asks for a number before it calls anybody: when that is, the log does not tell."""
_OF_QUEUE = frozenset({"queue", "appqueue"})
_UNREACHABLE = frozenset({"CONGESTION", "CHANUNAVAIL"})
_TONE = timedelta(seconds=5)
"""A caller who is still there so long after the last phone was given up has been sent elsewhere."""
_ROWS_BETWEEN_LOOKS = 5_000
_LINGER = timedelta(seconds=LINGER_SECONDS)
_LONGEST = timedelta(days=1)
"""How long channels without an end are waited for."""


class CelReader:
    """Gathers the events of each call.

    Args:
        frame: where the calls belong; its notes are told what was not taken.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._rows: dict[str, dict[CelRow, None]] = {}
        """By the name of the group, each row once, in the order in which they came."""
        self._group: dict[str, str] = {}
        """Of each linkedid, channel and bridge that is still open."""
        self._newest_at = datetime.fromtimestamp(0, UTC)
        self._taken = 0
        self.joined: dict[str, str] = {}
        """Linkedids that calls had beside their own, by which somebody who saw only a part of one may know it."""

    def take(self, row: CelRow) -> Iterator[Call]:
        """Take one row, and give the calls of which no more is to come."""
        self._taken += 1
        self._newest_at = max(self._newest_at, row.at)
        group = row.linkedid
        for name in names_of(row):
            group = self._joined(self._group.get(name), self._group.get(group)) or group
        for name in names_of(row):
            self._group[name] = group
        self._rows.setdefault(group, {})[row] = None
        if self._taken % _ROWS_BETWEEN_LOOKS == 0:
            yield from self._let_go(self._newest_at)

    def end(self) -> Iterator[Call]:
        """No more rows: the calls that are left, those without an end as unobserved."""
        yield from self._let_go(None)

    def _joined(self, one: str | None, other: str | None) -> str | None:
        """The group of two that turned out to be one."""
        if one is None or other is None or one == other:
            return one or other
        rows = self._rows.pop(other)
        self._rows[one].update(rows)
        for row in rows:
            for name in names_of(row):
                self._group[name] = one
        return one

    def _let_go(self, now: datetime | None) -> Iterator[Call]:
        quiet = []
        for group, rows in self._rows.items():
            patience = _LINGER if _all_ended(rows) else _LONGEST
            if now is None or now - max(row.at for row in rows) > patience:
                quiet.append(group)
        for group in quiet:
            rows = self._rows.pop(group)
            for row in rows:
                for name in names_of(row):
                    self._group.pop(name, None)
            # Several channels' events of one moment need not come in its order.
            yield from self._calls(sorted(rows, key=lambda row: row.at))

    def _calls(self, rows: Sequence[CelRow]) -> Iterator[Call]:
        """The calls to the lines among the channels of one group."""
        frame, left_out = self._frame, self._frame.notes.left_out
        begun: dict[str, CelRow] = {}
        for row in rows:
            if row.event == "CHAN_START":
                begun.setdefault(row.uniqueid, row)
        if not any(uniqueid == row.linkedid for uniqueid, row in begun.items()):
            left_out[LeftOut.BEGAN_BEFORE] += 1
        for uniqueid, first in begun.items():
            # A channel that calls somebody begins a linkedid; those that are called share it.
            if first.linkedid != uniqueid:
                continue
            known = frame.known.get(uniqueid)
            line = known or frame.plan.lines.find(first.exten, first.context)
            own = (interface_of(first.channel), first.caller)
            if not known and any(map(frame.plan.inside.match, own)):
                left_out[LeftOut.OWN_PEOPLE] += 1
            elif line is None or frame.line not in (None, line):
                left_out[LeftOut.OTHER_NUMBER] += 1
            elif doubtful(first):
                left_out[LeftOut.TIME_DOUBTFUL] += 1
            else:
                others = {row.linkedid for row in rows} - {uniqueid}
                self.joined.update((other, uniqueid) for other in others)
                yield self._call(first, line, rows)

    def _call(self, first: CelRow, line: str, group: Sequence[CelRow]) -> Call:
        own = [row for row in group if row.uniqueid == first.uniqueid]
        # A conference joins the calls of a day: of what was before a caller, and after, nothing is theirs.
        since, until = bisect_left(group, own[0].at, key=_at), bisect_right(group, own[-1].at, key=_at)
        rows = group[since:until]
        talks = conversations(first, rows)
        answer = talks[0] if talks else None
        ended_at = next((row.at for row in reversed(own) if row.event in {"CHAN_END", "HANGUP"}), None)
        asked_at = _asked_at(own, rows, answer)
        outcome = Outcome.ANSWERED if answer else _not_answered(first, own, rows, ended_at)
        until_at = answer.began_at if answer else ended_at if outcome is not Outcome.UNOBSERVED else None
        waiting = until_at - asked_at if until_at is not None and asked_at is not None else None
        picked_up = {row.told("pickup_channel") for row in rows if row.event == "PICKUP"}
        told = Told(
            linkedid=first.uniqueid,
            source=Source.CEL,
            line=line,
            last_at=max(row.at for row in own),
            dialled=first.exten,
            caller=first.caller or None,
            entered_at=first.at,
            asked_at=asked_at,
            answered_at=answer.began_at if answer else None,
            ended_at=ended_at,
            outcome=outcome,
            waiting_us=None if waiting is None or waiting < timedelta() else _us(waiting),
            talking_us=_talking_us(talks, ended_at, outcome),
            queue=_queue(own, answer),
            agent=interface_of(answer.channel) if answer else None,
            answered_by_pickup=answer is not None and answer.channel in picked_up,
            transfers=tuple(self._transfers(first, rows, talks)),
        )
        return call_of(told, self._frame)

    def _transfers(self, first: CelRow, rows: Sequence[CelRow], talks: Sequence[Conversation]) -> Iterator[Transfer]:
        """Where the caller was passed on, and who took it."""
        passed = [
            row
            for row in rows
            if row.event in {"BLINDTRANSFER", "ATTENDEDTRANSFER"}
            and row.told("transferee_channel_uniqueid") in {"", first.uniqueid}
        ]
        for number, row in enumerate(passed):
            until_at = passed[number + 1].at if number + 1 < len(passed) else None
            attended = row.event == "ATTENDEDTRANSFER"
            spoke = attended and row.told("bridge2_id") != "" and _spoke_before(row, rows)
            taken = next(
                (
                    talk
                    for talk in talks
                    if talk.ended_at > row.at
                    and talk.channel != row.channel
                    and (until_at is None or talk.began_at < until_at)
                    and talk.began_at >= row.at - _TONE
                ),
                None,
            )
            to = _to(row, rows)
            came_back = taken is not None and interface_of(taken.channel) == interface_of(row.channel)
            result = TransferResult.RETURNED if came_back else TransferResult.COMPLETED
            yield Transfer(
                kind=TransferKind.BLIND if not attended else TransferKind.ATTENDED if spoke else TransferKind.BLONDE,
                at=row.at,
                by=interface_of(row.channel),
                to=to,
                scope=self._frame.plan.scope(to),
                result=result if taken else TransferResult.UNOBSERVED,
                announced=spoke,
                consent=None,
                consultation_us=None,
                caller_hold_us=None,
                reconnected_at=max(taken.began_at, row.at) if taken else None,
                reconnect_us=_us(max(taken.began_at - row.at, timedelta())) if taken else None,
                reconnect_rings=None,
            )


def _to(transfer: CelRow, rows: Sequence[CelRow]) -> str:
    """The number a caller was passed to; empty where it is not told."""
    if extension := transfer.told("extension"):
        return extension
    target, second = transfer.told("transfer_target_channel_name"), transfer.told("channel2_uniqueid")
    if target.startswith("Local/"):
        return target.removeprefix("Local/").partition("@")[0]
    consulting = (row for row in rows if row.event == "CHAN_START" and row.uniqueid == second != transfer.uniqueid)
    return next((row.exten for row in consulting), interface_of(target))


def names_of(row: CelRow) -> tuple[str, ...]:
    """By what rows belong together: the linkedid, the channel, and the bridge where channels meet."""
    bridge = row.told("bridge_id") if row.event == "BRIDGE_ENTER" and not is_holding(row) else ""
    return (row.linkedid, row.uniqueid, bridge) if bridge else (row.linkedid, row.uniqueid)


def doubtful(row: CelRow) -> bool:
    """Whether a channel does not begin when its uniqueid says that it did."""
    epoch_at = epoch_of(row.uniqueid)
    return row.event == "CHAN_START" and epoch_at is not None and abs(row.at - epoch_at) > DOUBTFUL


def _all_ended(rows: dict[CelRow, None]) -> bool:
    open_channels: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        open_channels[row.uniqueid] += (row.event == "CHAN_START") - (row.event == "CHAN_END")
    return not any(open_channels.values())


def _asked_at(own: Sequence[CelRow], rows: Sequence[CelRow], answer: Conversation | None) -> datetime | None:
    """When the caller asked for a person; None where the log does not follow the application that did it."""
    asked = next((row for row in own if row.event == "APP_START" and row.app in _ASKS_FOR_PEOPLE), None)
    if asked is None or (answer is not None and asked.at > answer.began_at):
        return None
    # Applications are followed by name: a queue may stand before a Dial and not be among them.
    if asked.app != "queue" and any(row.app in _OF_QUEUE and row.at < asked.at for row in rows):
        return None
    return asked.at


def _not_answered(first: CelRow, own: Sequence[CelRow], rows: Sequence[CelRow], ended_at: datetime | None) -> Outcome:
    """How a call ended that nobody answered: told where a Dial was the last thing that was tried."""
    called = [row.at for row in rows if row.event == "CHAN_END" and row.uniqueid != first.uniqueid]
    queued = any(row.app in _OF_QUEUE for row in rows)
    if not called or ended_at is None or queued or ended_at - max(called) > _TONE:
        return Outcome.UNOBSERVED
    status = next((row.told("dialstatus").upper() for row in reversed(own) if row.event == "HANGUP"), "")
    if status == "BUSY":
        return Outcome.BUSY
    if status in _UNREACHABLE:
        return Outcome.FAILED
    return Outcome.NO_ANSWER if status == "NOANSWER" else Outcome.UNOBSERVED


def _talking_us(talks: Sequence[Conversation], ended_at: datetime | None, outcome: Outcome) -> int | None:
    """The time in which the caller and a person were bridged."""
    if not talks:
        return None if outcome is Outcome.UNOBSERVED else 0
    if ended_at is None:
        return None
    return sum(_us(talk.ended_at - talk.began_at) for talk in talks)


def _queue(own: Sequence[CelRow], answer: Conversation | None) -> str | None:
    """Of the answer; else the last one it waited in."""
    before = [row for row in own if answer is None or row.at <= answer.began_at]
    queues = [row.appdata.partition(",")[0] for row in before if row.app == "queue"]
    return next((queue for queue in reversed(queues) if queue), None)


def _spoke_before(transfer: CelRow, rows: Sequence[CelRow]) -> bool:
    """Whether the agent had somebody in the bridge of the consultation."""
    bridge = transfer.told("bridge2_id")
    return any(
        row.event == "BRIDGE_ENTER"
        and row.at <= transfer.at
        and row.told("bridge_id") == bridge
        and interface_of(row.channel) != interface_of(transfer.channel)
        and not _only_ringing(row, transfer, rows)
        for row in rows
    )


def _only_ringing(entered: CelRow, transfer: CelRow, rows: Sequence[CelRow]) -> bool:
    """A Local channel is in the bridge before anybody has answered at its other end."""
    if not entered.channel.startswith("Local/"):
        return False
    other = entered.channel.removesuffix("1") + "2"
    return not any(row.event == "BRIDGE_ENTER" and row.channel == other and row.at <= transfer.at for row in rows)


def _at(row: CelRow) -> datetime:
    return row.at


def _us(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
