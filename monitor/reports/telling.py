"""Figures told: the report for the centre and its management, chapter by chapter.

    summary        chapters_summary.py       rings, survey, excluded   chapters_rings.py
    when           chapters_times.py         where and by whom         chapters_places.py
    what was lost  chapters_lost.py          waiting                   chapters_waiting.py
    transfers      chapters_transfers.py     what was not seen         chapters_observation.py
    calls back     chapters_callbacks.py     calls listened to         chapters_reviews.py
    with a clock   chapters_commitments.py   teams                     chapters_places.py
    annex          chapters_annex.py         columns of tallies        measures.py

A period without calls has its summary, its coverage and the annex: thirty tables of nothing would say less. Chapters of
the rest of the charter are there where there is something to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor import __version__
from monitor.reports.chapters_annex import annex
from monitor.reports.chapters_callbacks import callbacks
from monitor.reports.chapters_commitments import commitments
from monitor.reports.chapters_lost import missed, worst_hours
from monitor.reports.chapters_observation import observation
from monitor.reports.chapters_places import agents, queues, teams
from monitor.reports.chapters_reviews import reviews
from monitor.reports.chapters_rings import excluded, rings, survey
from monitor.reports.chapters_summary import summary
from monitor.reports.chapters_times import days, half_hours, hours
from monitor.reports.chapters_transfers import transfers
from monitor.reports.chapters_waiting import waiting
from monitor.reports.document import Document
from monitor.reports.order import SCHEDULE
from monitor.reports.periods import Span
from monitor.reports.subject import Subject
from monitor.reports.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reports.figures import Figures
    from monitor.reports.order import House, Order
    from monitor.texts import Language

_CHAPTERS = (
    summary,
    rings,
    days,
    half_hours,
    hours,
    teams,
    queues,
    agents,
    worst_hours,
    missed,
    waiting,
    transfers,
    callbacks,
    reviews,
    commitments,
    survey,
    excluded,
    observation,
    annex,
)
_OF_SILENCE = (summary, callbacks, reviews, commitments, observation, annex)


def document_of(figures: Figures, order: Order, house: House, language: Language) -> Document:
    """The report of a period.

    Args:
        figures: what was counted.
        order: what was asked for.
        house: what the institution says of itself.
        language: in which it is told.
    """
    subject = Subject(figures=figures, order=order, house=house, words=Words(language))
    words = subject.words
    _ = words.text
    title = {
        Span.MONTH: _("Monthly ring report, {period}"),
        Span.HALF: _("Half-yearly ring report, {period}"),
        Span.DAYS: _("Ring report, {period}"),
    }[figures.period.span].format(period=words.period(figures.period))
    return Document(
        title=title,
        subtitle=place(subject),
        language=language,
        cover=tuple(_cover(subject)),
        sections=tuple(
            section
            for chapter in (_OF_SILENCE if subject.silent else _CHAPTERS)
            if (section := chapter(subject)) is not None
        ),
        period=figures.period,
        made_at=figures.made_at.astimezone(figures.period.zone),
        footer=f"{title} · {subject.rule.label} · {subject.reading(subject.headline)}",
    )


def place(subject: Subject) -> str:
    """The line or lines, and the queue where only one is told of."""
    _ = subject.words.text
    figures = subject.figures
    line = figures.line or ", ".join(figures.lines) or _("all lines")
    if figures.queue is None:
        return line
    return _("{line}, queue {queue}").format(line=line, queue=figures.queue)


def _cover(subject: Subject) -> Iterator[tuple[str, str]]:
    figures, words, order = subject.figures, subject.words, subject.order
    _, _c = words.text, words.of
    if subject.house.institution:
        yield _c("cover", "Institution"), subject.house.institution
    yield _c("cover", "Line"), figures.line or ", ".join(figures.lines) or _("all lines")
    if figures.queue is not None:
        yield _c("cover", "Queue"), figures.queue
    yield _c("cover", "Period"), dates(subject)
    for rule in figures.rules:
        yield _c("cover", "Rule"), words.rule(rule)
    yield (
        _c("cover", "Headline"),
        _("{headline}; beside it {other}").format(
            headline=subject.reading(subject.headline), other=subject.reading(subject.other)
        ),
    )
    judged = _("calls of working time") if subject.judged_apart else _("all calls")
    yield _c("cover", "Judged on"), judged
    yield _c("cover", "Coverage"), coverage(subject)
    yield _c("cover", "Who may see it"), subject.house.audience or _audience(subject)
    made_at = words.instant(figures.made_at.astimezone(figures.period.zone))
    by = _("the schedule") if order.made_by == SCHEDULE else order.made_by
    yield _c("cover", "Made"), _("{instant} by {who}").format(instant=made_at, who=by) if by else made_at
    yield _c("cover", "Program"), f"callmonitor {__version__}"


def dates(subject: Subject) -> str:
    """The period with its first and last day."""
    period, words = subject.figures.period, subject.words
    _ = words.text
    return _("{period} ({first} to {last}, {zone})").format(
        period=words.period(period), first=period.first, last=period.last, zone=period.zone.key
    )


def coverage(subject: Subject) -> str:
    """Coverage for the cover."""
    figures, words = subject.figures, subject.words
    _ = words.text
    if figures.coverage is None:
        return _("nothing to observe")
    return words.percent(figures.coverage)


def _audience(subject: Subject) -> str:
    _ = subject.words.text
    if subject.figures.agents:
        return _(
            "Supervisors and the management. It holds figures of single agents and masked numbers; do not publish it."
        )
    return _("Supervisors and the management. It holds masked numbers; do not publish it.")
