"""Reviews in the ledger → what reports and the page tell of them.

A call counts once all who are to review it have, so that no figure tells those who still may what others marked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from monitor.calls import formulas
from monitor.ledger.tables import REVIEW_DRAWS, REVIEW_SAMPLES, REVIEWS
from monitor.reports.charter_figures import ReviewAgentFigures, ReviewFigures, ReviewItemFigures, Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection, RowMapping

    _Value = Callable[[Mapping[str, float | None]], float | None]

GREETED = ("greeting", "department", "name")
"""Items that must all be at the top of the scale where somebody was greeted with department and name."""


@dataclass(frozen=True, slots=True)
class _Marked:
    """One call that is reviewed."""

    stratum: tuple[date, str, str, str]
    """Month, stratum, system and agent: what it was drawn among."""
    calls: int
    """How many calls that has."""
    marks: tuple[Mapping[str, float | None], ...]
    """Of each reviewer, the first first: by item the mark as a share of the scale's width."""

    def mean(self, value: _Value) -> float | None:
        """The mean of what the reviewers say; None where none of them says anything."""
        said = [found for marks in self.marks if (found := value(marks)) is not None]
        return sum(said) / len(said) if said else None


def review_figures(connection: Connection, months: Sequence[date], *, agents: bool) -> ReviewFigures | None:
    """The reviews of some months' samples; None where none of them was drawn.

    Args:
        connection: to the ledger.
        months: their first days, in any order.
        agents: whether single agents are told.
    """
    draws = (
        connection.execute(select(REVIEW_DRAWS).where(REVIEW_DRAWS.c.month.in_(months)).order_by(REVIEW_DRAWS.c.month))
        .mappings()
        .all()
    )
    if not draws:
        return None
    drawn = [row["month"] for row in draws]
    samples = connection.execute(_samples(drawn)).mappings().all()
    reviews: dict[tuple[str, str], list[RowMapping]] = defaultdict(list)
    for row in connection.execute(_reviews(drawn)).mappings():
        reviews[row["system"], row["linkedid"]].append(row)
    widths = {row["month"]: _width(row["definition"]) for row in draws}
    marked = [
        _marked(row, given, widths[row["month"]])
        for row in samples
        if len(given := reviews[row["system"], row["linkedid"]]) >= row["reviewers"]
    ]
    # As the last of the months words them; what only an earlier one asked stands behind.
    items: dict[str, Mapping[str, str]] = {}
    for row in reversed(draws):
        for item in row["definition"]["items"]:
            items.setdefault(item["key"], item)
    pairs = {key: list(_pairs(marked, key)) for key in items}
    every = [pair for of_item in pairs.values() for pair in of_item]
    return ReviewFigures(
        months=tuple(drawn),
        population=sum(row["population"] for row in draws),
        sampled=len(samples),
        reviewed=len(marked),
        items=tuple(
            ReviewItemFigures(
                key=key,
                ko=item["ko"],
                en=item["en"],
                share=_share(marked, _of_item(key)),
                kappa=formulas.cohens_kappa(pairs[key]),
                pairs=len(pairs[key]),
            )
            for key, item in items.items()
        ),
        greeted=_share(marked, _greeted),
        kappa=formulas.cohens_kappa(every),
        pairs=len(every),
        agents=_agents(samples, marked) if agents else (),
        seeds=tuple(row["seed"] for row in draws),
    )


def _samples(months: Sequence[date]) -> Any:
    order = (REVIEW_SAMPLES.c[name] for name in ("month", "system", "agent", "linkedid"))
    return select(REVIEW_SAMPLES).where(REVIEW_SAMPLES.c.month.in_(months)).order_by(*order)


def _reviews(months: Sequence[date]) -> Any:
    same = and_(REVIEWS.c.system == REVIEW_SAMPLES.c.system, REVIEWS.c.linkedid == REVIEW_SAMPLES.c.linkedid)
    return (
        select(REVIEWS)
        .join(REVIEW_SAMPLES, same)
        .where(REVIEW_SAMPLES.c.month.in_(months))
        # The first to review is the one, the second the other, whoever they are.
        .order_by(REVIEWS.c.at, REVIEWS.c.reviewer)
    )


def _width(definition: Mapping[str, Any]) -> tuple[int, int]:
    values = [mark["value"] for mark in definition["scale"]]
    return min(values), max(values)


def _marked(sample: RowMapping, given: Sequence[RowMapping], width: tuple[int, int]) -> _Marked:
    lowest, highest = width
    return _Marked(
        stratum=(sample["month"], sample["stratum"], sample["system"], sample["agent"]),
        calls=sample["stratum_calls"],
        marks=tuple(
            {
                key: None if value is None else (value - lowest) / (highest - lowest)
                for key, value in row["marks"].items()
            }
            for row in given
        ),
    )


def _of_item(key: str) -> _Value:
    return lambda marks: marks.get(key)


def _greeted(marks: Mapping[str, float | None]) -> float | None:
    """Whether it was with department and name; None where one of the three was not heard, or not asked."""
    said = [marks.get(key) for key in GREETED]
    return None if None in said else float(all(mark == 1 for mark in said))


def _over_all(marks: Mapping[str, float | None]) -> float | None:
    said = [mark for mark in marks.values() if mark is not None]
    return sum(said) / len(said) if said else None


def _share(marked: Iterable[_Marked], value: _Value) -> Share:
    met: Counter[tuple[date, str, str, str]] = Counter()
    seen: Counter[tuple[date, str, str, str]] = Counter()
    calls: dict[tuple[date, str, str, str], int] = {}
    for call in marked:
        mean = call.mean(value)
        if mean is not None:
            calls[call.stratum] = call.calls
            seen[call.stratum] += 1
            met[call.stratum] += mean  # type: ignore[assignment] # a counter adds floats as well
    told = formulas.stratified((of_stratum, seen[name], met[name]) for name, of_stratum in calls.items())
    low, high = (None, None) if told is None else formulas.wilson(*told) or (None, None)
    return Share(
        met=float(met.total()),
        marked=seen.total(),
        share=None if told is None else told[0],
        low=low,
        high=high,
    )


def _pairs(marked: Iterable[_Marked], key: str) -> Iterable[tuple[float, float]]:
    """What two people marked of the same call, where both heard it."""
    for call in marked:
        if len(call.marks) > 1:
            one, other = (marks.get(key) for marks in call.marks[:2])
            if one is not None and other is not None:
                yield one, other


def _agents(samples: Iterable[RowMapping], marked: Iterable[_Marked]) -> tuple[ReviewAgentFigures, ...]:
    sampled: Counter[tuple[str, str]] = Counter()
    members: dict[tuple[str, str], str | None] = {}
    for row in samples:
        who = row["system"], row["agent"]
        sampled[who] += 1
        members[who] = row["member"] or members.get(who)
    by_agent: dict[tuple[str, str], list[_Marked]] = defaultdict(list)
    for call in marked:
        by_agent[call.stratum[2:]].append(call)
    return tuple(
        ReviewAgentFigures(
            system=system,
            agent=agent,
            member=members[system, agent],
            sampled=count,
            reviewed=len(by_agent[system, agent]),
            share=_share(by_agent[system, agent], _over_all),
        )
        for (system, agent), count in sorted(sampled.items(), key=lambda one: (members[one[0]] or one[0][1], one[0]))
    )
