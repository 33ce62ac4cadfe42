"""The command `reconcile`: a period of the ledger against what Asterisk wrote itself."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003 - typer reads the annotations when the command runs
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from monitor.cli_settings import ConfigOption, StoreOption, settings_of
from monitor.errors import ConfigError, ReportError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config import Settings
    from monitor.ledger.reconciled import Disagreement
    from monitor.ledger.repository import Repository
    from monitor.reconcile.reading import Given
    from monitor.reconcile.work import Order, Result
    from monitor.reports.periods import Period

_LISTED = 20
"""Disagreements that are printed; a file holds all."""
_COLUMNS = ("system", "linkedid", "what", "source", "ours", "theirs", "reason", "explanation")


def reconcile(
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="2026-10-01", help="First day; default: yesterday.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="2026-10-01", help="Last day; default: the first.")
    ] = None,
    system: Annotated[
        str | None, typer.Option("--system", help=r"Of one Asterisk only; default: of every \[\[reconcile]] table.")
    ] = None,
    queue_log: Annotated[
        Path | None, typer.Option("--queue-log", metavar="FILE", help="Compare with this queue_log.")
    ] = None,
    cdr: Annotated[
        str | None,
        typer.Option("--cdr", metavar="FILE|URL", help="With these call detail records; URL#TABLE for a database."),
    ] = None,
    cel: Annotated[str | None, typer.Option("--cel", metavar="FILE|URL", help="With this channel event log.")] = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", metavar="ZONE", help="In which these tell times; default: the centre's."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be filled, and write nothing.")] = False,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write every disagreement to this file.")
    ] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    """Compare the ledger with what Asterisk wrote itself, fill in calls only Asterisk saw, list what differs."""
    from monitor.ledger.repository import Repository
    from monitor.ledger.schema import upgrade
    from monitor.ledger.store import Store
    from monitor.progress_bar import BusyBar
    from monitor.reconcile.work import reconcile as compare
    from monitor.reconcile_setup import order_of

    settings = settings_of(config)
    period = _period(settings, since, until)
    orders = [
        order_of(settings, name, given, period.since, period.until)
        for name, given in _given(settings, system, queue_log, cdr, cel, timezone)
    ]
    opened = Store(store or settings.ledger.connect_url())
    try:
        if not dry_run:
            upgrade(opened)
        numbers = settings.privacy.read_numbers()
        repository = Repository(opened, numbers=numbers, callbacks=settings.callback_terms())
        repository.ping()
        for order in orders:
            _see_that_it_is_known(order.system, settings, repository)
        found: list[Disagreement] = []
        for order in orders:
            with BusyBar("reconcile"):
                result = compare(repository, order, datetime.now(UTC), dry=dry_run)
            _tell(result, order, dry_run=dry_run)
            found += result.disagreements
    finally:
        opened.close()
    if csv_file is not None:
        _write(csv_file, found)
        typer.echo(f"{len(found):,} disagreements written to {csv_file}.")


def _period(settings: Settings, since: str | None, until: str | None) -> Period:
    from monitor.cli_reports import day_of
    from monitor.reports.periods import Period

    yesterday = datetime.now(settings.zone).date() - timedelta(days=1)
    try:
        first = day_of(since) if since else day_of(until) if until else yesterday
        return Period.days_between(first, day_of(until) if until else first, settings.zone)
    except ReportError as error:
        raise typer.BadParameter(str(error)) from error


def _given(  # noqa: PLR0917 - the options, as they were given
    settings: Settings, system: str | None, queue_log: Path | None, cdr: str | None, cel: str | None, zone: str | None
) -> list[tuple[str, Given]]:
    """What to compare with, by system: what options name, else what is configured."""
    from dataclasses import replace

    from monitor.reconcile.reading import Given
    from monitor.reconcile_setup import configured, given_of

    told_in = _zone(zone) if zone is not None else None
    if queue_log is None and not cdr and not cel:
        tables = [(one.system, given_of(one)) for one in configured(settings, system)]
        return [(name, given if told_in is None else replace(given, zone=told_in)) for name, given in tables]
    for url in (cdr or "", cel or ""):
        if ":" in url.partition("://")[2].rpartition("@")[0]:
            typer.echo(
                "While this runs, everybody on this machine can read the password in its list of processes: give a "
                "password_file in a [[reconcile]] table, or leave the password to PGPASSFILE.",
                err=True,
            )
    names = [one.name for one in settings.asterisk]
    if system is None and len(names) != 1:
        raise ConfigError(f"Of which Asterisk are the records? Give --system, one of: {', '.join(names) or 'NAME'}.")
    return [(system or names[0], Given(queue_log=queue_log, cdr=cdr or "", cel=cel or "", zone=told_in))]


def _see_that_it_is_known(system: str, settings: Settings, repository: Repository) -> None:
    """Refuse a name that is nobody's: the comparison would come to nothing, and look as if nothing differed."""
    configured = {one.name for one in settings.asterisk} | {one.system for one in settings.reconcile}
    if system in configured:
        return
    known = configured | repository.systems()
    if system not in known:
        raise ConfigError(
            f"Neither the settings nor the ledger know a system {system!r}: "
            + (f"give --system, one of: {', '.join(sorted(known))}." if known else "add its [[asterisk]] table first.")
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"There is no time zone {name!r}: write one as Asia/Seoul or UTC.") from error


def _tell(result: Result, order: Order, *, dry_run: bool) -> None:
    """Print what came of one system's comparison."""
    from monitor.reconcile.reasons import LEFT_OUT, SENTENCES, Reason, What

    made = result.made
    first, last = (at.astimezone(order.zone) for at in (made.since, made.until - timedelta(microseconds=1)))
    days = f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    typer.echo(f"{made.system}, {days} ({order.zone.key}), compared with {made.sources}:")
    typer.echo(f"  {_of(made.asterisk_calls)} to the lines were written down by Asterisk")
    typer.echo(f"  {made.matched:>7,} matched")
    typer.echo(f"  {made.filled:>7,} {'would be filled' if dry_run else 'filled'}, which only Asterisk saw")
    typer.echo(f"  {made.disagreeing:>7,} disagreeing")
    typer.echo(f"  {made.ours_alone:>7,} in the ledger alone")
    for why, calls in sorted(result.left_out.items()):
        typer.echo(f"  left out: {_of(calls)} {LEFT_OUT[why]}")
    for source, notes in result.notes.items():
        if notes.unreadable:
            typer.echo(f"  {source.value}: {notes.unreadable:,} of {notes.read:,} lines could not be understood")
            for named in notes.named:
                typer.echo(f"    {named}")
    listed = [each for each in result.disagreements if not (each.what == What.MISSING and each.ours is None)]
    for each in listed[:_LISTED]:
        told = f"ours {each.ours or '-'}, {each.source} {each.theirs or '-'}"
        typer.echo(f"  {each.linkedid}  {each.what}: {told}; {SENTENCES[Reason(each.reason)]}")
    if len(listed) > _LISTED:
        typer.echo(f"  and {len(listed) - _LISTED:,} more: give --csv FILE for all")
    unexplained = sum(each.what == What.MISSING and each.reason == Reason.NO_GAP for each in result.disagreements)
    if unexplained:
        typer.echo(f"  {_of(unexplained)} of the filled: {SENTENCES[Reason.NO_GAP]}")


def _write(path: Path, found: Sequence[Disagreement]) -> None:
    """Every disagreement, a row each."""
    from monitor.csv_text import BOM, as_text
    from monitor.reconcile.reasons import SENTENCES, Reason

    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(BOM)
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for each in found:
            cells = (each.system, each.linkedid, each.what, each.source, each.ours, each.theirs, each.reason)
            rows.writerow([*map(as_text, cells), SENTENCES[Reason(each.reason)]])


def _of(calls: int) -> str:
    return f"{calls:,} call{'' if calls == 1 else 's'}"
