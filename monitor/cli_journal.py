"""The command `rebuild`, and what `replay` reads from the journal: a period of what Asterisk sent, followed again."""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from pathlib import Path  # noqa: TC003 - typer reads the annotations when the command runs
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli_moments import moments
from monitor.cli_settings import ConfigOption, StoreOption, settings_of
from monitor.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from monitor.calls.facts import Fact
    from monitor.calls.state import Plan
    from monitor.config import Settings
    from monitor.rebuild import Comparison, Difference

FROM = "2026-10-01"
TO = "2026-10-31"
_SHOWN = 20
"""Calls that are shown in the terminal; a file takes all."""
_SHOWN_FIELDS = 4
"""Fields of a call that are shown there."""
_HEAD = ("system", "linkedid", "filed_at", "difference", "field", "ledger", "journal", "reason")


def one_source(files: Sequence[str] | None, since: str | None, until: str | None) -> None:
    """See that a command was given files, or a period of the journal by both its ends.

    Raises:
        typer.BadParameter: it was not; says what is missing, or too much.
    """
    ends = {"--from": since, "--to": until}
    missing = [name for name, given in ends.items() if given is None]
    if len(missing) == len(ends):
        if not files:
            raise typer.BadParameter("name a FILE or several, or a period of the journal by --from and --to.")
    elif files:
        add = f" and add {missing[0]}" if missing else ""
        raise typer.BadParameter(
            "a FILE is read whole, and --from and --to name a period of the journal in its place: leave these out, "
            f"or leave out FILE{add}."
        )
    elif missing:
        given = "--to" if since is None else "--from"
        raise typer.BadParameter(f"{missing[0]} is missing: beside {given} it names the period of the journal.")


def facts_of_period(settings: Settings, plan: Plan, since: str, until: str) -> Iterator[Fact]:
    """The facts of a period of the journal, system by system.

    Args:
        settings: name the journal's folder.
        plan: which calls are wanted.
        since: as a command was given it.
        until: the same.

    Raises:
        JournalError: there is no journal.
        typer.BadParameter: that is no period.
    """
    from monitor.calls.facts import Call, OutgoingCall
    from monitor.journal.period import Period

    first, behind = moments(since, until, settings.zone)
    for folder in _folders(settings):
        for fact in Period(folder, plan, first, behind).facts():
            began_at = fact.filed_at if isinstance(fact, Call) else None
            if isinstance(fact, OutgoingCall):
                began_at = fact.started_at
            if began_at is None or first <= began_at < behind:
                yield fact


def rebuild(
    *,
    since: Annotated[str, typer.Option("--from", metavar=FROM, help="First day, or an instant: 2026-10-01T09:00.")],
    until: Annotated[str, typer.Option("--to", metavar=TO, help="Last day, or the first instant behind the period.")],
    system: Annotated[str | None, typer.Option(help="One system, by its configured name; default: all.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Write without asking; needed where standard input is no terminal.")
    ] = False,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write every difference there, a row a field.")
    ] = None,
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    """Make the ledger of a period anew from the journal: shows what differs, and writes it when told to."""
    from monitor.ledger.repository import Repository
    from monitor.plan import plan_of
    from monitor.rebuild import write

    settings = settings_of(config)
    period = moments(since, until, settings.zone)
    plan = plan_of(settings)
    repository = Repository(
        store or settings.ledger.connect_url(),
        numbers=settings.privacy.read_numbers(),
        callbacks=settings.callback_terms(),
    )
    try:
        found = _compared(settings, plan, repository, period, system)
        _tell(found, settings.zone)
        if csv_file is not None:
            _write_csv(csv_file, found, settings.zone)
        facts = [fact for comparison in found for fact in comparison.facts]
        if not facts:
            typer.echo("Nothing is to be written.")
        elif yes or _agreed(len(facts)):
            for rule in plan.rules:
                repository.record_rule(rule)
            write(repository, facts)
            typer.echo(f"Written: {_many(len(facts), 'record')}.")
        else:
            typer.echo("Nothing was written.")
    finally:
        repository.close()


def _folders(settings: Settings, system: str | None = None) -> list[Path]:
    """The journal's folders, a system each.

    Raises:
        JournalError: there are none, or none of that name.
    """
    from monitor.journal.segments import folder_of, folders

    root = settings.journal.folder
    found = folders(root)
    if system is not None:
        found = [folder for folder in found if folder == folder_of(root, system)]
    if not found:
        of = "" if system is None else f" of {system!r}"
        raise JournalError(f"There is no journal{of} in {root}: name the one that was written ([journal] folder).")
    return found


def _compared(
    settings: Settings, plan: Plan, repository: Any, period: tuple[datetime, datetime], system: str | None
) -> list[Comparison]:
    from monitor.calls.facts import instant, microseconds
    from monitor.journal.period import Period
    from monitor.journal.reading import first_at_us
    from monitor.progress_bar import StepBar
    from monitor.rebuild import compare

    numbers = settings.privacy.read_numbers()
    found: list[Comparison] = []
    folders = _folders(settings, system)
    since_us, until_us = (microseconds(at) for at in period)
    with StepBar({}) as bar:
        for number, folder in enumerate(folders):

            def at(received_us: int, number: int = number, folder: Path = folder) -> None:
                share = min(1.0, max(0.0, (received_us - since_us) / (until_us - since_us)))
                bar.step(f"rebuild {folder.name}", (number + share) / len(folders))

            begins_us = first_at_us(folder)
            found.append(
                compare(
                    Period(folder, plan, *period),
                    repository,
                    numbers,
                    *period,
                    begins_at=None if begins_us is None else instant(begins_us),
                    at=at,
                )
            )
    return found


def _agreed(records: int) -> bool:
    """Whether a person types yes; nobody there has not."""
    if not sys.stdin.isatty():
        typer.echo("To write this, run the command again with --yes.")
        return False
    answer: str = typer.prompt(f"Type yes to write {_many(records, 'record')} to the ledger", default="no")
    return answer.strip().lower() == "yes"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _tell(found: Sequence[Comparison], zone: ZoneInfo) -> None:
    """How journal and ledger differ: counts for each system, then call by call."""
    from monitor.rebuild import Kind, counts_of

    rows = [
        ["", *(comparison.system for comparison in found)],
        ["Calls of which both tell the same", *(f"{comparison.same:,}" for comparison in found)],
    ]
    for kind, words in (
        (Kind.ADDED, "Only in the journal: to be added"),
        (Kind.CHANGED, "Different: to be replaced"),
        (Kind.KEPT, "Different: the ledger's stays"),
        (Kind.LEDGER_ONLY, "Only in the ledger: stays"),
    ):
        rows.append([words, *(f"{comparison.count(kind):,}" for comparison in found)])
        if kind is Kind.CHANGED:
            names = sorted({name for comparison in found for name in counts_of(comparison)})
            rows += [[f"  in {name}", *(f"{counts_of(comparison)[name]:,}" for comparison in found)] for name in names]
    rows += [
        ["Calls going out to be written", *(f"{len(comparison.outgoing):,}" for comparison in found)],
        ["States of members to be added", *(f"{len(comparison.states):,}" for comparison in found)],
        ["Unobserved intervals to be added", *(f"{len(comparison.gaps):,}" for comparison in found)],
        ["Calls that go on where the journal ends", *(f"{comparison.in_progress:,}" for comparison in found)],
        ["Holes in the journal", *(f"{len(comparison.unknown):,}" for comparison in found)],
    ]
    _print(rows)
    for comparison in found:
        for gap in comparison.unknown:
            typer.echo(
                f"{comparison.system}: the journal tells nothing from {_shown(gap.started_at, zone)} "
                f"to {_shown(gap.ended_at, zone)}; the ledger keeps what it has of that time."
            )
    every = [difference for comparison in found for difference in comparison.differences]
    if every:
        typer.echo()
        _print([list(_HEAD), *(row for difference in every[:_SHOWN] for row in _rows(difference, zone, _SHOWN_FIELDS))])
    if len(every) > _SHOWN:
        typer.echo(f"And {_many(len(every) - _SHOWN, 'call')} more; --csv FILE takes all of them.")


def _rows(difference: Difference, zone: ZoneInfo, fields: int | None = None) -> Iterator[list[str]]:
    """A row for each field that differs, as people read them; callers' numbers are masked."""
    head = [
        difference.key.system,
        difference.key.linkedid,
        _shown(difference.filed_at, zone),
        difference.kind.value,
    ]
    changes = difference.changes[:fields]
    if not changes:
        yield [*head, "", "", "", difference.reason]
    for name, stored, told in changes:
        yield [*head, name, _shown(stored, zone), _shown(told, zone), difference.reason]
    left = len(difference.changes) - len(changes)
    if left > 0:
        yield [*head, f"and {_many(left, 'field')} more", "", "", difference.reason]


def _shown(value: object, zone: ZoneInfo) -> str:
    """A field's value in words: instants in the centre's time, numbers masked."""
    from monitor.masking import masked_within

    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, tuple):
        pairs = [f"{part[0]}={part[1]}" for part in value if isinstance(part, tuple) and len(part) == len(("", ""))]
        return " ".join(pairs) if len(pairs) == len(value) else f"{len(value)}"
    return masked_within(value) if isinstance(value, str) else str(value)


def _print(rows: list[list[str]]) -> None:
    """Columns beside each other; nothing is cut, in a pipe neither."""
    from rich.cells import cell_len

    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _write_csv(path: Path, found: Sequence[Comparison], zone: ZoneInfo) -> None:
    """Every difference, a row a field."""
    from monitor.csv_text import BOM, as_text

    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(BOM)
        table = csv.writer(file)
        table.writerow(_HEAD)
        for comparison in found:
            for difference in comparison.differences:
                table.writerows([as_text(cell) for cell in row] for row in _rows(difference, zone))
