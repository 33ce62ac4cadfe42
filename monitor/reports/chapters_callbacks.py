"""Calls back: what was promised, and callers who left without an answer; called in time or not, and how soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.formulas import in_time_rate
from monitor.reports import charter
from monitor.reports.document import Column, Kind, Paragraph, Quotient, Section, Table
from monitor.reports.measures import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.reports.charter_figures import CallbackFigures, CallbackKind
    from monitor.reports.document import Block, Value
    from monitor.reports.figures import Quantiles
    from monitor.reports.subject import Subject

KINDS: tuple[CallbackKind, ...] = ("promised", "missed")


def callbacks(subject: Subject) -> Section | None:
    """The chapter; None where no call back came to be owed."""
    told = subject.figures.charter
    found = {} if told is None else told.callbacks
    if not any(one.owed for one in found.values()):
        return None
    _ = subject.words.text
    blocks: list[Block] = [Paragraph(text=text) for text in _sentences(subject, found)]
    blocks += [callbacks_table(subject, found), callback_times(subject, found)]
    if told is not None and len(told.callbacks_by_line) > 1:
        blocks.append(_by_line(subject, told.callbacks_by_line))
    return Section(key="callbacks", title=_("Calls back"), blocks=tuple(blocks))


def _sentences(subject: Subject, found: Mapping[CallbackKind, CallbackFigures]) -> Iterator[str]:
    words = subject.words
    _ = words.text
    for kind in KINDS:
        one = found.get(kind)
        if one is None or not one.judged:
            continue
        text = {
            "promised": _("Of {count} promises of a call back that can be judged, {kept} were kept in time ({share})."),
            "missed": _(
                "Of {count} callers without an answer whose call back can be judged, {kept} were called in time "
                "({share})."
            ),
        }[kind]
        yield text.format(count=words.count(one.judged), kept=words.count(one.in_time), share=words.percent(one.share))


def kind_names(subject: Subject) -> Mapping[CallbackKind, str]:
    """What the kinds are called."""
    _c = subject.words.of
    return {"promised": _c("callback", "promised"), "missed": _c("callback", "left without an answer")}


def callbacks_table(subject: Subject, found: Mapping[CallbackKind, CallbackFigures]) -> Table:
    """By kind, how they stood."""
    words = subject.words
    _, _c = words.text, words.of
    names = kind_names(subject)
    kinds = [kind for kind in KINDS if kind in found and found[kind].owed]
    return Table(
        key="callbacks",
        title=_("Calls back by kind"),
        columns=(
            Column(key="kind", heading=_c("callback", "Kind"), kind=Kind.TEXT),
            Column(key="code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            *_columns(subject, summed=True),
        ),
        rows=tuple((names[kind], kind, *_cells((found[kind],))) for kind in kinds),
        total=(_c("report", "Total"), None, *_cells(found.values())) if len(kinds) > 1 else None,
        note=_(
            "In time: first called by the deadline, reached or not. Called again: the person called again and was "
            "answered before; neither kept nor missed. Those waiting are not due yet. Reached: of those called, the "
            "ones with whom somebody spoke."
        ),
    )


def _columns(subject: Subject, *, summed: bool) -> tuple[Column, ...]:
    _c = subject.words.of
    headings = {
        "owed": _c("callback", "Owed"),
        "in_time": _c("callback", "In time"),
        "late": _c("callback", "Late"),
        "never": _c("callback", "Not called"),
        "waiting": _c("callback", "Waiting"),
        "overtaken": _c("callback", "Called again"),
        "dropped": _c("callback", "Taken off"),
    }
    return (
        *(Column(key=key, heading=text, kind=Kind.COUNT, summed=summed) for key, text in headings.items()),
        Column(
            key="in_time_share",
            heading=_c("callback", "In time, share"),
            kind=Kind.SHARE,
            quotient=Quotient(numerator=("in_time",), denominator=("in_time", "late", "never")),
        ),
        Column(key="reached", heading=_c("callback", "Reached"), kind=Kind.COUNT, summed=summed),
        Column(key="tries", heading=_c("callback", "Tries"), kind=Kind.COUNT, summed=summed),
    )


def _cells(found: Iterable[CallbackFigures]) -> tuple[Value, ...]:
    each = tuple(found)
    in_time, late, never = (sum(getattr(one, key) for one in each) for key in ("in_time", "late", "never"))
    return (
        sum(one.owed for one in each),
        in_time,
        late,
        never,
        sum(one.waiting for one in each),
        sum(one.overtaken for one in each),
        sum(one.dropped for one in each),
        in_time_rate(in_time, late, never),
        sum(one.reached for one in each),
        sum(one.tries for one in each),
    )


def callback_times(subject: Subject, found: Mapping[CallbackKind, CallbackFigures], *, fewest: int = 1) -> Table:
    """How long it took until somebody called, and until there was a conversation.

    Args:
        subject: what is told.
        found: the kinds.
        fewest: of fewer calls than these no duration is told.
    """
    words = subject.words
    _, _c = words.text, words.of
    names = kind_names(subject)
    steps = {"first_try": _c("callback", "first call"), "conversation": _c("callback", "conversation")}
    rows = tuple(
        (names[kind], kind, name, step, *_duration_cells(quantiles, fewest))
        for kind in KINDS
        if kind in found and found[kind].owed
        for step, name in steps.items()
        for quantiles in (found[kind].first_try if step == "first_try" else found[kind].conversation,)
    )
    return Table(
        key="callback_times",
        title=_("How long callers waited for the call back"),
        columns=(
            Column(key="kind", heading=_c("callback", "Kind"), kind=Kind.TEXT),
            Column(key="code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            Column(key="until", heading=_c("callback", "Until the"), kind=Kind.TEXT),
            Column(key="until_code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            Column(key="count", heading=_c("report", "Calls"), kind=Kind.COUNT),
            Column(key="mean_seconds", heading=_c("callback", "Mean"), kind=Kind.DURATION),
            Column(key="p50_seconds", heading=_c("callback", "p50"), kind=Kind.DURATION),
            Column(key="p90_seconds", heading=_c("callback", "p90"), kind=Kind.DURATION),
            Column(key="p95_seconds", heading=_c("callback", "p95"), kind=Kind.DURATION),
        ),
        rows=rows,
        note=_(
            "From the promise, or from the call that nobody answered, in hours by the clock on the wall, nights too."
        )
        + charter.too_few(words, fewest),
    )


def _duration_cells(quantiles: Quantiles, fewest: int) -> tuple[Value, ...]:
    durations = (quantiles.mean_us, quantiles.p50_us, quantiles.p90_us, quantiles.p95_us)
    return (quantiles.count, *(None if quantiles.count < fewest else seconds_of(us) for us in durations))


def _by_line(subject: Subject, by_line: Mapping[str, Mapping[CallbackKind, CallbackFigures]]) -> Table:
    words = subject.words
    _, _c = words.text, words.of
    names = kind_names(subject)
    return Table(
        key="callbacks_by_line",
        title=_("Calls back by line"),
        columns=(
            Column(key="line", heading=_c("report", "Line"), kind=Kind.TEXT),
            Column(key="kind", heading=_c("callback", "Kind"), kind=Kind.TEXT),
            Column(key="code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            *_columns(subject, summed=True),
        ),
        rows=tuple(
            (line, names[kind], kind, *_cells((found[kind],)))
            for line, found in sorted(by_line.items())
            for kind in KINDS
            if kind in found and found[kind].owed
        ),
    )
