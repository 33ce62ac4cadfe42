"""The stages of a call and every move between them.

This table is the whole of it: `docs/call-stages.md` is drawn from it, the call state looks it up, and a signal that the
table does not know in a stage changes nothing and is counted.

Ground rules:
- a signal says what was seen on the wire, not what should follow;
- `ASKED`, `RANG`, `CEASED` and `GAVE_UP` are given only until a person has answered: afterwards the phones that ring
  are a transfer's, told by `PASSED_ON` and `CONNECTED`;
- `ENDED` is the caller's own channel going, in any stage.
"""

from __future__ import annotations

from enum import StrEnum

from monitor.calls.facts import Stage


class Signal(StrEnum):
    """What was seen of a call."""

    ASKED = "asked"
    """It asks for a person: QueueCallerJoin, DialBegin, or Newexten of Queue, Dial or FollowMe."""
    RANG = "rang"
    """The first phone began to ring: Newstate Ringing."""
    CEASED = "ceased"
    """No phone rings any more."""
    GAVE_UP = "gave_up"
    """The dialplan went on past its Queue or Dial: Newexten of the caller."""
    CONNECTED = "connected"
    """The caller shares a bridge with a person: BridgeEnter."""
    PARTED = "parted"
    """The caller shares a bridge with no person any more: BridgeLeave."""
    HELD = "held"
    """The person put the caller on hold or parked them: Hold, ParkedCall."""
    RESUMED = "resumed"
    """The person took the caller back: Unhold."""
    PASSED_ON = "passed_on"
    """The person let go towards somebody else: BlindTransfer, AttendedTransfer."""
    ENDED = "ended"
    """The caller's channel is gone: Hangup."""


_A, _W, _R, _T = Stage.ANNOUNCEMENT, Stage.WAITING, Stage.RINGING, Stage.TALKING
_H, _X, _G, _L, _E = Stage.HELD, Stage.TRANSFERRING, Stage.GIVEN_UP, Stage.RELEASED, Stage.ENDED

TRANSITIONS: dict[tuple[Stage, Signal], Stage] = {
    (_A, Signal.ASKED): _W,
    (_A, Signal.RANG): _R,
    (_A, Signal.CONNECTED): _T,
    (_A, Signal.ENDED): _E,
    (_W, Signal.ASKED): _W,
    (_W, Signal.RANG): _R,
    (_W, Signal.GAVE_UP): _G,
    (_W, Signal.CONNECTED): _T,
    (_W, Signal.ENDED): _E,
    (_R, Signal.ASKED): _R,
    (_R, Signal.CEASED): _W,
    (_R, Signal.GAVE_UP): _G,
    (_R, Signal.CONNECTED): _T,
    (_R, Signal.ENDED): _E,
    (_G, Signal.ASKED): _W,
    (_G, Signal.RANG): _R,
    (_G, Signal.CEASED): _G,
    (_G, Signal.CONNECTED): _T,
    (_G, Signal.ENDED): _E,
    (_T, Signal.CONNECTED): _T,
    (_T, Signal.PARTED): _L,
    (_T, Signal.HELD): _H,
    (_T, Signal.RESUMED): _T,
    (_T, Signal.PASSED_ON): _X,
    (_T, Signal.ENDED): _E,
    (_H, Signal.CONNECTED): _T,
    (_H, Signal.PARTED): _H,
    (_H, Signal.HELD): _H,
    (_H, Signal.RESUMED): _T,
    (_H, Signal.PASSED_ON): _X,
    (_H, Signal.ENDED): _E,
    (_X, Signal.CONNECTED): _T,
    (_X, Signal.PARTED): _X,
    (_X, Signal.HELD): _X,
    (_X, Signal.RESUMED): _X,
    (_X, Signal.PASSED_ON): _X,
    (_X, Signal.ENDED): _E,
    (_L, Signal.CONNECTED): _T,
    (_L, Signal.HELD): _H,
    (_L, Signal.RESUMED): _L,
    (_L, Signal.PASSED_ON): _X,
    (_L, Signal.ENDED): _E,
}


def drawing() -> str:
    """The table as a Mermaid state diagram."""
    moves: dict[tuple[Stage, Stage], list[str]] = {}
    for (stage, signal), target in TRANSITIONS.items():
        if stage is not target:
            moves.setdefault((stage, target), []).append(signal.value)
    lines = ["stateDiagram-v2", f"    [*] --> {Stage.ANNOUNCEMENT.value}"]
    lines += [f"    {a.value} --> {b.value}: {', '.join(signals)}" for (a, b), signals in moves.items()]
    return "\n".join([*lines, f"    {Stage.ENDED.value} --> [*]"])
