"""When a system was not observed: the gaps that were told, and all the time before the ledger knew of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from sqlalchemy import func, or_, select

from monitor.calls.facts import GapCause, Source, microseconds
from monitor.ledger.members import members
from monitor.ledger.rows import AGENT_STATES, CALLS, GAPS
from monitor.ledger.tables import WATCH
from monitor.ledger.watch import seen_until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

SIGN_OF_LIFE = timedelta(seconds=60)
"""A monitor that lives writes down every second how far it has come; one that has not for so long is down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unobserved:
    """An interval in which a system was not observed, cut to the time that was asked about."""

    system: str
    started_at: datetime
    ended_at: datetime
    cause: GapCause | Literal["before_monitor"]
    lasts: bool
    """No end of it is known."""


def unobserved(connection: Connection, system: str, since: datetime, until: datetime) -> list[Unobserved]:
    """What was not observed of a system, by time. Gaps of two causes may overlap.

    Before the first thing that the monitor itself saw of a system, nobody watched it; calls that were brought in from
    elsewhere tell nothing of that. Nor did anybody since a monitor gave its last sign of life, if it was killed and
    has not come back to tell of it.

    Args:
        connection: the transaction to read in.
        system: its name.
        since: the first instant asked about.
        until: the first instant behind it; not later than now.
    """
    if since >= until:
        return []
    found = []
    first_at = _first_seen(connection, system, since, until)
    if first_at is None or first_at > since:
        end_at = until if first_at is None else first_at
        found.append(
            Unobserved(system=system, started_at=since, ended_at=end_at, cause="before_monitor", lasts=first_at is None)
        )
    ended, started = GAPS.c.ended_at, GAPS.c.started_at
    touching = (
        select(started, ended, GAPS.c.cause)
        .where(GAPS.c.system == system, started < until, or_(ended.is_(None), ended > since))
        .order_by(started)
    )
    for began_at, ended_at, cause in connection.execute(touching):
        found.append(
            Unobserved(
                system=system,
                started_at=max(began_at, since),
                ended_at=until if ended_at is None else min(ended_at, until),
                cause=cause,
                lasts=ended_at is None,
            )
        )
    seen_at = seen_until(connection, system)
    if seen_at is not None and seen_at + SIGN_OF_LIFE < until and not any(gap.lasts for gap in found):
        started_at, cause = max(seen_at, since), GapCause.MONITOR_DOWN
        found.append(Unobserved(system=system, started_at=started_at, ended_at=until, cause=cause, lasts=True))
    return found


def last_seen(connection: Connection, until: datetime) -> datetime | None:
    """The last instant before `until` of which the monitor itself left any record, of any system; None for none.

    A monitor that was stopped in an orderly way leaves a gap that lasts, and that is a record up to now; one that was
    killed leaves its last sign of life, from which on `unobserved` tells that nobody watched. A ledger without such
    signs, of an earlier release or of recordings, tells nothing of the time behind its last record.
    """
    if connection.scalar(select(func.count()).select_from(WATCH)):
        return until
    lasting = select(GAPS.c.started_at).where(GAPS.c.ended_at.is_(None), GAPS.c.started_at < until).limit(1)
    if connection.scalar(lasting) is not None:
        return until
    called = select(CALLS.c.filed_at).where(CALLS.c.source == Source.AMI, CALLS.c.filed_at < until)
    found = (
        connection.scalar(called.order_by(CALLS.c.filed_at.desc()).limit(1)),
        connection.scalar(select(func.max(AGENT_STATES.c.at)).where(AGENT_STATES.c.at < until)),
        connection.scalar(select(func.max(GAPS.c.ended_at)).where(GAPS.c.ended_at < until)),
    )
    return max((at for at in found if at is not None), default=None)


def unobserved_us(gaps: Iterable[Unobserved], since: datetime, until: datetime) -> int:
    """How much of a time lies in one system's gaps: in their union, since some may overlap.

    Args:
        gaps: of one system, by their beginning.
        since: the first instant of the time.
        until: the first instant behind it.
    """
    total_us, seen_us, until_us = 0, microseconds(since), microseconds(until)
    for gap in gaps:
        begin_us = max(microseconds(gap.started_at), seen_us)
        end_us = min(microseconds(gap.ended_at), until_us)
        total_us += max(0, end_us - begin_us)
        seen_us = max(seen_us, end_us)
    return total_us


def _first_seen(connection: Connection, system: str, since: datetime, until: datetime) -> datetime | None:
    """The first instant before `until` at which the monitor saw the system; None where it did not.

    Any instant at or before `since` will do for it: what is asked is whether the time itself was watched.
    """
    first: datetime | None = connection.scalar(select(func.min(GAPS.c.started_at)).where(GAPS.c.system == system))
    if first is not None and first <= since:
        return first
    for member in members(connection, system):
        first = member.first_at if first is None else min(first, member.first_at)
        if first <= since:
            return first
    # A computed text, so that calls are read along their time and not along their key.
    watched = select(CALLS.c.filed_at).where(CALLS.c.source == Source.AMI, CALLS.c.system.concat("") == system).limit(1)
    filed_at = CALLS.c.filed_at
    # The newest before it: records brought in from elsewhere are older, and are not read through.
    for found in (
        watched.where(filed_at <= since).order_by(filed_at.desc()),
        watched.where(filed_at > since, filed_at < until).order_by(filed_at),
    ):
        at = connection.scalar(found)
        if at is not None:
            first = at if first is None else min(first, at)
            break
    return first if first is not None and first < until else None
