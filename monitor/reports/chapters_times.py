"""When: by hours of work, by month and day, by weekday and half-hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.tally import together
from monitor.reports.document import Chart, Column, Form, Kind, Paragraph, Section, Table
from monitor.reports.measures import Row, plain
from monitor.worktime import Hours

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.calls.tally import Tally
    from monitor.reports.document import Block, Value
    from monitor.reports.figures import DayFigures
    from monitor.reports.subject import Subject

WEEKDAY_KEYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def hours(subject: Subject) -> Section:
    """The chapter of working time, lunch shift and the rest."""
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    table = subject.measures.table(
        "hours",
        _("By working time"),
        heads=plain(
            {"hours": (_c("report", "Hours"), Kind.TEXT), "code": (_c("report", "Code"), Kind.TEXT)},
            unprinted=("code",),
        ),
        rows=[Row(head=(words.hours[each], each.value), tally=figures.by_hours[each]) for each in Hours],
        keys=("offered", "answered", "answer_rate", *subject.judgement_keys, "asa_seconds"),
        total=figures.whole,
        note=_(
            "By when the call came in. Public holidays, their substitutes and closed days are outside working time."
        ),
    )
    judged = (
        _("The promise is judged on the calls of working time.")
        if subject.judged_apart
        else _("The promise is judged on all calls, whenever they came in.")
    )
    return Section(key="hours", title=_("Working time"), blocks=(Paragraph(text=judged), table))


def days(subject: Subject) -> Section:
    """The chapter of months and days."""
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    blocks: list[Block] = []
    if len({(day.day.year, day.day.month) for day in figures.days}) > 1:
        blocks.append(months(subject))
    # Days that have not begun have no figures, and would stand here as days without calls.
    begun = [day for day in figures.days if day.day <= figures.made_at.astimezone(figures.period.zone).date()]
    table = subject.measures.table(
        "days",
        _("By day"),
        heads=plain(
            {
                "day": (_c("report", "Day"), Kind.DAY),
                "weekday": (_c("report", "Weekday"), Kind.TEXT),
                "day_off": (_c("report", "Holiday"), Kind.TEXT),
            }
        ),
        rows=[
            Row(
                head=(day.day, words.weekdays[day.day.weekday()], _day_off(subject, day)),
                tally=day.tally,
                tail=(day.coverage,),
            )
            for day in begun
        ],
        keys=("offered", "answered", "answer_rate", *subject.judgement_keys, "asa_seconds"),
        total=figures.whole,
        tails=plain({"coverage": (_c("report", "Coverage"), Kind.SHARE)}),
        note=_("All calls, by local day."),
    )
    heard = [day for day in begun if subject.compliance(day.tally) is not None]
    if heard:
        blocks.append(
            Chart(
                key="days_compliance",
                title=_("Compliance by day ({reading})").format(reading=subject.reading(subject.headline)),
                alt=_days_told(subject, heard),
                form=Form.LINE,
                table="days",
                category="day",
                values=(f"compliance_{subject.headline}",),
                target=subject.house.target,
            )
        )
        most = max(begun, key=lambda day: day.tally.offered)
        blocks.append(
            Chart(
                key="days_calls",
                title=_("Calls by day"),
                alt=_("Most calls came in on {day}: {count}.").format(
                    day=words.day(most.day), count=words.calls(most.tally.offered)
                ),
                form=Form.STACKED,
                table="days",
                category="day",
                values=tuple(f"{verdict}_{subject.headline}" for verdict in ("kept", "broken", "excluded")),
            )
        )
    return Section(key="days", title=_("By day"), blocks=(*blocks, table))


def _days_told(subject: Subject, heard: list[DayFigures]) -> str:
    """What the line over the days shows, for somebody who does not see it."""
    words = subject.words
    _ = words.text
    text = _("Over all days it is {rate}.").format(rate=words.percent(subject.compliance(subject.figures.whole)))
    worst = max(heard, key=lambda day: day.tally.broken(subject.headline))
    broken = worst.tally.broken(subject.headline)
    if not broken:
        return f"{text} " + _("The promise was broken on no day.")
    judged = worst.tally.kept(subject.headline) + broken
    return f"{text} " + _("It was broken most often on {day}, in {broken} of {judged} judged.").format(
        day=words.day(worst.day), broken=words.count(broken), judged=words.calls(judged)
    )


def months(subject: Subject) -> Table:
    """The table of months, of the calls that are judged."""
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    return subject.measures.table(
        "months",
        _("By month"),
        heads=plain({"month": (_c("report", "Month"), Kind.TEXT)}),
        rows=[Row(head=(words.month(*month),), tally=figures.months[month]) for month in sorted(figures.months)],
        keys=("offered", "answered", "answer_rate", *subject.judgement_keys, "asa_seconds"),
        total=figures.judged,
        note=_("Of the calls the promise is judged on. Months without a call are not listed."),
    )


def _day_off(subject: Subject, day: DayFigures) -> str:
    _ = subject.words.text
    if holiday := day.holiday.get(subject.words.language):
        return _("{holiday} (worked)").format(holiday=holiday) if day.working_day else holiday
    return "" if day.working_day else _("day off")


def half_hours(subject: Subject) -> Section:
    """The chapter of weekday and half-hour."""
    words = subject.words
    _, _c = words.text, words.of
    reading = subject.reading(subject.headline)
    compliance = _grid(
        subject,
        "half_hours_compliance",
        _("Compliance by weekday and half-hour ({reading})").format(reading=reading),
        subject.compliance,
        Kind.SHARE,
        note=_("Where no call was judged there is no figure."),
        empty=_("No call could be judged."),
    )
    calls = _grid(
        subject,
        "half_hours_calls",
        _("Calls by weekday and half-hour"),
        lambda tally: tally.offered,
        Kind.COUNT,
        note=_("All calls, by the local half-hour in which they came in."),
        empty=_c("report", "No calls."),
    )
    blocks: list[Block] = [compliance, calls]
    worst = _worst_half_hour(subject)
    if worst is not None:
        blocks.insert(
            0,
            Chart(
                key="half_hours_chart",
                title=compliance.title,
                alt=worst,
                form=Form.HEAT,
                table=compliance.key,
                category="half_hour",
                values=WEEKDAY_KEYS,
            ),
        )
    return Section(key="half_hours", title=_("By weekday and half-hour"), blocks=tuple(blocks))


def _worst_half_hour(subject: Subject) -> str | None:
    figures, words = subject.figures, subject.words
    _ = words.text
    broken = {which: tally.broken(subject.headline) for which, tally in figures.half_hours.items()}
    judged = [which for which in broken if subject.compliance(figures.half_hours[which]) is not None]
    if not judged:
        return None
    which = max(sorted(judged), key=lambda which: broken[which])
    if not broken[which]:
        return _("The promise was broken in no half-hour.")
    return _("The promise was broken most often on {weekday} from {time}: {count}.").format(
        weekday=words.weekdays[which[0]], time=words.half_hour(which[1]), count=words.calls(broken[which])
    )


def _grid(
    subject: Subject, key: str, title: str, of: Callable[[Tally], Value], kind: Kind, *, note: str, empty: str
) -> Table:
    """Half-hours down, weekdays across, cut to the half-hours from the first with a call to the last."""
    figures, words = subject.figures, subject.words
    _c = words.of
    used = {half_hour for (_weekday, half_hour), tally in figures.half_hours.items() if tally.offered}
    rows: list[tuple[Value, ...]] = []
    for half_hour in range(min(used), max(used) + 1) if used else ():
        line = [figures.half_hours.get((weekday, half_hour)) for weekday in range(7)]
        every = together(tally for tally in line if tally is not None)
        rows.append(
            (
                words.half_hour(half_hour),
                *(None if tally is None or not tally.offered else of(tally) for tally in line),
                of(every),
            )
        )
    if all(value is None for row in rows for value in row[1:]):
        rows.clear()
    last: tuple[Value, ...] | None = None
    if rows:
        by_weekday = [
            together(tally for (day, _half_hour), tally in figures.half_hours.items() if day == weekday)
            for weekday in range(7)
        ]
        last = (_c("report", "Total"), *(of(tally) for tally in by_weekday), of(figures.whole))
    summed = kind is Kind.COUNT
    return Table(
        key=key,
        title=title,
        columns=(
            Column(key="half_hour", heading=_c("report", "From"), kind=Kind.TEXT),
            *(
                Column(key=weekday, heading=words.weekdays[index], kind=kind, summed=summed)
                for index, weekday in enumerate(WEEKDAY_KEYS)
            ),
            Column(key="all_days", heading=_c("report", "All days"), kind=kind, summed=summed),
        ),
        rows=tuple(rows),
        total=last,
        note=note if rows else "",
        empty=empty,
        shaded=WEEKDAY_KEYS,
        darkest_is_worst=False,
    )
