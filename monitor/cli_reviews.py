"""`callmonitor reviews draw` and `reviews verify`: the sample of calls that are reviewed, and the proof of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli_settings import ConfigOption, StoreOption, settings_of

if TYPE_CHECKING:
    from monitor.calls.facts import CallKey

reviews = typer.Typer(help="Draw the calls that are reviewed, and prove a draw.", no_args_is_help=True)
MonthArgument = Annotated[str, typer.Argument(metavar="MONTH", show_default=False, help="A month, as in 2026-11.")]

BY_HAND = "command line"
_NOT_PROVEN = 1
"""Exit status where a sample is not what its seed gives."""
_SHOWN = 20

# Rooms are loaded where a command needs them: --help need not wait for a database's driver.
# ruff: noqa: PLC0415


@reviews.command("draw")
def draw(
    month: MonthArgument,
    config: ConfigOption = None,
    store: StoreOption = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**63 - 1, help="Of the draw; without it that of the settings, else one is drawn."),
    ] = None,
) -> None:
    """Draw a month's sample of answered calls, once and for all, and write down how."""
    from monitor.charter_setup import definition_of
    from monitor.ledger.store import Store
    from monitor.reviews.draws import Draws, month_of

    settings = settings_of(config)
    period = month_of(month, settings.zone)
    opened = Store(store or settings.ledger.connect_url())
    try:
        found = Draws(opened).make(
            period,
            definition_of(settings),
            seed=settings.reviews.seed if seed is None else seed,
            by=BY_HAND,
            now=datetime.now(UTC),
        )
    finally:
        opened.close()
    twice = sum(drawn.reviewers == 2 for drawn in found.sample)
    typer.echo(
        f"Drew {len(found.sample):,} of {found.population:,} calls of {period.name}, {twice:,} of them for two people."
    )


@reviews.command("verify")
def verify(month: MonthArgument, config: ConfigOption = None, store: StoreOption = None) -> None:
    """Draw a month again from its recorded seed, and compare; exits with 1 where the sample is another one."""
    from monitor.ledger.store import Store
    from monitor.reviews.draws import Draws, month_of

    settings = settings_of(config)
    period = month_of(month, settings.zone)
    opened = Store(store or settings.ledger.connect_url())
    try:
        found = Draws(opened, settings.privacy.read_numbers()).verify(period.first)
    finally:
        opened.close()
    typer.echo(f"{period.name}: {found.sampled:,} of {found.population:,} calls, drawn with seed {found.seed}.")
    if found.unchanged:
        typer.echo("The population is the same to the last call.")
    else:
        typer.echo(f"Of the population {found.there:,} calls are there as they were: what follows rests on these.")
    if found.since:
        typer.echo(f"{found.since:,} calls came into the ledger after the draw; they are left out.")
    if found.gone:
        typer.echo(f"{found.gone:,} calls of the sample are there no longer, or have changed; they stand as drawn.")
    if found.holds:
        typer.echo("The sample is what the seed gives.")
        return
    typer.echo(
        f"The sample is NOT what the seed gives: {len(found.wrong):,} calls are in it that should not be, or with "
        f"another number of reviewers, and {len(found.missing):,} are missing. See who has changed the ledger."
    )
    for what, keys in (("wrong", found.wrong), ("missing", found.missing)):
        for key in keys[:_SHOWN]:
            typer.echo(f"  {what}  {_written(key)}")
    raise typer.Exit(_NOT_PROVEN)


def _written(key: CallKey) -> str:
    return f"{key.system}/{key.linkedid}"
