"""The account of the shipped manager.conf.sample in a real Asterisk: it can change nothing, from one address alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from monitor.ami.problems import LoginRefused
from monitor.ami_actions import Questions
from monitor.config import AsteriskSettings
from monitor.config import Settings as MonitorSettings
from monitor.doctor import Severity, doctor
from tests.lab.asterisk import Asterisk, PortBlock
from tests.lab.configuration import SECRET, Settings
from tests.lab.install import missing_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(missing_reason() is not None and "CI" not in os.environ, reason=str(missing_reason())),
    # asterisk-ami 0.1.7 wakes its futures by a name that threading has deprecated.
    pytest.mark.filterwarnings("ignore:notifyAll:DeprecationWarning"),
]

SAMPLE = Path(__file__).parents[2] / "deploy" / "asterisk" / "manager.conf.sample"
CHANGING = {
    # One action of each class that changes something, as Asterisk 22's `manager show commands` has them.
    "originate": ("Originate", {"Channel": "Local/1@lab", "Application": "Wait", "Data": "1"}),
    "command": ("Command", {"Command": "core show uptime"}),
    "config": ("UpdateConfig", {"SrcFilename": "extensions.conf", "DstFilename": "extensions.conf"}),
    "config, reading": ("GetConfig", {"Filename": "manager.conf"}),
    "system": ("ModuleLoad", {"LoadType": "reload"}),
    "system, database": ("DBPut", {"Family": "x", "Key": "y", "Val": "z"}),
    "system, filter": ("Filter", {"Operation": "Add", "Filter": "!Event: VarSet"}),
    "call": ("Hangup", {"Channel": "/.*/"}),
    "call, variable": ("Setvar", {"Variable": "X", "Value": "y"}),
    "call, elsewhere": ("Redirect", {"Channel": "x", "Exten": "1", "Context": "lab", "Priority": "1"}),
    "agent": ("QueueAdd", {"Queue": "service", "Interface": "Local/1@lab"}),
    "user": ("UserEvent", {"UserEvent": "TransferConsent", "Consent": "yes"}),
}
ASKED = ("Ping", "CoreSettings", "CoreShowChannels", "BridgeList", "QueueStatus", "ShowDialPlan")
"""All that monitor and doctor ask."""


@pytest.fixture(scope="module")
def asterisk() -> Iterator[Asterisk]:
    """One with the sample's account, and another of the same that is permitted to another address alone."""
    text = SAMPLE.read_text(encoding="utf-8").replace("CHANGE-ME", SECRET)
    account = "\n" + text[text.index("[callmonitor]") :]
    elsewhere = account.replace("[callmonitor]", "[elsewhere]").replace("permit = 127.0.0.1", "permit = 192.0.2.1")
    block = PortBlock()
    try:
        settings = Settings(
            queues="[service]\nmember => Local/1@lab,0,Kim\n",
            dialplan="[lab]\nexten => 1,1,Wait(1)\n[from-trunk]\nexten => 15886565,1,Queue(service)\n",
            extra_files={"manager.conf": account + elsewhere},
        )
        with Asterisk(settings, block) as running:
            yield running
    finally:
        block.release()


def system(asterisk: Asterisk, username: str = "callmonitor") -> AsteriskSettings:
    return AsteriskSettings(
        name="lab1", host="127.0.0.1", port=asterisk.ports.ami, username=username, secret=SecretStr(SECRET)
    )


def test_it_may_ask_and_change_nothing(asterisk: Asterisk) -> None:
    with Questions(system(asterisk)) as questions:
        asked = {action: questions.ask(action) for action in ASKED}
        tried = {what: questions.ask(action, **headers) for what, (action, headers) in CHANGING.items()}
    assert [action for action, reply in asked.items() if not reply.succeeded] == []
    assert {what: reply.message for what, reply in tried.items()} == dict.fromkeys(CHANGING, "Permission denied")


def test_it_may_not_come_from_another_address(asterisk: Asterisk) -> None:
    """The secret is right; what is permitted is 192.0.2.1."""
    with pytest.raises(LoginRefused), Questions(system(asterisk, "elsewhere")):
        pass


def test_doctor_finds_nothing_to_warn_of(asterisk: Asterisk) -> None:
    findings = doctor(MonitorSettings(asterisk=(system(asterisk),)), listen_seconds=0.2)
    assert [finding.sentence for finding in findings if finding.severity in (Severity.WARNING, Severity.FAULT)] == []
