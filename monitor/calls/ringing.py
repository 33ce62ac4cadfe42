"""The ringing a caller heard, told again from the record: the union of the phones' intervals up to the answer.

What is stored is each phone's interval. Everything that is counted from it (rings, the instant of a ring) can be made
again here, and a recount under another rule needs nothing else.

**Source:** the ringing clock of `docs/ring-rule.md`: the union of all phones ringing for the caller at one moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import instant, microseconds

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.calls.facts import Call


def stretches(call: Call) -> list[tuple[int, int]]:
    """The stretches in which any phone rang before a person answered, in order and apart from each other.

    Returns:
        (began, ended) in microseconds since 1970, half-open.
    """
    until_us = None if call.answered_at is None else microseconds(call.answered_at)
    found: list[tuple[int, int]] = []
    for attempt in sorted(call.attempts, key=lambda attempt: attempt.started_at):
        began_us, ended_us = microseconds(attempt.started_at), microseconds(attempt.ended_at)
        if until_us is not None:
            ended_us = min(ended_us, until_us)
        if began_us >= ended_us:
            continue
        if found and began_us <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ended_us))
        else:
            found.append((began_us, ended_us))
    return found


def heard_at(call: Call, ringing_us: int) -> datetime | None:
    """The instant at which the caller had heard so much ringing; None where it never came to that.

    Args:
        call: as recorded.
        ringing_us: accumulated ringing in microseconds; ring n + 1 begins at n periods of the rule.
    """
    left_us = ringing_us
    for began_us, ended_us in stretches(call):
        if left_us <= ended_us - began_us:
            return instant(began_us + left_us)
        left_us -= ended_us - began_us
    return None
