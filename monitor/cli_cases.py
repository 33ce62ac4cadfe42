"""The commands `cases …`: cases of promises with a clock, brought in and out of the ledger, and their trail proved."""

from __future__ import annotations

import csv
import sys
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from monitor.cli_settings import ConfigOption, StoreOption, settings_of
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.commitments.cases import Actor
    from monitor.commitments.desk import CaseDesk
    from monitor.commitments.intake import Intake
    from monitor.config import Settings

cases = typer.Typer(help="Cases of the charter's promises: bring them in, take them out.", no_args_is_help=True)

# Rooms are loaded where a command needs them: --help need not wait for a database's driver.
# ruff: noqa: PLC0415

_FAILED = 1
LangOption = Annotated[
    Literal["ko", "en"] | None, typer.Option("--lang", help="Language of the headings; default: as set.")
]


@cases.command("import")
def bring(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX; `cases template` writes an empty one.")],
    config: ConfigOption = None,
    store: StoreOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Let rows of cases that are there change them; empty cells change nothing.")
    ] = False,
) -> None:
    """Bring in a sheet of cases: all of it, or nothing where a row is wrong. The same sheet twice is as once."""
    from monitor.commitments.intake import bring_in
    from monitor.progress_bar import BusyBar

    settings = settings_of(config)
    with _desk(settings, store, upgraded=not dry_run, absent_is_empty=dry_run) as desk, BusyBar("cases"):
        intake = bring_in(desk, file, _by(), dry_run=dry_run, update=update)
    _tell(intake)
    if intake.bad:
        raise typer.Exit(_FAILED)


@cases.command("template")
def template(lang: LangOption = None, config: ConfigOption = None) -> None:
    """Write the headings of a sheet of cases, as CSV that Excel opens."""
    from monitor.commitments.columns import heading
    from monitor.csv_text import BOM

    sys.stdout.write(BOM)
    csv.writer(sys.stdout, lineterminator="\r\n").writerow(heading(lang or settings_of(config).language))


@cases.command("export")
def export(
    lang: LangOption = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Write numbers and addresses whole, not masked.")] = False,
) -> None:
    """Write all cases as CSV, the newest first, in the form in which they can be brought in."""
    from dataclasses import asdict

    from monitor.commitments.cases import CaseQuery, CaseState
    from monitor.commitments.columns import heading, written
    from monitor.commitments.contacts import shown
    from monitor.csv_text import BOM, as_text
    from monitor.masking import masked_words

    settings = settings_of(config)
    language = lang or settings.language
    out = csv.writer(sys.stdout, lineterminator="\r\n")
    with _desk(settings, store) as desk:
        register = {one.key: one for one in desk.register}
        sys.stdout.write(BOM)
        out.writerow(heading(language))
        for case in desk.each(CaseQuery()):
            values = asdict(case) | {"withdrawn": case.state is CaseState.WITHDRAWN}
            if not full:
                values["contact"] = shown(case.contact, full=False) or None
                # People write numbers there too; the page masks them alike.
                for name in ("subject", "result", "assignee"):
                    values[name] = values[name] and masked_words(values[name])
            cells = written(values, register.get(case.commitment), settings.zone, language)
            out.writerow([as_text(cell) for cell in cells])


@cases.command("verify")
def verify(config: ConfigOption = None, store: StoreOption = None) -> None:
    """Read through the audit trail: whether each entry is as it was written, and each case as its entries say."""
    with _desk(settings_of(config), store) as desk:
        found = desk.verify_trail()
    if found.broken is not None:
        typer.echo(found.broken)
        typer.echo("Compare with a backup from before: what was changed is in neither the page nor the API.")
        raise typer.Exit(_FAILED)
    typer.echo(f"{found.entries:,} entries of {found.cases:,} cases are as they were written.")
    typer.echo(f"The last one's chain is {found.head}: keep it elsewhere to prove later that nothing was exchanged.")


@contextmanager
def _desk(
    settings: Settings, store: str | None, *, upgraded: bool = False, absent_is_empty: bool = False
) -> Iterator[CaseDesk]:
    """The desk of the ledger; where that is not begun yet, for a dry run that of an empty one beside it."""
    from monitor.charter_setup import case_desk_of
    from monitor.ledger.repository import Repository
    from monitor.ledger.schema import upgrade
    from monitor.ledger.store import Store

    with ExitStack() as stack:
        opened = Store(store or settings.ledger.connect_url())
        if absent_is_empty and opened.path is not None and not opened.path.exists():
            opened = Store(Path(stack.enter_context(TemporaryDirectory(prefix="callmonitor-"))) / "empty.sqlite3")
            upgraded = True
        stack.callback(opened.close)
        if upgraded:
            upgrade(opened)
        Repository(opened).ping()
        yield case_desk_of(settings, opened, lambda: datetime.now(UTC))


def _by() -> Actor:
    from monitor.commitments.cases import Actor

    try:
        name = getuser()
    except (KeyError, OSError):
        # Nobody of that number is known on this machine.
        raise ConfigError("It is not known who runs this: set LOGNAME, so that the trail can say it.") from None
    return Actor(name, "command")


def _tell(intake: Intake) -> None:
    for bad in intake.bad:
        where = f"row {bad.row}, {bad.column}" if bad.column else f"row {bad.row}"
        typer.echo(f"  {where}: {bad.error}")
    typer.echo(f"Read {_of(intake.rows, 'case')}.")
    if intake.bad:
        typer.echo(
            f"{_of(len(intake.bad), 'fault')} found, so nothing was written: correct the sheet, and bring it again."
        )
        return
    for count, words in ((intake.new, "new"), (intake.changed, "changed"), (intake.same, "already there just so")):
        if count:
            typer.echo(f"  {count:,} {words}")
    if intake.dry_run:
        typer.echo(f"{_of(intake.new + intake.changed, 'case')} would be written; nothing was.")
    else:
        written = intake.written
        typer.echo(f"{_of(written, 'case')} written." if written else "Nothing was written: the ledger has it all.")


def _of(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
