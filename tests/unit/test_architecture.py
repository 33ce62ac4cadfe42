"""The rules of the house, walked through the imports: a breach fails here, not in a review."""

from __future__ import annotations

import ast
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING

import monitor
from monitor.calls.stages import drawing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE = Path(monitor.__file__).parent
ROOT = PACKAGE.parent
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}

PURE = (
    "monitor.ami",
    "monitor.calls",
    "monitor.callbacks.settling",
    "monitor.commitments.cases",
    "monitor.commitments.checking",
    "monitor.commitments.clock",
    "monitor.commitments.columns",
    "monitor.commitments.contacts",
    "monitor.commitments.filing",
    "monitor.commitments.moments",
    "monitor.commitments.owed",
    "monitor.commitments.register",
    "monitor.reviews.definition",
    "monitor.reviews.draw",
)
"""Rooms that decide anything: no sockets, no clock, no database."""
IMPURE = {
    "asyncio",
    "concurrent",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "prometheus_client",
    "pydantic",
    "random",
    "socket",
    "sqlalchemy",
    "starlette",
    "structlog",
    "subprocess",
    "threading",
    "time",
    "typer",
}
SINKS = {
    "monitor.alerts",
    "monitor.alerts_alertmanager",
    "monitor.alerts_apprise",
    "monitor.alerts_groups",
    "monitor.alerts_words",
    "monitor.board",
    "monitor.board_day",
    "monitor.board_lost",
    "monitor.board_records",
    "monitor.ledger",
    "monitor.metrics",
    "monitor.metrics_due",
    "monitor.metrics_family",
    "monitor.metrics_journal",
    "monitor.metrics_names",
    "monitor.metrics_names_charter",
    "monitor.metrics_present",
    "monitor.metrics_privacy",
    "monitor.metrics_reconciled",
    "monitor.metrics_settings",
    "monitor.metrics_teams",
}
READERS = {"monitor.page", "monitor.terminal", "monitor.terminal_screen"}
"""What people look at: it reads the board and the ledger, and nobody reads it."""
READ = {
    "monitor.board",
    "monitor.board_day",
    "monitor.board_lost",
    "monitor.board_records",
    "monitor.callbacks",
    "monitor.commitments",
    "monitor.config_web",
    "monitor.ledger",
    "monitor.reviews",
}
WORKSHOP = {
    "monitor.report_work",
    "monitor.report_worker",
    "monitor.reports.kept",
    "monitor.reports.order",
    "monitor.reports.period_words",
    "monitor.reports.periods",
}
"""All that the page knows of reports: to order them and to give them out. They are made in another process."""
KNOWN_TO_SINKS = {
    "monitor.calls.facts",
    "monitor.calls.formulas",
    "monitor.calls.parts",
    "monitor.calls.ringing",
    "monitor.calls.rules",
    "monitor.calls.tally",
    "monitor.calls.teams",
    "monitor.calls.terms",
}
"""All that a sink may know of calls: the facts, and the formulas and sums that page, metrics and reports share."""
SETTLING = {"monitor.callbacks.entries", "monitor.callbacks.settling"}
"""Pure, and worked out again where the ledger keeps what came of it."""
LEAVES = {
    "monitor.addresses",
    "monitor.csv_text",
    "monitor.daemon_thread",
    "monitor.errors",
    "monitor.forms",
    "monitor.log",
    "monitor.masking",
    "monitor.numbers",
    "monitor.recording_names",
    "monitor.texts",
}
"""Rooms that know nothing of the flow and may be used anywhere in it."""
LINES_AT_MOST = 400


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module a file imports, also inside functions and for types alone; relative imports are refused."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it leads"
            module = node.module or ""
            for alias in node.names:
                name = f"{module}.{alias.name}"
                yield name if name in NAMES else module


def room(module: str) -> str:
    """The room a module stands in: `monitor.ledger.rows` → `monitor.ledger`; a module of the package is one itself."""
    return ".".join(module.split(".")[:2])


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def of_each(modules: list[str]) -> Callable[[Callable[[str], None]], Callable[[], None]]:
    """Make a rule for one module one test of all of them: a test each would be more than all the others together."""

    def made(rule: Callable[[str], None]) -> Callable[[], None]:
        @wraps(rule, assigned=("__name__", "__doc__", "__module__"))
        def test() -> None:
            broken = {}
            for module in modules:
                try:
                    rule(module)
                except AssertionError as error:
                    broken[module] = str(error)
            assert broken == {}

        # pytest would ask for the rule's own argument.
        del test.__wrapped__
        return test

    return made


def modules(*packages: str) -> list[str]:
    found = [name for name in sorted(NAMES) if any(within(name, package) for package in packages)]
    assert found
    return found


@of_each(modules(*PURE))
def test_rule_1_pure_rooms_import_nothing_that_acts(module: str) -> None:
    wrong = {name for name in imports(NAMES[module]) if name.partition(".")[0] in IMPURE}
    assert wrong == set()


@of_each(modules(*PURE))
def test_rule_1_pure_rooms_read_no_clock(module: str) -> None:
    """Time arrives with the event: nobody asks datetime for it."""
    tree = ast.parse(NAMES[module].read_text(encoding="utf-8"))
    asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert asked.isdisjoint({"now", "utcnow", "today"})


@of_each(modules("monitor.commitments"))
def test_rule_2_promises_know_the_ledger_and_no_call(module: str) -> None:
    allowed = LEAVES | {"monitor.worktime", "monitor.schedule_troubles"}
    used = {name for name in imports(NAMES[module]) if within(name, "monitor")}
    assert {name for name in used if room(name) not in {"monitor.commitments", "monitor.ledger"}} <= allowed


@of_each(modules("monitor.calls"))
def test_rule_1_the_call_state_knows_events_and_itself_only(module: str) -> None:
    used = {name for name in imports(NAMES[module]) if within(name, "monitor")}
    assert {name for name in used if not within(name, "monitor.calls")} <= {"monitor.ami", "monitor.ami.events"}


@of_each(modules("monitor.ami"))
def test_rule_1_messages_know_nothing_downstream(module: str) -> None:
    """Of calls the rooms upstream know the facts alone, for the causes of a gap."""
    used = {name for name in imports(NAMES[module]) if within(name, "monitor")}
    wrong = {name for name in used if not within(name, "monitor.ami") and name not in LEAVES}
    assert wrong <= {"monitor.calls.facts", "monitor.calls.terms"}


@of_each(modules(*KNOWN_TO_SINKS))
def test_rule_1_the_contract_knows_nobody(module: str) -> None:
    assert {name for name in imports(NAMES[module]) if within(name, "monitor")} <= KNOWN_TO_SINKS


@of_each([name for name in sorted(NAMES) if room(name) in SINKS])
def test_rule_2_sinks_know_facts_and_not_each_other(module: str) -> None:
    own = room(module)
    family = {sink for sink in SINKS if sink.split("_")[0] == own.split("_")[0]}
    used = {name for name in imports(NAMES[module]) if within(name, "monitor")}
    wrong = {name for name in used if room(name) not in family and name not in KNOWN_TO_SINKS and name not in LEAVES}
    assert wrong - SETTLING == set()


@of_each([name for name in sorted(NAMES) if room(name) in READERS])
def test_rule_2_readers_read_board_and_ledger_only(module: str) -> None:
    allowed = READERS | READ | WORKSHOP | KNOWN_TO_SINKS | LEAVES
    allowed |= {"monitor", "monitor.replay_json", "monitor.worktime"}
    used = {name for name in imports(NAMES[module]) if within(name, "monitor")}
    assert {name for name in used if room(name) not in allowed and name not in allowed} == set()


@of_each(modules("monitor.reports"))
def test_rule_2_reports_read_the_ledger_and_judge_as_the_calls_do(module: str) -> None:
    """Never the board, the page or the metrics; how a call is judged anew is the call state's own word."""
    allowed = KNOWN_TO_SINKS | LEAVES | {"monitor", "monitor.calls.verdicts", "monitor.worktime"}
    allowed |= {"monitor.commitments.register", "monitor.commitments.clock", "monitor.config_charter"} | SETTLING
    used = {name for name in imports(NAMES[module]) if within(name, "monitor")}
    assert {name for name in used if room(name) not in {"monitor.reports", "monitor.ledger"}} <= allowed


@of_each(modules("monitor.reviews"))
def test_rule_2_reviews_read_calls_from_the_ledger_and_count_as_reports_do(module: str) -> None:
    rooms = {"monitor.reviews", "monitor.ledger"}
    allowed = KNOWN_TO_SINKS | LEAVES | {"monitor.schedule_troubles"}
    allowed |= {"monitor.reports.charter_figures", "monitor.reports.periods", "monitor.reports.review_figures"}
    used = {name for name in imports(NAMES[module]) if within(name, "monitor")}
    assert {name for name in used if room(name) not in rooms} <= allowed


@of_each(modules("monitor.reconcile"))
def test_rule_2_reconciliation_reads_imports_and_the_ledger(module: str) -> None:
    """What Asterisk wrote on the one side, what the monitor kept on the other; how calls are followed it never asks."""
    rooms = {"monitor.reconcile", "monitor.imports", "monitor.ledger"}
    allowed = (
        KNOWN_TO_SINKS | LEAVES | {"monitor.calls.state", "monitor.numbers", "monitor.schedule_troubles"} | SETTLING
    )
    used = {name for name in imports(NAMES[module]) if within(name, "monitor")}
    assert {name for name in used if room(name) not in rooms} <= allowed


@of_each(sorted(NAMES))
def test_rule_2_nobody_reads_the_readers(module: str) -> None:
    if room(module) in READERS | {"monitor.pipeline", "monitor.service", "monitor.demo", "monitor.cli"}:
        return
    assert not {name for name in imports(NAMES[module]) if room(name) in READERS}


def test_rule_2_every_sink_takes_facts() -> None:
    for sink in ("alerts", "board", "metrics", "ledger/writer"):
        tree = ast.parse((PACKAGE / f"{sink}.py").read_text(encoding="utf-8"))
        takers = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "record"]
        assert [[argument.arg for argument in node.args.args] for node in takers] == [["self", "fact"]]


@of_each(modules("monitor.agi"))
def test_what_stands_on_the_pbx_knows_itself_alone(module: str) -> None:
    """The AGI program: what else of the package it may know needs no library (`tests/unit/test_agi.py`)."""
    used = {name for name in imports(NAMES[module]) if within(name, "monitor")}
    assert {name for name in used if not within(name, "monitor.agi")} <= {"monitor.errors", "monitor.calls.lines"}


@of_each(sorted(NAMES))
def test_nobody_imports_what_stands_on_the_pbx(module: str) -> None:
    assert within(module, "monitor.agi") or not any(within(name, "monitor.agi") for name in imports(NAMES[module]))


@of_each(sorted(NAMES))
def test_nothing_imports_upwards_from_the_doors(module: str) -> None:
    """Command line, service and pipeline know every room; no room knows them."""
    doors = {"monitor.cli", "monitor.service", "monitor.pipeline", "monitor.demo", "monitor.doctor", "monitor.simulate"}
    if module in doors or room(module) in {"monitor.demo", "monitor.terminal", "monitor.__main__"}:
        return
    assert not {name for name in imports(NAMES[module]) if name in doors}


@of_each(sorted(NAMES))
def test_rule_9_no_drawer_for_the_rest(module: str) -> None:
    assert set(module.split(".")).isdisjoint({"utils", "util", "helpers", "helper", "common", "misc", "shared"})


def test_rule_9_a_long_file_is_asking_to_be_two() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: length for path, length in lengths.items() if length > LINES_AT_MOST} == {}


def test_the_drawing_in_the_manual_is_the_table() -> None:
    """`docs/call-stages.md` holds what `monitor.calls.stages.drawing()` draws, to the letter."""
    page = (ROOT / "docs" / "call-stages.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("```mermaid\n")
    drawn, _, _ = rest.partition("\n```")
    assert drawn == drawing()
