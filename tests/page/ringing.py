"""A caller whose phone rings, as facts tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import CallStarted, RingingStarted, Stage, StageChanged

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.calls.facts import CallKey, Fact


def a_phone_rings(
    key: CallKey,
    *,
    entered_at: datetime,
    rang_at: datetime,
    line: str = "main",
    caller: str = "01012345678",
    queue: str = "support",
    phone: str = "agent1",
    member: str = "Agent1",
    counting: bool = True,
) -> tuple[Fact, ...]:
    """A call enters, and then one phone begins to ring for it."""
    return (
        CallStarted(key=key, line=line, dialled="15886565", caller=caller, at=entered_at),
        StageChanged(key=key, line=line, stage=Stage.RINGING, at=rang_at, queue=queue),
        RingingStarted(
            key=key,
            line=line,
            channel=f"PJSIP/{phone}-1",
            agent=f"PJSIP/{phone}",
            member=member,
            queue=queue,
            at=rang_at,
            before_us=0,
            counting=counting,
        ),
    )
