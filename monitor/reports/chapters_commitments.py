"""Promises with a clock: cases that came in, done in time or not, what was owed and paid, and what is due each year."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.calls.formulas import in_time_rate
from monitor.reports import charter
from monitor.reports.document import Column, Kind, Paragraph, Quotient, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from monitor.reports.charter_figures import CommitmentFigures
    from monitor.reports.document import Block, Value
    from monitor.reports.subject import Subject

DAY_US = 86_400_000_000


def commitments(subject: Subject) -> Section | None:
    """The chapter; None where the register holds nothing of the period, and in a report of one line or queue."""
    told = subject.figures.charter
    if told is None or not subject.of_all or not any(one.received or one.done_at for one in told.commitments):
        return None
    _ = subject.words.text
    return Section(key="commitments", title=_("Promises with a clock"), blocks=tuple(_blocks(subject)))


def _blocks(subject: Subject) -> Iterator[Block]:
    told = subject.figures.charter
    if told is None:
        return
    of_cases, owing, periodic = parted(told.commitments)
    if any(one.received for one in of_cases):
        yield Paragraph(text=sentence(subject, of_cases))
        yield commitments_table(subject, of_cases)
    if any(one.received for one in owing):
        yield owed_table(subject, owing)
    if periodic:
        yield periodic_table(subject, periodic)


def parted(
    found: Iterable[CommitmentFigures],
) -> tuple[list[CommitmentFigures], list[CommitmentFigures], list[CommitmentFigures]]:
    """Promises of single cases, those of them that may owe something, and what is due once and again."""
    each = list(found)
    of_cases = [one for one in each if one.commitment.every is None]
    return of_cases, [one for one in of_cases if owes(one)], [one for one in each if one.commitment.every is not None]


def owes(found: CommitmentFigures) -> bool:
    """Whether anything can be owed under this promise, or was."""
    was = (found.owed_won, found.paid_won, found.apologies_owed, found.apologies_sent)
    return bool(found.commitment.owed or any(was) or found.trainings_owed or found.trainings_held)


def sentence(subject: Subject, found: Iterable[CommitmentFigures]) -> str:
    """All cases in a sentence."""
    words, each = subject.words, tuple(found)
    _, ngettext = words.text, words.number
    received = sum(one.received for one in each)
    judged, in_time = sum(one.judged for one in each), sum(one.in_time for one in each)
    text = ngettext("{count} case came in.", "{count} cases came in.", received).format(count=words.count(received))
    if judged:
        text += " " + ngettext(
            "Of {count} that is done or overdue {in_time} was done in time ({share}).",
            "Of {count} that are done or overdue {in_time} were done in time ({share}).",
            judged,
        ).format(
            count=words.count(judged),
            in_time=words.count(in_time),
            share=words.percent(in_time_rate(in_time, judged - in_time, 0)),
        )
    return text


def commitments_table(subject: Subject, found: Iterable[CommitmentFigures], *, fewest: int = 1) -> Table:
    """By promise, how the cases stood.

    Args:
        subject: what is told.
        found: the promises.
        fewest: of fewer cases than these no days are told.
    """
    words, each = subject.words, tuple(found)
    _, _c = words.text, words.of
    counts = {
        "received": _c("case", "Came in"),
        "in_time": _c("case", "In time"),
        "late": _c("case", "Late"),
        "overdue": _c("case", "Overdue"),
        "open": _c("case", "Not due yet"),
        "withdrawn": _c("case", "Withdrawn"),
        "unclocked": _c("case", "Without a time"),
    }
    return Table(
        key="commitments",
        title=_("Cases by promise"),
        columns=(
            Column(key="promise", heading=_c("record", "Promise"), kind=Kind.TEXT),
            Column(key="key", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            Column(key="who", heading=_c("case", "Kept by"), kind=Kind.TEXT, printed=False),
            *(Column(key=key, heading=text, kind=Kind.COUNT, summed=True) for key, text in counts.items()),
            Column(
                key="in_time_share",
                heading=_c("case", "In time, share"),
                kind=Kind.SHARE,
                quotient=Quotient(numerator=("in_time",), denominator=("in_time", "late", "overdue")),
            ),
            Column(key="mean_days", heading=_c("case", "Mean (days)"), kind=Kind.NUMBER),
            Column(key="p50_days", heading=_c("case", "p50 (days)"), kind=Kind.NUMBER, printed=False),
            Column(key="p90_days", heading=_c("case", "p90 (days)"), kind=Kind.NUMBER),
        ),
        rows=tuple(
            (
                charter.with_a_clock(words, one.commitment),
                one.commitment.key,
                one.commitment.who,
                *(getattr(one, key) for key in counts),
                one.share,
                *_days(one, fewest),
            )
            for one in each
        ),
        total=(_c("report", "Total"), None, None, *_sums(each, counts), _share(each), None, None, None),
        note=_(
            "Cases that came in within the period, as they stood when this was made. Overdue: not done, and the "
            "deadline has passed. Withdrawn ones, and those without a time, are in no share. Days run from receipt to "
            "done, by the clock on the wall."
        )
        + charter.too_few(words, fewest),
    )


def _days(found: CommitmentFigures, fewest: int) -> tuple[Value, ...]:
    days = found.days
    durations_us = (days.mean_us, days.p50_us, days.p90_us)
    return tuple(None if us is None or days.count < fewest else us / DAY_US for us in durations_us)


def _sums(found: Iterable[CommitmentFigures], keys: Iterable[str]) -> tuple[Value, ...]:
    each = tuple(found)
    return tuple(sum(getattr(one, key) for one in each) for key in keys)


def _share(found: Iterable[CommitmentFigures]) -> float | None:
    each = tuple(found)
    in_time, late = sum(one.in_time for one in each), sum(one.late for one in each)
    return in_time_rate(in_time, late, sum(one.overdue for one in each))


def owed_table(subject: Subject, found: Iterable[CommitmentFigures]) -> Table:
    """By promise, what was owed where it was not kept, and what was done about it."""
    words, each = subject.words, tuple(found)
    _, _c = words.text, words.of
    counts = {
        "received": _c("case", "Came in"),
        "upheld": _c("case", "Upheld"),
        "owed_won": _c("record", "Owed (won)"),
        "paid_won": _c("record", "Paid (won)"),
        "apologies_owed": _c("case", "Apologies owed"),
        "apologies_sent": _c("case", "sent"),
        "trainings_owed": _c("case", "Trainings owed"),
        "trainings_held": _c("case", "held"),
    }
    return Table(
        key="commitments_owed",
        title=_("What was owed, and paid"),
        columns=(
            Column(key="promise", heading=_c("record", "Promise"), kind=Kind.TEXT),
            Column(key="key", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            *(Column(key=key, heading=text, kind=Kind.COUNT, summed=True) for key, text in counts.items()),
        ),
        rows=tuple(
            (charter.named(words, one.commitment), one.commitment.key, *(getattr(one, key) for key in counts))
            for one in each
        ),
        total=(_c("report", "Total"), None, *_sums(each, counts)),
        note=_(
            "Upheld: looked into, and the person was right. Owed is what the charter says; paid is what the register "
            "says was paid, by the time this was made."
        ),
    )


def periodic_table(subject: Subject, found: Iterable[CommitmentFigures]) -> Table:
    """What is due once and again: when it was done, and what came of it."""
    words = subject.words
    _, _c = words.text, words.of
    return Table(
        key="commitments_periodic",
        title=_("What is due once and again"),
        columns=(
            Column(key="promise", heading=_c("record", "Promise"), kind=Kind.TEXT),
            Column(key="key", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            Column(key="last_day", heading=_c("case", "Last day for it"), kind=Kind.DAY),
            Column(key="times", heading=_c("case", "Times done"), kind=Kind.COUNT),
            Column(key="done_on", heading=_c("case", "Done on"), kind=Kind.DAY),
            Column(key="results", heading=_c("case", "What came of it"), kind=Kind.TEXT),
        ),
        rows=tuple(
            (
                charter.with_a_clock(words, one.commitment),
                one.commitment.key,
                None if one.due_by is None else last_day(subject, one.due_by),
                len(one.done_at),
                local_day(subject, max(one.done_at)) if one.done_at else None,
                " / ".join(one.results),
            )
            for one in found
        ),
        note=_("Of the year or half-year in which the period lies. Results stand here in the words of the register."),
    )


def local_day(subject: Subject, at: datetime) -> date:
    """The centre's day of an instant."""
    return at.astimezone(subject.figures.period.zone).date()


def last_day(subject: Subject, due_by: datetime) -> date:
    """The last day of what is due before an instant."""
    return local_day(subject, due_by - timedelta(microseconds=1))
