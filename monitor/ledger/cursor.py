"""Where a page of rows goes on: a cursor names the last row that was shown, so that newer rows shift nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.calls.facts import instant, microseconds
from monitor.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHECK_BYTES = 6
"""Of the sum that tells a cursor of ours from one that was cut or made up; it guards no secret."""
_TYPES = (datetime, str, str, int)
"""Of what names a row: an instant, then texts, and the ordinal where it is part of something."""


def written(place: Sequence[Any]) -> str:
    """The cursor of a row, by what names it in the order of the rows."""
    at, *rest = place
    said = json.dumps([microseconds(at), *rest], separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_check(said) + said).decode().rstrip("=")


def place_of(cursor: str, columns: int) -> list[Any]:
    """What names the row that a cursor stands for.

    Args:
        cursor: as `written` made it.
        columns: how many name a row.

    Raises:
        SearchError: no page of this program ended with it.
    """
    try:
        place = _read(cursor)
        # Written again it must be the same, which leaves no room for anything that is not a row's place.
        if tuple(type(value) for value in place) == _TYPES[:columns] and written(place) == cursor:
            return place
    except (ValueError, TypeError, OverflowError, RecursionError):
        pass
    raise SearchError(
        "The place to go on from is not one that this ledger has given: begin again with the first page.", "after"
    )


def _read(cursor: str) -> list[Any]:
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    at_us, *rest = json.loads(raw[_CHECK_BYTES:].decode())
    return [instant(at_us), *rest]


def _check(said: bytes) -> bytes:
    return hashlib.sha256(b"callmonitor cursor 1\n" + said).digest()[:_CHECK_BYTES]
