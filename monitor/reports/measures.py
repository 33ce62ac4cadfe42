"""Columns made of tallies: which figure of a tally stands in which column, once for all tables.

A quotient's parts stand in the same table as the quotient, unprinted where nobody asked for them, so that a sheet can
work it out again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.calls.facts import Outcome, Verdict
from monitor.calls.rules import SECOND_US, Reading
from monitor.reports.document import Column, Kind, Quotient, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from monitor.calls.tally import Tally
    from monitor.reports.document import Value
    from monitor.reports.words import Words


def seconds_of(duration_us: float | None) -> float | None:
    """Microseconds as seconds, as documents hold them."""
    return None if duration_us is None else duration_us / SECOND_US


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a tally and its column."""

    column: Column
    of: Callable[[Tally], Value]
    beside: tuple[str, ...] = ()
    """Keys of the columns that belong beside it, besides those its quotient is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a table of tallies: what stands before and behind its figures."""

    head: tuple[Value, ...]
    tally: Tally
    tail: tuple[Value, ...] = ()


class Measures:
    """Every column that is made of a tally.

    Args:
        words: the language.
        limit: rings of the rule, to name the readings by.
        within_us: the x of the service levels.
        headline: whose verdicts need no reading in their headings.
    """

    def __init__(self, words: Words, *, limit: int, within_us: int, headline: Reading) -> None:
        self._words = words
        self._known: dict[str, Measure] = {}
        self._plain()
        self._waits(words.limit(within_us))
        for reading in Reading:
            self._verdicts(reading, words.reading(reading, limit), headline=reading is headline)

    def _count(self, key: str, heading: str, of: Callable[[Tally], Value], kind: Kind = Kind.COUNT) -> None:
        self._known[key] = Measure(Column(key=key, heading=heading, kind=kind, summed=True), of)

    def _share(
        self,
        key: str,
        heading: str,
        of: Callable[[Tally], Value],
        made_of: tuple[tuple[str, ...], tuple[str, ...]],
        kind: Kind = Kind.SHARE,
    ) -> None:
        quotient = Quotient(numerator=made_of[0], denominator=made_of[1])
        self._known[key] = Measure(Column(key=key, heading=heading, kind=kind, quotient=quotient), of)

    def _plain(self) -> None:
        _c = self._words.of
        self._count("offered", _c("report", "Offered"), lambda tally: tally.offered)
        self._count("answered", _c("report", "Answered"), lambda tally: tally.answered)
        self._share(
            "answer_rate",
            _c("report", "Answer rate"),
            lambda tally: tally.answer_rate,
            (("answered",), ("offered",)),
        )
        self._count("missed", _c("report", "Not answered"), missed)
        self._count("abandoned", _c("report", "Abandoned"), lambda tally: tally.abandoned)
        for outcome in Outcome:
            if outcome is not Outcome.ANSWERED:
                name = self._words.heading(self._words.terms.outcomes[outcome])
                self._count(outcome.value, name, _outcome(outcome))
        self._count("abandoned_short", _c("report", "Short abandons"), lambda tally: tally.abandoned_short)
        self._share(
            "abandon_rate",
            _c("report", "Abandon rate"),
            lambda tally: tally.abandon_rate,
            (("abandoned",), ("offered",)),
        )
        self._share(
            "abandon_rate_without_short",
            _c("report", "Without short ones"),
            lambda tally: tally.abandon_rate_without_short,
            (("abandoned", "-abandoned_short"), ("offered", "-abandoned_short")),
        )
        self._count("left_the_centre", _c("report", "Passed out of the centre"), lambda tally: tally.left_the_centre)
        self._count(
            "transfers_untold", _c("report", "Answered, transfers not told"), lambda tally: tally.transfers_untold
        )
        self._share(
            "direct_handling_rate",
            _c("report", "Handled directly"),
            lambda tally: tally.direct_handling_rate,
            (("answered", "-transfers_untold", "-left_the_centre"), ("answered", "-transfers_untold")),
        )
        self._count("pickups", _c("report", "Pickups"), lambda tally: tally.pickups)
        self._count(
            "talking_seconds",
            _c("report", "Talking"),
            lambda tally: seconds_of(tally.talking_us),
            Kind.DURATION,
        )
        self._count("hold_seconds", _c("report", "On hold"), lambda tally: seconds_of(tally.hold_us), Kind.DURATION)
        self._count("partly_observed", _c("report", "Partly observed"), lambda tally: tally.partly_observed)

    def _waits(self, within: str) -> None:
        _c = self._words.of
        self._count("waited", _c("report", "Answered, waiting known"), lambda tally: tally.waited)
        self._count(
            "waiting_seconds",
            _c("report", "Waiting"),
            lambda tally: seconds_of(tally.waiting_us),
            Kind.DURATION,
        )
        self._share(
            "asa_seconds",
            _c("report", "ASA (s)"),
            lambda tally: seconds_of(tally.asa_us),
            (("waiting_seconds",), ("waited",)),
            Kind.SECONDS,
        )
        self._count(
            "answered_within",
            _c("report", "Answered within {seconds}").format(seconds=within),
            lambda tally: tally.answered_within,
        )
        self._count("abandoned_asked", _c("report", "Asked and left"), lambda tally: tally.abandoned_waiting)
        self._count(
            "abandoned_within",
            _c("report", "Left within {seconds}").format(seconds=within),
            lambda tally: tally.abandoned_within,
        )
        self._share(
            "service_level",
            _c("report", "SL ({seconds})").format(seconds=within),
            lambda tally: tally.service_level,
            (("answered_within",), ("waited",)),
        )
        self._share(
            "service_level_with_abandons",
            _c("report", "SL2 ({seconds})").format(seconds=within),
            lambda tally: tally.service_level_with_abandons,
            (("answered_within", "abandoned_within"), ("waited", "abandoned_asked")),
        )
        self._share(
            "service_factor",
            _c("report", "Service factor ({seconds})").format(seconds=within),
            lambda tally: tally.service_factor,
            (("answered_within",), ("offered",)),
        )

    def _verdicts(self, reading: Reading, name: str, *, headline: bool) -> None:
        _c = self._words.of
        terms = {verdict: self._words.heading(term) for verdict, term in self._words.terms.verdicts.items()}
        kept, broken = f"kept_{reading}", f"broken_{reading}"
        for verdict in Verdict:
            heading = _c("report", "{term} ({reading})").format(term=terms[verdict], reading=name)
            self._count(f"{verdict}_{reading}", terms[verdict] if headline else heading, _verdict(reading, verdict))
        self._share(
            f"compliance_{reading}",
            _c("report", "Compliance ({reading})").format(reading=name),
            lambda tally: tally.compliance(reading),
            ((kept,), (kept, broken)),
        )

        # Compliance says little without what it leaves out.
        self._known[f"compliance_{reading}"] = replace(
            self._known[f"compliance_{reading}"], beside=(f"{Verdict.EXCLUDED}_{reading}",)
        )

    def choose(self, keys: Iterable[str]) -> tuple[Measure, ...]:
        """The measures of these keys, in order, and behind them, unprinted, what their quotients are made of."""
        chosen = {key: self._known[key] for key in keys}
        for measure in tuple(chosen.values()):
            quotient = measure.column.quotient
            made_of = () if quotient is None else (*quotient.numerator, *quotient.denominator)
            for part in (*made_of, *measure.beside):
                key = part.removeprefix("-")
                if key not in chosen:
                    known = self._known[key]
                    chosen[key] = replace(known, column=replace(known.column, printed=False))
        return tuple(chosen.values())

    def table(
        self,
        key: str,
        title: str,
        *,
        heads: tuple[Column, ...],
        rows: Iterable[Row],
        keys: Iterable[str],
        total: Tally | None = None,
        tails: tuple[Column, ...] = (),
        note: str = "",
        empty: str = "",
        first: int | None = None,
    ) -> Table:
        """A table of tallies.

        Args:
            key: its key.
            title: its title.
            heads: the columns before the figures.
            rows: its lines.
            keys: which figures.
            total: the tally of all its rows together; None for no last line.
            tails: the columns behind the figures.
            note: what must be known to read it.
            empty: what is said where there are no rows.
            first: how many rows print shows.
        """
        measures = self.choose(keys)
        lines = tuple((*row.head, *(measure.of(row.tally) for measure in measures), *row.tail) for row in rows)
        last: tuple[Value, ...] | None = None
        if total is not None and lines:
            figures = tuple(measure.of(total) for measure in measures)
            head = (self._words.of("report", "Total"), *(None,) * (len(heads) - 1))
            last = (*head, *figures, *(None,) * len(tails))
        return Table(
            key=key,
            title=title,
            columns=(*heads, *(measure.column for measure in measures), *tails),
            rows=lines,
            total=last,
            note=note,
            empty=empty,
            first=first,
        )


def missed(tally: Tally) -> int:
    """Calls nobody answered, as far as their end was seen."""
    return tally.offered - tally.answered - tally.outcomes[Outcome.UNOBSERVED]


def _outcome(outcome: Outcome) -> Callable[[Tally], Value]:
    return lambda tally: tally.outcomes[outcome]


def _verdict(reading: Reading, verdict: Verdict) -> Callable[[Tally], Value]:
    return lambda tally: tally.verdicts[reading][verdict]


def plain(columns: Mapping[str, tuple[str, Kind]], *, unprinted: Collection[str] = ()) -> tuple[Column, ...]:
    """Columns that neither add up nor follow from others: key → heading and kind."""
    return tuple(
        Column(key=key, heading=heading, kind=kind, printed=key not in unprinted)
        for key, (heading, kind) in columns.items()
    )
