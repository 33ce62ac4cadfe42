"""The command `report`: a period of the ledger as files, for whoever hands them on."""

from __future__ import annotations

import getpass
import os
import re
import signal
import sys
from datetime import UTC, date, datetime
from pathlib import Path  # noqa: TC003 - typer reads the annotations when the command runs
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeVar

import typer

from monitor.cli_settings import ConfigOption, StoreOption, settings_of
from monitor.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from monitor.config import Settings
    from monitor.reports.order import Order
    from monitor.reports.periods import Period
    from monitor.texts import Language

_Name = TypeVar("_Name", bound=str)
_LANGUAGES: Final[tuple[Language, ...]] = ("ko", "en")
_PUBLISHED = ("html", "pdf")
"""The forms of the public record where none is named."""
_STEPS: Final = {"reading": "Reading the ledger", "counting": "Counting", "drawing": "Drawing", "writing": "Writing"}


def report(
    *,
    month: Annotated[str | None, typer.Option(metavar="2026-10", help="A month, for management.")] = None,
    half: Annotated[
        str | None, typer.Option(metavar="2026H1", help="The record of half a year for the public, no personal data.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="2026-10-01", help="First of any days, for management; with --to.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="2026-10-15", help="The last of them.")] = None,
    line: Annotated[str | None, typer.Option(help="One line by its name; default: all.")] = None,
    queue: Annotated[str | None, typer.Option(help="One queue; default: all.")] = None,
    lang: Annotated[
        list[str] | None, typer.Option("--lang", help=r"ko, en or ko,en; default: languages of \[reports].")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help=r"pdf,xlsx,html,csv,json; default: formats of \[reports], html,pdf for --half."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help=r"Where the files go; default: kept in the folder of \[reports].")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Count anew under this ring rule: NAME or NAME/VERSION.")] = None,
    no_agents: Annotated[bool, typer.Option("--no-agents", help="Leave out figures of single agents.")] = False,
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    r"""Make a report of a month, half a year or any days: PDF, XLSX, HTML, CSV, JSON.

    Prints the files. Without --out they are kept, and stand among the reports of the page.
    """
    chosen = _listed(lang, _LANGUAGES, "--lang")
    forms = _listed(formats, ("pdf", "xlsx", "html", "csv", "json"), "--format")
    settings = settings_of(config)

    from monitor.reports.order import FileFormat, Order, asked_by

    order = Order(
        period=_period(settings.zone, month=month, half=half, since=since, until=until),
        line=line,
        queue=queue,
        languages=chosen or settings.reports.languages,
        formats=tuple(
            FileFormat(form) for form in forms or (_PUBLISHED if half is not None else settings.reports.formats)
        ),
        rule=rule,
        agents=not no_agents,
        publishable=half is not None,
        made_by=asked_by(_user()),
    )
    for path in _made(settings, order, out, store):
        typer.echo(path)


def _made(settings: Settings, order: Order, out: Path | None, store: str | None) -> Sequence[Path]:
    """Make the report, and give its files."""
    from monitor.ledger.store import Store
    from monitor.progress_bar import StepBar
    from monitor.report_setup import basis_of, house_of
    from monitor.reports.kept import Kept
    from monitor.reports.make import make

    # Unwind where it is told to end, so that what is half made is cleared away.
    signal.signal(signal.SIGTERM, _end)
    now = datetime.now(UTC)
    opened = Store(store or settings.ledger.connect_url())
    basis, house = basis_of(settings), house_of(settings)
    try:
        with StepBar(_STEPS) as bar:
            if out is not None:
                return make(opened, order, basis, house, out, now=now, progress=bar)
            kept = Kept(settings.reports.folder)
            made = kept.keep(
                order, now, lambda folder: make(opened, order, basis, house, folder, now=now, progress=bar)
            )
        return [kept.folder_of(made) / file.name for file in made.files]
    finally:
        opened.close()


def _period(zone: ZoneInfo, *, month: str | None, half: str | None, since: str | None, until: str | None) -> Period:
    """The one period that the options name."""
    from monitor.reports.periods import Period

    days = since is not None or until is not None
    if (month is not None) + (half is not None) + days != 1:
        raise typer.BadParameter("Give one period: --month 2026-10, --half 2026H1, or --from and --to.")
    try:
        if month is not None:
            return Period.month(month, zone)
        if half is not None:
            return Period.half(half, zone)
        if since is None or until is None:
            raise typer.BadParameter("--from and --to belong together: give both.")
        return Period.days_between(day_of(since), day_of(until), zone)
    except ReportError as error:
        raise typer.BadParameter(str(error)) from error


def day_of(text: str) -> date:
    """A day of the calendar; `fromisoformat` alone would take weeks and times too.

    Raises:
        ReportError: it is none.
    """
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise ReportError(f"{text!r} is no day: write it as in 2026-10-01.")


def _listed(given: list[str] | None, known: tuple[_Name, ...], option: str) -> tuple[_Name, ...]:
    """What an option names, once or with commas, each once; empty where it was not given."""
    names = [name.strip() for text in given or () for name in text.split(",")]
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"{option} takes {', '.join(known)}; {name!r} is none of them.")
    return tuple(dict.fromkeys(name for name in known if name in names))


def _user() -> str:
    """Who makes it, by the name this machine has for them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def _end(_signal: int, _frame: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(128 + signal.SIGTERM)
