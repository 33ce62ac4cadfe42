"""`callmonitor purge`, `forget` and `access-log`: what becomes of personal data, and who saw them."""

from __future__ import annotations

import csv
import os
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.calls.lines import Patterns
from monitor.cli_settings import ConfigOption, StoreOption, settings_of
from monitor.config_sources import state_folder
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from monitor.ledger.erasing import Erasure

_LEFT = 1
"""Exit status where something that should be gone was found again."""

# Rooms are loaded where a command needs them: --help need not wait for a database's driver.
# ruff: noqa: PLC0415


def purge(
    config: ConfigOption = None,
    store: StoreOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only, and erase nothing.")] = False,
) -> None:
    """Erase the personal data that were kept as long as the settings say; figures and reports stay as they are."""
    from monitor.ledger.store import Store
    from monitor.privacy.purge import Purge
    from monitor.progress_bar import BusyBar

    settings = settings_of(config)
    opened = Store(store or settings.ledger.connect_url())
    try:
        with BusyBar("purge"):
            purge_now = Purge(opened, settings.privacy, settings.privacy.read_numbers(), settings.cases)
            found = purge_now.run(datetime.now(UTC), dry=dry_run)
    finally:
        opened.close()
    if not found:
        typer.echo("Nothing is set to be erased: see [privacy] in docs/settings.md.")
        return
    _print(found, "to erase" if dry_run else "erased")
    if not dry_run and any(each.left for each in found):
        raise typer.Exit(_LEFT)


def forget(
    number: Annotated[
        str | None,
        typer.Argument(
            metavar="[NUMBER]",
            show_default=False,
            help="The whole number. Left out, it is asked for, or read from standard input: others on this machine see "
            "what stands on a command line.",
        ),
    ] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask whether it is meant; needed where standard input is no terminal.")
    ] = False,
) -> None:
    """Erase one person's number from ledger, waiting facts, journal and reports, and look through all of it again."""
    from monitor.ledger.spool import spool_paths
    from monitor.ledger.store import Store
    from monitor.privacy.forget import Places
    from monitor.privacy.forget import forget as erase
    from monitor.privacy.person import Person
    from monitor.progress_bar import BusyBar

    if not yes and not sys.stdin.isatty():
        raise ConfigError(
            "Nobody is at a terminal to be asked whether it is meant, and what is erased cannot be brought back: run "
            "the command again with --yes. Nothing was erased."
        )
    settings = settings_of(config)
    person = Person(number or _asked(), settings.privacy.read_numbers())
    for line in settings.line:
        if Patterns(line.patterns).match(person.normal):
            raise ConfigError(f"That is the number of the line {line.name}, and no caller's: give the caller's number.")
    if not yes:
        typer.confirm("What is erased cannot be brought back. Erase it?", abort=True, err=True)
    opened = Store(store or settings.ledger.connect_url())
    spool, rejected = spool_paths(opened, settings.ledger.spool_dir)
    folders = {spool.parent, state_folder(os.environ)}
    places = Places(
        store=opened,
        spool=spool,
        rejected=rejected,
        journal=settings.journal.folder,
        reports=settings.reports.folder,
        others=tuple(sorted(folders)),
    )
    try:
        with BusyBar("forget"):
            forgotten = erase(person, places, datetime.now(UTC))
    finally:
        opened.close()
    _print(forgotten.erasures, "erased")
    for path in forgotten.files:
        typer.echo(f"It stands in {path}, which is none of ours: delete it.")
    if forgotten.in_progress:
        typer.echo(
            f"{len(forgotten.in_progress)} of the calls it stood in are not in the ledger: where one still goes on, "
            "run this again when it has ended."
        )
    typer.echo("Not looked through: backups, Asterisk's own queue_log, CDR and CEL, recordings, logs of a proxy.")
    if forgotten.left:
        raise typer.Exit(_LEFT)


def _asked() -> str:
    if sys.stdin.isatty():
        number: str = typer.prompt("Number", err=True, hide_input=True)
        return number
    return sys.stdin.readline()


def access_log(
    config: ConfigOption = None,
    store: StoreOption = None,
    call: Annotated[
        str | None, typer.Option("--call", metavar="ID", help="Only of this call: its linkedid, or SYSTEM/LINKEDID.")
    ] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DAY", help="From this day on, 2026-11-25.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Up to this day, and with it.")] = None,
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet.")] = False,
) -> None:
    """Print who saw which calls, the oldest first."""
    from monitor.csv_text import as_text
    from monitor.ledger.access_log import accesses
    from monitor.ledger.store import Store

    settings = settings_of(config)
    zone = settings.zone
    system, _, linkedid = (call or "").rpartition("/")
    opened = Store(store or settings.ledger.connect_url())
    first, last = (_midnight(day, zone) for day in (since, until))
    end = None if last is None else last + timedelta(days=1)
    heading = ("at", "who", "role", "address", "action", "system", "linkedid", "calls", "asked for")
    out = csv.writer(sys.stdout, lineterminator="\r\n")
    if as_csv:
        out.writerow(heading)
    try:
        for each in accesses(opened, since=first, until=end, system=system or None, linkedid=linkedid or None):
            at = f"{each.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
            cells = [at, each.who, each.role, each.address, each.action, each.system or "", each.linkedid or ""]
            cells += [str(each.calls), each.detail]
            if as_csv:
                out.writerow([as_text(cell) for cell in cells])
            else:
                typer.echo("  ".join(cell for cell in cells if cell))
    finally:
        opened.close()


def _midnight(day: str | None, zone: tzinfo) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time.min, zone)
    except ValueError as error:
        raise ConfigError(f"{day!r} is no day: write one as 2026-11-25.") from error


def _print(found: Sequence[Erasure], what: str) -> None:
    """A line for each place, counts to the right."""
    rows = [("place", what, "left"), *((each.place, f"{each.erased:,}", f"{each.left:,}") for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for place, erased, left in rows:
        typer.echo(f"{place:<{widths[0]}}  {erased:>{widths[1]}}  {left:>{widths[2]}}")
    sys.stdout.flush()
