"""The half-yearly record for the public: every promise of the charter, kept or not, in a notice's words.

It holds no personal data and nothing of single calls or cases: no agent, no number, no member's or target's name, no
name of a system, no user, no reference and no subject of a case. What it tells is taken from the sums of `Figures`
alone; of cases it quotes what came of promises that are due once and again, which is there to be published.

**Source:** the charter, "이행실태를 반기별로 점검·평가하여 공개".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import Outcome
from monitor.calls.tally import Tally, together
from monitor.reports import charter
from monitor.reports.chapters_annex import formulas_of_the_promises, formulas_of_the_rest, readings
from monitor.reports.chapters_observation import observed
from monitor.reports.chapters_rings import excluded
from monitor.reports.chapters_summary import (
    answer_rate_tile,
    changes,
    compared,
    compliance_tile,
    coverage_tile,
    earlier,
    notices,
    silence,
)
from monitor.reports.document import (
    Chart,
    Definitions,
    Document,
    Form,
    Kind,
    Notice,
    Paragraph,
    Section,
    Tile,
    Tiles,
)
from monitor.reports.measures import Row, plain
from monitor.reports.record_chapters import promises_in_full
from monitor.reports.record_promises import how_known, how_many, promises_table, scope_unknown
from monitor.reports.subject import Subject
from monitor.reports.telling import coverage, dates, place
from monitor.reports.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.reports.document import Block, Table
    from monitor.reports.figures import Figures
    from monitor.reports.order import House, Order
    from monitor.texts import Language


def record_of(figures: Figures, order: Order, house: House, language: Language) -> Document:
    """The record of a period, to be published.

    Args:
        figures: what was counted.
        order: what was asked for.
        house: what the institution says of itself.
        language: in which it is told.
    """
    subject = Subject(figures=figures, order=order, house=house, words=Words(language))
    words = subject.words
    _ = words.text
    title = _("How we kept our service standards, {period}").format(period=words.period(figures.period))
    return Document(
        title=title,
        subtitle=house.institution or place(subject),
        language=language,
        cover=tuple(_cover(subject)),
        sections=(
            _result(subject),
            _months(subject),
            _earlier(subject),
            *promises_in_full(subject),
            _method(subject),
            _contact(subject),
        ),
        period=figures.period,
        made_at=figures.made_at.astimezone(figures.period.zone),
        footer=f"{title} · {charter.CONTACT}",
    )


def _cover(subject: Subject) -> Iterator[tuple[str, str]]:
    figures, words = subject.figures, subject.words
    _c = words.of
    if subject.house.institution:
        yield _c("cover", "Institution"), subject.house.institution
    yield _c("cover", "Line"), place(subject)
    yield _c("cover", "Period"), dates(subject)
    for rule in figures.rules:
        yield _c("cover", "Rule"), words.rule(rule)
    yield _c("cover", "Coverage"), coverage(subject)
    yield _c("cover", "Checked on"), words.day(figures.made_at.astimezone(figures.period.zone).date())
    yield _c("cover", "Enquiries"), charter.CONTACT


# -- the result


def _result(subject: Subject) -> Section:
    words = subject.words
    _ = words.text
    blocks: list[Block] = [
        Paragraph(
            text=_(
                "Our customer service charter promises how we answer the telephone, and within which time we deal "
                "with what you bring to us. We check every half-year whether we keep these promises, and publish the "
                "result here."
            )
        )
    ]
    if subject.silent:
        blocks.append(Paragraph(text=silence(subject)))
    else:
        blocks.append(Paragraph(text=_headline(subject)))
        blocks.append(Tiles(tiles=tuple(_tiles(subject))))
    blocks += [Notice(text=text) for text in notices(subject)]
    blocks.append(Paragraph(text=how_many(subject)))
    blocks.append(promises_table(subject))
    return Section(key="summary", title=_("Result"), blocks=tuple(blocks))


def _headline(subject: Subject) -> str:
    """The promise of the rings in a sentence."""
    words, judged = subject.words, subject.figures.judged
    _, ngettext = words.text, words.number
    kept, broken = judged.kept(subject.headline), judged.broken(subject.headline)
    if not kept + broken:
        return _("Of the calls that came in none could be judged.")
    return ngettext(
        "Of {count} call judged, {kept} was answered as promised ({rate}).",
        "Of {count} calls judged, {kept} were answered as promised ({rate}).",
        kept + broken,
    ).format(
        count=words.count(kept + broken),
        kept=words.count(kept),
        rate=words.percent(subject.compliance(judged)),
    )


def _tiles(subject: Subject) -> Iterator[Tile]:
    figures, words = subject.figures, subject.words
    judged = figures.judged
    _, _c = words.text, words.of
    yield compliance_tile(subject, subject.headline, against=True)
    yield compliance_tile(subject, subject.other)
    yield answer_rate_tile(subject)
    if not scope_unknown(figures):
        yield Tile(
            key="direct_handling_rate",
            label=_c("report", "Handled directly"),
            value=judged.direct_handling_rate,
            kind=Kind.SHARE,
            detail=tuple(changes(subject, lambda tally: tally.direct_handling_rate, words.points)),
        )
    yield coverage_tile(subject)


# -- months, and the half before


def _months(subject: Subject) -> Section:
    figures, words = subject.figures, subject.words
    _ = words.text
    table = _by_month(subject, "months", _("By month"), figures.months, _months_of(subject))
    blocks: list[Block] = [table]
    if any(subject.compliance(tally) is not None for tally in figures.months.values()):
        blocks.insert(0, _drawn(subject))
    return Section(key="months", title=_("By month"), blocks=tuple(blocks))


def _months_of(subject: Subject) -> list[tuple[int, int]]:
    """The months of the period that have begun."""
    period, made_at = subject.figures.period, subject.figures.made_at.astimezone(subject.figures.period.zone)
    begun = (day for day in period.days() if day <= made_at.date())
    return list(dict.fromkeys((day.year, day.month) for day in begun))


def _by_month(
    subject: Subject,
    key: str,
    title: str,
    tallies: Mapping[tuple[int, int], Tally],
    months: list[tuple[int, int]],
) -> Table:
    words = subject.words
    _, _c = words.text, words.of
    return subject.measures.table(
        key,
        title,
        heads=plain({"month": (_c("report", "Month"), Kind.TEXT)}),
        rows=[
            Row(head=(words.month(*month),), tally=tally, tail=("" if tally.offered else _silent(subject, month),))
            for month in months
            for tally in (tallies.get(month, Tally()),)
        ],
        keys=("offered", "answered", "answer_rate", *subject.judgement_keys),
        total=together(tallies.values()),
        tails=plain(
            {"note": (_c("record", "Note"), Kind.TEXT)},
            unprinted=("note",) if all(month in tallies for month in months) else (),
        ),
        note=_("A hyphen stands where there is no figure: no calls is not 0 %."),
    )


def _silent(subject: Subject, month: tuple[int, int]) -> str:
    """Why a month has no call: of one in which nobody looked, nobody can say that none came."""
    _ = subject.words.text
    days = [day for day in subject.figures.days if (day.day.year, day.day.month) == month]
    if days and not any(day.coverage for day in days):
        return subject.words.terms.outcomes[Outcome.UNOBSERVED]
    return _("no calls")


def _drawn(subject: Subject) -> Chart:
    figures, words = subject.figures, subject.words
    _ = words.text
    judged = {
        month: rate
        for month, tally in sorted(figures.months.items())
        if (rate := subject.compliance(tally)) is not None
    }
    lowest, highest = min(judged, key=lambda month: judged[month]), max(judged, key=lambda month: judged[month])
    return Chart(
        key="months_chart",
        title=_("Compliance by month ({reading})").format(reading=subject.reading(subject.headline)),
        alt=_("Highest in {highest} with {most}, lowest in {lowest} with {least}.").format(
            highest=words.month(*highest),
            most=words.percent(judged[highest]),
            lowest=words.month(*lowest),
            least=words.percent(judged[lowest]),
        ),
        form=Form.BARS,
        table="months",
        category="month",
        values=(f"compliance_{subject.headline}",),
        target=subject.house.target,
    )


def _earlier(subject: Subject) -> Section:
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    blocks: list[Block] = [Paragraph(text=text) for text in _changes(subject)]
    if len(found := compared(subject)) > 1:
        blocks.append(
            subject.measures.table(
                "comparison",
                _("Against earlier periods"),
                heads=plain({"period": (_c("report", "Period"), Kind.TEXT)}),
                rows=[Row(head=(name,), tally=tally) for name, tally in found],
                keys=("offered", "answered", "answer_rate", *subject.judgement_keys, "direct_handling_rate"),
            )
        )
    if figures.months_before:
        months = sorted(figures.months_before)
        blocks.append(
            _by_month(subject, "months_before", _("The half-year before, by month"), figures.months_before, months)
        )
    return Section(key="comparison", title=_("Against earlier periods"), blocks=tuple(blocks))


def _changes(subject: Subject) -> Iterator[str]:
    words, now = subject.words, subject.compliance(subject.figures.judged)
    _ = words.text
    if now is None:
        yield _("This period has no compliance to compare.")
        return
    for name, tally in earlier(subject):
        then = None if tally is None else subject.compliance(tally)
        if then is None:
            yield _("Compliance cannot be compared with {earlier}: there is no figure.").format(earlier=name)
        else:
            yield _("Compliance is {now}, in {earlier} it was {then} ({change}).").format(
                now=words.percent(now), earlier=name, then=words.percent(then), change=words.points(now - then)
            )


# -- how it was measured


def _method(subject: Subject) -> Section:
    words = subject.words
    _ = words.text
    telephone = _(
        "Every call to the line is followed automatically, from its arrival to its end. How often the bell rang is "
        "worked out from how long the telephones of the centre rang for the caller, until a person answered."
    )
    judged = (
        _(
            "Answering and handling directly are judged on the calls of working time; whether callers were asked "
            "first, on all calls."
        )
        if subject.judged_apart
        else _("The promise is judged on all calls, whenever they came in.")
    )
    blocks: list[Block] = [
        Paragraph(text=telephone),
        Paragraph(text=judged),
        Paragraph(text=observed(subject)),
        how_known(subject),
    ]
    if not subject.silent:
        blocks += excluded(subject).blocks
    told = (*readings(subject), *formulas_of_the_promises(subject), *formulas_of_the_rest(subject))
    blocks.append(Definitions(entries=told))
    return Section(key="method", title=_("How it was measured, and what could not be seen"), blocks=tuple(blocks))


def _contact(subject: Subject) -> Section:
    words = subject.words
    _ = words.text
    text = _("Please direct questions about this record to {line}.").format(line=charter.CONTACT)
    return Section(key="contact", title=_("Enquiries"), blocks=(Paragraph(text=text),))
