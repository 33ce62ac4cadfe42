"""The record's chapters of single promises: asked first, called back, greeted, the teams, and promises with a clock.

They are those of the month's report without what is of single people. A promise of which nothing was measured has no
chapter: the table of promises says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.reports.chapters_callbacks import callback_times, callbacks_table
from monitor.reports.chapters_commitments import commitments_table, owed_table, parted, periodic_table, sentence
from monitor.reports.chapters_places import by_offered, team_name, teams
from monitor.reports.chapters_reviews import review_items, review_sentences
from monitor.reports.chapters_transfers import asked_table
from monitor.reports.document import Kind, Paragraph, Section
from monitor.reports.measures import Row, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reports.document import Block, Table
    from monitor.reports.subject import Subject


FEWEST = 5
"""Of fewer cases or calls than these no duration is published, since it would be that of single people."""


def promises_in_full(subject: Subject) -> tuple[Section, ...]:
    """The chapters, of what was measured."""
    return tuple(_chapters(subject))


def _chapters(subject: Subject) -> Iterator[Section]:
    figures, told = subject.figures, subject.figures.charter
    _ = subject.words.text
    if figures.transfers.consent_yes + figures.transfers.consent_no:
        yield Section(key="asked_first", title=_("Asked first"), blocks=(asked_table(subject),))
    if by_team := teams(subject):
        yield Section(key="teams", title=by_team.title, blocks=(*by_team.blocks, *_teams_before(subject)))
    if told is None:
        return
    if any(one.owed for one in told.callbacks.values()):
        yield Section(
            key="callbacks",
            title=_("Calls back"),
            blocks=(callbacks_table(subject, told.callbacks), callback_times(subject, told.callbacks, fewest=FEWEST)),
        )
    if told.reviews is not None and told.reviews.reviewed:
        sentences = tuple(Paragraph(text=text) for text in review_sentences(subject, told.reviews))
        yield Section(
            key="reviews", title=_("Calls listened to"), blocks=(*sentences, review_items(subject, told.reviews))
        )
    if told.register_used:
        of_cases, owing, periodic = parted(told.commitments)
        blocks: list[Block] = []
        if of_cases:
            blocks += [Paragraph(text=sentence(subject, of_cases)), commitments_table(subject, of_cases, fewest=FEWEST)]
        if owing:
            blocks.append(owed_table(subject, owing))
        yield Section(key="commitments", title=_("Promises with a clock"), blocks=tuple(blocks))
        if periodic:
            blocks = [periodic_table(subject, periodic)]
            yield Section(key="periodic", title=_("Survey, and review of this standard"), blocks=tuple(blocks))


def _teams_before(subject: Subject) -> Iterator[Table]:
    """The same of the half before, where it had calls of a team."""
    before, words = subject.figures.teams_before, subject.words
    _, _c = words.text, words.of
    if not set(before) - {None}:
        return
    named = [(team_name(subject, team), tally) for team, tally in before.items()]
    yield subject.measures.table(
        "teams_before",
        _("The half-year before, by team"),
        heads=plain({"team": (_c("report", "Team"), Kind.TEXT)}),
        rows=[Row(head=(name,), tally=tally) for name, tally in by_offered(named)],
        keys=("offered", "answered", "answer_rate", *subject.judgement_keys),
        note=_("All calls."),
    )
