"""Scenarios in which callers are asked before they are passed on, by the shipped samples word for word.

They are played by `test_consent.py` on an Asterisk of their own, for the others have no AGI.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from .plan_answers import agent, answers_after
from .scenario import Act, Caller, Scenario

if TYPE_CHECKING:
    from .sip import Script

SAMPLES = Path(__file__).parents[2] / "deploy" / "asterisk"
AGI = "AGI(callmonitor-agi,agi.toml)"
"""The program as the laboratory has it, in Asterisk's own folder of AGI programs."""
CALLER = "0212345678"
QUEUE = """strategy=ringall
timeout=20
retry=1
joinempty=yes
member => <agent1>,0,Kim Minji
"""


def sample_context(name: str) -> str:
    """Return the lines of one context of the sample dialplan, without its heading."""
    text = (SAMPLES / "extensions.conf.sample").read_text(encoding="utf-8")
    found = re.search(rf"^\[{name}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group(1)


def own_names(text: str, program: str) -> str:
    """Put a scenario's names, and its AGI program, in the place of the sample's."""
    for word, own in (
        ("callmonitor-transfer", "<name>-transfer"),
        ("QUEUE", "<queue>"),
        ("INSIDE", "<inside>"),
        ("AGI(/opt/callmonitor-agi/bin/callmonitor-agi,/etc/callmonitor/agi.toml)", program),
    ):
        text = text.replace(word, own)
    return text


def asked(name: str, what: str, first: Act, caller: Act, *, second: Act | None = None, program: str = AGI) -> Scenario:
    """A call to the sample's queue, answered by agent1, who passes the caller on to agent2 (202)."""
    return Scenario(
        name=name,
        what=what,
        # The sample's steps behind the line's own number, which the recordings' patterns know.
        incoming=own_names(sample_context("FROM-TRUNK"), program),
        contexts=f"[<name>-transfer]\n{own_names(sample_context('callmonitor-transfer'), program)}",
        queue=QUEUE,
        phones=(
            agent("agent1", "201", first),
            agent("agent2", "202", second or answers_after(800, 1200), "Lee Jiho"),
        ),
        callers=(Caller(number=CALLER, does=caller),),
        tones=True,
    )


def hears(*keys_after_ms: tuple[int, str], then_ms: int | None = None) -> Act:
    """A caller who presses keys, each so long after what went before; hangs up after `then_ms`, or is hung up on."""

    def does(script: Script) -> Script:
        script.offers_tones().calls("15886565")
        for after_ms, key in keys_after_ms:
            script.waits(after_ms).sounds_key(key)
        return script.talks() if then_ms is None else script.talks(then_ms).hangs_up()

    return does


def taken_back(passes_on: Act) -> Act:
    """An agent whose phone rings again after they passed the caller on, and who answers."""
    return lambda script: passes_on(script).from_second_call().rings(800).answers().talks(1200).hangs_up()


def refers(script: Script) -> Script:
    """Answers, talks 1 s, and passes the caller on by REFER."""
    return script.awaits_call().rings(700).answers().talks(1000).refers("202")


def presses(keys: str) -> Act:
    """Answers the first call, talks 1 s, and passes the caller on by a feature code."""
    return lambda script: script.awaits_call(second_differs=True).rings(700).answers().talks(1000).presses(keys).talks()


def asks_aloud(code: str, then: str, *, ms: int) -> Act:
    """Answers, asks aloud, reports the answer by a feature code, and goes on by another."""
    return lambda script: (
        script.awaits_call()
        .rings(700)
        .answers()
        .talks(1000)
        .presses(code)
        .talks(500)
        .presses(then)
        .talks(ms)
        .hangs_up()
    )


DURING_THE_QUESTION_MS = 3300
"""From the answer: 1 s of talking, and then well into what the caller is told, which takes some 5 s."""

CONSENT = (
    asked(
        "consent_silence",
        "Agent1 sends the caller to 202; asked, they press nothing, and are connected.",
        refers,
        hears(),
    ),
    asked(
        "consent_attended",
        "Agent1 asks aloud, reports yes by *71, and consults 202 by the feature code *2, who takes the caller over.",
        asks_aloud("*71", "*2202", ms=3400),
        hears(),
        second=answers_after(800, 2000),
    ),
    asked(
        "consent_no",
        "Agent1 sends the caller to 202 by the feature code #1; asked, they press 2, and agent1's phone rings again.",
        taken_back(presses("#1202")),
        hears((DURING_THE_QUESTION_MS + 2500, "2")),
    ),
    asked(
        "consent_wrong_keys",
        "Agent1 sends the caller to 202; asked, they press 5, are asked again, press 7, and are connected.",
        refers,
        hears((DURING_THE_QUESTION_MS, "5"), (1200, "7")),
    ),
    asked(
        "consent_yes",
        "Agent1 sends the caller to 202 by REFER; asked, the caller presses 1 (RFC 2833) and is connected.",
        refers,
        hears((DURING_THE_QUESTION_MS, "1")),
    ),
    asked(
        "consent_hangup",
        "Agent1 sends the caller to 202; the caller hangs up while they are asked.",
        refers,
        hears(then_ms=DURING_THE_QUESTION_MS),
    ),
    asked(
        "consent_missing",
        "Agent1 sends the caller to 202, where the program is not installed: they are connected, and not asked.",
        refers,
        hears(),
        program="AGI(not-installed,agi.toml)",
    ),
    asked(
        "consent_broken",
        "Agent1 sends the caller to 202, where the program's settings are missing: connected, and not asked.",
        refers,
        hears(),
        program="AGI(callmonitor-agi,none.toml)",
    ),
    asked(
        "consent_attended_no",
        "Agent1 asks aloud, reports no by *70, and keeps the caller, whom they promise a call back by *75.",
        asks_aloud("*70", "*75", ms=1500),
        hears(),
    ),
)
"""The longest first, so that all are over soonest."""
