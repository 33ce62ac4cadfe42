"""The promises of the charter, one by one: what was measured of each, whether it was kept, and how that is known."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from monitor.calls.facts import Scope, TransferKind
from monitor.calls.formulas import asked_first_rate
from monitor.reports import charter
from monitor.reports.document import Column, Definition, Definitions, Kind, Table
from monitor.reports.promise import Promise
from monitor.reports.record_clocks import commitments
from monitor.reports.record_people import called_back, greeted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reports.figures import Figures
    from monitor.reports.subject import Subject


def promises(subject: Subject) -> tuple[Promise, ...]:
    """Every promise: those on the telephone, those of the register, and that of the record itself."""
    return tuple(_promises(subject))


def _promises(subject: Subject) -> Iterator[Promise]:
    yield _rings(subject)
    yield greeted(subject)
    yield _directly(subject)
    yield _asked_first(subject)
    yield called_back(subject)
    yield from commitments(subject)
    yield _published(subject)


def promises_table(subject: Subject) -> Table:
    """The table of promises."""
    words = subject.words
    _, _c = words.text, words.of
    return Table(
        key="promises",
        title=_("The promises, and how they were kept"),
        columns=(
            Column(key="promise", heading=_c("record", "Promise"), kind=Kind.TEXT),
            Column(key="result", heading=_c("record", "Result"), kind=Kind.TEXT),
            Column(key="measured", heading=_c("record", "Measured"), kind=Kind.COUNT),
            Column(key="as_promised", heading=_c("record", "As promised"), kind=Kind.COUNT),
            Column(key="otherwise", heading=_c("record", "Otherwise"), kind=Kind.COUNT),
            # No quotient of the row: of a sample the share is an estimate for all calls.
            Column(key="share", heading=_c("record", "Share as promised"), kind=Kind.SHARE),
            Column(key="share_before", heading=_c("record", "Half before"), kind=Kind.SHARE),
            Column(key="change", heading=_c("record", "Change"), kind=Kind.POINTS, printed=False),
            Column(key="measured_before", heading=_c("record", "Measured in it"), kind=Kind.COUNT, printed=False),
            Column(key="owed_won", heading=_c("record", "Owed (won)"), kind=Kind.COUNT),
            Column(key="paid_won", heading=_c("record", "Paid (won)"), kind=Kind.COUNT),
            Column(key="how", heading=_c("record", "How it is known"), kind=Kind.TEXT, printed=False),
        ),
        rows=tuple(
            (
                promise.text,
                promise.result,
                promise.measured,
                promise.kept,
                promise.missed,
                promise.share,
                promise.share_before,
                promise.change,
                promise.measured_before,
                promise.owed_won,
                promise.paid_won,
                promise.how,
            )
            for promise in promises(subject)
        ),
        note=_("A hyphen stands where nothing was measured or nothing is owed: it is neither 0 % nor 100 %."),
    )


def how_many(subject: Subject) -> str:
    """Of how many promises there are figures."""
    words, told = subject.words, promises(subject)
    _ = words.text
    return _("Of {count} promises {judged} could be judged by figures. Of the others the table says why not.").format(
        count=words.count(len(told)),
        judged=words.count(sum(promise.share is not None for promise in told)),
    )


def how_known(subject: Subject) -> Definitions:
    """How the figures of each promise were obtained."""
    return Definitions(entries=tuple(Definition(term=promise.text, text=promise.how) for promise in promises(subject)))


def _rings(subject: Subject) -> Promise:
    words, figures = subject.words, subject.figures
    _, ngettext = words.text, words.number
    judged, before = figures.judged, figures.before
    kept, broken = judged.kept(subject.headline), judged.broken(subject.headline)
    text = charter.rings(words)
    how = _("From every call, automatically. {rule}.").format(
        rule="; ".join(words.rule(rule) for rule in figures.rules)
    )
    then = None if before is None else before.kept(subject.headline) + before.broken(subject.headline)
    share_before = None if before is None else subject.compliance(before)
    if not kept + broken:
        return Promise(
            text=text,
            result=_("Cannot be judged: there was no call that could be judged."),
            how=how,
            measured_before=then,
            share_before=share_before,
        )
    count = words.count(kept + broken)
    if broken:
        result = ngettext(
            "Not kept in {broken} of {count} call.", "Not kept in {broken} of {count} calls.", kept + broken
        ).format(broken=words.count(broken), count=count)
    else:
        result = ngettext("Kept in the one call.", "Kept in all {count} calls.", kept).format(count=count)
    return Promise(
        text=text,
        result=result,
        how=how,
        measured=kept + broken,
        kept=kept,
        missed=broken,
        share=subject.compliance(judged),
        measured_before=then,
        share_before=share_before,
    )


def _directly(subject: Subject) -> Promise:
    words, judged, before = subject.words, subject.figures.judged, subject.figures.before
    _, ngettext = words.text, words.number
    text, left, answered = charter.directly(words), judged.left_the_centre, judged.answered - judged.transfers_untold
    how = _("From every answered call: whether a person passed it on to a target outside, by the configured patterns.")
    if not judged.answered:
        return Promise(text=text, result=_("Cannot be judged: no call was answered."), how=how)
    if not answered or scope_unknown(subject.figures):
        result = _("Cannot be judged: it is not recorded which calls left the centre.")
        return Promise(text=text, result=result, how=how)
    unknown = scopes_by_people(subject.figures)[Scope.UNKNOWN]
    if left:
        result = ngettext(
            "Of {count} answered call {left} was passed on out of the centre.",
            "Of {count} answered calls {left} were passed on out of the centre.",
            answered,
        )
    elif unknown:
        result = ngettext(
            "Of {count} answered call none is known to have been passed on out of the centre.",
            "Of {count} answered calls none is known to have been passed on out of the centre.",
            answered,
        )
    else:
        result = ngettext(
            "The one answered call was handled in the centre itself.",
            "All {count} answered calls were handled in the centre itself.",
            answered,
        )
    result = result.format(count=words.count(answered), left=words.count(left))
    if unknown:
        result += " " + ngettext(
            "Where {count} transfer went is not known.", "Where {count} transfers went is not known.", unknown
        ).format(count=words.count(unknown))
    return Promise(
        text=text,
        result=result,
        how=how,
        measured=answered,
        kept=answered - left,
        missed=left,
        share=judged.direct_handling_rate,
        measured_before=None if before is None else before.answered - before.transfers_untold,
        share_before=None if before is None else before.direct_handling_rate,
    )


def scope_unknown(figures: Figures) -> bool:
    """Of no caller whom people passed on is it known whether they left the centre: no pattern is configured."""
    return set(+scopes_by_people(figures)) == {Scope.UNKNOWN}


def scopes_by_people(figures: Figures) -> Counter[Scope]:
    """Transfers that people made, by where they went."""
    found: Counter[Scope] = Counter()
    for (kind, scope, _result), count in figures.transfers.counts.items():
        if kind is not TransferKind.FORWARD:
            found[scope] += count
    return found


def _asked_first(subject: Subject) -> Promise:
    words, told, before = subject.words, subject.figures.transfers, subject.figures.charter_before
    _, ngettext = words.text, words.number
    text, yes, no = charter.asks_first(words), told.consent_yes, told.consent_no
    how = _(
        "From every transfer by a person: what the caller pressed when asked by the telephone system, or what the "
        "agent reported by a key. Silence is never taken for a yes."
    )
    reported = None if before is None else before.consent_yes + before.consent_no
    share_before = None if before is None else asked_first_rate(before.consent_yes, reported or 0)
    if not told.by_people and not subject.figures.whole.transfers_untold:
        result = _("Cannot be judged: no caller was passed on.")
        return Promise(text=text, result=result, how=how, measured_before=reported, share_before=share_before)
    if not yes + no:
        result = _("Not measured: it is not recorded whether callers were asked.")
        return Promise(text=text, result=result, how=how, measured_before=reported, share_before=share_before)
    result = ngettext(
        "In {yes} of the {count} transfer of which it is recorded the caller was asked and agreed.",
        "In {yes} of the {count} transfers of which it is recorded the caller was asked and agreed.",
        yes + no,
    ).format(yes=words.count(yes), count=words.count(yes + no))
    open_count = told.by_people - yes - no
    if open_count:
        result += " " + _("Of {count} more it is not.").format(count=words.count(open_count))
    return Promise(
        text=text,
        result=result,
        how=how,
        measured=yes + no,
        kept=yes,
        missed=no,
        share=asked_first_rate(yes, yes + no),
        measured_before=reported,
        share_before=share_before,
    )


def _published(subject: Subject) -> Promise:
    words = subject.words
    _ = words.text
    return Promise(
        text=charter.publishes(words), result=_("Kept with this record."), how=_("This record is what was promised.")
    )
