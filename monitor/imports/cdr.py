"""Call detail records: their columns, and what one row says.

**Source:** cdr_csv.c, cdr_custom.c and cdr_adaptive_odbc.c of Asterisk 11 to 22.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.imports.frame import plausible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

_FIRST = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
"""What `cdr_csv` always writes; behind it uniqueid and userfield where they are asked for, then the new columns."""
_NEW = ("peeraccount", "linkedid", "sequence")
COLUMNS_BY_COUNT: Mapping[int, tuple[str, ...]] = {
    len(_FIRST) + 1: (*_FIRST, "uniqueid"),
    len(_FIRST) + 2: (*_FIRST, "uniqueid", "userfield"),
    len(_FIRST) + 4: (*_FIRST, "uniqueid", *_NEW),
    len(_FIRST) + 5: (*_FIRST, "uniqueid", "userfield", *_NEW),
}
"""Of `Master.csv`, which has no first line that names them."""
OTHER_NAMES: Mapping[str, str] = {
    "calldate": "start",
    "starttime": "start",
    "answertime": "answer",
    "answerdate": "answer",
    "endtime": "end",
    "enddate": "end",
    "dnid": "did",
    "dialled": "did",
    "context": "dcontext",
}
"""Names that columns go by elsewhere."""
KNOWN = frozenset({*_FIRST, *_NEW, "uniqueid", "userfield", "did", *OTHER_NAMES})
NEEDED = ("uniqueid", "start", "channel", "disposition")
_UNIQUEID = re.compile(r"(?:^|-)([0-9]{9,11})\.[0-9]+\Z")
_INTERFACE = re.compile(r"-[0-9a-f]{6,}(?:;[12])?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrRow:
    """One record: the caller's channel, or another one, and the one it was connected to."""

    uniqueid: str
    linkedid: str | None
    sequence: int
    src: str
    did: str
    """The number as the trunk delivered it, where the dialplan keeps it."""
    dst: str
    """The last extension the channel was at, which need not be the number that was dialled."""
    context: str
    channel: str
    dstchannel: str
    lastapp: str
    lastdata: str
    start_at: datetime
    answer_at: datetime | None
    end_at: datetime
    billsec: int
    disposition: str

    @property
    def key(self) -> str:
        """What the rows of one call share."""
        return self.linkedid or self.uniqueid


def columns_of(first: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The columns of a file by its first row, and whether that row names them.

    Raises:
        ValueError: it holds no call detail records, or none that can be told apart; the message says what is missing.
    """
    names = tuple(name.strip().lower().removeprefix("\ufeff") for name in first)
    if len(KNOWN.intersection(names)) >= len(NEEDED):
        named = tuple(OTHER_NAMES.get(name, name) for name in names)
        missing = [name for name in NEEDED if name not in named]
        if missing:
            raise ValueError(f"its first line names no column {' and '.join(missing)}")
        return named, True
    columns = COLUMNS_BY_COUNT.get(len(first))
    if columns is None or not _UNIQUEID.search(first[len(_FIRST)]):
        raise ValueError(
            "its rows hold no uniqueid, without which no call is told from another"
            if len(first) >= len(_FIRST)
            else "it holds no call detail records"
        )
    return columns, False


def row_of(values: Mapping[str, object], zone: tzinfo) -> CdrRow:
    """What one row says.

    Args:
        values: by column; text, or what a database gives.
        zone: in which times without an offset are told.

    Raises:
        ValueError: it cannot be understood; the message says why, in words that hold nothing of it.
    """

    def text(name: str) -> str:
        value = values.get(name)
        return "" if value is None else str(value).replace("\0", "\ufffd").strip()

    def whole(name: str) -> int:
        value = text(name).partition(".")[0]
        return min(int(value), 10_000_000) if value.isascii() and value.isdigit() and len(value) < len("1" * 12) else 0

    uniqueid = text("uniqueid")
    if not uniqueid or not text("disposition"):
        raise ValueError("it has no uniqueid or no disposition")
    hint = epoch_of(uniqueid)
    start_at = instant_of(values.get("start"), zone, hint)
    if start_at is None:
        raise ValueError("it has no start")
    answer_at = instant_of(values.get("answer"), zone, start_at)
    end_at = instant_of(values.get("end"), zone, answer_at or start_at) or start_at + timedelta(
        seconds=whole("duration")
    )
    disposition = text("disposition").upper().replace("_", " ")
    if answer_at is None and disposition == "ANSWERED" and whole("billsec"):
        answer_at = end_at - timedelta(seconds=whole("billsec"))
    return CdrRow(
        uniqueid=uniqueid,
        linkedid=text("linkedid") or None,
        sequence=whole("sequence"),
        src=text("src"),
        did=text("did"),
        dst=text("dst"),
        context=text("dcontext"),
        channel=text("channel"),
        dstchannel=text("dstchannel"),
        lastapp=text("lastapp").lower(),
        lastdata=text("lastdata"),
        start_at=start_at,
        answer_at=answer_at,
        end_at=max(end_at, start_at),
        billsec=whole("billsec"),
        disposition=disposition,
    )


def epoch_of(uniqueid: str) -> datetime | None:
    """The instant at which a channel began, from its uniqueid; None where that is of another form."""
    found = _UNIQUEID.search(uniqueid)
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


def interface_of(channel: str) -> str:
    """The interface of a channel: `PJSIP/agent1-0000000a` → `PJSIP/agent1`."""
    return _INTERFACE.sub("", channel)


def instant_of(value: object, zone: tzinfo, near_at: datetime | None) -> datetime | None:
    """An instant; of a local time that the clocks show twice, the one that fits another instant of the same call.

    Raises:
        ValueError: it is no time, is one that clocks skip, or one they show twice and nothing says which.
    """
    if isinstance(value, datetime):
        told = value
    else:
        text = "" if value is None else str(value).strip()
        if not text or text.startswith("0000"):
            return None
        try:
            told = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("a time of it cannot be read") from None
    if told.tzinfo is not None:
        return plausible(told.astimezone(UTC))
    first = told.replace(tzinfo=zone, fold=0)
    second = told.replace(tzinfo=zone, fold=1)
    first_at, second_at = first.astimezone(UTC), second.astimezone(UTC)
    if first_at == second_at:
        return plausible(first_at)
    if first_at > second_at:
        raise ValueError("its time of day is one that clocks skip")
    if near_at is None:
        raise ValueError("its time of day comes twice that day, and its uniqueid does not tell which it was")
    return plausible(min(first_at, second_at, key=lambda at: abs(at - near_at)))
