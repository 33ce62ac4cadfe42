"""What was not seen, and where the records come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import Source
from monitor.calls.formulas import ratio
from monitor.reports.document import Column, Kind, Paragraph, Section, Table
from monitor.reports.measures import seconds_of

if TYPE_CHECKING:
    from monitor.reports.document import Block
    from monitor.reports.figures import ReconciledFigures
    from monitor.reports.subject import Subject

GAPS = 100
"""Gaps print lists; sheets hold all."""


def observation(subject: Subject) -> Section:
    """The chapter."""
    figures, words = subject.figures, subject.words
    _ = words.text
    blocks: list[Block] = [Paragraph(text=observed(subject)), _gaps(subject)]
    blocks += [Paragraph(text=_reconciled(subject, one)) for one in figures.reconciled]
    if figures.sources:
        blocks.append(_sources(subject))
    return Section(key="observation", title=_("What was observed, and what was not"), blocks=tuple(blocks))


def observed(subject: Subject) -> str:
    """Coverage in a sentence."""
    figures, words = subject.figures, subject.words
    _ = words.text
    if figures.coverage is None:
        return _("There was nothing that could have been observed.")
    if not figures.unobserved_us:
        return _("The whole period was observed: coverage {coverage}.").format(coverage=words.percent(figures.coverage))
    return _("Coverage {coverage}: {unobserved} of {whole} went unobserved.").format(
        coverage=words.percent(figures.coverage),
        unobserved=words.duration(figures.unobserved_us),
        whole=words.duration(figures.whole_us),
    )


def _reconciled(subject: Subject, made: ReconciledFigures) -> str:
    """What comparing with Asterisk's own records came to, in a sentence."""
    figures, words = subject.figures, subject.words
    _ = words.text
    text = _(
        "Reconciliation: {days} of {of} days were compared with Asterisk's own records ({sources}), last on {at}. "
        "Calls matched: {matched}, filled: {filled}, disagreeing: {disagreeing}."
    ).format(
        days=words.count(int(made.days + 0.5)),
        of=words.count(len(figures.days)),
        sources=", ".join(made.sources),
        at=words.instant(made.last_made_at.astimezone(figures.period.zone)),
        matched=words.count(made.matched),
        filled=words.count(made.filled),
        disagreeing=words.count(made.disagreeing),
    )
    return text if len(figures.systems) == 1 else f"{made.system} · {text}"


def _gaps(subject: Subject) -> Table:
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    zone = figures.period.zone
    rows = tuple(
        (
            gap.system,
            gap.started_at.astimezone(zone),
            gap.ended_at.astimezone(zone),
            (gap.ended_at - gap.started_at).total_seconds(),
            words.gap_cause(gap.cause),
            _("lasts") if gap.lasts else "",
            str(gap.cause),
        )
        for gap in figures.gaps
    )
    return Table(
        key="gaps",
        title=_("Gaps"),
        columns=(
            Column(key="system", heading=_c("report", "System"), kind=Kind.TEXT),
            Column(key="from", heading=_c("report", "From"), kind=Kind.INSTANT),
            Column(key="to", heading=_c("report", "To"), kind=Kind.INSTANT),
            Column(key="length_seconds", heading=_c("report", "Length"), kind=Kind.DURATION),
            Column(key="cause", heading=_c("report", "Cause"), kind=Kind.TEXT),
            Column(
                key="lasts",
                heading=_c("report", "End"),
                kind=Kind.TEXT,
                printed=any(gap.lasts for gap in figures.gaps),
            ),
            Column(key="code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
        ),
        rows=rows,
        total=(
            _c("report", "Total"),
            None,
            None,
            seconds_of(figures.unobserved_us),
            None,
            None,
            None,
        )
        if rows
        else None,
        note=_(
            "The total is the time that coverage leaves out: each system counts for itself, and gaps of one system "
            "that overlap count once."
        )
        if rows
        else "",
        empty=_("There was no gap."),
        first=GAPS,
    )


def _sources(subject: Subject) -> Table:
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    unknown = {
        Source.AMI: _("Knows all that this report tells."),
        Source.QUEUE_LOG: _(
            "Does not know menus, exact ringing or transfers made by a phone; waiting in whole seconds."
        ),
        Source.CDR: _("Does not know waiting apart from ringing, queues' members or transfers made by a phone."),
        Source.CEL: _("Does not know how long a phone rang, nor hold; of calls that nobody answered, not always why."),
    }
    ordered = [source for source in Source if figures.sources.get(source)]
    whole = sum(figures.sources.values())
    return Table(
        key="sources",
        title=_("Where the records come from"),
        columns=(
            Column(key="source", heading=_c("report", "Source"), kind=Kind.TEXT),
            Column(key="code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            Column(key="calls", heading=_c("report", "Calls"), kind=Kind.COUNT, summed=True),
            Column(key="share", heading=_c("report", "Share"), kind=Kind.SHARE),
            Column(key="unknown", heading=_c("report", "What it cannot know"), kind=Kind.TEXT),
        ),
        rows=tuple(
            (
                words.terms.sources[source],
                source.value,
                figures.sources[source],
                ratio(figures.sources[source], whole),
                unknown[source],
            )
            for source in ordered
        ),
        total=(_c("report", "Total"), None, whole, ratio(whole, whole), None) if ordered else None,
    )
