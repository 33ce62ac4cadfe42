"""`callmonitor purge`, `forget` and `access-log`: what becomes of personal data, and who saw them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli_settings import ConfigOption, StoreOption, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

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
            found = Purge(opened, settings.privacy, settings.privacy.read_numbers()).run(datetime.now(UTC), dry=dry_run)
    finally:
        opened.close()
    if not found:
        typer.echo("Nothing is set to be erased: see [privacy] in docs/settings.md.")
        return
    _print(found, "to erase" if dry_run else "erased")
    if not dry_run and any(each.left for each in found):
        raise typer.Exit(_LEFT)


def _print(found: Sequence[Erasure], what: str) -> None:
    """A line for each place, counts to the right."""
    rows = [("place", what, "left"), *((each.place, f"{each.erased:,}", f"{each.left:,}") for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for place, erased, left in rows:
        typer.echo(f"{place:<{widths[0]}}  {erased:>{widths[1]}}  {left:>{widths[2]}}")
    sys.stdout.flush()
