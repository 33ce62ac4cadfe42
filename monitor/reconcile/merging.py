"""Several records of one call into one: the most telling, and from the others what it does not tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from monitor.calls.facts import Observed, Outcome, Source
from monitor.ledger.rows import completeness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.calls.facts import Call

_TELLING = (Source.AMI, Source.CDR, Source.QUEUE_LOG, Source.CEL)
"""The later, the more it tells of a call whose end it knows."""
_ALWAYS = ("line", "dialled", "caller", "entered_at", "asked_at", "ended_at")
"""What no two records of one call tell otherwise."""
_OF_OUTCOME = ("answered_at", "first_ring_at", "waiting_us", "talking_us", "queue", "agent", "member", "transfers")
"""What goes with how a call ended: taken only from a record that tells the same end."""


def merged(records: Mapping[Source, Call]) -> Call:
    """One record of a call; its source is that of the most telling one.

    Args:
        records: of one call, at least one.
    """
    base, *others = sorted(
        records.values(), key=lambda call: (completeness(call), _TELLING.index(call.source)), reverse=True
    )
    told: dict[str, Any] = {}
    for other in others:
        agree = other.outcome is base.outcome
        for name in _ALWAYS + (_OF_OUTCOME if agree else ()):
            if not _is_told(told.get(name, getattr(base, name))) and _is_told(getattr(other, name)):
                told[name] = getattr(other, name)
                if name == "queue":
                    told["team"] = other.team
        if not told.get("attempts", base.attempts) and other.attempts:
            # A queue's attempts are its own whatever came of the call behind it.
            told["attempts"] = other.attempts
    told["recorded_at"] = max(record.recorded_at for record in records.values())
    call = replace(base, **told)
    whole = call.ended_at is not None and call.outcome is not Outcome.UNOBSERVED
    return replace(call, observed=Observed.WHOLE if whole else Observed.PARTLY)


def _is_told(value: object) -> bool:
    return value is not None and value not in ("", ())
