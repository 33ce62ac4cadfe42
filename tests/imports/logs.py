"""Queue logs and records made by hand, and what is read of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.state import Plan
from monitor.imports.frame import Frame
from monitor.imports.queue_calls import QueueLogReader
from monitor.imports.queue_log import parse

if TYPE_CHECKING:
    from monitor.calls.facts import Call

RECORDINGS = Path(__file__).with_name("recordings")
SEOUL = ZoneInfo("Asia/Seoul")
EPOCH = 1_772_413_200
"""2026-03-02 01:00:00 UTC, ten in the morning in Seoul."""
CALLID = f"{EPOCH}.1"


def at(seconds: float) -> datetime:
    """An instant of that morning."""
    return datetime.fromtimestamp(EPOCH, UTC) + timedelta(seconds=seconds)


def frame(line: str | None = "main", system: str = "pbx1") -> Frame:
    """Two lines; numbers of three digits and the agents' phones are inside, 02… is outside."""
    lines = Lines((Line("main", ("15886565",)), Line("night", ("15771000",))))
    plan = Plan(lines=lines, inside=Patterns(("_XXX", "PJSIP/agent*")), outside=Patterns(("_02.",)), zone=SEOUL)
    return Frame(system=system, plan=plan, line=line)


def log(*lines: str) -> list[str]:
    """Lines of one call, written as `SECONDS member EVENT data…` → as Asterisk writes them, in the queue `support`."""
    made = []
    for line in lines:
        seconds, member, event, *data = line.split(" ")
        made.append("|".join([str(EPOCH + int(seconds)), CALLID, "support", member.replace("_", " "), event, *data]))
    return made


def calls_in(lines: list[str], where: Frame | None = None) -> list[Call]:
    """What is read of some lines."""
    reader = QueueLogReader(where or frame())
    calls = [call for line in lines for call in reader.take(parse(line), "queue_log")]
    return [*calls, *reader.end()]


def call_in(*lines: str) -> Call:
    """The one call of some lines, which are written as for `log`."""
    (call,) = calls_in(log(*lines))
    return call
