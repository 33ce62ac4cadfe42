"""Transfers: by kind, scope and result, where to, asked first or not, and how long until somebody was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import Scope, TransferKind, TransferResult
from monitor.calls.formulas import asked_first_rate, ratio
from monitor.reports.chapters_waiting import quantile_cells, quantile_columns
from monitor.reports.document import Chart, Column, Form, Kind, Paragraph, Quotient, Section, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.reports.document import Block, Value
    from monitor.reports.subject import Subject

TARGETS = 30
"""Targets print lists; sheets hold all."""


def transfers(subject: Subject) -> Section:
    """The chapter."""
    figures, words = subject.figures, subject.words
    _ = words.text
    told = figures.transfers
    blocks: list[Block] = [Paragraph(text=text) for text in _sentences(subject)]
    if told.counts:
        blocks += [_by_kind(subject), _by_result(subject), asked_table(subject), _targets(subject)]
        rings = _rings(subject)
        if rings.rows:
            blocks.append(_drawn(subject, rings))
        blocks += [rings, _chains(subject)]
    return Section(key="transfers", title=_("Transfers"), blocks=tuple(blocks))


def _sentences(subject: Subject) -> list[str]:
    figures, words = subject.figures, subject.words
    _, ngettext = words.text, words.number
    told, judged = figures.transfers, figures.judged
    known = judged.answered - judged.transfers_untold
    found = []
    if told.by_people:
        made = ngettext(
            "People made {count} transfer; in {announced} the agent spoke with the target first.",
            "People made {count} transfers; in {announced} of them the agent spoke with the target first.",
            told.by_people,
        )
        found.append(made.format(count=words.count(told.by_people), announced=words.count(told.announced)))
    elif known or not judged.transfers_untold:
        found.append(_("People passed no caller on."))
    if judged.direct_handling_rate is not None:
        found.append(
            ngettext(
                "Of {answered} answered call {left} went out of the centre: handled directly {rate}.",
                "Of {answered} answered calls {left} went out of the centre: handled directly {rate}.",
                known,
            ).format(
                answered=words.count(known),
                left=words.count(judged.left_the_centre),
                rate=words.percent(judged.direct_handling_rate),
            )
        )
    if judged.transfers_untold:
        found.append(
            ngettext(
                "Whether {count} answered call was passed on is not known: its source tells of no transfer.",
                "Whether {count} answered calls were passed on is not known: their source tells of no transfer.",
                judged.transfers_untold,
            ).format(count=words.count(judged.transfers_untold))
        )
    return found


_NOTHING: tuple[Value, ...] = (None,) * 5
"""In place of the quantiles of transfers that never reconnect."""


def _by_kind(subject: Subject) -> Table:
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    told = figures.transfers
    rows: list[tuple[Value, ...]] = []
    for kind in TransferKind:
        counts = {which: count for which, count in told.counts.items() if which[0] is kind}
        if any(counts.values()):
            reconnection = told.reconnection_by_kind.get(kind)
            times = _NOTHING if reconnection is None else quantile_cells(reconnection)
            rows.append((words.terms.transfer_kinds[kind], kind.value, *_sums(counts), *times))
    return Table(
        key="transfer_kinds",
        title=_("Transfers by kind"),
        columns=(
            Column(key="kind", heading=_c("report", "Kind"), kind=Kind.TEXT),
            Column(key="code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            _counted("transfers", _c("report", "Transfers")),
            *(_counted(scope.value, words.heading(words.terms.scopes[scope])) for scope in Scope),
            _counted("completed", words.heading(words.terms.transfer_results[TransferResult.COMPLETED])),
            *quantile_columns(subject, heading=_c("report", "Reconnected")),
        ),
        rows=tuple(rows),
        total=(_c("report", "Total"), None, *_sums(told.counts), *quantile_cells(told.reconnection)),
        note=_(
            "Reconnection runs from letting go of the caller to a person's answer; where the target was there already "
            "it is 0. A phone's own forwarding is no transfer by a person, and has none."
        ),
    )


def _sums(counts: Mapping[tuple[TransferKind, Scope, TransferResult], int]) -> tuple[int, ...]:
    """All of them, those of each scope, those completed."""
    return (
        sum(counts.values()),
        *(sum(count for (_kind, at, _result), count in counts.items() if at is scope) for scope in Scope),
        sum(count for (_kind, _scope, result), count in counts.items() if result is TransferResult.COMPLETED),
    )


def _by_result(subject: Subject) -> Table:
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    counts = figures.transfers.counts
    whole = sum(counts.values())
    rows = tuple(
        (
            words.terms.transfer_kinds[kind],
            words.terms.scopes[scope],
            words.terms.transfer_results[result],
            f"{kind}/{scope}/{result}",
            counts[kind, scope, result],
            ratio(counts[kind, scope, result], whole),
        )
        for kind in TransferKind
        for scope in Scope
        for result in TransferResult
        if counts.get((kind, scope, result))
    )
    return Table(
        key="transfers",
        title=_("Transfers by kind, scope and result"),
        columns=(
            Column(key="kind", heading=_c("report", "Kind"), kind=Kind.TEXT),
            Column(key="scope", heading=_c("report", "Scope"), kind=Kind.TEXT),
            Column(key="result", heading=_c("report", "Result"), kind=Kind.TEXT),
            Column(key="code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            _counted("transfers", _c("report", "Transfers")),
            Column(key="share", heading=_c("report", "Share"), kind=Kind.SHARE),
        ),
        rows=rows,
        total=(_c("report", "Total"), None, None, None, whole, ratio(whole, whole)),
    )


def asked_table(subject: Subject) -> Table:
    """Announced, and consent."""
    told, words = subject.figures.transfers, subject.words
    _, _c = words.text, words.of
    reported = told.consent_yes + told.consent_no
    return Table(
        key="asked_first",
        title=_("Announced, and the caller asked first"),
        columns=(
            _counted("transfers", _c("report", "Transfers by people"), summed=False),
            _counted("announced", _c("report", "Announced"), summed=False),
            _share("announced_share", _c("report", "Share"), ("announced",), ("transfers",)),
            _counted("consent_yes", _c("report", "Consent: yes"), summed=False),
            _counted("consent_no", _c("report", "Consent: no"), summed=False),
            _counted("consent_not_reported", _c("report", "No report"), summed=False),
            _share("asked_first_rate", _c("report", "Asked first"), ("consent_yes",), ("consent_yes", "consent_no")),
        ),
        rows=(
            (
                told.by_people,
                told.announced,
                ratio(told.announced, told.by_people),
                told.consent_yes,
                told.consent_no,
                told.by_people - reported,
                asked_first_rate(told.consent_yes, reported),
            ),
        ),
        note=_(
            "Announced: the agent spoke with the target before letting go. Consent is what the dialplan reports of the "
            "caller's agreement; where it reports nothing, that is no answer, and is never taken for a no or a yes."
        ),
    )


def _targets(subject: Subject) -> Table:
    told, words = subject.figures.transfers, subject.words
    _, _c = words.text, words.of
    return Table(
        key="transfer_targets",
        title=_("Where callers were passed to"),
        columns=(
            Column(key="target", heading=_c("report", "Target"), kind=Kind.TEXT),
            Column(key="scope", heading=_c("report", "Scope"), kind=Kind.TEXT),
            Column(key="scope_code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            _counted("transfers", _c("report", "Transfers")),
            _counted("completed", words.heading(words.terms.transfer_results[TransferResult.COMPLETED])),
            _share("completed_share", _c("report", "Share"), ("completed",), ("transfers",)),
            *quantile_columns(subject, heading=_c("report", "Reconnected")),
        ),
        rows=tuple(
            (
                target.to,
                words.terms.scopes[target.scope],
                target.scope.value,
                target.transfers,
                target.completed,
                ratio(target.completed, target.transfers),
                *quantile_cells(target.reconnection),
            )
            for target in told.targets
        ),
        first=TARGETS,
        empty=_("People passed no caller on."),
    )


def _rings(subject: Subject) -> Table:
    told, words = subject.figures.transfers, subject.words
    _, _c = words.text, words.of
    whole = sum(told.reconnection_rings.values())
    rows = tuple(
        (words.rings(rings), rings, count, ratio(count, whole))
        for rings, count in sorted(told.reconnection_rings.items())
        if count
    )
    return Table(
        key="reconnection_rings",
        title=_("Rings at the target until somebody answered"),
        columns=(
            Column(key="ring", heading=_c("report", "Rings"), kind=Kind.TEXT),
            Column(key="rings", heading=_c("report", "Rings, as a number"), kind=Kind.COUNT, printed=False),
            _counted("transfers", _c("report", "Transfers")),
            Column(key="share", heading=_c("report", "Share"), kind=Kind.SHARE),
        ),
        rows=rows,
        total=(_c("report", "Total"), None, whole, ratio(whole, whole)) if rows else None,
        note=_("Counted from letting go of the caller; 0 where the target had answered before."),
        empty=_("No passed-on caller was answered by a person."),
    )


def _drawn(subject: Subject, table: Table) -> Chart:
    words = subject.words
    _ = words.text
    counts = [(count if isinstance(count := row[2], int) else 0, row[0]) for row in table.rows]
    most, ring = max(counts, key=lambda pair: pair[0])
    return Chart(
        key="reconnection_rings_chart",
        title=table.title,
        alt=_("Most of them, {count}, stand at: {ring}.").format(count=words.count(most), ring=ring),
        form=Form.BARS,
        table=table.key,
        category="ring",
        values=("transfers",),
    )


def _chains(subject: Subject) -> Table:
    told, words = subject.figures.transfers, subject.words
    _, _c = words.text, words.of
    return Table(
        key="transfer_chains",
        title=_("Transfers within one call"),
        columns=(
            Column(key="transfers", heading=_c("report", "Transfers by people"), kind=Kind.COUNT),
            _counted("calls", _c("report", "Calls")),
        ),
        rows=tuple((length, count) for length, count in sorted(told.chains.items()) if count),
        note=_("A caller who is passed on twice tells their story three times."),
        empty=_("People passed no caller on."),
    )


def _counted(key: str, heading: str, *, summed: bool = True) -> Column:
    return Column(key=key, heading=heading, kind=Kind.COUNT, summed=summed)


def _share(key: str, heading: str, numerator: tuple[str, ...], denominator: tuple[str, ...]) -> Column:
    return Column(
        key=key, heading=heading, kind=Kind.SHARE, quotient=Quotient(numerator=numerator, denominator=denominator)
    )
