"""`doctor` against a real Asterisk: what each kind of account and configuration makes it say."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from monitor.config import AsteriskSettings, LineSettings
from monitor.config import Settings as MonitorSettings
from monitor.config_charter import TeamSettings
from monitor.doctor import Finding, Severity, doctor, exit_status, extension_takes
from monitor.errors import ConfigError
from tests.lab.asterisk import Asterisk, PortBlock
from tests.lab.configuration import READ_NEEDED, SECRET, Account, Settings
from tests.lab.encrypted import NAME, encrypted_asterisk
from tests.lab.install import missing_reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(missing_reason() is not None and "CI" not in os.environ, reason=str(missing_reason())),
    # asterisk-ami 0.1.7 wakes its futures by a name that threading has deprecated.
    pytest.mark.filterwarnings("ignore:notifyAll:DeprecationWarning"),
]

ACCOUNTS = (
    Account(name="good", read=READ_NEEDED, write="reporting"),
    Account(name="readonly", read=READ_NEEDED),
    Account(name="limited", read="system,call", write="reporting"),
    Account(name="powerful", read=READ_NEEDED, write="system,call,agent,user,config,command,reporting,originate"),
    Account(name="powerful_limited", read="system,call", write="command,reporting"),
    Account(name="configuring_limited", read="system,call", write="config,reporting"),
)
DIALPLAN = """[from-trunk]
exten => _1588XXXX,1,Queue(service)
exten => 6565,1,Queue(service)

[lab]
exten => talk,1,Wait(60)
exten => word,1,UserEvent(Hello)
 same => n,Queue(service)
"""
QUEUES = "[service]\nmember => Local/talk@lab,0,Kim\nmember => Local/word@lab,0,Lee\n\n[deserted]\n"
LINE = LineSettings(name="main", patterns=("15886565", "6565"), contexts=("from-trunk",))


@contextmanager
def started(**changes: Any) -> Iterator[Asterisk]:
    block = PortBlock()
    try:
        with Asterisk(Settings(accounts=ACCOUNTS, dialplan=DIALPLAN, queues=QUEUES, **changes), block) as asterisk:
            yield asterisk
    finally:
        block.release()


@pytest.fixture(scope="module")
def steady() -> Iterator[Asterisk]:
    with started() as asterisk:
        yield asterisk


@pytest.fixture(scope="module")
def stampless() -> Iterator[Asterisk]:
    """An Asterisk without timestamps and without a system name."""
    with started(timestamp_events=False, system_name="") as asterisk:
        yield asterisk


def examine(
    asterisk: Asterisk,
    username: str,
    *,
    line: LineSettings = LINE,
    listen_seconds: float = 0.2,
    team: tuple[TeamSettings, ...] = (),
    **changes: Any,
) -> list[Finding]:
    system = AsteriskSettings(
        **{
            "name": "lab1",
            "host": "127.0.0.1",
            "port": asterisk.ports.ami,
            "username": username,
            "secret": SecretStr(SECRET),
            **changes,
        }
    )
    return doctor(MonitorSettings(asterisk=(system,), line=(line,), team=team), listen_seconds=listen_seconds)


def sentences(findings: list[Finding], severity: Severity) -> list[str]:
    return [finding.sentence for finding in findings if finding.severity is severity]


def test_names_of_teams_that_are_not_there_are_told(steady: Asterisk) -> None:
    """What is there, or may be by a pattern, is not: a queue, an extension, a pattern's context."""
    teams = (
        TeamSettings(name="misspelt", queues=("service", "servise"), menu=("lab,2", "gone,1", "from-trunk,6565")),
        TeamSettings(name="known", queues=("service",), menu=("from-trunk,9",)),
    )
    findings = [each for each in examine(steady, "good", team=teams) if "Team" in each.sentence]
    assert [(each.severity, each.sentence) for each in findings] == [
        (Severity.UNKNOWN, "Team misspelt names queues that are not here: servise."),
        (Severity.UNKNOWN, "Team misspelt names menu choices that the dialplan has not: lab,2 gone,1."),
    ]


@pytest.mark.parametrize("auth", ["md5", "plain"])
def test_a_good_account_on_a_quiet_asterisk(steady: Asterisk, auth: str) -> None:
    findings = examine(steady, "good", auth=auth)
    good = sentences(findings, Severity.GOOD)
    assert good[0] == f"Asterisk 'lab1' at 127.0.0.1:{steady.ports.ami} accepts the login of 'good'."
    assert good[1].startswith("This is Asterisk 22.")
    assert good[2].startswith("Its clock and this machine's differ by ")
    assert good[3:] == ["Queue service has 2 members: Kim, Lee.", "Line main is taken by the dialplan in: from-trunk."]
    assert sentences(findings, Severity.WARNING) == ["Queue deserted has no members."]
    assert sentences(findings, Severity.FAULT) == []
    # Nothing happens, and the account may not ask: what it is sent cannot be known.
    assert sentences(findings, Severity.UNKNOWN) == [
        "In 0.2 s no event of class system, call, agent, user, dialplan came, which on a quiet system proves nothing.",
        "Whether events carry timestamps could not be found out, since none came.",
        "Whether the account is kept to this machine's address cannot be seen by the account.",
    ]
    assert exit_status(findings) == 1


def test_an_account_without_reporting_is_warned_of(steady: Asterisk) -> None:
    findings = examine(steady, "readonly")
    assert sentences(findings, Severity.WARNING)[0].startswith(
        "The account may not ask which calls are going on, which version this is, or for the dialplan"
    )
    assert "Set `write = reporting` for [readonly] in manager.conf; it allows no change." in {
        finding.next_step for finding in findings
    }


@pytest.mark.parametrize(
    ("username", "source"), [("powerful_limited", "manager show user"), ("configuring_limited", "manager.conf")]
)
def test_each_missing_class_is_named_where_the_account_may_ask(steady: Asterisk, username: str, source: str) -> None:
    findings = examine(steady, username)
    assert sentences(findings, Severity.FAULT) == [
        f"The account is not sent events of class {name} ({source})." for name in ("agent", "user", "dialplan")
    ]
    assert exit_status(findings) == 2
    steps = {finding.next_step for finding in findings if finding.severity is Severity.FAULT}
    assert steps == {
        f"Set `read = system,call,agent,user,dialplan` for [{username}] in manager.conf, then `manager reload`."
    }


def test_a_class_missing_while_calls_go_on_is_seen_by_listening(steady: Asterisk) -> None:
    """The calls ring for 60 s; new ones run through `lab` while the doctor listens."""
    with calling(steady):
        findings = examine(steady, "limited", listen_seconds=2.0)
    assert sentences(findings, Severity.FAULT) == ["Calls went on, and no event of class dialplan came."]
    assert "Events carry timestamps." in sentences(findings, Severity.GOOD)
    assert exit_status(findings) == 2


def test_more_power_than_needed_is_warned_of(steady: Asterisk) -> None:
    findings = examine(steady, "powerful")
    assert (
        "The account may do more than listen: write classes command, config, originate, system, call, agent, user."
        in sentences(findings, Severity.WARNING)
    )
    assert "The account is sent every class of event that is needed (manager show user)." in sentences(
        findings, Severity.GOOD
    )
    assert "Events carry timestamps." in sentences(findings, Severity.GOOD)


def test_an_account_that_may_be_used_from_everywhere_is_warned_of_where_that_can_be_seen(steady: Asterisk) -> None:
    """The lab's manager.conf has neither deny nor acl, and class config may read it."""
    findings = examine(steady, "configuring_limited")
    assert "The account may be used from every address that reaches this Asterisk (manager.conf)." in sentences(
        findings, Severity.WARNING
    )


def test_missing_timestamps_and_system_name_are_told(stampless: Asterisk) -> None:
    findings = examine(stampless, "configuring_limited")
    warnings = sentences(findings, Severity.WARNING)
    assert "Events carry no timestamps, so that ringing is measured when they arrive here." in warnings
    assert "It has no system name, so that 'lab1' stands only here." in warnings
    with calling(stampless):
        seen = examine(stampless, "good", listen_seconds=2.0)
    assert "Events carry no timestamps, so that ringing is measured when they arrive here." in sentences(
        seen, Severity.WARNING
    )


def test_another_system_name_is_told(steady: Asterisk) -> None:
    findings = examine(steady, "good", name="seoul")
    assert "It calls itself 'lab1', and is configured here as 'seoul'." in sentences(findings, Severity.WARNING)


def test_lines_that_match_nothing_are_told(steady: Asterisk) -> None:
    nowhere = LineSettings(name="n", patterns=("6565",), contexts=("from-nowhere",))
    assert sentences(examine(steady, "good", line=nowhere), Severity.FAULT) == [
        "Line n names contexts that are not in the dialplan: from-nowhere."
    ]
    other = LineSettings(name="o", patterns=("7000", "7001"))
    assert sentences(examine(steady, "good", line=other), Severity.FAULT) == [
        "Line o (7000, 7001) matches no extension of the dialplan."
    ]
    wrong = LineSettings(name="w", patterns=("6565",), contexts=("lab",))
    assert sentences(examine(steady, "good", line=wrong), Severity.FAULT) == [
        "Line w (6565) matches no extension of the dialplan in lab."
    ]


@pytest.mark.parametrize(
    ("changes", "sentence", "step"),
    [
        ({"secret": SecretStr("not that")}, "refuses the login of 'good' (Authentication failed).", "See user name"),
        ({"port": None}, "refuses connections.", "See that Asterisk runs"),
        ({"host": "pbx.invalid"}, "cannot be reached (no such host name).", "See the host"),
        ({"tls": True}, "gives no trusted TLS connection (wrong version number).", "See `tls_ca`"),
    ],
)
def test_what_keeps_it_out_is_told(steady: Asterisk, changes: dict[str, Any], sentence: str, step: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        if "port" in changes:
            changes = {"port": taken.getsockname()[1]}
        findings = examine(steady, "good", **changes)
    fault, *others = findings
    assert fault.severity is Severity.FAULT
    # What the settings leave open is told all the same: a short secret, plain text to another host.
    assert {finding.severity for finding in others} <= {Severity.WARNING}
    assert findings[0].sentence.endswith(sentence)
    assert (findings[0].next_step or "").startswith(step)
    assert exit_status(findings) == 2


def test_tls_is_verified(tmp_path: Path) -> None:
    settings = Settings(accounts=ACCOUNTS, dialplan=DIALPLAN, queues=QUEUES)
    with encrypted_asterisk(settings, tmp_path) as (asterisk, port, certificate):
        tls: dict[str, Any] = {"tls": True, "port": port, "tls_hostname": NAME}
        trusted = examine(asterisk, "good", **tls, tls_ca=certificate)
        untrusted = examine(asterisk, "good", **tls)
    assert sentences(trusted, Severity.FAULT) == []
    assert "Queue service has 2 members: Kim, Lee." in sentences(trusted, Severity.GOOD)
    assert [finding.severity for finding in untrusted] == [Severity.FAULT]
    assert untrusted[0].sentence.endswith("gives no trusted TLS connection (self-signed certificate).")


def test_a_port_of_another_service_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        def greet() -> None:
            connection, _ = other.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                connection.recv(1000)

        thread = Thread(target=greet)
        thread.start()
        system = AsteriskSettings(
            name="x", host="127.0.0.1", port=port, username="u", secret=SecretStr(SECRET), connect_timeout_seconds=1
        )
        findings = doctor(MonitorSettings(asterisk=(system,)))
        thread.join()
    assert [finding.severity for finding in findings] == [Severity.FAULT]
    assert findings[0].sentence == f"Asterisk 'x' at 127.0.0.1:{port} does not speak AMI."


def test_an_empty_secret_file_is_told(steady: Asterisk) -> None:
    findings = examine(steady, "good", secret=None, secret_file="/dev/null")
    assert "must hold one line" in findings[0].sentence
    assert exit_status(findings) == 2


def test_without_an_asterisk_there_is_nothing_to_examine() -> None:
    with pytest.raises(ConfigError, match="No Asterisk is configured"):
        doctor(MonitorSettings())


@pytest.mark.parametrize(
    ("extension", "patterns", "takes"),
    [
        ("6565", ("15886565", "6565"), True),
        ("_1588XXXX", ("15886565",), True),
        ("_1588XXX", ("15886565",), False),
        ("_X.", ("15886565",), True),
        ("15886565", ("1588-6565",), True),
        ("_1588XXXX", ("_1588XXXX",), True),
        ("s", ("6565",), False),
        ("s", ("*",), True),
    ],
)
def test_an_extension_takes_a_line(extension: str, patterns: tuple[str, ...], takes: bool) -> None:
    assert extension_takes(extension, patterns) is takes


@contextmanager
def calling(asterisk: Asterisk) -> Iterator[None]:
    """Calls that begin one after another until the block is left."""
    enough = Event()

    def call() -> None:
        while not enough.is_set():
            asterisk.command("channel originate Local/word@lab application Wait 1")

    thread = Thread(target=call)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
        asterisk.command("channel request hangup all")
