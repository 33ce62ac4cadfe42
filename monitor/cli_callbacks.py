"""`callmonitor callbacks recompute`: works calls back out anew for a period."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli_settings import ConfigOption, StoreOption, settings_of
from monitor.errors import ReportError

callbacks = typer.Typer(help="Work out anew whom to call back.", no_args_is_help=True)

# Rooms are loaded where a command needs them: --help need not wait for a database's driver.
# ruff: noqa: PLC0415


@callbacks.callback()
def _group() -> None:
    """Keep the name of the command: typer would take the only one for the group itself."""


@callbacks.command("recompute")
def recompute(
    since: Annotated[str, typer.Option("--from", metavar="2026-10-01", help="First day.")],
    until: Annotated[str, typer.Option("--to", metavar="2026-10-31", help="Last day.")],
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    """Work out the calls back of a period's calls, by the settings of now; what people did with them stays.

    After a change of [callbacks] or [working_time], and once for calls from before the ledger kept calls back.
    """
    from monitor.cli_reports import day_of
    from monitor.ledger.callback_recompute import recompute as work_out
    from monitor.ledger.callbacks import Callbacks
    from monitor.ledger.store import Store
    from monitor.progress_bar import BusyBar
    from monitor.reports.periods import Period

    settings = settings_of(config)
    try:
        period = Period.days_between(day_of(since), day_of(until), settings.zone)
    except ReportError as error:
        raise typer.BadParameter(str(error)) from error
    kept = Callbacks(settings.callback_terms(), settings.privacy.read_numbers())
    opened = Store(store or settings.ledger.connect_url())
    try:
        with BusyBar("callbacks"):
            looked_at = work_out(opened, kept, period.since, period.until)
    finally:
        opened.close()
    typer.echo(f"Worked out anew: {looked_at:,} calls that may leave a call back owed.")
