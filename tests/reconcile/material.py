"""What the tests of this room share: the recordings, the truth about them, and channel events made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from monitor.calls.facts import Call
from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.state import Plan
from monitor.imports import cel
from monitor.imports.cel_calls import CelReader
from monitor.imports.frame import Frame, Notes
from monitor.replay import Replay, read_all
from tests.imports.logs import EPOCH, SEOUL, at

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDINGS = Path(__file__).with_name("recordings")
QUEUE_LOG, CDR, CEL = (RECORDINGS / name for name in ("queue_log", "cdr.csv", "cel.csv"))
PLAN = Plan(lines=Lines((Line("main", ("15886565",)),)), inside=Patterns(("_XXX", "PJSIP/*agent*")), zone=SEOUL)
CALLER, AGENT = "PJSIP/trunk-00000001", "PJSIP/agent1-00000002"
UNIQUEID = f"{EPOCH}.1"


def followed(refuse: Callable[[str], None]) -> dict[str, Call]:
    """The calls to the line as a manager connection told of them, by linkedid."""
    facts = read_all(Replay(PLAN, "lab1", refuse), [str(RECORDINGS / "events.ami.gz")])
    return {fact.key.linkedid: fact for fact in facts if isinstance(fact, Call)}


def event(seconds: float, name: str, channel: str = CALLER, **changes: object) -> dict[str, object]:
    """One event of that morning by column, as a database has it."""
    number = 1 if channel == CALLER else int(channel.rpartition("-")[2].partition(";")[0], 16)
    caller = {"cid_num": "01012345678", "exten": "15886565", "context": "from-trunk"}
    return {
        "eventtype": name, "eventtime": at(seconds), "cid_num": "201", "exten": "s", "context": "inside",
        "channame": channel, "appname": "", "appdata": "", "uniqueid": f"{EPOCH}.{number}", "linkedid": UNIQUEID,
        "extra": "", **(caller if channel == CALLER else {}), **changes,
    }  # fmt: skip


def bridge(seconds: float, name: str, channel: str, bridge_id: str, kind: str = "simple_bridge") -> dict[str, object]:
    """A channel enters or leaves a bridge."""
    extra = f'{{"bridge_id":"{bridge_id}","bridge_technology":"{kind}"}}'
    return event(seconds, f"BRIDGE_{name}", channel, extra=extra, appname="Dial" if channel == CALLER else "AppDial")


def answered() -> list[dict[str, object]]:
    """A caller who asks for a person at 0.5 s, is answered by agent1 at 9.25 s, and hangs up at 40 s."""
    return [
        event(0, "CHAN_START"),
        event(0.5, "APP_START", appname="Dial", appdata="PJSIP/agent1,30"),
        event(0.6, "CHAN_START", AGENT),
        event(9, "ANSWER", AGENT),
        event(9, "ANSWER"),
        bridge(9.2, "ENTER", AGENT, "b1"),
        bridge(9.25, "ENTER", CALLER, "b1"),
        bridge(40, "EXIT", CALLER, "b1"),
        event(40, "HANGUP", extra='{"hangupcause":16,"dialstatus":"ANSWER"}'),
        event(40, "CHAN_END"),
        bridge(40.1, "EXIT", AGENT, "b1"),
        event(40.1, "CHAN_END", AGENT),
        event(40.1, "LINKEDID_END", AGENT),
    ]


def frame(line: str | None = None) -> Frame:
    """Where the calls of the tests belong."""
    return Frame(system="pbx1", plan=PLAN, line=line, notes=Notes())


def calls_of(rows: list[dict[str, object]], where: Frame | None = None) -> list[Call]:
    """What is read of some events."""
    reader = CelReader(where or frame())
    calls = [call for row in rows for call in reader.take(cel.row_of(row, SEOUL))]
    return [*calls, *reader.end()]


def call_of(rows: list[dict[str, object]]) -> Call:
    """The one call of some events."""
    (call,) = calls_of(rows)
    return call
