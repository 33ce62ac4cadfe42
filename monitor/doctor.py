"""Is each configured Asterisk fit to be listened to, can alerts be told, and if not, what has to change?

Asterisk does not tell an account which classes of event it is sent. They are told here by what the account may ask:
`manager show user` (class command), else manager.conf itself (class system or config), else by the events of a few
seconds, which prove what comes but never, on a quiet system, what does not. A finding says which it was.

**Source:** Asterisk main/manager.c; what a real Asterisk 22.10 answers.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.alerts_setup import alerts_of
from monitor.ami.evidence import NEEDED
from monitor.ami_actions import Questions, SeenEvent
from monitor.ami_listener import where
from monitor.calls.lines import Patterns
from monitor.doctor_teams import not_here
from monitor.errors import ConnectionProblem, ProtocolError
from monitor.exposure import exposures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import AsteriskSettings, LineSettings, Settings

CLOCK_SECONDS = 1.0
"""Clocks further apart than this put instants of one call on both sides of a ring."""

OLDEST_MAJOR = 13
"""The oldest Asterisk whose events are known to suffice."""

_POWERS = {
    "Command": "command",
    "UpdateConfig": "config",
    "Originate": "originate",
    "ModuleLoad": "system",
    "Atxfer": "call",
    "QueueAdd": "agent",
    "UserEvent": "user",
}
"""An action by which each `write` class is known."""


class Severity(StrEnum):
    """How bad a finding is."""

    GOOD = "good"
    UNKNOWN = "unknown"
    """Could not be found out; the next step says how to."""
    WARNING = "warning"
    FAULT = "fault"
    """The figures of this system cannot be had, or would be wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found out about one system."""

    system: str
    """Its configured name; `alerts` for those who are told at once; a section for what it leaves open."""
    severity: Severity
    sentence: str
    next_step: str | None = None
    """What the operator does next; None where there is nothing to do."""


@dataclass(frozen=True, slots=True)
class _Account:
    """What is known of the account; None where it could not be found out."""

    read: frozenset[str] | None
    stamps: bool | None
    source: str


def exit_status(findings: list[Finding]) -> int:
    """0 where all is well or only something is unknown, 1 with a warning, 2 with a fault."""
    severities = {finding.severity for finding in findings}
    return 2 if Severity.FAULT in severities else 1 if Severity.WARNING in severities else 0


def doctor(settings: Settings, *, listen_seconds: float = 3.0) -> list[Finding]:
    """Examine every configured Asterisk.

    Args:
        settings: the whole of them, since lines are looked for in the dialplan.
        listen_seconds: how long to listen where events alone can tell; make a test call meanwhile.

    Raises:
        ConfigError: none is configured.
    """
    findings: list[Finding] = []
    for system in settings.require_asterisk():
        findings += _Examination(system, settings, listen_seconds).findings()
    opened = [Finding(each.where, Severity.WARNING, each.sentence, each.next_step) for each in exposures(settings)]
    return findings + _alerts(settings) + opened


def _alerts(settings: Settings) -> list[Finding]:
    """Whether each Alertmanager takes what it will be told."""
    alerts = alerts_of(settings)
    found: list[Finding] = []
    for alertmanager in alerts.alertmanagers if alerts is not None else ():
        problem = asyncio.run(alertmanager.ask())
        who = f"Alertmanager at {alertmanager.name}"
        found.append(
            Finding("alerts", Severity.GOOD, f"{who} listens.")
            if problem is None
            else Finding(
                "alerts",
                Severity.WARNING,
                f"{who} cannot be told: {problem}.",
                "See that it runs, and that [alerts] alertmanager is its address, with the path if it has one.",
            )
        )
    return found


class _Examination:
    """The examination of one system."""

    def __init__(self, system: AsteriskSettings, settings: Settings, listen_seconds: float) -> None:
        self._system = system
        self._lines = settings.line
        self._teams = settings.team
        self._queue_names: frozenset[str] = frozenset()
        self._listen_seconds = listen_seconds

    def findings(self) -> list[Finding]:
        found: list[Finding] = []
        try:
            with Questions(self._system, quiet_seconds=self._listen_seconds) as questions:
                for finding in self._examine(questions):
                    found.append(finding)  # noqa: PERF402 - what was found before a problem stays found
        except (ConnectionProblem, ProtocolError) as problem:
            sentence, _, step = str(problem).partition("; ")
            found.append(self._fault(f"{sentence}.", step or None))
        return found

    def _examine(self, questions: Questions) -> Iterator[Finding]:
        yield self._good(f"{where(self._system)} accepts the login of {self._system.username!r}.")
        yield from self._core(questions)
        yield self._clock(questions)
        yield from self._writes(questions)
        queues = questions.listed("QueueStatus", "QueueStatusComplete") or []
        yield from self._queues(queues)
        yield from self._dialplan(questions)
        account = self._account(questions)
        yield from self._reads(account)
        yield self._stamps(account)
        yield self._addresses(questions)

    # ---- each question

    def _core(self, questions: Questions) -> Iterator[Finding]:
        reply = questions.ask("CoreSettings")
        if not reply.succeeded:
            yield self._warning(
                "The account may not ask which calls are going on, which version this is, or for the dialplan: "
                "after a reconnection, calls in progress are not followed.",
                f"Set `write = reporting` for [{self._system.username}] in manager.conf; it allows no change.",
            )
            return
        version = reply.headers.get("AsteriskVersion", "unknown")
        major = re.match(r"(?:certified[-/])?(\d+)", version)
        text = f"This is Asterisk {version}, manager interface {questions.ami_version}."
        if major is None or int(major[1]) < OLDEST_MAJOR:
            yield self._warning(text, f"Asterisk {OLDEST_MAJOR} is the oldest known to send what is needed; update it.")
        else:
            yield self._good(text)
        name = reply.headers.get("SystemName", "")
        if name and name != self._system.name:
            yield self._warning(
                f"It calls itself {name!r}, and is configured here as {self._system.name!r}.",
                "Make `name` here and `systemname` in asterisk.conf the same.",
            )
        elif not name:
            yield self._warning(
                f"It has no system name, so that {self._system.name!r} stands only here.",
                f"Set `systemname = {self._system.name}` in asterisk.conf.",
            )

    def _clock(self, questions: Questions) -> Finding:
        before = time.time()
        stamp = questions.ask("Ping").headers.get("Timestamp", "")
        middle = (before + time.time()) / 2
        try:
            ahead = float(stamp) - middle
        except ValueError:
            return self._unknown("Its clock could not be read.", "Compare the clocks of both machines by hand.")
        if abs(ahead) > CLOCK_SECONDS:
            return self._warning(
                f"Its clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's.",
                "Let both follow a time server.",
            )
        return self._good(f"Its clock and this machine's differ by {abs(ahead) * 1000:.0f} ms.")

    def _writes(self, questions: Questions) -> Iterator[Finding]:
        reply = questions.ask("ListCommands")
        allowed = [name for action, name in _POWERS.items() if reply.succeeded and action in reply.headers]
        if allowed:
            yield self._warning(
                f"The account may do more than listen: write classes {', '.join(allowed)}.",
                f"Leave `write = reporting` for [{self._system.username}] in manager.conf; filters stand there too.",
            )

    def _queues(self, answers: list[SeenEvent]) -> Iterator[Finding]:
        members: dict[str, list[str]] = {}
        for event in answers:
            queue = event.headers.get("Queue")
            if queue is not None:
                names = members.setdefault(queue, [])
                if event.name == "QueueMember":
                    names.append(event.headers.get("Name", ""))
        for queue, names in members.items():
            if names:
                yield self._good(
                    f"Queue {queue} has {len(names)} member{'s' if len(names) > 1 else ''}: {', '.join(sorted(names))}."
                )
            else:
                yield self._warning(f"Queue {queue} has no members.", "Add members, or let them log in.")
        self._queue_names = frozenset(members)
        if not members:
            yield self._unknown("There are no queues.", "Nothing to do where calls reach phones by Dial alone.")

    def _dialplan(self, questions: Questions) -> Iterator[Finding]:
        answers = questions.listed("ShowDialPlan", "ShowDialPlanComplete")
        if answers is None:
            yield self._unknown(
                "Whether the lines are in the dialplan could not be found out, since the account may not read it.",
                f"Set `write = reporting` for [{self._system.username}] in manager.conf.",
            )
            return
        extensions: dict[str, set[str]] = {}
        for event in answers:
            context = event.headers.get("Context")
            if context is not None:
                extensions.setdefault(context, set()).add(event.headers.get("Extension", ""))
        for line in self._lines:
            yield from self._line(line, extensions)
        for sentence, step in not_here(self._teams, self._queue_names, extensions):
            yield self._unknown(sentence, step)

    def _line(self, line: LineSettings, extensions: dict[str, set[str]]) -> Iterator[Finding]:
        absent = [context for context in line.contexts if context not in extensions]
        if absent:
            yield self._fault(
                f"Line {line.name} names contexts that are not in the dialplan: {', '.join(absent)}.",
                "Correct `contexts` of that line, or take it out for all contexts.",
            )
        found = [
            context
            for context in sorted(extensions)
            if (not line.contexts or context in line.contexts)
            and any(extension_takes(extension, line.patterns) for extension in extensions[context])
        ]
        if found:
            yield self._good(f"Line {line.name} is taken by the dialplan in: {', '.join(found)}.")
        elif len(absent) < len(line.contexts) or not line.contexts:
            yield self._fault(
                f"Line {line.name} ({', '.join(line.patterns)}) matches no extension of the dialplan"
                f"{' in ' + ', '.join(line.contexts) if line.contexts else ''}.",
                "Write its `patterns` as the trunk delivers the number, and see `contexts`.",
            )

    # ---- what the account is sent

    def _account(self, questions: Questions) -> _Account:
        user = self._system.username
        shown = questions.ask("Command", Command=f"manager show user {user}")
        perm = re.search(r"read perm:[ \t]*(\S+)", shown.headers.get("Output", "")) if shown.succeeded else None
        read = None if perm is None else frozenset(perm[1].split(","))
        source = "manager show user"
        stamps = None
        general = questions.ask("GetConfig", Filename="manager.conf", Category="general")
        if general.succeeded:
            stamps = _configured(general.headers, "timestampevents") in {"yes", "true", "1", "on", "y", "t"}
            if read is None:
                own = questions.ask("GetConfig", Filename="manager.conf", Category=user)
                text = _configured(own.headers, "read") if own.succeeded else None
                read = None if text is None else frozenset(part.strip() for part in text.split(","))
                source = "manager.conf"
        if read is not None and "all" in read:
            read = frozenset(NEEDED)
        if read is None or stamps is None:
            events = questions.overheard(NEEDED, self._listen_seconds)
            live = [event for event in events if "Privilege" in event.headers and event.name != "FullyBooted"]
            if stamps is None and live:
                stamps = any("Timestamp" in event.headers for event in live)
            if read is None:
                came = {part for event in events for part in event.headers.get("Privilege", "").split(",")}
                return _Account(frozenset(came & set(NEEDED)), stamps, "")
        return _Account(read, stamps, source)

    def _reads(self, account: _Account) -> Iterator[Finding]:
        read = account.read or frozenset()
        step = f"Set `read = {','.join(NEEDED)}` for [{self._system.username}] in manager.conf, then `manager reload`."
        if account.source:
            for name in NEEDED:
                if name not in read:
                    yield self._fault(f"The account is not sent events of class {name} ({account.source}).", step)
            if set(NEEDED) <= read:
                yield self._good(f"The account is sent every class of event that is needed ({account.source}).")
            return
        silent = [name for name in NEEDED if name not in read]
        if read and not silent:
            yield self._good("Events of every class that is needed came.")
        elif "call" in read and "dialplan" not in read:
            yield self._fault("Calls went on, and no event of class dialplan came.", step)
        elif "dialplan" in read and "call" not in read:
            yield self._fault("Calls went on, and no event of class call came.", step)
        else:
            yield self._unknown(
                f"In {self._listen_seconds:g} s no event of class {', '.join(silent)} came, "
                "which on a quiet system proves nothing.",
                f"{step} Or make a test call while `callmonitor doctor --listen 60` runs.",
            )

    def _stamps(self, account: _Account) -> Finding:
        if account.stamps is None:
            return self._unknown(
                "Whether events carry timestamps could not be found out, since none came.",
                "Set `timestampevents = yes` in [general] of manager.conf, or make a test call while "
                "`callmonitor doctor --listen 60` runs.",
            )
        if account.stamps:
            return self._good("Events carry timestamps.")
        return self._warning(
            "Events carry no timestamps, so that ringing is measured when they arrive here.",
            "Set `timestampevents = yes` in [general] of manager.conf, then `manager reload`.",
        )

    def _addresses(self, questions: Questions) -> Finding:
        """Whether the account is kept to some addresses, which only manager.conf itself tells."""
        user = self._system.username
        own = questions.ask("GetConfig", Filename="manager.conf", Category=user)
        if not own.succeeded:
            return self._unknown(
                "Whether the account is kept to this machine's address cannot be seen by the account.",
                f"See that [{user}] in manager.conf has `deny` and `permit`, as docs/connect.md shows.",
            )
        if any(_configured(own.headers, key) is not None for key in ("deny", "acl")):
            return self._good("The account is kept to some addresses (manager.conf).")
        return self._warning(
            "The account may be used from every address that reaches this Asterisk (manager.conf).",
            f"Add `deny = 0.0.0.0/0.0.0.0` and a `permit` of this machine to [{user}], then `manager reload`.",
        )

    # ---- findings

    def _good(self, sentence: str) -> Finding:
        return Finding(self._system.name, Severity.GOOD, sentence)

    def _unknown(self, sentence: str, next_step: str) -> Finding:
        return Finding(self._system.name, Severity.UNKNOWN, sentence, next_step)

    def _warning(self, sentence: str, next_step: str) -> Finding:
        return Finding(self._system.name, Severity.WARNING, sentence, next_step)

    def _fault(self, sentence: str, next_step: str | None) -> Finding:
        step = None if next_step is None else next_step[0].upper() + next_step[1:]
        return Finding(self._system.name, Severity.FAULT, sentence, step)


def extension_takes(extension: str, patterns: tuple[str, ...]) -> bool:
    """Whether an extension of the dialplan, a number or an Asterisk pattern, takes a number of a line."""
    if not extension.startswith("_"):
        return Patterns(patterns).match(extension)
    return extension in patterns or any(Patterns((extension,)).match(pattern) for pattern in patterns)


def _configured(headers: dict[str, str], key: str) -> str | None:
    """The last value of a key in `GetConfig`'s answer, whose lines are `Line-000000-000001: key=value`."""
    value = None
    for name, text in headers.items():
        if name.startswith("Line-"):
            found, _, rest = text.partition("=")
            if found.strip().lower() == key:
                value = rest.strip()
    return value
