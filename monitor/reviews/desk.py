"""The desk where calls of a sample are reviewed: what is to be done, by whom, and what each person marked.

Who may review what is decided here, whatever a page shows: nobody a call that their own agents or they themselves
answered, nobody one call twice, and no call more people than it was drawn for. Marks of others are told to those alone
who have given theirs, or who cannot give any more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import and_, insert, select, tuple_, update

from monitor.calls.facts import CallKey
from monitor.errors import ReviewError
from monitor.ledger.rows import CALLS
from monitor.ledger.tables import RECORDINGS, REVIEW_DRAWS, REVIEW_SAMPLES, REVIEWS
from monitor.numbers import PLAIN
from monitor.reports.review_figures import review_figures
from monitor.reviews.definition import Definition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table

    from monitor.ledger.store import Store
    from monitor.numbers import Numbers
    from monitor.reports.charter_figures import ReviewFigures

Reason = Literal["unknown", "nobody", "own", "given", "complete", "closed", "marks", "note"]
"""Why a review is refused."""
CORRECTED_WITHIN = timedelta(days=30)
"""How long a review may be corrected by whoever gave it, unless somebody else has reviewed the call too."""
NOTE_AT_MOST = 500


class State(StrEnum):
    """Where a call of the sample stands, for one person."""

    TO_DO = "to_do"
    """They may review it."""
    OWN = "own"
    """It is not done, and their own agents answered it."""
    WAITING = "waiting"
    """They have reviewed it, and somebody else is to."""
    DONE = "done"
    """All who are to review it have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What one person marked."""

    reviewer: str
    at: datetime
    marks: Mapping[str, int | None]
    """By item; None where it could not be heard."""
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """One call of a sample, as one person sees it."""

    key: CallKey
    month: date
    agent: str
    member: str | None
    queue: str | None
    reviewers: int
    """How many are to review it."""
    given: int
    """How many have."""
    state: State
    filed_at: datetime | None
    """When it came in; None where the ledger has the call no longer."""
    talking_us: int | None
    caller: str | None
    """Their number as the ledger keeps it."""
    recordings: tuple[str, ...]
    """Names of files, in which the dialplan may have written the caller's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One call of a sample with its form, as one person sees it."""

    sampled: Sampled
    definition: Definition
    mine: Review | None
    """What they marked themselves."""
    correctable: bool
    """They may correct it still."""
    others: tuple[Review, ...]
    """What others marked; none before they have marked it themselves, unless they cannot any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which calls of a month are asked for: those that meet everything given."""

    month: date
    agent: str | None = None
    """An interface or a member's name."""
    state: State | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a list."""

    sampled: tuple[Sampled, ...]
    """By agent, then time."""
    count: int
    """How many there are in all."""
    states: Mapping[State, int]
    """How many calls of the month, whatever else was asked for, stand how."""
    agents: tuple[str, ...]
    """Names of the month's agents, as people read them."""


class ReviewDesk:
    """Reviews in one ledger. Every method may block, and raises a `StoreError` where the ledger is away.

    Args:
        store: the ledger's.
        own: interfaces and member names of somebody's own agents; None where nobody signs in under that name.
        clock: the present, aware.
        numbers: how agents' pseudonyms are made, under which calls of long ago stand.
    """

    def __init__(
        self,
        store: Store,
        own: Callable[[str], Sequence[str] | None],
        clock: Callable[[], datetime],
        numbers: Numbers = PLAIN,
    ) -> None:
        self._store = store
        self._own = own
        self._clock = clock
        self._numbers = numbers

    def may_review(self, who: str) -> bool:
        """Whether somebody is known by name, so that they may review at all."""
        return self._own(who) is not None

    def months(self) -> list[date]:
        """Months that were drawn, the newest first."""
        with self._store.reading() as connection:
            return list(connection.scalars(select(REVIEW_DRAWS.c.month).order_by(REVIEW_DRAWS.c.month.desc())))

    def find(self, query: Query, who: str) -> Found:
        """The calls of a month's sample, as somebody sees them."""
        names = self._names(who)
        with self._store.reading() as connection:
            rows = {_key(row): row for row in connection.execute(_rows_of(query.month)).mappings()}
            given = _reviewers(connection, query.month)
            # A sample has many calls of few agents.
            agents = {(row["agent"], row["member"]) for row in rows.values()}
            own = {agent: self._is_own(agent, who, names) for agent in agents}
            states = {
                key: _state(row, given.get(key, ()), who, own=own[row["agent"], row["member"]])
                for key, row in rows.items()
            }
            chosen = [
                (key, row)
                for key, row in rows.items()
                if query.agent in (None, row["agent"], row["member"]) and query.state in (None, states[key])
            ]
            page = chosen[query.offset : query.offset + query.limit]
            files = _recordings(connection, [key for key, _ in page])
        return Found(
            sampled=tuple(_sampled(row, len(given.get(key, ())), states[key], files.get(key, ())) for key, row in page),
            count=len(chosen),
            states=dict.fromkeys(State, 0) | Counter(states.values()),
            agents=tuple(sorted({member or agent for agent, member in own})),
        )

    def get(self, key: CallKey, who: str) -> Sheet | None:
        """One call of a sample, as somebody sees it; None where it is in none."""
        with self._store.reading() as connection:
            row = connection.execute(_rows_of(None, key)).mappings().first()
            if row is None:
                return None
            reviews = _reviews(connection, key)
            kept = connection.scalar(select(REVIEW_DRAWS.c.definition).where(REVIEW_DRAWS.c.month == row["month"]))
            files = _recordings(connection, [key])
        own = self._is_own((row["agent"], row["member"]), who, self._names(who))
        state = _state(row, [one.reviewer for one in reviews], who, own=own)
        mine = next((one for one in reviews if one.reviewer == who), None)
        others = tuple(one for one in reviews if one.reviewer != who)
        blind = mine is None and state is not State.DONE
        return Sheet(
            sampled=_sampled(row, len(reviews), state, files.get(key, ())),
            definition=Definition.from_json(kept or {}),
            mine=mine,
            correctable=mine is not None and not others and self._in_time(mine),
            others=() if blind else others,
        )

    def give(self, key: CallKey, marks: Mapping[str, int | None], note: str, by: str) -> None:
        """Keep what somebody marked: their first word, or their correction of it.

        Args:
            key: of the call.
            marks: by item, every item of the form; None where it could not be heard.
            note: what they wrote; empty for nothing.
            by: their name, as they signed in.

        Raises:
            ReviewError: they may not, or the marks are none of this form; its `reason` is a `Reason`. Nothing is kept.
        """
        names = self._names(by)
        if names is None:
            raise ReviewError("Reviews are signed: add a [[web.user]] table, and sign in. Nothing was kept.", "nobody")
        if len(note) > NOTE_AT_MOST:
            raise ReviewError(f"A note has at most {NOTE_AT_MOST} characters: shorten it. Nothing was kept.", "note")
        with self._store.writing() as connection:
            # Held until the end, so that of two who are the last to review a call one is refused.
            held = select(REVIEW_SAMPLES).where(*_is(REVIEW_SAMPLES, key)).with_for_update()
            row = connection.execute(held).mappings().first()
            if row is None:
                raise ReviewError("This call is in no sample. Nothing was kept.", "unknown")
            kept = connection.scalar(select(REVIEW_DRAWS.c.definition).where(REVIEW_DRAWS.c.month == row["month"]))
            _check(marks, Definition.from_json(kept or {}))
            reviews = _reviews(connection, key)
            mine = next((one for one in reviews if one.reviewer == by), None)
            if self._is_own((row["agent"], row["member"]), by, names):
                raise ReviewError(
                    "Nobody reviews calls of their own agents: leave it to others. Nothing was kept.", "own"
                )
            values = {"marks": dict(marks), "note": note or None}
            if mine is None:
                if len(reviews) >= row["reviewers"]:
                    raise ReviewError("All who are to review this call have. Nothing was kept.", "complete")
                values |= {"system": key.system, "linkedid": key.linkedid, "reviewer": by}
                connection.execute(insert(REVIEWS), [values | {"at": self._clock().astimezone(UTC)}])
                return
            if len(reviews) > 1:
                raise ReviewError("Another person has reviewed this call since. Nothing was changed.", "given")
            if not self._in_time(mine):
                raise ReviewError(
                    f"A review is corrected within {CORRECTED_WITHIN.days} days. Nothing was changed.", "closed"
                )
            connection.execute(update(REVIEWS).where(*_is(REVIEWS, key), REVIEWS.c.reviewer == by).values(values))

    def figures(self, month: date) -> ReviewFigures | None:
        """What the reviews of a month come to, single agents too; None where it was not drawn."""
        with self._store.reading() as connection:
            return review_figures(connection, [month], agents=True)

    # -- who may what --------------------------------------------------------------------------------------------------

    def _names(self, who: str) -> frozenset[str] | None:
        """What the agents of somebody may be called in the ledger, in small letters; None for nobody."""
        own = self._own(who)
        if own is None:
            return None
        return frozenset(form.casefold() for name in (who, *own) for form in (name, self._pseudonym(name)))

    def _pseudonym(self, name: str) -> str:
        try:
            return self._numbers.agent(name)
        except ValueError:
            return name

    def _is_own(self, agent: tuple[str, str | None], who: str, names: frozenset[str] | None) -> bool:
        """Whether an agent, by interface and member's name, is somebody's own, or they themselves."""
        return any(name and name.casefold() in (names or {who.casefold()}) for name in agent)

    def _in_time(self, mine: Review) -> bool:
        return self._clock() - mine.at <= CORRECTED_WITHIN


def _state(row: RowMapping, given: Sequence[str], who: str, *, own: bool) -> State:
    if len(given) >= row["reviewers"]:
        return State.DONE
    if who in given:
        return State.WAITING
    return State.OWN if own else State.TO_DO


def _check(marks: Mapping[str, int | None], definition: Definition) -> None:
    """See that there is a mark of the scale for each item, and for nothing else."""
    allowed = {None, *(mark.value for mark in definition.scale)}
    if set(marks) != {item.key for item in definition.items} or not allowed.issuperset(marks.values()):
        raise ReviewError("Every item needs one mark of the scale, or that it could not be heard.", "marks")


def _is(table: Table, key: CallKey) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.system == key.system, table.c.linkedid == key.linkedid


def _key(row: RowMapping) -> CallKey:
    return CallKey(system=row["system"], linkedid=row["linkedid"])


def _rows_of(month: date | None, key: CallKey | None = None) -> Select[Any]:
    """Calls of a sample with what their records say of them, in the order of a list."""
    drawn = REVIEW_SAMPLES.c
    same = and_(CALLS.c.system == drawn.system, CALLS.c.linkedid == drawn.linkedid)
    chosen = select(REVIEW_SAMPLES, CALLS.c.filed_at, CALLS.c.talking_us, CALLS.c.caller).select_from(
        REVIEW_SAMPLES.outerjoin(CALLS, same)
    )
    if key is not None:
        return chosen.where(*_is(REVIEW_SAMPLES, key))
    return chosen.where(drawn.month == month).order_by(
        drawn.member, drawn.agent, CALLS.c.filed_at, drawn.system, drawn.linkedid
    )


def _sampled(row: RowMapping, given: int, state: State, recordings: tuple[str, ...]) -> Sampled:
    return Sampled(
        key=_key(row),
        month=row["month"],
        agent=row["agent"],
        member=row["member"],
        queue=row["queue"],
        reviewers=row["reviewers"],
        given=given,
        state=state,
        filed_at=row["filed_at"],
        talking_us=row["talking_us"],
        caller=row["caller"],
        recordings=recordings,
    )


def _reviewers(connection: Connection, month: date) -> dict[CallKey, list[str]]:
    """Who has reviewed which call of a month."""
    same = and_(REVIEWS.c.system == REVIEW_SAMPLES.c.system, REVIEWS.c.linkedid == REVIEW_SAMPLES.c.linkedid)
    chosen = (
        select(REVIEWS.c.system, REVIEWS.c.linkedid, REVIEWS.c.reviewer)
        .select_from(REVIEW_SAMPLES.join(REVIEWS, same))
        .where(REVIEW_SAMPLES.c.month == month)
    )
    found: dict[CallKey, list[str]] = defaultdict(list)
    for row in connection.execute(chosen).mappings():
        found[_key(row)].append(row["reviewer"])
    return found


def _reviews(connection: Connection, key: CallKey) -> list[Review]:
    """The reviews of one call, the first first."""
    chosen = select(REVIEWS).where(*_is(REVIEWS, key)).order_by(REVIEWS.c.at, REVIEWS.c.reviewer)
    return [
        Review(reviewer=row["reviewer"], at=row["at"], marks=row["marks"], note=row["note"])
        for row in connection.execute(chosen).mappings()
    ]


def _recordings(connection: Connection, keys: Sequence[CallKey]) -> dict[CallKey, tuple[str, ...]]:
    """The files that calls were recorded to, in their order."""
    if not keys:
        return {}
    files = RECORDINGS.c
    these = tuple_(files.system, files.linkedid).in_([(key.system, key.linkedid) for key in keys])
    found: dict[CallKey, tuple[str, ...]] = {}
    for row in connection.execute(select(RECORDINGS).where(these).order_by(files.ordinal)).mappings():
        found[_key(row)] = (*found.get(_key(row), ()), row["file"])
    return found
