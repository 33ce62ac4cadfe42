"""The settings as the command line takes them: the options that name them, and the files where they are looked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from monitor.config import Settings

_DEFAULT_CONFIGS = (Path("callmonitor.toml"), Path("/etc/callmonitor/callmonitor.toml"))

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="CALLMONITOR_CONFIG",
        readable=False,  # whether it can be read is told in our own sentence
        help="Settings file (TOML). Default: ./callmonitor.toml or /etc/callmonitor/callmonitor.toml.",
    ),
]
_WITH_PASSWORD = re.compile(r"[A-Za-z][\w+.-]*://[^/@:]*:[^/@]+@")


def _warned_of(store: str | None) -> str | None:
    """Warn of a password that everybody can read."""
    if store is not None and _WITH_PASSWORD.match(store):
        typer.echo(
            "callmonitor: While this runs, everybody on this machine can read the password in its list of processes: "
            "leave it to PGPASSFILE, or write it into the file that password_file of [ledger] names.",
            err=True,
        )
    return store


StoreOption = Annotated[
    str | None, typer.Option("--store", help="URL or path of the ledger; default: as set.", callback=_warned_of)
]


def settings_of(config: Path | None, **overrides: Any) -> Settings:
    """Load the settings.

    Args:
        config: the file; where it is None, the first of the usual ones that is there.
        overrides: what flags say; None is nothing said.

    Raises:
        ConfigError: they cannot be used.
    """
    # Loading pydantic and all sections takes a third of a second, which --help need not wait for.
    from monitor.config import load  # noqa: PLC0415 - as said above

    path = config or next((path for path in _DEFAULT_CONFIGS if path.is_file()), None)
    return load(path, {key: value for key, value in overrides.items() if value is not None})
