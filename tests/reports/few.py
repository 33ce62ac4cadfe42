"""What months are made of that hold next to nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.calls.facts import AgentState, AgentStatus

from .month import BASIS, korean

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.calls.facts import Call

ONE = replace(BASIS, systems=("pbx1",))
"""What the figures rest on where there is one system."""
SEEN = AgentState(
    system="pbx1",
    queue="support",
    agent="PJSIP/agent1",
    member="김하나",
    status=AgentStatus.FREE,
    at=korean(1, "09:00:00", 9),
)
"""Since 1 September the system is followed."""
NEW_YORK = ZoneInfo("America/New_York")


def moved(call: Call, linkedid: str, at: datetime) -> Call:
    """The same call at another time."""
    by = at - call.filed_at

    def then(instant: datetime | None) -> datetime | None:
        return None if instant is None else instant + by

    return replace(
        call,
        key=replace(call.key, linkedid=linkedid),
        entered_at=then(call.entered_at),
        asked_at=then(call.asked_at),
        first_ring_at=then(call.first_ring_at),
        answered_at=then(call.answered_at),
        ended_at=then(call.ended_at),
        transfers=(),
        recorded_at=call.recorded_at + by,
        attempts=tuple(replace(a, started_at=a.started_at + by, ended_at=a.ended_at + by) for a in call.attempts),
    )
