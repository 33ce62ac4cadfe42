"""Calls as a spreadsheet takes them: CSV in UTF-8 with a byte order mark, lines ended by CRLF.

A cell that begins like a formula is made text, as `monitor.csv_text` tells.

**Source:** RFC 4180.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from monitor.calls.rules import Reading
from monitor.csv_text import BOM, as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime, tzinfo
    from gettext import NullTranslations

    from monitor.calls.facts import Call
    from monitor.page.viewer import Viewer
    from monitor.texts import Texts

_ROWS_A_CHUNK = 200


def headings(words: NullTranslations, readings: Sequence[str]) -> list[str]:
    """The first line: the columns in their order.

    Args:
        words: the viewer's language.
        readings: what it calls the readings, `within` and `before`.
    """
    _c = words.pgettext
    return [
        _c("column", "entered"),
        _c("column", "system"),
        _c("column", "linkedid"),
        _c("column", "line"),
        _c("column", "dialled"),
        _c("column", "caller"),
        _c("column", "queue"),
        _c("column", "phone"),
        _c("column", "agent"),
        _c("column", "rings"),
        _c("column", "ringing (s)"),
        _c("column", "waiting (s)"),
        _c("column", "talking (s)"),
        _c("column", "on hold (s)"),
        _c("column", "outcome"),
        *(_c("column", "verdict: {reading}").format(reading=reading) for reading in readings),
        _c("column", "reason"),
        _c("column", "rule"),
        _c("column", "observed"),
        _c("column", "source"),
        _c("column", "transfers"),
        _c("column", "team"),
        _c("column", "chosen in menus"),
        _c("column", "recordings"),
    ]


class Cells:
    """Turns calls into rows for one viewer.

    Args:
        zone: the centre's, whose time of day is written.
        viewer: who may or may not see callers' numbers.
        texts: the words of the viewer's language.
    """

    def __init__(self, zone: tzinfo, viewer: Viewer, texts: Texts) -> None:
        self._zone = zone
        self._viewer = viewer
        self._texts = texts

    def row(self, call: Call) -> list[str]:
        """The cells of one call, in the order of `headings`."""
        verdicts = dict(call.verdicts)
        texts = self._texts
        transfers = (
            f"{texts.transfer_kinds[transfer.kind]} {texts.scopes[transfer.scope]} "
            f"{texts.transfer_results[transfer.result]}"
            for transfer in call.transfers
        )
        cells = (
            self._time(call.filed_at),
            call.key.system,
            call.key.linkedid,
            call.line,
            call.dialled,
            self._viewer.number_as_stored(call.caller),
            call.queue,
            call.agent,
            call.member,
            None if call.rings is None else str(call.rings),
            _seconds(call.ringing_us),
            _seconds(call.waiting_us),
            _seconds(call.talking_us),
            _seconds(call.hold_us),
            texts.outcomes[call.outcome],
            *(texts.verdicts[verdicts[reading]] for reading in (Reading.WITHIN, Reading.BEFORE)),
            texts.verdict_reasons[call.verdict_reason],
            call.rule,
            texts.observations[call.observed],
            texts.sources[call.source],
            "; ".join(transfers),
            call.team,
            "; ".join(call.menu),
            "; ".join(self._viewer.recording(file, call.caller) for file in call.recordings),
        )
        return [as_text(cell) for cell in cells]

    def _time(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")


def csv_chunks(first: Sequence[str], calls: Iterable[Call], row: Callable[[Call], list[str]]) -> Iterator[bytes]:
    """The whole table, piece by piece: only one piece is in memory.

    Args:
        first: the first line.
        calls: in the order in which they are written.
        row: the cells of one call.
    """
    text = io.StringIO()
    text.write(BOM)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(first)
    for number, call in enumerate(calls, start=1):
        writer.writerow(row(call))
        if number % _ROWS_A_CHUNK == 0:
            yield _taken(text)
    if text.tell():
        yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken


def _seconds(duration_us: int | None) -> str:
    """Seconds to the microsecond, exact: a ring begins or does not by one of them."""
    return "" if duration_us is None else f"{duration_us // 1_000_000}.{duration_us % 1_000_000:06}"
