"""The command `recompute`: what other rules would have made of a period, beside what is stored; and other teams."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - typer reads the annotations when the command runs
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from monitor.calls.facts import Verdict
from monitor.calls.rules import SECOND_US, Reading
from monitor.cli_settings import ConfigOption, StoreOption, settings_of
from monitor.errors import ReportError
from monitor.forms import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.config import Settings
    from monitor.reports.periods import Period
    from monitor.reports.side_by_side import Recounted
    from monitor.reports.words import Words

_STEPS = {"counting": "Counting"}


def recompute(
    *,
    rule: Annotated[
        Path | None, typer.Option(metavar="FILE", help=r"Ring rules as \[\[rule]] tables (TOML); one or more.")
    ] = None,
    teams: Annotated[
        bool, typer.Option("--teams", help="Write to each call the team whose it is by the settings of now, instead.")
    ] = False,
    since: Annotated[str, typer.Option("--from", metavar="2026-10-01", help="First day.")],
    until: Annotated[str, typer.Option("--to", metavar="2026-10-31", help="Last day.")],
    line: Annotated[str | None, typer.Option(help="One line by its name; default: all.")] = None,
    queue: Annotated[str | None, typer.Option(help="One queue; default: all.")] = None,
    lang: Annotated[Literal["ko", "en"] | None, typer.Option(help="Language; default: as set.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    """Show what other ring rules would have made of a period, beside what is stored, which stays as it is.

    With --teams the calls of the period are given to the teams configured now, by their queues and menu choices.
    """
    from monitor.cli_reports import day_of
    from monitor.ledger.store import Store
    from monitor.progress_bar import StepBar
    from monitor.report_setup import basis_of
    from monitor.reports.periods import Period
    from monitor.reports.side_by_side import side_by_side
    from monitor.reports.words import Words
    from monitor.rule_file import read_rules

    settings = settings_of(config)
    try:
        period = Period.days_between(day_of(since), day_of(until), settings.zone)
    except ReportError as error:
        raise typer.BadParameter(str(error)) from error
    if teams == (rule is not None) or (teams and (line or queue)):
        raise typer.BadParameter("Give --rule FILE, with --line and --queue where you want, or --teams alone.")
    if rule is None:
        _regroup(settings, store, period, as_json=as_json)
        return
    rules = read_rules(rule)
    basis = basis_of(settings)
    opened = Store(store or settings.ledger.connect_url())
    try:
        with StepBar(_STEPS) as bar:
            found = side_by_side(opened, period, rules, basis, line=line, queue=queue, progress=bar)
    finally:
        opened.close()
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in found], ensure_ascii=False, indent=2))
        return
    words = Words(lang or settings.language)
    typer.echo(words.period(period))
    if basis.judged_on == "working_time":
        _c = words.of
        typer.echo(_c("recount", "Judged: calls in working time."))
    _print(_heading(found, words), list(_rows(found, words)))


def _regroup(settings: Settings, store: str | None, period: Period, *, as_json: bool) -> None:
    """Give the calls of a period to the teams configured now, and say what has changed."""
    from monitor.ledger.callback_recompute import recompute as settle
    from monitor.ledger.callbacks import Callbacks
    from monitor.ledger.regrouping import regroup
    from monitor.ledger.store import Store
    from monitor.plan import plan_of

    numbers = settings.privacy.read_numbers()
    opened = Store(store or settings.ledger.connect_url())
    try:
        moves = regroup(opened, plan_of(settings).teams, period.since, period.until)
        if any(before != now for before, now in moves):
            # Calls back stand in the list by the team of their call.
            settle(opened, Callbacks(settings.callback_terms(), numbers), period.since, period.until)
    finally:
        opened.close()
    told = [
        {"before": before, "team": now, "calls": calls}
        for (before, now), calls in sorted(moves.items(), key=lambda move: tuple(team or "" for team in move[0]))
    ]
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for each in told:
        before, now = (each[name] or "no team" for name in ("before", "team"))
        typer.echo(f"{each['calls']:>9,}  {now}" if before == now else f"{each['calls']:>9,}  {before} → {now}")


def _heading(found: Sequence[Recounted], words: Words) -> list[str]:
    """What stands above the columns."""
    _c = words.of
    return ["", *(_c("recount", "As stored") if each.rule is None else each.rule.label for each in found)]


def _rows(found: Sequence[Recounted], words: Words) -> Iterator[list[str]]:
    """The figures, a row each and a column for each rule."""
    _c, terms = words.of, words.terms
    rules = [each.rule for each in found]
    yield [_c("recount", "Limit of rings"), *("" if rule is None else str(rule.limit) for rule in rules)]
    yield [
        _c("recount", "Cadence"),
        *("" if rule is None else f"{rule.country} {words.limit(rule.period_us)}" for rule in rules),
    ]
    yield [_c("recount", "Calls"), *(words.count(each.tally.offered) for each in found)]
    for reading, name in (
        (Reading.WITHIN, _c("recount", "rings ≤ limit")),
        (Reading.BEFORE, _c("recount", "rings < limit")),
    ):
        yield [
            _c("recount", "Compliance ({reading})").format(reading=name),
            *(percent(each.tally.compliance(reading)) for each in found),
        ]
        for verdict in Verdict:
            calls = [each.tally.verdicts[reading][verdict] for each in found]
            yield [f"  {terms.verdicts[verdict]}", *map(words.count, calls)]
    yield [_c("recount", "Excluded from compliance"), *(words.count(each.tally.excluded.total()) for each in found)]
    for reason in dict.fromkeys(reason for each in found for reason in each.tally.excluded):
        yield [f"  {terms.verdict_reasons[reason]}", *(words.count(each.tally.excluded[reason]) for each in found)]
    yield [_c("recount", "Calls by rings"), *("" for _each in found)]
    for rings in range(
        1 + max((often for each in found for often, _outcome in each.rings if often is not None), default=-1)
    ):
        yield [f"  {words.rings(rings)}", *(words.count(_of_rings(each, rings)) for each in found)]
    if any(_of_rings(each, None) for each in found):
        unknown = _c("recount", "not known")
        yield [f"  {unknown}", *(words.count(_of_rings(each, None)) for each in found)]
    months = sorted({month for each in found for month in each.months})
    if len(months) > 1:
        yield [_c("recount", "Compliance by month, headline"), *("" for _each in found)]
        for month in months:
            yield [f"  {words.month(*month)}", *(percent(_headline(each, month)) for each in found)]


def _of_rings(recounted: Recounted, rings: int | None) -> int:
    return sum(calls for (often, _outcome), calls in recounted.rings.items() if often == rings)


def _headline(recounted: Recounted, month: tuple[int, int]) -> float | None:
    tally = recounted.months.get(month)
    return (
        None
        if tally is None
        else tally.compliance(Reading.WITHIN if recounted.rule is None else recounted.rule.headline)
    )


def _print(heading: list[str], rows: list[list[str]]) -> None:
    """Columns beside each other, figures to the right; nothing is cut, in a pipe neither."""
    from rich.cells import cell_len

    widths = [max(cell_len(row[column]) for row in (heading, *rows)) for column in range(len(heading))]
    for row in (heading, *rows):
        first = row[0] + " " * (widths[0] - cell_len(row[0]))
        others = (" " * (width - cell_len(cell)) + cell for cell, width in zip(row[1:], widths[1:], strict=True))
        typer.echo("  ".join((first, *others)).rstrip())


def _as_json(recounted: Recounted) -> dict[str, Any]:
    """The same for programs: durations in seconds, compliance from 0 to 1, null where nothing was judged."""
    rule, tally = recounted.rule, recounted.tally
    return {
        "rule": None
        if rule is None
        else {
            "label": rule.label,
            "limit": rule.limit,
            "headline": rule.headline,
            "country": rule.country,
            "period_seconds": rule.period_us / SECOND_US,
        },
        "calls": tally.offered,
        "compliance": {reading: tally.compliance(reading) for reading in Reading},
        "verdicts": {
            reading: {verdict: tally.verdicts[reading][verdict] for verdict in Verdict} for reading in Reading
        },
        "excluded": dict(tally.excluded),
        "rings": [
            {"rings": rings, "outcome": outcome, "calls": calls}
            for (rings, outcome), calls in sorted(
                recounted.rings.items(), key=lambda each: (each[0][0] is None, each[0][0] or 0, each[0][1])
            )
        ],
        "months": [
            {"month": f"{year}-{month:02}", "compliance": {reading: of.compliance(reading) for reading in Reading}}
            for (year, month), of in sorted(recounted.months.items())
        ],
    }
