"""The commands `import queue_log` and `import cdr`: history from before the monitor."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from monitor.cli_settings import ConfigOption, StoreOption, settings_of
from monitor.errors import ImportRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.calls.facts import Call
    from monitor.config import Settings
    from monitor.imports.frame import Frame
    from monitor.imports.intake import Counts

imports = typer.Typer(help="Bring in calls from before the monitor, from Asterisk's own records.", no_args_is_help=True)

SystemOption = Annotated[
    str | None, typer.Option("--system", help="Of which Asterisk the records are; default: the only one configured.")
]
LineOption = Annotated[
    str | None, typer.Option("--line", help="Name of the line the calls are to; default: the only one configured.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")]

_LEFT_OUT = {
    "began_before": "whose beginning is in none of the files: give all of them at once",
    "other_number": "to other numbers, or to one that no record tells",
    "own_people": "placed by the centre's own phones",
    "time_doubtful": "whose time is not the one in their uniqueid",
}
_FATES = {
    "new": "new",
    "replaced": "in place of records that tell less",
    "same": "already there just so",
    "known_better": "already there in records that tell more",
}


@imports.command("queue_log")
def queue_log(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="queue_log and its rotated files, .gz too, in any order.")
    ],
    system: SystemOption = None,
    line: LineOption = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    *,
    dry_run: DryRunOption = False,
) -> None:
    """Bring in the calls of Asterisk's queue log."""
    from monitor.imports.files import bytes_of
    from monitor.imports.sources import calls_of_queue_logs
    from monitor.progress_bar import BytesBar

    settings = settings_of(config)
    frame = _frame(settings, system, line, told=False)
    with BytesBar("queue_log", bytes_of(files)) as bar:
        counts = _taken(settings, store, calls_of_queue_logs(files, frame, bar.at), dry_run=dry_run)
    _tell(settings, frame, counts, dry_run=dry_run)


@imports.command("cdr")
def cdr(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE.csv…|URL", help="Master.csv, a CSV with a first line, or a database."),
    ] = None,
    system: SystemOption = None,
    line: Annotated[str | None, typer.Option("--line", help="Take calls to this line only; default: all.")] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            "--timezone",
            metavar="ZONE",
            help="In which the times were written; default: the centre's. UTC for usegmtime.",
        ),
    ] = None,
    table: Annotated[str, typer.Option("--table", help="Name of the table in a database.")] = "cdr",
    *,
    url_file: Annotated[
        Path | None,
        typer.Option(
            "--url-file",
            metavar="FILE",
            help="Holds the database's URL, so that its password is in no list of processes.",
        ),
    ] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
    people_answer: Annotated[
        bool,
        typer.Option(
            "--people-answer",
            help="No menu or announcement answers calls before a person does: take the answer of a record as theirs.",
        ),
    ] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Bring in the calls of call detail records."""
    from monitor.imports.cdr_calls import CdrReader
    from monitor.imports.files import bytes_of
    from monitor.imports.sources import calls_of_cdr_files
    from monitor.progress_bar import BytesBar, CountBar

    given = _sources(sources or [], url_file)
    settings = settings_of(config)
    zone = _zone(timezone) if timezone is not None else settings.zone
    frame = _frame(settings, system, line, told=True)
    reader = CdrReader(frame, people_answer=people_answer)
    with ExitStack() as stack:
        calls: Iterator[Call]
        if any("://" in source for source in given):
            from monitor.imports.kinds import CDR
            from monitor.imports.record_table import RecordTable

            rows = RecordTable(given[0], table, CDR)
            stack.callback(rows.close)
            counted = stack.enter_context(CountBar("cdr", rows.rows(), "rows"))
            calls = rows.calls(reader, zone, frame.notes, counted.at)
        else:
            paths = [Path(source) for source in given]
            bar = stack.enter_context(BytesBar("cdr", bytes_of(paths)))
            calls = calls_of_cdr_files(paths, reader, zone, frame.notes, bar.at)
        counts = _taken(settings, store, calls, dry_run=dry_run)
    _tell(settings, frame, counts, dry_run=dry_run)


def _sources(given: list[str], url_file: Path | None) -> list[str]:
    """Files, or the URL of one database.

    Raises:
        ImportRefused: the file of the URL cannot be read, or holds none.
    """
    if bool(given) == (url_file is not None):
        raise typer.BadParameter("Give files, or one database by its URL or by --url-file.")
    if url_file is not None:
        try:
            url = url_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImportRefused(f"{url_file} cannot be read: give a file that holds the URL in one line.") from error
        if "://" not in url or len(url.split()) != 1:
            raise ImportRefused(
                f"{url_file} holds no URL: write one line, as in postgresql://USER:PASSWORD@HOST/DATABASE."
            )
        return [url]
    if any("://" in source for source in given):
        if len(given) > 1:
            raise typer.BadParameter("Give one database, or files.")
        if ":" in given[0].partition("://")[2].rpartition("@")[0]:
            typer.echo(
                "While this runs, everybody on this machine can read the password in its list of processes: write the "
                "URL to a file and give --url-file, or leave the password to PGPASSFILE.",
                err=True,
            )
    return given


def _frame(settings: Settings, system: str | None, line: str | None, *, told: bool) -> Frame:
    """Where the calls belong.

    Args:
        settings: as loaded.
        system: as asked for.
        line: as asked for.
        told: the records tell the number that was dialled.
    """
    from dataclasses import replace

    from monitor.calls.lines import Line, Lines
    from monitor.imports.frame import Frame
    from monitor.plan import plan_of

    plan = plan_of(settings)
    names = [each.name for each in settings.asterisk]
    if system is None and len(names) != 1:
        raise ImportRefused(f"Of which Asterisk are the records? Give --system, one of: {', '.join(names) or 'NAME'}.")
    if system is not None and names and system not in names:
        raise ImportRefused(f"No Asterisk {system!r} is configured: give --system, one of: {', '.join(names)}.")
    lines = [each.name for each in settings.line]
    if line is not None and line not in lines:
        raise ImportRefused(f"No line {line!r} is configured: give --line, one of: {', '.join(lines) or 'none'}.")
    if not told:
        if line is None and len(lines) != 1:
            raise ImportRefused(
                "A queue log does not tell which number was dialled. Say to which line its calls were: give --line, "
                f"one of: {', '.join(lines) or '(configure a line first)'}."
            )
        # Where the dialplan wrote the number into the log (DID), no context stands beside it.
        plan = replace(plan, lines=Lines(tuple(Line(each.name, each.patterns) for each in settings.line)))
        line = line or lines[0]
    return Frame(system=system or names[0], plan=plan, line=line)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ImportRefused(f"There is no time zone {name!r}: write one as Asia/Seoul or UTC.") from error


def _taken(settings: Settings, store: str | None, calls: Iterator[Call], *, dry_run: bool) -> Counts:
    """Write the calls, or count them only."""
    from monitor.imports.intake import Intake
    from monitor.ledger.repository import Repository
    from monitor.ledger.schema import upgrade
    from monitor.ledger.store import Store

    opened = Store(store or settings.ledger.connect_url())
    try:
        absent = opened.path is not None and not opened.path.exists()
        if dry_run and absent:
            return Intake(None, dry=True).take_all(calls)
        if not dry_run:
            upgrade(opened)
        numbers = settings.privacy.read_numbers()
        repository = Repository(opened, numbers=numbers, callbacks=settings.callback_terms())
        repository.ping()
        if not dry_run:
            for rule in settings.ring_rules():
                repository.record_rule(rule)
        return Intake(repository, dry=dry_run).take_all(calls)
    finally:
        opened.close()


def _tell(settings: Settings, frame: Frame, counts: Counts, *, dry_run: bool) -> None:
    """Print what was read, and what became of it."""
    from monitor.imports.intake import Fate

    notes = frame.notes
    _say(f"Read {_of(notes.read, 'line')}, of which {notes.unreadable:,} could not be understood.")
    for named in notes.named:
        _say(f"  {named}")
    if notes.unreadable > len(notes.named):
        _say(f"  and {notes.unreadable - len(notes.named):,} more")
    if counts.first_at is None or counts.last_at is None:
        _say("No call was found.")
    else:
        first, last = (f"{at.astimezone(settings.zone):%Y-%m-%d %H:%M}" for at in (counts.first_at, counts.last_at))
        outcomes = ", ".join(f"{count:,} {outcome.value}" for outcome, count in counts.outcomes.most_common())
        _say(f"{_of(counts.calls, 'call')} from {first} to {last} ({settings.zone.key}): {outcomes}.")
    for reason, words in _LEFT_OUT.items():
        if notes.left_out[reason]:  # type: ignore[index] # the word is its own text
            _say(f"  left out: {_of(notes.left_out[reason], 'call')} {words}")  # type: ignore[index] # as above
    for fate in Fate:
        if counts.fates[fate]:
            _say(f"  {counts.fates[fate]:,} {_FATES[fate]}")
    written = counts.fates[Fate.NEW] + counts.fates[Fate.REPLACED]
    if dry_run:
        _say(f"{_of(written, 'call')} would be written; nothing was.")
    else:
        _say(f"{_of(written, 'call')} written." if written else "Nothing was written: the ledger has it all.")


def _of(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _say(text: str) -> None:
    typer.echo(text)
