"""Draws in the ledger: making one, and proving that its sample is the one its seed gives."""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select

from monitor.calls.facts import CallKey, Observed, Outcome
from monitor.errors import ReportError, ReviewError
from monitor.ledger.rows import CALLS
from monitor.ledger.store import RefusedFact
from monitor.ledger.tables import REVIEW_DRAWS, REVIEW_SAMPLES
from monitor.numbers import PLAIN
from monitor.reports.periods import Period
from monitor.reviews.definition import Definition
from monitor.reviews.draw import ALGORITHM, Candidate, draw, place, twice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from sqlalchemy import Connection, RowMapping

    from monitor.ledger.store import Store
    from monitor.numbers import Numbers
    from monitor.reviews.draw import Draw

SCHEDULE = "schedule"
"""Who made a draw that was made by itself."""
_SEED_BITS = 63
_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What came of drawing a month again."""

    month: date
    seed: int
    population: int
    """Calls that could be drawn when it was made."""
    there: int
    """Calls of then that can be drawn now."""
    since: int
    """Calls that came into the ledger after the draw, which could not be drawn."""
    unchanged: bool
    """The population is the same to the last call."""
    sampled: int
    gone: int
    """Calls of the sample that the ledger has no longer, or no longer as they were drawn."""
    wrong: tuple[CallKey, ...]
    """Calls of the sample that the seed does not give, or not for so many reviewers."""
    missing: tuple[CallKey, ...]
    """Calls that the seed gives, and the sample lacks."""

    @property
    def holds(self) -> bool:
        """Whether the sample is what the seed gives."""
        return not self.wrong and not self.missing


def month_of(text: str, zone: ZoneInfo) -> Period:
    """The month written `2026-11`.

    Raises:
        ReviewError: it is none.
    """
    try:
        return Period.month(text, zone)
    except ReportError as error:
        raise ReviewError(str(error), "month") from error


def candidates(connection: Connection, period: Period, shortest_us: int) -> Iterator[tuple[Candidate, datetime]]:
    """The calls of a month that can be drawn, in no order, each with when its record was made.

    Answered calls that were seen whole, with enough talking, and with the phone that answered.
    """
    stored = CALLS.c
    # A month's borders move where the time zone is set otherwise: what one month has drawn is no other's.
    beside = [period.before().first, (period.last + timedelta(days=1))]
    taken = {
        (row.system, row.linkedid)
        for row in connection.execute(
            select(REVIEW_SAMPLES.c.system, REVIEW_SAMPLES.c.linkedid).where(REVIEW_SAMPLES.c.month.in_(beside))
        )
    }
    chosen = select(
        stored.system, stored.linkedid, stored.agent, stored.member, stored.queue, stored.recorded_at
    ).where(
        stored.filed_at >= period.since,
        stored.filed_at < period.until,
        stored.outcome == Outcome.ANSWERED,
        stored.observed == Observed.WHOLE,
        stored.talking_us >= shortest_us,
        stored.agent.is_not(None),
        stored.agent != "",
    )
    for row in connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(chosen):
        if (row.system, row.linkedid) not in taken:
            key = CallKey(system=row.system, linkedid=row.linkedid)
            yield Candidate(key=key, agent=row.agent, member=row.member, queue=row.queue), row.recorded_at


class Draws:
    """The draws of one ledger. Every method may block, and raise a `StoreError`.

    Args:
        store: the ledger's.
        numbers: how agents' pseudonyms are made, under which calls of long ago stand.
    """

    def __init__(self, store: Store, numbers: Numbers = PLAIN) -> None:
        self._store = store
        self._numbers = numbers

    def newest(self) -> date | None:
        """The last month that was drawn; None for none."""
        with self._store.reading() as connection:
            found: date | None = connection.scalar(select(func.max(REVIEW_DRAWS.c.month)))
        return found

    def make(self, period: Period, definition: Definition, *, seed: int | None, by: str, now: datetime) -> Draw:
        """Draw a month's sample, and write it down. It cannot be drawn twice.

        Args:
            period: the month.
            definition: what it rests on.
            seed: of the draw; None to have one drawn.
            by: who has it drawn.
            now: an aware instant.

        Raises:
            ReviewError: the month is not over, has been drawn, or has no call that can be.
        """
        if not definition.draws:
            raise ReviewError("Nothing is to be drawn: per_agent of [reviews] is 0. Nothing was drawn.", "none")
        if now < period.until:
            raise ReviewError(
                f"{period.name} is not over yet, and its later calls must have their chance: wait.", "early"
            )
        number = secrets.randbits(_SEED_BITS) if seed is None else seed
        with self._store.reading() as connection:
            self._refuse_twice(connection, period)
            found = draw(
                (call for call, _ in candidates(connection, period, definition.shortest_us)), definition, number
            )
        if not found.sample:
            raise ReviewError(f"{period.name} has no answered call that can be reviewed. Nothing was drawn.", "none")
        row = {
            "month": period.first,
            "made_at": now.astimezone(UTC),
            "made_by": by,
            "seed": number,
            "population": found.population,
            "definition": definition.as_json()
            | {"algorithm": ALGORITHM, "strata": found.strata, "population_sha256": found.fingerprint},
        }
        try:
            with self._store.writing() as connection:
                self._refuse_twice(connection, period)
                connection.execute(insert(REVIEW_DRAWS), [row])
                connection.execute(insert(REVIEW_SAMPLES), list(_rows(found, period.first)))
        except RefusedFact:
            # Another program was faster between the look and the word; else the month is still to be drawn.
            with self._store.reading() as connection:
                self._refuse_twice(connection, period)
            raise
        return found

    def _refuse_twice(self, connection: Connection, period: Period) -> None:
        if _row(connection, period.first) is not None:
            raise _drawn(period)

    def verify(self, month: date) -> Verified:
        """Draw a month again from what was written down, and compare, as far as its calls are still there.

        Args:
            month: its first day.

        Raises:
            ReviewError: it was not drawn, or by a later version of this program.
        """
        with self._store.reading() as connection:
            row = _row(connection, month)
            if row is None:
                raise ReviewError(f"{month:%Y-%m} was not drawn.", "unknown")
            kept = row["definition"]
            if kept["algorithm"] != ALGORITHM:
                raise ReviewError(f"{month:%Y-%m} was drawn by another version of this program: use that.", "unknown")
            definition = Definition.from_json(kept)
            period = month_of(f"{month:%Y-%m}", ZoneInfo(definition.timezone))
            chosen = select(REVIEW_SAMPLES).where(REVIEW_SAMPLES.c.month == month)
            sample = {_key(drawn): drawn for drawn in connection.execute(chosen).mappings()}
            found = list(candidates(connection, period, definition.shortest_us))
        then = [call for call, recorded_at in found if recorded_at <= row["made_at"] or call.key in sample]
        again = draw(then, definition, row["seed"])
        expected = self._expected(then, sample, definition, row["seed"])
        both = twice(list(sample), definition.second_share, row["seed"])
        there = {call.key for call in then}
        return Verified(
            month=month,
            seed=row["seed"],
            population=row["population"],
            there=again.population,
            since=len(found) - len(then),
            unchanged=again.fingerprint == kept["population_sha256"],
            sampled=len(sample),
            gone=len(sample.keys() - there),
            wrong=_sorted(
                {
                    key
                    for key, drawn in sample.items()
                    if key not in expected or (key in both) != (drawn["reviewers"] == 2)
                }
            ),
            missing=_sorted(expected - sample.keys()),
        )

    def _expected(
        self, then: list[Candidate], sample: Mapping[CallKey, RowMapping], definition: Definition, seed: int
    ) -> set[CallKey]:
        """The calls that the seed gives. Those of the sample stand where they were drawn, also where they are gone."""
        among = {
            call.key: (definition.stratum_of(call.queue), call.key.system, self._agent(call.agent)) for call in then
        }
        among |= {key: (row["stratum"], key.system, self._agent(row["agent"])) for key, row in sample.items()}
        strata: dict[tuple[str, str, str], list[CallKey]] = defaultdict(list)
        for key, stratum in among.items():
            strata[stratum].append(key)
        return {
            key
            for (stratum, _, _), keys in strata.items()
            for key in sorted(keys, key=lambda key: place(seed, key))[: definition.size_of(stratum)]
        }

    def _agent(self, name: str) -> str:
        """An agent's pseudonym where there are any: one part of a month may stand under it, and one under the name."""
        try:
            return self._numbers.agent(name)
        except ValueError:
            return name


def _row(connection: Connection, month: date) -> RowMapping | None:
    return connection.execute(select(REVIEW_DRAWS).where(REVIEW_DRAWS.c.month == month)).mappings().first()


def _drawn(period: Period) -> ReviewError:
    return ReviewError(
        f"{period.name} has been drawn, and a second draw would let somebody choose between two. Nothing was drawn.",
        "twice",
    )


def _rows(found: Draw, month: date) -> Iterator[dict[str, Any]]:
    for drawn in found.sample:
        yield {
            "system": drawn.call.key.system,
            "linkedid": drawn.call.key.linkedid,
            "month": month,
            "agent": drawn.call.agent,
            "member": drawn.call.member,
            "queue": drawn.call.queue,
            "stratum": drawn.stratum,
            "stratum_calls": drawn.stratum_calls,
            "reviewers": drawn.reviewers,
        }


def _key(row: RowMapping) -> CallKey:
    return CallKey(system=row["system"], linkedid=row["linkedid"])


def _sorted(keys: set[CallKey]) -> tuple[CallKey, ...]:
    return tuple(sorted(keys, key=lambda key: (key.system, key.linkedid)))
