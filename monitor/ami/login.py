"""The conversation with one Asterisk: log in, wait until it has booted, ask for the present, listen. No I/O.

    challenge ──Challenge──▶ login ──Success──▶ booting ──FullyBooted──▶ resync ──all answers──▶ live
                                                                          ▲                       │
                                                                          └───── FullyBooted ─────┘

You must send what `data_to_send` returns after the constructor and after every call, pass on what `steps` returns, call
`timed_out` when nothing has changed for `limit_seconds`, and stop when a call raises.

**Source:** Asterisk main/manager.c (`action_login`, `action_challenge`, `FullyBooted`, `Shutdown`, `action_filter`);
what a real Asterisk 22.10 answered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum, auto

from monitor.ami.evidence import NEEDED, ClassEvidence
from monitor.ami.filters import UNWANTED, filters_by_name
from monitor.ami.problems import Goodbye, LoginRefused, NoAnswer, NotAmi, ShutDown
from monitor.ami.protocol import BANNER, encode_action, event_name, header, ping_number

BOOT_NOTICE_SECONDS = 1.0
"""A booted Asterisk says so at once; one that has not by then is still starting."""

BOOT_GRACE_SECONDS = 9.0
"""Without the class `system` no `FullyBooted` ever comes; after this further time the present is asked for anyway."""

RESYNC_SECONDS = 30.0
"""Answers about the present that have not come by then are given up."""

PRESENT = {
    "CoreShowChannels": b"CoreShowChannelsComplete",
    "QueueStatus": b"QueueStatusComplete",
    "BridgeList": b"BridgeListComplete",
}
"""What is asked about the present, and the event that ends each answer."""

_ALWAYS = frozenset({b"FullyBooted", b"Shutdown", b"Reload"})
_LISTS = frozenset({*PRESENT.values(), b"BridgeInfoComplete", b"BridgeListItem"})
_ACTION_ID = b"\r\nActionID: "


class Phase(Enum):
    """Where the conversation stands."""

    CHALLENGE = auto()
    LOGIN = auto()
    BOOTING = auto()
    RESYNC = auto()
    LIVE = auto()


class StepKind(Enum):
    """What happened."""

    NOT_BOOTED = auto()
    """Logged in, and Asterisk does not say that it has booted."""
    UP = auto()
    """Logged in and booted: from here on the system is observed."""
    RESYNCED = auto()
    """The answers about the present are all in."""
    NOTE = auto()
    """The operator should know something; `notes` has changed."""
    RELOADED = auto()
    """Somebody reloaded Asterisk's configuration."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something the shell must pass on."""

    kind: StepKind
    after: int
    """So many packets of those handed in belong in front of it."""


class Conversation:
    """One connection's conversation.

    Args:
        where: what messages call the system, as in ``Asterisk 'pbx1' at 10.0.0.5:5038``.
        name: its configured name.
        answer_seconds: how long each step of the login may take.
        want_filter: ask the server to keep back `UNWANTED`.

    Attributes:
        system: the SystemName it gave, None while unknown or where it has none.
        version: Asterisk's version as it gives it, None while unknown.
        uptime_seconds: how long Asterisk had run at its `FullyBooted`; None where it does not say.
        saw_boot: Asterisk booted before our eyes: the event went to everybody, not just to us at login.
        notes: what the operator should know, by subject: `permissions`, `timestamps`, `system_name`.
        refused: actions about the present that were refused or not answered.
        filtered: events the server keeps back for us.
        now_us: the time by our own clock, kept by the shell; a ping bears it, and so does its answer.
    """

    def __init__(
        self,
        *,
        where: str,
        name: str,
        username: str,
        secret: str,
        md5: bool = True,
        want_filter: bool = True,
        answer_seconds: float = 5.0,
    ) -> None:
        self._where = where
        self._name = name
        self._username = username
        self._secret = secret
        self._want_filter = want_filter
        self._answer_seconds = answer_seconds
        self._greeted = b""
        self._out: list[bytes] = []
        self._steps: list[Step] = []
        self._serial = 0
        self._awaited: dict[str, str] = {}
        self._evidence = ClassEvidence()
        self._stamps_seen = False
        self._boot_noticed = False
        self._no_system_class = False
        self._watched = _ALWAYS
        self.phase = Phase.LOGIN
        self.system: str | None = None
        self.version: str | None = None
        self.uptime_seconds: int | None = None
        self.saw_boot = False
        self.notes: dict[str, str] = {}
        self.refused: set[str] = set()
        self.filtered: set[str] = set()
        self.now_us = 0
        if md5:
            self._ask("Challenge", [("AuthType", "MD5")])
            self.phase = Phase.CHALLENGE
        else:
            self._login([("Secret", secret)])

    # ---- for the shell

    def data_to_send(self) -> bytes:
        """Return, once, what must be sent now; may be empty."""
        data, self._out = b"".join(self._out), []
        return data

    def steps(self) -> list[Step]:
        """Return, once, what has happened, in order; also where the last call raised."""
        steps, self._steps = self._steps, []
        return steps

    def receive(self, packets: list[tuple[int, bytes]]) -> None:
        """Take the next packets.

        Raises:
            LoginRefused, ShutDown, Goodbye: the conversation is over.
        """
        for index, (_, packet) in enumerate(packets):
            if packet.startswith(b"Event: "):
                name = packet[7 : packet.find(b"\r\n", 7)]
                if name in self._watched:
                    self._event(name, packet, index)
            elif packet.startswith(b"Response: "):
                self._response(packet, index)
            elif (inner := event_name(packet)) is not None and inner in self._watched:
                self._event(inner, packet, index)

    def greet(self, data: bytes) -> None:
        """Take the first bytes of the connection, before they are packets.

        Raises:
            NotAmi: they are not the banner's beginning.
        """
        self._greeted += data[: len(BANNER)]
        length = min(len(self._greeted), len(BANNER))
        if self._greeted[:length] != BANNER[:length]:
            raise NotAmi(self._where)

    @property
    def greeted(self) -> bool:
        """Whether the whole beginning of the banner was seen."""
        return len(self._greeted) >= len(BANNER)

    @property
    def limit_seconds(self) -> float | None:
        """How long to wait for the next change of `phase` before calling `timed_out`; None for ever."""
        if self.phase is Phase.BOOTING:
            return BOOT_GRACE_SECONDS if self._boot_noticed else BOOT_NOTICE_SECONDS
        if self.phase is Phase.RESYNC:
            return RESYNC_SECONDS
        return None if self.phase is Phase.LIVE else self._answer_seconds

    def timed_out(self) -> None:
        """Go on where nothing has changed for `limit_seconds`.

        Raises:
            NoAnswer: a step of the login was not answered.
        """
        if self.phase is Phase.BOOTING and not self._boot_noticed:
            self._boot_noticed = True
            self._steps.append(Step(StepKind.NOT_BOOTED, 0))
        elif self.phase is Phase.BOOTING:
            self._no_system_class = True
            self._note_permissions()
            self._up(after=0)
        elif self.phase is Phase.RESYNC:
            self.refused |= {what for what in self._awaited.values() if what in PRESENT or what == "BridgeInfo"}
            self._awaited.clear()
            self._finish_resync(after=0)
        elif self.phase is not Phase.LIVE:
            what = "answer the login" if self.greeted else "greet as a manager interface"
            raise NoAnswer(self._where, what, self._answer_seconds)

    def ping(self) -> None:
        """Ask for a sign of life, and what time it is there."""
        self._serial += 1
        self._out.append(encode_action("Ping", [("ActionID", ping_number(self._serial, self.now_us))]))

    # ---- within

    def _ask(self, action: str, fields: list[tuple[str, str]] | None = None, *, awaited: str | None = None) -> None:
        self._serial += 1
        number = str(self._serial)
        self._out.append(encode_action(action, [("ActionID", number), *(fields or [])]))
        if awaited:
            self._awaited[number] = awaited

    def _login(self, proof: list[tuple[str, str]]) -> None:
        self._ask("Login", [("Username", self._username), *proof, ("Events", ",".join(NEEDED))])
        self.phase = Phase.LOGIN

    def _response(self, packet: bytes, index: int) -> None:
        status = packet[10 : packet.find(b"\r\n", 10)]
        said = header(packet, b"\r\nMessage: ") or status.decode("utf-8", "replace")
        if self.phase is Phase.CHALLENGE:
            challenge = header(packet, b"\r\nChallenge: ")
            if challenge is None:
                raise LoginRefused(self._where, self._username, said)
            # MD5 is the protocol's; it keeps the secret off the wire and proves nothing more.
            key = hashlib.md5((challenge + self._secret).encode(), usedforsecurity=False).hexdigest()
            self._login([("AuthType", "MD5"), ("Key", key)])
        elif self.phase is Phase.LOGIN:
            if status != b"Success":
                raise LoginRefused(self._where, self._username, said)
            self.phase = Phase.BOOTING
            self._ask("CoreSettings", awaited="CoreSettings")
        elif status == b"Goodbye":
            raise Goodbye(self._where, said)
        else:
            self._answer(packet, index, succeeded=status == b"Success")

    def _answer(self, packet: bytes, index: int, *, succeeded: bool) -> None:
        number = header(packet, _ACTION_ID)
        what = self._awaited.get(number or "")
        if number is None or what is None:
            return
        action, _, subject = what.partition(" ")
        if action == "CoreSettings":
            del self._awaited[number]
            if succeeded:
                self._settings(packet, index)
        elif action == "Filter":
            del self._awaited[number]
            if succeeded:
                self.filtered.add(subject)
        elif not succeeded:
            del self._awaited[number]
            # A bridge that ended since it was listed is no refusal.
            if action != "BridgeInfo":
                self.refused.add(action)
            self._finish_resync(index + 1)

    def _settings(self, packet: bytes, index: int) -> None:
        self.version = header(packet, b"\r\nAsteriskVersion: ")
        self._name_is(header(packet, b"\r\nSystemName: "), index)
        if self._want_filter and filters_by_name(self.version):
            for name, (criteria, text) in UNWANTED.items():
                asked = [("Operation", "Add"), ("MatchCriteria", criteria), *([("Filter", text)] if text else [])]
                self._ask("Filter", asked, awaited=f"Filter {name}")

    def _event(self, name: bytes, packet: bytes, index: int) -> None:
        if name == b"FullyBooted":
            self._fully_booted(packet, index)
        elif name == b"Shutdown":
            raise ShutDown(self._where, restart=header(packet, b"\r\nRestart: ") == "True")
        elif name == b"Reload":
            self._steps.append(Step(StepKind.RELOADED, index))
        elif name in _LISTS:
            self._listed(name, packet, index)
        else:
            if not self._stamps_seen:
                self._look_at_headers(packet, index)
            if name in self._evidence.watched and self._evidence.see(name, packet):
                self._note_permissions()
                self._steps.append(Step(StepKind.NOTE, index + 1))
            self._watch()

    def _fully_booted(self, packet: bytes, index: int) -> None:
        uptime = header(packet, b"\r\nUptime: ") or ""
        self.uptime_seconds = int(uptime) if uptime.isdigit() else None
        self.saw_boot = b"\r\nTimestamp: " in packet
        if self._no_system_class:
            self._no_system_class = False
            self._note_permissions()
        self._up(index)

    def _up(self, after: int) -> None:
        self._steps.append(Step(StepKind.UP, after))
        self.phase = Phase.RESYNC
        self.refused = set()
        # Answers to what was asked before are of the past now.
        self._awaited = {number: what for number, what in self._awaited.items() if what.split()[0] not in PRESENT}
        # Its answer alone tells Asterisk's time; the answers about the present bear no stamp.
        self.ping()
        for action in PRESENT:
            self._ask(action, awaited=action)
        self._watch()

    def _listed(self, name: bytes, packet: bytes, index: int) -> None:
        number = header(packet, _ACTION_ID)
        if number not in self._awaited:
            return
        if name == b"BridgeListItem":
            bridge = header(packet, b"\r\nBridgeUniqueid: ")
            if bridge and "\n" not in bridge and "\r" not in bridge:
                self._ask("BridgeInfo", [("BridgeUniqueid", bridge)], awaited="BridgeInfo")
        else:
            del self._awaited[number]
            self._finish_resync(index + 1)

    def _finish_resync(self, after: int) -> None:
        waiting = any(what.split()[0] in PRESENT or what == "BridgeInfo" for what in self._awaited.values())
        if self.phase is Phase.RESYNC and not waiting:
            self.phase = Phase.LIVE
            if "CoreShowChannels" in self.refused:
                self._note_permissions()
            self._steps.append(Step(StepKind.RESYNCED, after))
            self._watch()

    def _look_at_headers(self, packet: bytes, index: int) -> None:
        """Look, once, at an event that Asterisk made for everybody, not for us."""
        if _ACTION_ID in packet:
            return
        self._stamps_seen = True
        self._name_is(header(packet, b"\r\nSystemName: "), index)
        if b"\r\nTimestamp: " not in packet:
            self.notes["timestamps"] = (
                f"{self._where} sends no timestamps, so that ringing is measured when its events arrive here; "
                "set `timestampevents = yes` in its manager.conf."
            )
            self._steps.append(Step(StepKind.NOTE, index))

    def _name_is(self, system: str | None, index: int) -> None:
        if not system:
            return
        self.system = system
        if system != self._name and "system_name" not in self.notes:
            self.notes["system_name"] = (
                f"{self._where} calls itself {system!r}; "
                f"make `name` here and `systemname` in its asterisk.conf the same, or figures fall apart."
            )
            self._steps.append(Step(StepKind.NOTE, index))

    def _note_permissions(self) -> None:
        missing = set(self._evidence.missing) | ({"system"} if self._no_system_class else set())
        parts = []
        if missing:
            names = ", ".join(name for name in NEEDED if name in missing)
            parts.append(
                f"{self._where} sends no events of class {names}; "
                f"add it to `read` of account {self._username!r} in its manager.conf, and see its event filters"
            )
        if "CoreShowChannels" in self.refused:
            parts.append(
                f"{self._where} does not say which calls are going on at a reconnection; "
                f"set `write = reporting` for account {self._username!r} in its manager.conf"
            )
        if parts:
            self.notes["permissions"] = ". ".join(parts) + "."
        else:
            self.notes.pop("permissions", None)

    @property
    def missing_classes(self) -> frozenset[str]:
        """`read` classes shown to be missing, without which figures are wrong."""
        return frozenset(self._evidence.missing) | ({"system"} if self._no_system_class else frozenset())

    def _watch(self) -> None:
        self._watched = _ALWAYS | self._evidence.watched
        if self.phase is Phase.RESYNC:
            self._watched |= _LISTS
