"""Cases of promises with a clock of a period, counted: what the record of the charter says of them.

Every figure follows from one row of `cases` each; which row counts where is said in `CommitmentFigures`.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Text, and_, case, cast, extract, func, literal, or_, select, type_coerce

from monitor.commitments.clock import period_of
from monitor.commitments.register import CHARTER, Commitment, When
from monitor.ledger.tables import CASES
from monitor.masking import masked_words
from monitor.reports.charter_figures import CommitmentFigures
from monitor.reports.passed_on import quantiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from monitor.commitments.register import Owed
    from monitor.worktime import WorkTime


def commitment_figures(  # noqa: PLR0917 - a period, and what it is counted by
    connection: Connection,
    register: tuple[Commitment, ...],
    since: datetime,
    until: datetime,
    now: datetime,
    work_time: WorkTime,
) -> tuple[CommitmentFigures, ...]:
    """The figures of each promise, in the order of the register; of those taken out of it behind, where there are any.

    Args:
        connection: to the ledger.
        register: the promises.
        since: the first instant of the period, in which cases came in.
        until: the first instant behind it.
        now: when it is counted: what is not done is overdue or open as of then.
        work_time: of the centre, whose days begin in its zone.
    """
    within = and_(CASES.c.received_at >= since, CASES.c.received_at < until)
    counted: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(_sums(within, now, register, _took(connection))):
        counted[row.commitment].append(row)
    gone = tuple(_taken_out(key) for key in sorted(set(counted) - {one.key for one in register}))
    return tuple(
        _figures(one, counted[one.key], _held(connection, one, since, work_time)) for one in (*register, *gone)
    )


def _taken_out(key: str) -> Commitment:
    # Nobody knows the words of one from older settings; those of the charter stand in the record, which people read.
    known = next((one for one in CHARTER if one.key == key), None)
    return Commitment(key=key, ko=known.ko if known else key, en=known.en if known else key)


def _figures(commitment: Commitment, rows: Sequence[Row[Any]], held: Mapping[str, Any]) -> CommitmentFigures:
    by_standing = {row.standing: row.received for row in rows}
    missed = max(
        (rule for rule in commitment.owed if rule.when is When.MISSED), key=lambda rule: rule.won, default=None
    )
    owed = [_owed(row, missed) for row in rows]
    return CommitmentFigures(
        commitment=commitment,
        received=sum(by_standing.values()),
        **{standing: by_standing.get(standing, 0) for standing in _STANDINGS},
        upheld=sum(row.upheld for row in rows),
        owed_won=sum(won for won, _, _ in owed),
        paid_won=sum(row.paid_won for row in rows),
        apologies_owed=sum(apologies for _, apologies, _ in owed),
        apologies_sent=sum(row.apologies_sent for row in rows),
        trainings_owed=sum(trainings for _, _, trainings in owed),
        trainings_held=sum(row.trainings_held for row in rows),
        days=quantiles(int(took_us) for row in rows if row.took is not None for took_us in row.took.split(",")),
        **held,
    )


_STANDINGS = ("in_time", "late", "overdue", "open", "withdrawn", "unclocked")


def _owed(row: Row[Any], missed: Owed | None) -> tuple[int, int, int]:
    """What cases of one standing are owed: won, apologies, trainings.

    The rows of those that are overdue may have been written before their deadline passed: each of them that is owed
    less than a missed deadline costs is owed that.
    """
    won, apologies, trainings = int(row.owed_won), row.apologies_owed, row.trainings_owed
    if missed is None or row.standing != "overdue":
        return won, apologies, trainings
    won += row.below * missed.won - int(row.won_below)
    apologies += (row.below - row.apologies_below) if missed.apology else 0
    trainings += (row.below - row.trainings_below) if missed.training else 0
    return won, apologies, trainings


def _sums(
    within: ColumnElement[bool], now: datetime, register: tuple[Commitment, ...], took: ColumnElement[str | None]
) -> Any:
    stored = CASES.c
    standing = case(
        (stored.state == "withdrawn", "withdrawn"),
        (stored.due_at.is_(None), "unclocked"),
        (stored.state == "open", case((stored.due_at <= now, "overdue"), else_="open")),
        (stored.done_at < stored.due_at, "in_time"),
        else_="late",
    ).label("standing")

    def times(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(case((condition, 1)))

    # Only of promises that owe something where they are missed.
    costs = [
        and_(stored.commitment == one.key, stored.owed_won < rule.won)
        for one in register
        for rule in one.owed
        if rule.when is When.MISSED
    ]
    below: ColumnElement[bool] = or_(*costs) if costs else literal(value=False)
    columns = [
        times(stored.finding == "upheld").label("upheld"),
        func.sum(stored.owed_won).label("owed_won"),
        func.sum(stored.paid_won).label("paid_won"),
        times(stored.owed_apology).label("apologies_owed"),
        func.count(stored.apology_at).label("apologies_sent"),
        times(stored.owed_training).label("trainings_owed"),
        func.count(stored.training_at).label("trainings_held"),
        took.label("took"),
    ]
    if costs:
        columns += [
            times(below).label("below"),
            func.coalesce(func.sum(case((below, stored.owed_won))), 0).label("won_below"),
            times(and_(below, stored.owed_apology)).label("apologies_below"),
            times(and_(below, stored.owed_training)).label("trainings_below"),
        ]
    return (
        select(stored.commitment, standing, func.count().label("received"), *columns)
        .where(within)
        .group_by(stored.commitment, standing)
    )


def _took(connection: Connection) -> ColumnElement[str | None]:
    """From receipt to done, in microseconds, of every case that is done: the numbers with commas, one scan for all."""
    stored = CASES.c
    if connection.dialect.name == "sqlite":
        return func.group_concat(type_coerce(stored.done_at, BigInteger) - type_coerce(stored.received_at, BigInteger))
    took = cast(extract("epoch", stored.done_at - stored.received_at) * 1_000_000, BigInteger)
    return func.string_agg(cast(took, Text), ",")


def _held(connection: Connection, commitment: Commitment, since: datetime, work_time: WorkTime) -> dict[str, Any]:
    """Of what is due once and again: when that of the year or half that the period begins in was done, and its results.

    What was done late belongs to the year or half that it was due in. A result is written for everybody to read; a
    telephone number that stands in one all the same is masked.
    """
    if commitment.every is None:
        return {}
    days = period_of(commitment.every, since.astimezone(work_time.zone).date())
    first, behind = (datetime.combine(day, time.min, work_time.zone).astimezone(UTC) for day in days)
    stored = CASES.c
    chosen = select(stored.done_at, stored.result).where(
        stored.commitment == commitment.key, stored.received_at >= first, stored.received_at < behind,
        stored.done_at.is_not(None),
    )  # fmt: skip
    rows = connection.execute(chosen.order_by(stored.done_at, stored.reference)).all()
    return {
        "done_at": tuple(row.done_at for row in rows),
        "results": tuple(masked_words(row.result) for row in rows if row.result),
        "due_by": behind,
    }
