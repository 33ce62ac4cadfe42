"""With whom a caller was bridged, and when, out of the channels' entering and leaving of bridges."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.imports.cel import CelRow

_HOLDING = "holding_bridge"
"""Where callers are parked, each by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A stretch of time in which a caller and at least one person were bridged."""

    began_at: datetime
    ended_at: datetime
    channel: str
    """Of the person that was there first."""


def conversations(caller: CelRow, rows: Sequence[CelRow]) -> list[Conversation]:
    """All conversations of a caller, in their order; a change of the person begins a new one.

    Args:
        caller: a row of the caller's channel.
        rows: of every channel that had to do with it, by time.
    """
    found: list[Conversation] = []
    inside: dict[str, str] = {}
    """The bridge that each channel is in."""
    names = {caller.uniqueid: caller.channel}
    person, began_at, last_at = None, caller.at, caller.at
    for row in rows:
        last_at = row.at
        names[row.uniqueid] = row.channel
        if row.event == "BRIDGE_ENTER" and not is_holding(row):
            inside[row.uniqueid] = row.told("bridge_id")
        elif row.event == "BRIDGE_EXIT":
            # Where it was merged into another bridge it has entered that one before it leaves this.
            if inside.get(row.uniqueid) == row.told("bridge_id"):
                del inside[row.uniqueid]
        elif row.event in {"HANGUP", "CHAN_END"}:
            inside.pop(row.uniqueid, None)
        else:
            continue
        there = _persons(caller.uniqueid, inside, names)
        if person is not None and person in there:
            continue
        if person is not None and row.at > began_at:
            found.append(Conversation(began_at=began_at, ended_at=row.at, channel=names[person]))
        person, began_at = next(iter(there), None), row.at
    if person is not None:
        # The log breaks off here.
        found.append(Conversation(began_at=began_at, ended_at=last_at, channel=names[person]))
    return found


def is_holding(entered: CelRow) -> bool:
    """Whether a bridge that was entered is one in which nobody hears the others."""
    return entered.told("bridge_technology") == _HOLDING


def _persons(caller: str, inside: dict[str, str], names: dict[str, str]) -> list[str]:
    """Channels of persons that hear the caller, also those behind Local channels."""
    if caller not in inside:
        return []
    members: defaultdict[str, list[str]] = defaultdict(list)
    by_name = {names[channel]: channel for channel in inside}
    for channel, bridge in inside.items():
        members[bridge].append(channel)
    seen, heard, waiting = {inside[caller]}, [], [inside[caller]]
    while waiting:
        for channel in members[waiting.pop()]:
            if channel == caller:
                continue
            name = names[channel]
            if not name.startswith("Local/"):
                heard.append(channel)
                continue
            other = by_name.get(_other_half(name))
            if other is not None and inside[other] not in seen:
                seen.add(inside[other])
                waiting.append(inside[other])
    return heard


def _other_half(name: str) -> str:
    return name[:-1] + ("2" if name.endswith("1") else "1")
