"""The promises of the charter, one by one: what was measured of each, and whether it was kept."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from monitor.calls.facts import Scope, TransferKind
from monitor.calls.formulas import asked_first_rate
from monitor.reports import charter
from monitor.reports.document import Column, Kind, Quotient, Table

if TYPE_CHECKING:
    from monitor.reports.document import Value
    from monitor.reports.figures import Figures
    from monitor.reports.subject import Subject


def promises(subject: Subject) -> Table:
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
            Column(
                key="share",
                heading=_c("record", "Share as promised"),
                kind=Kind.SHARE,
                quotient=Quotient(numerator=("as_promised",), denominator=("as_promised", "otherwise")),
            ),
        ),
        rows=(_rings(subject), _directly(subject), _asked_first(subject), _published(subject)),
    )


_UNMEASURED: tuple[Value, ...] = (None,) * 4


def _rings(subject: Subject) -> tuple[Value, ...]:
    words, judged = subject.words, subject.figures.judged
    _, ngettext = words.text, words.number
    kept, broken = judged.kept(subject.headline), judged.broken(subject.headline)
    promise = charter.rings(words)
    if not kept + broken:
        return (promise, _("Cannot be judged: there was no call that could be judged."), *_UNMEASURED)
    count = words.count(kept + broken)
    if broken:
        result = ngettext(
            "Not kept in {broken} of {count} call.", "Not kept in {broken} of {count} calls.", kept + broken
        ).format(broken=words.count(broken), count=count)
    else:
        result = ngettext("Kept in the one call.", "Kept in all {count} calls.", kept).format(count=count)
    return (promise, result, kept + broken, kept, broken, subject.compliance(judged))


def _directly(subject: Subject) -> tuple[Value, ...]:
    words, judged = subject.words, subject.figures.judged
    _, ngettext = words.text, words.number
    promise, left, answered = charter.directly(words), judged.left_the_centre, judged.answered - judged.transfers_untold
    if not judged.answered:
        return (promise, _("Cannot be judged: no call was answered."), *_UNMEASURED)
    if not answered or scope_unknown(subject.figures):
        return (promise, _("Cannot be judged: it is not recorded which calls left the centre."), *_UNMEASURED)
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
    text = result.format(count=words.count(answered), left=words.count(left))
    if unknown:
        text += " " + ngettext(
            "Where {count} transfer went is not known.", "Where {count} transfers went is not known.", unknown
        ).format(count=words.count(unknown))
    return (promise, text, answered, answered - left, left, judged.direct_handling_rate)


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


def _asked_first(subject: Subject) -> tuple[Value, ...]:
    words, told = subject.words, subject.figures.transfers
    _, ngettext = words.text, words.number
    promise, yes, no = charter.asks_first(words), told.consent_yes, told.consent_no
    if not told.by_people and not subject.figures.whole.transfers_untold:
        return (promise, _("Cannot be judged: no caller was passed on."), *_UNMEASURED)
    if not yes + no:
        return (promise, _("Not measured: it is not recorded whether callers were asked."), *_UNMEASURED)
    result = ngettext(
        "Asked first in {yes} of the {count} transfer of which it is recorded.",
        "Asked first in {yes} of the {count} transfers of which it is recorded.",
        yes + no,
    ).format(yes=words.count(yes), count=words.count(yes + no))
    open_count = told.by_people - yes - no
    if open_count:
        result += " " + _("Of {count} more it is not.").format(count=words.count(open_count))
    return (promise, result, yes + no, yes, no, asked_first_rate(yes, yes + no))


def _published(subject: Subject) -> tuple[Value, ...]:
    words = subject.words
    _ = words.text
    return (charter.publishes(words), _("Kept with this record."), *_UNMEASURED)
