"""The command line. Every error is one sentence and a next step on standard error; `--debug` shows the traceback."""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from contextlib import ExitStack
from pathlib import Path  # noqa: TC003 - typer reads the annotations when a command runs
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from monitor import __version__
from monitor.cli_callbacks import callbacks
from monitor.cli_cases import cases
from monitor.cli_import import imports
from monitor.cli_journal import FROM, TO, facts_of_period, one_source, rebuild
from monitor.cli_privacy import access_log, forget, purge
from monitor.cli_recompute import recompute
from monitor.cli_reconcile import reconcile
from monitor.cli_reports import report
from monitor.cli_reviews import reviews
from monitor.cli_settings import ConfigOption, StoreOption, settings_of
from monitor.errors import (
    CaptureError,
    ConfigError,
    ImportRefused,
    JournalError,
    MonitorError,
    ReportError,
    ReportNotWritten,
    ReviewError,
)

if TYPE_CHECKING:
    from monitor.doctor import Finding

_UNUSABLE = 2
"""Exit status where what was asked for cannot be used: no such file, no AMI in it, bad settings."""
_FAILED = 1
_SEVERITY_COLUMNS = len("unknown")


app = typer.Typer(
    help="Counts how often each incoming call rings before a person answers, from Asterisk's Manager Interface.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="Look after the ledger.", no_args_is_help=True)
app.add_typer(db, name="db")
app.add_typer(imports, name="import")
app.add_typer(callbacks, name="callbacks")
app.add_typer(cases, name="cases")
app.add_typer(reviews, name="reviews")
app.command()(report)
app.command()(recompute)
app.command()(purge)
app.command()(forget)
app.command("access-log")(access_log)
app.command()(rebuild)
app.command()(reconcile)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"callmonitor {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options of every command."""


@app.command()
def run(
    config: ConfigOption = None,
    host: Annotated[str | None, typer.Option(help="Address of /metrics and the page; loopback by default.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of /metrics and the page.")] = None,
    lang: Annotated[Literal["ko", "en"] | None, typer.Option(help="Language of screen and page.")] = None,
    *,
    screen: Annotated[bool, typer.Option("--screen", help="Show the board in this terminal.")] = False,
) -> None:
    """Listen to every configured Asterisk until stopped by SIGTERM or Ctrl-C."""
    from monitor import service

    web = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    service.run(lambda: settings_of(config, web=web or None, language=lang), screen=screen)


@app.command()
def demo(
    seconds: Annotated[float | None, typer.Option(min=0, help="End by itself after so many seconds.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="Seconds of the centre's day per second.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same number, the same day.")] = 15886565,
    lang: Annotated[Literal["ko", "en"], typer.Option(help="Language of the screen.")] = "ko",
    store: Annotated[
        Path | None, typer.Option(help="Where to keep the ledger; a folder of its own by default.")
    ] = None,
) -> None:
    """Watch a simulated call centre: nothing to set up, nothing leaves this machine."""
    from monitor import demo as show

    show.run(seconds=seconds, speed=speed, seed=seed, language=lang, store=store)


@app.command()
def simulate(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of its AMI; 0 takes a free one.")] = 5038,
    speed: Annotated[
        float,
        typer.Option(
            min=0.1,
            max=100,
            help="Seconds of the centre's day per second. Leave it at 1 for a monitor elsewhere: at another speed that "
            "sees a clock which runs wrongly, and marks calls as partly observed.",
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="The same number, the same day.")] = 15886565,
    *,
    username: Annotated[str, typer.Option(help="Of the manager account.")] = "demo",
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", help="Holds its secret; needed outside loopback. Default: demo.")
    ] = None,
) -> None:
    """Be an Asterisk with a busy call centre, for a monitor elsewhere, until stopped by SIGTERM or Ctrl-C."""
    from monitor import simulate as centre

    centre.run(host=host, port=port, speed=speed, seed=seed, username=username, secret_file=secret_file)


@app.command()
def replay(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE…]", help="Raw AMI captures or a journal's segments; - is standard input, .gz and .zst too."
        ),
    ] = None,
    *,
    config: ConfigOption = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar=FROM, help="In place of files: calls of the journal, from this day or instant."),
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar=TO, help="To this day, or before this instant.")] = None,
    system: Annotated[
        str, typer.Option("--system", help="Name of a system whose packets carry no SystemName.")
    ] = "asterisk",
    line: Annotated[
        list[str] | None, typer.Option("--line", help="Take calls to this line or number; '*' takes every call.")
    ] = None,
    store: Annotated[str | None, typer.Option("--store", help="Also write the ledger at this URL or path.")] = None,
    outgoing: Annotated[
        bool, typer.Option("--outgoing", help="Also print calls that the centre's phones made to numbers outside.")
    ] = False,
) -> None:
    """Read recorded AMI and print one JSON object a line per call, in order of end."""
    from monitor import replay as recorded
    from monitor.calls.facts import Call, OutgoingCall
    from monitor.plan import plan_of
    from monitor.progress_bar import BytesBar
    from monitor.replay_json import call_as_json, outgoing_as_json

    settings = settings_of(config)
    plan = plan_of(settings, tuple(line or ()))
    one_source(files, since, until)
    reading = recorded.Replay(plan, system, recorded.Warnings(sys.stderr))
    out = sys.stdout.buffer
    with ExitStack() as stack:
        keeper = None
        if store is not None:
            from monitor.replay_store import Keeper

            numbers, terms = settings.privacy.read_numbers(), settings.callback_terms()
            keeper = Keeper(store, plan.rules, numbers=numbers, callbacks=terms)
            stack.callback(keeper.close)
        if since is not None and until is not None:
            facts = facts_of_period(settings, plan, since, until)
        else:
            # Where the calls themselves come to the terminal, they show how far it is.
            at = (
                (lambda _: None)
                if sys.stdout.isatty()
                else stack.enter_context(BytesBar("replay", recorded.bytes_of(files or []))).at
            )
            facts = recorded.read_all(reading, files or [], at)
        for fact in facts:
            if keeper is not None:
                keeper.record(fact)
            told = call_as_json(fact) if isinstance(fact, Call) else None
            if outgoing and isinstance(fact, OutgoingCall):
                told = outgoing_as_json(fact)
            if told is not None:
                out.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")
    out.flush()


@app.command()
def doctor(
    config: ConfigOption = None,
    listen: Annotated[
        float,
        typer.Option("--listen", min=0, help="Seconds to listen where events alone can tell; call the line then."),
    ] = 3.0,
) -> None:
    """Log in to each Asterisk and name whatever would keep the figures from being right."""
    from monitor.doctor import doctor as examine
    from monitor.doctor import exit_status

    findings = examine(settings_of(config), listen_seconds=listen)
    _print_findings(findings)
    raise typer.Exit(exit_status(findings))


def _print_findings(findings: list[Finding]) -> None:
    """A paragraph each, what to do next below it. Nothing is cut: it has to be copied."""
    from rich.cells import cell_len, set_cell_size
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = max(cell_len(finding.system) for finding in findings)
    rows: list[tuple[str, str, str]] = []
    for finding in findings:
        rows.append((finding.system, finding.severity.value, finding.sentence))
        if finding.next_step:
            rows.append(("", "", f"→ {finding.next_step}"))
    console = Console()
    if console.is_terminal:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=columns)
        table.add_column(width=_SEVERITY_COLUMNS)
        table.add_column(overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table, highlight=False)
        return
    # A file or a pipe has no width: lines stay whole, so that they can be searched.
    for system, severity, text in rows:
        typer.echo(f"{set_cell_size(system, columns)}  {severity:<{_SEVERITY_COLUMNS}}  {text}")


@app.command("check-config")
def check_config(config: ConfigOption = None) -> None:
    """Say whether the settings can be used."""
    from monitor.alerts_setup import who_is_told
    from monitor.exposure import exposures
    from monitor.plan import plan_of
    from monitor.report_setup import what_is_made

    settings = settings_of(config)
    plan_of(settings)
    systems = ", ".join(f"{system.name} at {system.host}:{system.port}" for system in settings.asterisk) or "none"
    typer.echo(f"Asterisk: {systems}")
    for line in settings.line:
        contexts = ", ".join(line.contexts) or "any context"
        typer.echo(f"Line {line.name}: {', '.join(line.patterns)} in {contexts}")
    for team in settings.team:
        typer.echo(f"Team {team.name}: queues {', '.join(team.queues) or '-'}, menu {' '.join(team.menu) or '-'}")
    for rule in settings.ring_rules():
        typer.echo(
            f"Rule {rule.label} from {rule.holds_from}: {rule.limit} rings of {rule.period_us / 1e6:g} s "
            f"({rule.country}), headline {rule.headline.value}"
        )
    typer.echo(f"Ledger: {settings.ledger.shown_url}")
    typer.echo(f"Callers' numbers in it: {settings.privacy.told}")
    typer.echo(f"Journal: {settings.journal.told}")
    typer.echo(f"Compared: {'; '.join(table.told for table in settings.reconcile) or 'with nothing'}")
    typer.echo(f"Told at once: {who_is_told(settings)}")
    typer.echo(f"Calls back: {settings.callbacks.told}")
    typer.echo(f"Reviews: {settings.reviews.told}")
    typer.echo(f"Promises with a clock: {', '.join(one.key for one in settings.commitment)}")
    typer.echo(f"Reports: {what_is_made(settings)}")
    for each in exposures(settings):
        typer.echo(f"Open ({each.where}): {each.sentence} → {each.next_step}")
    settings.require_asterisk()
    typer.echo("The settings can be used.")


@app.command("hash-password")
def hash_password() -> None:
    r"""Ask for a password, or read it from standard input, and print its argon2 hash for a [\[web.user]] table."""
    from monitor.page import access_passwords

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        try:
            password = sys.stdin.buffer.readline().decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise ConfigError("The password is not UTF-8; send it as UTF-8 text, in one line.") from error
    typer.echo(access_passwords.hash_password(password))


@app.command("make-token")
def make_token() -> None:
    r"""Draw a token for a program that reads /api/v1, and print it with the SHA-256 for a [\[web.token]] table."""
    import hashlib
    import secrets

    token = f"callmonitor_{secrets.token_urlsafe(32)}"
    typer.echo(f"token   {token}")
    typer.echo(f"sha256  {hashlib.sha256(token.encode()).hexdigest()}")


@db.command("upgrade")
def db_upgrade(
    config: ConfigOption = None,
    store: StoreOption = None,
) -> None:
    """Bring the ledger's tables up to date."""
    from monitor.ledger.schema import upgrade
    from monitor.progress_bar import BusyBar

    url = store or settings_of(config).ledger.connect_url()
    with BusyBar("upgrade"):
        revision = upgrade(url)
    typer.echo(f"The ledger is at revision {revision}.")


def main() -> None:
    """Entry point of the console script; `--debug` may stand anywhere."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that is not UTF-8 gets a question mark for what it cannot show, and not an error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    arguments = sys.argv[1:]
    debug = "--debug" in arguments or bool(os.environ.get("CALLMONITOR_DEBUG"))
    try:
        app([argument for argument in arguments if argument != "--debug"], prog_name="callmonitor")
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a sentence
        sys.exit(_told(_first(error), debug=debug))


def _first(error: Exception) -> Exception:
    """The error itself, where tasks that ran side by side made a group of it."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _told(error: Exception, *, debug: bool) -> int:
    """Tell the error in a sentence, and give the exit status."""
    if isinstance(error, BrokenPipeError):
        # Whoever read the output, such as `head`, has enough. What Python still holds of it must not be tried again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    sentence = (
        f"Something went wrong that should not have ({type(error).__name__}); "
        "run the same command with --debug and report what it shows."
    )
    if isinstance(error, MonitorError):
        sentence = str(error)
    elif isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        sentence = (
            f"{where}what was asked for failed ({error.strerror or type(error).__name__}); "
            "see that this user may write there and that the disk has room."
        )
    _complain(sentence, debug=debug)
    unusable = isinstance(
        error, (CaptureError, ConfigError, ImportRefused, JournalError, ReportError, ReviewError)
    ) and not isinstance(error, ReportNotWritten)
    return _UNUSABLE if unusable else _FAILED


def _complain(sentence: str, *, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    typer.echo(f"callmonitor: {sentence}", err=True)


if __name__ == "__main__":
    main()
