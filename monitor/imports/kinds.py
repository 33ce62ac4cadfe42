"""The kinds of records that stand in rows: what reads a row of each, in a file or in a database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from monitor.errors import ImportRefused
from monitor.imports import cdr, cdr_calls, cel, cel_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from monitor.calls.facts import Call
    from monitor.imports.cdr import CdrRow
    from monitor.imports.cel import CelRow

LOOKED_AT = 200
"""Rows in which a source has to show what it is."""


class Row(Protocol):
    """What the rows of every kind tell."""

    @property
    def uniqueid(self) -> str:
        """Of the channel."""
        ...


R = TypeVar("R", bound=Row)
Taken_contra = TypeVar("Taken_contra", contravariant=True)


class Reader(Protocol[Taken_contra]):
    """Gathers rows to calls, as `CdrReader` and `CelReader` do."""

    def take(self, row: Taken_contra, /) -> Iterator[Call]:
        """Take one row, and give the calls of which no more is to come."""
        ...

    def end(self) -> Iterator[Call]:
        """No more rows: the calls that are left."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[R]):
    """How rows of one kind are read."""

    columns_of: Callable[[Sequence[str]], tuple[tuple[str, ...], bool]]
    row_of: Callable[[Mapping[str, object], tzinfo], R]
    at: Callable[[R], datetime]
    """When what the row tells of was over."""
    doubtful: Callable[[R], bool]
    table: str
    """As Asterisk's own samples call it."""
    time_column: str
    """By which rows are in order."""
    advice: str
    """What to give where a file is something else."""


CDR: Kind[CdrRow] = Kind(
    columns_of=cdr.columns_of,
    row_of=cdr.row_of,
    at=lambda row: row.end_at,
    doubtful=cdr_calls.doubtful,
    table="cdr",
    time_column="start",
    advice="give Master.csv as cdr_csv writes it with loguniqueid=yes, or a CSV whose first line names its columns",
)
CEL: Kind[CelRow] = Kind(
    columns_of=cel.columns_of,
    row_of=cel.row_of,
    at=lambda row: row.at,
    doubtful=cel_calls.doubtful,
    table="cel",
    time_column="eventtime",
    advice="give Master.csv as cel_custom writes it by its sample, or a CSV whose first line names its columns",
)


def refuse_other_zone(kind: Kind[R], rows: Sequence[R], where: str) -> None:
    """Compare the times of the first rows with the instants in their uniqueids.

    Raises:
        ImportRefused: most of them disagree, and say by how much.
    """
    seen: dict[str, R] = {}
    for row in rows:
        seen.setdefault(row.uniqueid, row)
    wrong = [row for row in seen.values() if kind.doubtful(row)]
    if len(wrong) * 2 <= len(seen):
        return
    hours = Counter(round(_hours_off(kind, row), 1) for row in wrong).most_common(1)[0][0]
    raise ImportRefused(
        f"{where}: its times are {abs(hours):.1f} hours {'ahead of' if hours > 0 else 'behind'} the instants in "
        "its uniqueids; give the zone they were written in, as in --timezone Asia/Seoul (UTC where usegmtime=yes)."
    )


def _hours_off(kind: Kind[R], row: R) -> float:
    epoch_at = cdr.epoch_of(row.uniqueid)
    assert epoch_at is not None  # noqa: S101 - only then is a row doubtful
    return (kind.at(row) - epoch_at).total_seconds() / 3600
