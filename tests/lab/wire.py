"""What passed on the wire, read from SIPp's own message logs.

This is the measure that the monitor is held against: nothing here comes from Asterisk's manager interface. SIPp
stamps each message in microseconds when it sends or receives it (`-trace_msg`).
"""

from __future__ import annotations

import calendar
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

STAMP = re.compile(r"^-{20,} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{6})\n", re.MULTILINE)
HEADER = re.compile(r"^(Call-ID|CSeq|From|To|Refer-To|Contact)\s*:\s*(.*)$", re.MULTILINE | re.IGNORECASE)


class MessageRow(TypedDict):
    """One message as it stands in wire.json."""

    at_us: int
    sent: bool
    what: str
    of: str


class LegRow(TypedDict):
    """One SIP dialog as it stands in wire.json."""

    party: str
    placed_call: bool
    dialled: str
    caller: str
    call_id: str
    messages: list[MessageRow]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One SIP message that a SIPp process sent or received."""

    at_us: int
    """Microseconds since 1970, UTC, by the machine's clock."""
    sent: bool
    """True where SIPp sent it, false where it received it."""
    what: str
    """The method of a request (`INVITE`), the status of a response (`180`)."""
    of: str
    """The method by its CSeq header: `180` of `INVITE`, `200` of `BYE`."""
    call_id: str
    from_: str
    to: str
    refer_to: str | None

    @property
    def is_response(self) -> bool:
        """Whether it is a response."""
        return self.what.isdigit()


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One SIP dialog as one party saw it."""

    party: str
    """Whose: the caller's number, or the phone's interface such as `PJSIP/agent1`."""
    messages: tuple[Message, ...]

    @property
    def call_id(self) -> str:
        """The Call-ID that all its messages carry."""
        return self.messages[0].call_id

    @property
    def placed_call(self) -> bool:
        """Whether this party placed the call, rather than being called."""
        return self.messages[0].sent

    @property
    def dialled(self) -> str:
        """The user part of the first To header: what was dialled."""
        return user_of(self.messages[0].to)

    @property
    def caller(self) -> str:
        """The user part of the first From header."""
        return user_of(self.messages[0].from_)

    def at(self, what: str, of: str = "INVITE") -> int | None:
        """Return when such a message first passed, in microseconds since 1970, or None where none did."""
        return next((message.at_us for message in self.messages if (message.what, message.of) == (what, of)), None)

    @property
    def rang_at_us(self) -> int | None:
        """When the first 180 passed."""
        return self.at("180")

    @property
    def answered_at_us(self) -> int | None:
        """When the 200 to the first INVITE passed."""
        return self.at("200")

    @property
    def stopped_ringing_at_us(self) -> int | None:
        """When what had rung was answered, refused or cancelled; None where it never rang."""
        rang = self.rang_at_us
        if rang is None:
            return None
        stops = (
            message.at_us
            for message in self.messages
            if message.at_us >= rang
            and ((message.is_response and message.of == "INVITE" and message.what >= "200") or message.what == "CANCEL")
        )
        return next(stops, None)

    @property
    def ended_at_us(self) -> int | None:
        """When the dialog's BYE, CANCEL or refusal passed."""
        ends = (
            message.at_us
            for message in self.messages
            if message.what in ("BYE", "CANCEL")
            or (message.is_response and message.of == "INVITE" and message.what >= "300")
        )
        return next(ends, None)

    def row(self) -> LegRow:
        """Return the leg as it stands in wire.json."""
        return LegRow(
            party=self.party,
            placed_call=self.placed_call,
            dialled=self.dialled,
            caller=self.caller,
            call_id=self.call_id,
            messages=[MessageRow(at_us=m.at_us, sent=m.sent, what=m.what, of=m.of) for m in self.messages],
        )


def user_of(header: str) -> str:
    """Return the user part of a From or To header."""
    found = re.search(r"sips?:([^@>;]*)@", header)
    return found.group(1) if found else ""


def messages_of(log: str) -> Iterator[Message]:
    """Read one SIPp message log, whose process must have run with `TZ=UTC`."""
    stamps = list(STAMP.finditer(log))
    for index, stamp in enumerate(stamps):
        end = stamps[index + 1].start() if index + 1 < len(stamps) else len(log)
        note, _, message = log[stamp.end() : end].partition("\n\n")
        if "message" not in note or not message.strip():
            continue
        first_line = message.split("\n", 1)[0].strip()
        headers = {name.lower(): value.strip() for name, value in HEADER.findall(message.partition("\n\n")[0])}
        seconds = calendar.timegm(time.strptime(stamp.group(1), "%Y-%m-%d %H:%M:%S"))
        words = first_line.split(" ")
        yield Message(
            at_us=seconds * 1_000_000 + int(stamp.group(2)),
            sent="sent" in note,
            what=words[1] if words[0].startswith("SIP/") else words[0],
            of=headers.get("cseq", "").rpartition(" ")[2],
            call_id=headers.get("call-id", ""),
            from_=headers.get("from", ""),
            to=headers.get("to", ""),
            refer_to=headers.get("refer-to"),
        )


def legs_of(party: str, log: Path) -> list[Leg]:
    """Return the SIP dialogs of one SIPp process, in the order in which they began."""
    text = log.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n") if log.exists() else ""
    by_call: dict[str, list[Message]] = {}
    for message in messages_of(text):
        by_call.setdefault(message.call_id, []).append(message)
    return [Leg(party=party, messages=tuple(messages)) for messages in by_call.values()]


def in_order(legs: Iterable[Leg]) -> list[Leg]:
    """Return legs in the order of their first messages."""
    return sorted(legs, key=lambda leg: leg.messages[0].at_us)
