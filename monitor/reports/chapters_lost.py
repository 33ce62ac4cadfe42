"""What went wrong: the worst hours and why, and the calls nobody answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import Verdict
from monitor.calls.formulas import NEVER_ANSWERED, ratio
from monitor.reports.chapters_rings import first_ring_past, ring_name
from monitor.reports.document import Chart, Column, Form, Kind, Paragraph, Section, Table
from monitor.reports.figures import Why
from monitor.reports.measures import missed as not_answered
from monitor.reports.measures import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reports.document import Block, Value
    from monitor.reports.figures import RingFigures, WorstHour
    from monitor.reports.subject import Subject

LISTED = 50
"""Calls print lists; sheets, CSV and JSON hold all."""


def worst_hours(subject: Subject) -> Section:
    """The chapter of the worst hours."""
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    table = Table(
        key="worst_hours",
        title=_("The worst hours"),
        columns=(
            Column(key="hour", heading=_c("report", "Hour from"), kind=Kind.INSTANT),
            Column(key="weekday", heading=_c("report", "Weekday"), kind=Kind.TEXT),
            Column(key="offered", heading=_c("report", "Offered"), kind=Kind.COUNT),
            Column(key="broken", heading=words.heading(words.terms.verdicts[Verdict.BROKEN]), kind=Kind.COUNT),
            Column(key="missed", heading=_c("report", "Not answered"), kind=Kind.COUNT),
            Column(key="why", heading=_c("report", "Why"), kind=Kind.TEXT),
            Column(key="why_share", heading=_c("report", "Of the waiting"), kind=Kind.SHARE),
            Column(key="why_code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            *(
                Column(
                    key=f"{why}_seconds",
                    heading=_c("report", "Waiting: {why}").format(why=words.whys[why]),
                    kind=Kind.DURATION,
                    printed=False,
                )
                for why in Why
            ),
        ),
        rows=tuple(_hour(subject, hour) for hour in figures.worst_hours),
        note=_(
            "Ranked by calls that were broken or not answered, of all calls. The reason is what held up the most of "
            "the callers' waiting in that hour."
        )
        if figures.worst_hours
        else "",
        empty=_("In no hour was a call broken or lost."),
    )
    blocks: list[Block] = [table]
    if any(any(hour.waited_us.values()) for hour in figures.worst_hours):
        blocks.insert(0, Paragraph(text=_reasons(subject)))
    return Section(key="worst_hours", title=_("The worst hours, and why"), blocks=tuple(blocks))


def _hour(subject: Subject, hour: WorstHour) -> tuple[Value, ...]:
    words = subject.words
    _ = words.text
    waited_us = sum(hour.waited_us.values())
    started_at = hour.started_at.astimezone(subject.figures.period.zone)
    return (
        started_at,
        words.weekdays[started_at.weekday()],
        hour.tally.offered,
        hour.tally.broken(subject.headline),
        not_answered(hour.tally),
        # Callers who left before they asked for a person were held up by nobody.
        words.whys[hour.why] if waited_us else _("nobody had to wait"),
        ratio(hour.waited_us.get(hour.why, 0), waited_us),
        hour.why.value if waited_us else None,
        *(seconds_of(hour.waited_us.get(why, 0)) for why in Why),
    )


def _reasons(subject: Subject) -> str:
    """How many of the worst hours had which reason."""
    words = subject.words
    _, ngettext = words.text, words.number
    hours = [hour for hour in subject.figures.worst_hours if any(hour.waited_us.values())]
    counted = [(sum(hour.why is why for hour in hours), why) for why in Why]
    told = ", ".join(
        _("{why} ({count})").format(why=words.whys[why], count=count)
        for count, why in sorted(counted, key=lambda item: -item[0])
        if count
    )
    return ngettext(
        "What held callers up in the worst hour: {reasons}.",
        "What held callers up in the {count} worst hours: {reasons}.",
        len(hours),
    ).format(count=len(hours), reasons=told)


def missed(subject: Subject) -> Section:
    """The chapter of the calls nobody answered: after how many rings, and one by one."""
    _ = subject.words.text
    by_rings = _by_rings(subject)
    blocks: list[Block] = [by_rings, _list(subject)]
    if by_rings.rows:
        blocks.insert(0, _drawn(subject, by_rings))
    return Section(key="missed", title=_("Calls nobody answered"), blocks=tuple(blocks))


def _by_rings(subject: Subject) -> Table:
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    counted = [ring for ring in figures.ring_counts if _left_unanswered(ring)]
    occurred = {outcome for ring in counted for outcome, count in ring.never_answered.items() if count}
    totals = [sum(ring.never_answered.get(outcome, 0) for ring in counted) for outcome in NEVER_ANSWERED]
    untold = not_answered(figures.judged) - sum(totals)
    return Table(
        key="missed_rings",
        title=_("Never answered, by rings"),
        columns=(
            Column(key="ring", heading=_c("report", "Rings"), kind=Kind.TEXT),
            Column(key="rings", heading=_c("report", "Rings, as a number"), kind=Kind.COUNT, printed=False),
            Column(key="calls", heading=_c("report", "Calls"), kind=Kind.COUNT, summed=True),
            *(
                Column(
                    key=outcome.value,
                    heading=words.heading(words.terms.outcomes[outcome]),
                    kind=Kind.COUNT,
                    summed=True,
                    printed=outcome in occurred,
                )
                for outcome in NEVER_ANSWERED
            ),
        ),
        rows=tuple(
            (
                ring_name(subject, ring.rings),
                ring.rings,
                _left_unanswered(ring),
                *(ring.never_answered.get(outcome, 0) for outcome in NEVER_ANSWERED),
            )
            for ring in counted
        ),
        total=(_c("report", "Total"), None, sum(totals), *totals) if counted else None,
        note=" ".join(_notes_by_rings(subject, untold)) if counted else "",
        empty=_("Of none of the calls nobody answered is it known how often the phone rang.")
        if untold
        else _("Nobody was left unanswered."),
    )


def _notes_by_rings(subject: Subject, untold: int) -> Iterator[str]:
    words = subject.words
    _, ngettext = words.text, words.number
    yield _("How often the phone had rung when the caller left or the centre gave up.")
    if subject.judged_apart:
        yield _("Of the calls the promise is judged on.")
    if untold:
        yield ngettext(
            "{count} call is not in it, since no record tells how long its phones rang.",
            "{count} calls are not in it, since no record tells how long their phones rang.",
            untold,
        ).format(count=words.count(untold))


def _left_unanswered(ring: RingFigures) -> int:
    return sum(ring.never_answered.get(outcome, 0) for outcome in NEVER_ANSWERED)


def _drawn(subject: Subject, table: Table) -> Chart:
    words = subject.words
    _ = words.text
    counts = [(row[2] if isinstance(row[2], int) else 0, row[0]) for row in table.rows]
    most, ring = max(counts, key=lambda pair: pair[0])
    past = first_ring_past(subject)
    return Chart(
        key="missed_chart",
        title=table.title,
        alt=_("Most of them, {count}, stand at: {ring}.").format(count=words.count(most), ring=ring),
        form=Form.BARS,
        table=table.key,
        category="ring",
        values=("calls",),
        mark_from=next((row[0] for row in table.rows if isinstance(row[1], int) and row[1] >= past), None),
    )


def _list(subject: Subject) -> Table:
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    linked = bool(subject.house.page_url)
    note = _("Numbers are masked. The whole number stands with the call on the page, for supervisors.")
    return Table(
        key="missed",
        title=_("Calls to return"),
        columns=(
            Column(key="at", heading=_c("report", "Came in"), kind=Kind.INSTANT),
            Column(key="line", heading=_c("report", "Line"), kind=Kind.TEXT, printed=subject.several_lines),
            Column(key="queue", heading=_c("report", "Queue"), kind=Kind.TEXT),
            Column(key="caller", heading=_c("report", "Caller"), kind=Kind.TEXT),
            Column(key="outcome", heading=_c("report", "Outcome"), kind=Kind.TEXT),
            Column(key="rings", heading=_c("report", "Rings"), kind=Kind.COUNT),
            Column(key="waiting_seconds", heading=_c("report", "Waiting (s)"), kind=Kind.SECONDS),
            Column(key="call", heading=_c("report", "Call"), kind=Kind.LINK, printed=linked),
            Column(key="outcome_code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            Column(key="system", heading=_c("report", "System"), kind=Kind.TEXT, printed=False),
            Column(key="linkedid", heading=_c("report", "Linkedid"), kind=Kind.TEXT, printed=False),
        ),
        rows=tuple(
            (
                call.filed_at.astimezone(figures.period.zone),
                call.line,
                call.queue,
                call.caller or words.terms.no_caller,
                words.terms.outcomes[call.outcome],
                call.rings,
                seconds_of(call.waiting_us),
                subject.link(call),
                call.outcome.value,
                call.system,
                call.linkedid,
            )
            for call in figures.missed
        ),
        note=note if figures.missed else "",
        empty=_("Nobody was left unanswered."),
        first=LISTED,
    )
