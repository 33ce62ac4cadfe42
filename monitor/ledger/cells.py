"""Calls counted by the database: alike ones become one row, and rows become tallies.

The calls of a ledger are alike in all that a tally tells apart: a month of a million has some thousands of kinds, which
one GROUP BY finds faster than a pass that counts each figure by a condition of its own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sqlalchemy import Integer, cast, extract, func, literal, select, tuple_, type_coerce

from monitor.calls import formulas
from monitor.calls.facts import Observed, Outcome, Source, Verdict, VerdictReason, microseconds
from monitor.calls.rules import SECOND_US, Reading
from monitor.calls.tally import Tally
from monitor.ledger.rows import CALLS, RULES, TRANSFERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection


_NO_TRANSFERS = (Source.CDR,)
"""Records that tell nothing of transfers."""
_STORED = CALLS.c


class Judged(NamedTuple):
    """What a rule makes of one kind of call."""

    rule: str
    """Name and version, `three-rings/1`."""
    rings: int | None
    verdicts: Mapping[Reading, Verdict]
    headline: Verdict
    reason: VerdictReason
    """Of the headline's verdict."""
    warned: bool
    """It rang up to the last ring of the limit, or past it."""
    breached: bool
    """It rang past the limit."""


class Judging(Protocol):
    """Where verdicts come from: the ledger's own, or those of another rule."""

    @property
    def rings(self) -> ColumnElement[Any]:
        """How often the phone rang."""
        ...

    @property
    def columns(self) -> tuple[ColumnElement[Any], ...]:
        """What of a call decides, besides its outcome and whether it was observed."""
        ...

    def judged(self, outcome: Outcome, observed: Observed, values: tuple[Any, ...]) -> Judged:
        """What a call of these values of `columns` comes to."""
        ...


class AsStored:
    """Verdicts as they stand in the ledger, made by the rules of the time.

    Args:
        connection: the transaction that is counted in.
    """

    rings = _STORED.rings
    # What tells most calls apart comes first: where the database sorts them, it rarely looks any further.
    columns = (
        _STORED.rings,
        _STORED.verdict_before,
        _STORED.verdict_within,
        _STORED.verdict_reason,
        _STORED.headline,
        _STORED.rule,
    )

    def __init__(self, connection: Connection) -> None:
        # Every rule is in the ledger before the first call it judges.
        self._limits: dict[str, int] = {
            f"{row.name}/{row.version}": row.limit for row in connection.execute(select(RULES))
        }

    def judged(self, outcome: Outcome, observed: Observed, values: tuple[Any, ...]) -> Judged:  # noqa: ARG002 - the rule saw to them
        """As the ledger says."""
        rings, before, within, reason, headline, rule = values
        limit = self._limits.get(rule)
        known = rings is not None and limit is not None
        return Judged(
            rule=rule,
            rings=rings,
            verdicts={Reading.WITHIN: within, Reading.BEFORE: before},
            headline=within if headline is Reading.WITHIN else before,
            reason=reason,
            warned=known and rings >= limit,
            breached=known and rings > limit,
        )


@dataclass(slots=True)
class Cell:
    """The calls of one place on the axes that were asked for."""

    tally: Tally = field(default_factory=Tally)
    rings: Counter[tuple[int | None, Outcome]] = field(default_factory=Counter)
    """Calls by how often the phone rang (None: not known) and how they ended."""
    failures: int = 0
    """Calls that were broken under their headline reading, or lost; each once."""

    def add(self, other: Cell) -> None:
        """Take another cell's calls in."""
        self.tally.add(other.tally)
        self.rings.update(other.rings)
        self.failures += other.failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Where waiting is cut in two."""

    within_us: int
    """The x of the service levels: within means at most this much."""
    short_us: int
    """Callers who left sooner than this are short abandons."""


def cells(
    connection: Connection,
    chosen: ColumnElement[bool],
    judging: Judging,
    cuts: Cuts,
    axes: Sequence[ColumnElement[Any]] = (),
) -> dict[tuple[Any, ...], Cell]:
    """The calls that meet a condition, counted apart by the values of some columns.

    Args:
        connection: the transaction to count in.
        chosen: which calls.
        judging: where their verdicts come from.
        cuts: where their waiting is cut.
        axes: the columns; without any, all calls are one cell.

    Returns:
        The cells by their values on the axes; places without calls have none.
    """
    waiting_us = _STORED.waiting_us
    kind = (_STORED.outcome, _STORED.observed, _STORED.source, _STORED.answered_by_pickup)
    by = (*axes, *judging.columns, *kind)
    sums = (
        func.count(),
        func.count(waiting_us),
        func.count().filter(waiting_us <= cuts.within_us),
        func.count().filter(waiting_us < cuts.short_us),
        *(func.sum(column) for column in (waiting_us, _STORED.talking_us, _STORED.hold_us)),
    )
    found: dict[tuple[Any, ...], Cell] = {}
    behind, last = len(axes) + len(judging.columns), len(by)
    # The same texts in every place of the statement, so that PostgreSQL knows the groups for the columns they are.
    columns = [column.label(f"by_{number}") for number, column in enumerate(by)]
    grouped = select(*columns, *sums).where(chosen).group_by(*columns)
    for row in connection.execute(grouped):
        place = tuple(row[: len(axes)])
        cell = found.get(place)
        if cell is None:
            cell = found[place] = Cell()
        outcome, observed, source, pickup = row[behind:last]
        judged = judging.judged(outcome, observed, tuple(row[len(axes) : behind]))
        counted = [int(value or 0) for value in row[last:]]
        _take(cell, outcome, judged, counted)
        calls, waiting, *_ = counted
        cell.tally.sources[source] += calls
        cell.tally.partly_observed += calls if observed is Observed.PARTLY else 0
        if outcome is Outcome.ANSWERED:
            cell.tally.pickups += calls if pickup else 0
            cell.tally.waiting_untold += 0 if source is Source.AMI else calls - waiting
            cell.tally.transfers_untold += calls if source in _NO_TRANSFERS else 0
    for place, calls in _left_the_centre(connection, chosen, axes).items():
        found[place].tally.left_the_centre = calls
    return found


def _take(cell: Cell, outcome: Outcome, judged: Judged, sums: list[int]) -> None:
    """Count calls of one kind in."""
    tally = cell.tally
    calls, waiting, within, short, waiting_us, talking_us, hold_us = sums
    tally.offered += calls
    tally.outcomes[outcome] += calls
    for reading, verdict in judged.verdicts.items():
        tally.verdicts[reading][verdict] += calls
    if judged.headline is Verdict.EXCLUDED:
        tally.excluded[judged.reason] += calls
    tally.rules[judged.rule] += calls
    tally.warnings += calls if judged.warned else 0
    tally.breaches += calls if judged.breached else 0
    if outcome is Outcome.ANSWERED:
        tally.waited += waiting
        tally.waiting_us += waiting_us
        tally.answered_within += within
    elif outcome in formulas.ABANDONED:
        tally.abandoned_waiting += waiting
        tally.abandoned_within += within
        tally.abandoned_short += short
    tally.talking_us += talking_us
    tally.hold_us += hold_us
    cell.rings[judged.rings, outcome] += calls
    cell.failures += calls if judged.headline is Verdict.BROKEN or outcome in formulas.NEVER_ANSWERED else 0


OF_CALL = TRANSFERS.join(CALLS)
"""Transfers, each with its call."""


def _left_the_centre(
    connection: Connection, chosen: ColumnElement[bool], axes: Sequence[ColumnElement[Any]]
) -> dict[tuple[Any, ...], int]:
    """Answered calls for which `monitor.calls.formulas.left_the_centre` holds."""
    outside = tuple_(TRANSFERS.c.kind, TRANSFERS.c.scope, TRANSFERS.c.result).in_(formulas.PASSES_OUTSIDE)
    columns = [column.label(f"by_{number}") for number, column in enumerate(axes)]
    calls = (
        select(_STORED.system, _STORED.linkedid, *columns)
        .select_from(OF_CALL)
        .where(chosen, _STORED.outcome == Outcome.ANSWERED, outside)
        .distinct()
        .subquery()
    )
    by = [calls.c[column.name] for column in columns]
    counted = select(*by, func.count()).group_by(*by) if by else select(func.count()).select_from(calls)
    return {tuple(row[:-1]): row[-1] for row in connection.execute(counted) if row[-1]}


def slot(connection: Connection, since: datetime, seconds: int) -> ColumnElement[int]:
    """Which stretch of time a call was filed in, counted from 0.

    Args:
        connection: tells which database.
        since: when stretch 0 begins.
        seconds: how long each is.
    """
    filed_at = _STORED.filed_at
    if connection.dialect.name == "postgresql":
        return cast(func.floor(extract("epoch", filed_at - literal(since, filed_at.type)) / seconds), Integer)
    return (type_coerce(filed_at, Integer) - microseconds(since)) // (seconds * SECOND_US)
