"""The channel event log: its columns, and what one row says.

**Source:** cel_custom.c, cel_odbc.c and cel_pgsql.c of Asterisk 12 to 22, and the samples of their settings.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from monitor.imports.cdr import epoch_of, instant_of
from monitor.imports.frame import plausible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

SAMPLE = (
    "eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context", "channame",
    "appname", "appdata", "amaflags", "accountcode", "uniqueid", "linkedid", "peer", "userfield", "userdeftype",
    "extra",
)  # fmt: skip
"""What the sample of cel_custom.conf writes; older ones end sooner."""
_LEAST = SAMPLE.index("linkedid") + 1
OTHER_NAMES: Mapping[str, str] = {
    "eventextra": "extra",
    "channel": "channame",
    "num": "cid_num",
    "cidnum": "cid_num",
    "name": "cid_name",
    "cidname": "cid_name",
    "dnid": "cid_dnid",
    "ciddnid": "cid_dnid",
    "application": "appname",
}
"""Names that columns go by elsewhere."""
NEEDED = ("eventtype", "eventtime", "channame", "uniqueid", "linkedid")
EVENTS = frozenset({
    "CHAN_START", "CHAN_END", "HANGUP", "ANSWER", "APP_START", "APP_END", "PARK_START", "PARK_END", "BRIDGE_ENTER",
    "BRIDGE_EXIT", "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "FORWARD", "LINKEDID_END", "LOCAL_OPTIMIZE",
    "LOCAL_OPTIMIZE_BEGIN", "STREAM_BEGIN", "STREAM_END", "DTMF", "USER_DEFINED",
})  # fmt: skip
_EPOCH = re.compile(r"(?P<seconds>[0-9]{9,11})(?:\.(?P<fraction>[0-9]{1,9}))?\Z")
_MICROSECOND_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CelRow:
    """One event of one channel."""

    event: str
    at: datetime
    caller: str
    exten: str
    context: str
    channel: str
    app: str
    """In lower case; AppDial and AppQueue on the phones that were called."""
    appdata: str
    uniqueid: str
    linkedid: str
    extra: str
    """JSON, as Asterisk wrote it."""

    def told(self, name: str) -> str:
        """What the event says beyond the channel, by its name; empty where it does not."""
        value = _told_beyond(self.extra).get(name) if self.extra else None
        return "" if value is None or value == "N/A" else str(value)


@lru_cache(maxsize=1024)
def _told_beyond(extra: str) -> Mapping[str, Any]:
    try:
        found: Any = json.loads(extra)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def columns_of(first: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The columns of a file by its first row, and whether that row names them.

    Raises:
        ValueError: it holds no channel events, or none that can be told apart; the message says what is missing.
    """
    names = tuple(name.strip().lower().removeprefix("\ufeff") for name in first)
    named = tuple(OTHER_NAMES.get(name, name) for name in names)
    if "eventtype" in named:
        missing = [name for name in NEEDED if name not in named]
        if missing:
            raise ValueError(f"its first line names no column {' and '.join(missing)}")
        return named, True
    if _LEAST <= len(first) <= len(SAMPLE) and first[0].strip().upper() in EVENTS:
        return SAMPLE[: len(first)], False
    raise ValueError("it holds no channel events as the sample of cel_custom.conf writes them")


def row_of(values: Mapping[str, object], zone: tzinfo) -> CelRow:
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

    event, uniqueid, linkedid = text("eventtype").upper(), text("uniqueid"), text("linkedid")
    if event.isdigit():
        raise ValueError("its event is a number, which releases count otherwise: let the column eventtype be text")
    if not event or not uniqueid or not linkedid:
        raise ValueError("it has no event, no uniqueid or no linkedid")
    at = _instant(values.get("eventtime"), zone, epoch_of(uniqueid))
    if at is None:
        raise ValueError("it has no time")
    return CelRow(
        event=event,
        at=at,
        caller=text("cid_num"),
        exten=text("exten"),
        context=text("context"),
        channel=text("channame"),
        app=text("appname").lower(),
        appdata=text("appdata"),
        uniqueid=uniqueid,
        linkedid=linkedid,
        extra=text("extra"),
    )


def _instant(value: object, zone: tzinfo, near_at: datetime | None) -> datetime | None:
    """An instant: seconds since 1970, as Asterisk writes it unless told otherwise, or a date and a time of day."""
    found = None if isinstance(value, datetime) else _EPOCH.match("" if value is None else str(value).strip())
    if found is None:
        return instant_of(value, zone, near_at)
    fraction = (found["fraction"] or "").ljust(_MICROSECOND_DIGITS, "0")[:_MICROSECOND_DIGITS]
    whole = datetime.fromtimestamp(int(found["seconds"]), UTC)
    return plausible(whole + timedelta(microseconds=int(fraction)))
