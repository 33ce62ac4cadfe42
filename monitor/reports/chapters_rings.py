"""How often the phone rang: the distribution, and what was left out of the judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor import forms
from monitor.calls.facts import Outcome, VerdictReason
from monitor.calls.formulas import ratio
from monitor.calls.rules import Reading
from monitor.reports.document import Chart, Column, Form, Kind, Paragraph, Section, Table
from monitor.reports.measures import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.reports.document import Block
    from monitor.reports.figures import RingFigures
    from monitor.reports.subject import Subject

TOLD_APART = 10
"""Rings past the limit that have a row each; what rang longer stands in one row."""


def rings(subject: Subject) -> Section:
    """The chapter of the distribution."""
    _ = subject.words.text
    table = _distribution(subject)
    blocks: list[Block] = [table]
    if table.rows:
        blocks.insert(0, _drawn(subject, table))
    return Section(key="rings", title=_("How often the phone rang"), blocks=tuple(blocks))


def first_ring_past(subject: Subject) -> int:
    """The ring with which the promise is broken under the headline reading."""
    return subject.rule.limit + (1 if subject.headline is Reading.WITHIN else 0)


def ring_name(subject: Subject, count: int, *, more: bool = False) -> str:
    """A row of the distribution."""
    _ = subject.words.text
    if not count:
        return _("no phone rang")
    name = subject.words.rings(count)
    return _("{rings} or more").format(rings=name) if more else name


def _distribution(subject: Subject) -> Table:
    figures, words = subject.figures, subject.words
    _, _c, ngettext = words.text, words.of, words.number
    past, last = first_ring_past(subject), subject.rule.limit + TOLD_APART
    counted = {ring.rings: _sides(ring) for ring in figures.ring_counts}
    totals = tuple(sum(sides[place] for sides in counted.values()) for place in range(3))
    whole = sum(totals)
    rows = []
    for count in range(min(max(counted, default=-1), last) + 1):
        more = count == last and max(counted) > last
        found = [sides for ring, sides in counted.items() if ring == count or (more and ring > last)]
        sides = tuple(sum(each[place] for each in found) for place in range(3))
        begin_us, end_us = _span(subject, count)
        rows.append(
            (
                ring_name(subject, count, more=more),
                count,
                _span_text(begin_us, None if more else end_us),
                seconds_of(begin_us),
                None if more else seconds_of(end_us),
                _("past the rule") if count >= past else _("within the rule") if count else "",
                *sides,
                sum(sides),
                ratio(sum(sides), whole),
            )
        )
    note = _(
        "By the rule {rule}, one ring every {seconds} s, phones that ring at once counted once. Spans are half-open: "
        "exactly {boundary} s of ringing is ring {ring}."
    ).format(
        rule=subject.rule.label,
        seconds=forms.tenths(subject.rule.period_us),
        boundary=forms.tenths(subject.rule.limit * subject.rule.period_us),
        ring=subject.rule.limit + 1,
    )
    if figures.ringing_unknown:
        note += " " + ngettext(
            "{count} call is not in it, since no record tells how long its phones rang.",
            "{count} calls are not in it, since no record tells how long their phones rang.",
            figures.ringing_unknown,
        ).format(count=words.count(figures.ringing_unknown))
    return Table(
        key="rings",
        title=_("Calls by rings"),
        columns=(
            Column(key="ring", heading=_c("report", "Rings"), kind=Kind.TEXT),
            Column(key="rings", heading=_c("report", "Rings, as a number"), kind=Kind.COUNT, printed=False),
            Column(key="span", heading=_c("report", "Ringing (s)"), kind=Kind.TEXT),
            Column(key="from_seconds", heading=_c("report", "Ringing from (s)"), kind=Kind.SECONDS, printed=False),
            Column(key="below_seconds", heading=_c("report", "Ringing below (s)"), kind=Kind.SECONDS, printed=False),
            Column(key="promise", heading=_c("report", "Promise"), kind=Kind.TEXT),
            Column(key="answered", heading=_c("report", "Answered"), kind=Kind.COUNT, summed=True),
            Column(key="never_answered", heading=_c("report", "Never answered"), kind=Kind.COUNT, summed=True),
            Column(
                key="unobserved",
                heading=_c("report", "End not seen"),
                kind=Kind.COUNT,
                summed=True,
                printed=totals[2] > 0,
            ),
            Column(key="calls", heading=_c("report", "Calls"), kind=Kind.COUNT, summed=True),
            Column(key="share", heading=_c("report", "Share"), kind=Kind.SHARE),
        ),
        rows=tuple(rows),
        total=(_c("report", "Total"), *(None,) * 5, *totals, whole, ratio(whole, whole)) if rows else None,
        note=note,
        empty=_("Of no call it is known how often the phone rang."),
    )


def _sides(ring: RingFigures) -> tuple[int, int, int]:
    """Calls answered, never answered, and not seen to their end, which may have been either."""
    unseen = ring.never_answered.get(Outcome.UNOBSERVED, 0)
    return ring.answered, sum(ring.never_answered.values()) - unseen, unseen


def _span(subject: Subject, count: int) -> tuple[int | None, int | None]:
    """From and to how much ringing a phone has rung so often; None for both where rules disagree, or none rang."""
    if not count or len({rule.period_us for rule in subject.figures.rules}) > 1:
        return None, None
    return (count - 1) * subject.rule.period_us, count * subject.rule.period_us


def _span_text(begin_us: int | None, end_us: int | None) -> str:
    if begin_us is None:
        return ""
    return f"{forms.tenths(begin_us)}\N{EN DASH}{'' if end_us is None else forms.tenths(end_us)}"


def _drawn(subject: Subject, table: Table) -> Chart:
    words = subject.words
    _ = words.text
    past, calls = first_ring_past(subject), [row[9] for row in table.rows]
    counted = [count for count in calls if isinstance(count, int)]
    most = max(range(len(counted)), key=lambda index: (counted[index], -index))
    return Chart(
        key="rings_chart",
        title=_("Calls by rings"),
        alt=_("Most calls, {most} of {whole}, stand at: {ring}. Past the rule: {past}.").format(
            most=words.count(counted[most]),
            whole=words.count(sum(counted)),
            ring=table.rows[most][0],
            past=words.calls(sum(counted[past:])),
        ),
        form=Form.STACKED,
        table=table.key,
        category="ring",
        values=tuple(column.key for column in table.columns[6:9] if column.printed),
        mark_from=table.rows[past][0] if len(table.rows) > past else None,
    )


def excluded(subject: Subject) -> Section:
    """The chapter of calls that are in no compliance, by reason."""
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    reasons = figures.judged.excluded
    ordered = [reason for reason in VerdictReason if reasons[reason]]
    whole = sum(reasons.values())
    table = Table(
        key="excluded",
        title=_("Excluded calls by reason"),
        columns=(
            Column(key="reason", heading=_c("report", "Reason"), kind=Kind.TEXT),
            Column(key="code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            Column(key="calls", heading=_c("report", "Calls"), kind=Kind.COUNT, summed=True),
            Column(key="share", heading=_c("report", "Share of offered"), kind=Kind.SHARE),
        ),
        rows=tuple(
            (
                words.terms.verdict_reasons[reason],
                reason.value,
                reasons[reason],
                ratio(reasons[reason], figures.judged.offered),
            )
            for reason in ordered
        ),
        total=(_c("report", "Total"), None, whole, ratio(whole, figures.judged.offered)) if ordered else None,
        empty=_("No call was excluded."),
    )
    why = _(
        "Excluded calls are neither kept nor broken, and are counted here so that nobody has to take compliance on "
        "trust: a phone that nobody lets ring would otherwise look perfect."
    )
    return Section(key="excluded", title=_("Excluded from compliance"), blocks=(Paragraph(text=why), table))


def survey(subject: Subject) -> Section:
    """The chapter of the mystery callers: what a survey of a hundred would have scored."""
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    rows = tuple(
        (
            subject.reading(reading),
            reading.value,
            figures.judged.kept(reading) + figures.judged.broken(reading),
            found.callers,
            found.score,
            found.low,
            found.high,
        )
        for reading in (subject.headline, subject.other)
        if (found := figures.survey.get(reading)) is not None
    )
    table = Table(
        key="survey",
        title=_("A mystery-caller survey of this period"),
        columns=(
            Column(key="reading", heading=_c("report", "Reading"), kind=Kind.TEXT),
            Column(key="reading_code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            Column(key="judged", heading=_c("report", "Judged calls"), kind=Kind.COUNT),
            Column(key="callers", heading=_c("report", "Callers in the survey"), kind=Kind.COUNT),
            Column(key="score", heading=_c("report", "Expected score"), kind=Kind.SHARE),
            Column(key="low", heading=_c("report", "95 of 100 surveys: from"), kind=Kind.SHARE),
            Column(key="high", heading=_c("report", "to"), kind=Kind.SHARE),
        ),
        rows=rows,
        empty=_("No call was judged, so nothing can be said of a survey."),
    )
    return Section(
        key="survey",
        title=_("What a mystery-caller survey would have scored"),
        blocks=(*(Paragraph(text=text) for text in _survey_words(subject)), table),
    )


def _survey_words(subject: Subject) -> Iterable[str]:
    words, found = subject.words, subject.figures.survey.get(subject.headline)
    _, ngettext = words.text, words.number
    if found is None:
        return
    judged = subject.figures.judged.kept(subject.headline) + subject.figures.judged.broken(subject.headline)
    if found.callers == judged:
        yield ngettext(
            "There is {count} judged call, fewer than a survey of 100 callers has. All there are score {score}.",
            "There are {count} judged calls, no more than a survey of 100 callers has. All there are score {score}.",
            judged,
        ).format(count=words.count(judged), score=words.percent(found.score))
        return
    yield _(
        "Had mystery callers made {callers} of this period's calls, drawn by chance, they could expect a score of "
        "{score} ({reading}). By chance alone 95 of 100 such surveys come out between {low} and {high}."
    ).format(
        callers=words.count(found.callers),
        score=words.percent(found.score),
        reading=subject.reading(subject.headline),
        low=words.percent(found.low),
        high=words.percent(found.high),
    )
    yield _(
        "So two surveys may differ by this much though nothing has changed. The figures of this report count every "
        "call, and have no such error."
    )
