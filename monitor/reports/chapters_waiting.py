"""How long callers waited, the service levels by name, and who did not wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.reports.document import Column, Kind, Paragraph, Section, Table
from monitor.reports.measures import Row, plain, seconds_of
from monitor.worktime import Hours

if TYPE_CHECKING:
    from monitor.calls.tally import Tally
    from monitor.reports.document import Value
    from monitor.reports.figures import Quantiles
    from monitor.reports.subject import Subject


def waiting(subject: Subject) -> Section:
    """The chapter."""
    words = subject.words
    _ = words.text
    return Section(
        key="waiting",
        title=_("Waiting"),
        blocks=(
            Paragraph(
                text=_(
                    "Waiting runs from asking for a person to a person's answer, ringing or not. It is another clock "
                    "than ringing, on which the promise is judged."
                )
            ),
            _quantiles(subject),
            _levels(subject),
            _abandons(subject),
        ),
    )


def quantile_columns(subject: Subject, *, heading: str) -> tuple[Column, ...]:
    """Columns of how many durations there are, their mean and quantiles."""
    _c = subject.words.of
    return (
        Column(key="count", heading=heading, kind=Kind.COUNT),
        Column(key="mean_seconds", heading=_c("report", "Mean (s)"), kind=Kind.SECONDS),
        Column(key="p50_seconds", heading=_c("report", "p50 (s)"), kind=Kind.SECONDS),
        Column(key="p90_seconds", heading=_c("report", "p90 (s)"), kind=Kind.SECONDS),
        Column(key="p95_seconds", heading=_c("report", "p95 (s)"), kind=Kind.SECONDS),
    )


def quantile_cells(quantiles: Quantiles) -> tuple[Value, ...]:
    """The cells of `quantile_columns`."""
    return (
        quantiles.count,
        *(
            seconds_of(duration_us)
            for duration_us in (quantiles.mean_us, quantiles.p50_us, quantiles.p90_us, quantiles.p95_us)
        ),
    )


def _named(subject: Subject) -> list[tuple[str, str, Tally, Quantiles]]:
    """The judged calls, and those of each kind of hours."""
    figures, words = subject.figures, subject.words
    _ = words.text
    judged = _("judged on (working time)") if subject.judged_apart else _("all calls")
    return [
        (judged, "judged", figures.judged, figures.waiting),
        *(
            (words.hours[hours], hours.value, figures.by_hours[hours], figures.waiting_by_hours[hours])
            for hours in Hours
        ),
    ]


def _heads(subject: Subject) -> tuple[Column, ...]:
    _c = subject.words.of
    return plain(
        {"hours": (_c("report", "Hours"), Kind.TEXT), "code": (_c("report", "Code"), Kind.TEXT)}, unprinted=("code",)
    )


def _quantiles(subject: Subject) -> Table:
    words = subject.words
    _, _c = words.text, words.of
    return Table(
        key="waiting",
        title=_("Waiting of answered calls"),
        columns=(*_heads(subject), *quantile_columns(subject, heading=_c("report", "Answered, waiting known"))),
        rows=tuple((name, code, *quantile_cells(waits)) for name, code, _tally, waits in _named(subject)),
        note=_(
            "The mean is ASA. p90 is the shortest waiting that nine of ten answered calls did not pass: always one "
            "that really occurred."
        ),
    )


def _levels(subject: Subject) -> Table:
    words, whole = subject.words, subject.figures.whole
    _, ngettext = words.text, words.number
    note = _(
        "With x = {seconds}: SL = answered within x / answered. SL2 = (answered + left within x) / (answered + left), "
        "of callers who had asked for a person. Both are of calls whose waiting is known. Service factor = answered "
        "within x / offered."
    ).format(seconds=words.limit(subject.figures.within_us))
    if unknown := whole.answered - whole.waited:
        note += " " + ngettext(
            "{count} answered call is in no SL, since it is not known how long the caller waited.",
            "{count} answered calls are in no SL, since it is not known how long the callers waited.",
            unknown,
        ).format(count=words.count(unknown))
    if whole.waiting_untold:
        note += " " + _("There is no service factor where a source does not tell the waiting.")
    return subject.measures.table(
        "service_levels",
        _("Answered in time"),
        heads=_heads(subject),
        rows=[Row(head=(name, code), tally=tally) for name, code, tally, _waits in _named(subject)],
        keys=(
            "offered",
            "waited",
            "answered_within",
            "abandoned_asked",
            "abandoned_within",
            "service_level",
            "service_level_with_abandons",
            "service_factor",
        ),
        note=note,
    )


def _abandons(subject: Subject) -> Table:
    words = subject.words
    _ = words.text
    return subject.measures.table(
        "abandons",
        _("Callers who left"),
        heads=_heads(subject),
        rows=[Row(head=(name, code), tally=tally) for name, code, tally, _waits in _named(subject)],
        keys=(
            "offered",
            "abandoned",
            "abandoned_announcement",
            "abandoned_waiting",
            "abandoned_ringing",
            "abandoned_short",
            "abandon_rate",
            "abandon_rate_without_short",
        ),
        note=_(
            "Short abandons left sooner than {seconds} after asking for a person. Abandon rate = abandoned / offered; "
            "without short ones (abandoned - short) / (offered - short)."
        ).format(seconds=words.limit(subject.figures.short_us)),
    )
