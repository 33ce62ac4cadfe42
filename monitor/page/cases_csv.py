"""Cases as a spreadsheet takes them: CSV in UTF-8 with a byte order mark, lines ended by CRLF.

A cell that begins like a formula is made text, as `monitor.csv_text` tells.

**Source:** RFC 4180.
"""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import TYPE_CHECKING

from monitor.commitments.contacts import shown
from monitor.csv_text import BOM, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from monitor.commitments.cases import Case
    from monitor.page.cases_words import CaseWords
    from monitor.page.viewer import Viewer

_ROWS_A_CHUNK = 200
COLUMNS = (
    "reference",
    "commitment",
    "state",
    "received_at",
    "due_at",
    "done_at",
    "assignee",
    "subject",
    "contact",
    "finding",
    "visits",
    "missed_appointment",
    "owed_won",
    "owed_apology",
    "owed_training",
    "paid_won",
    "paid_at",
    "apology_at",
    "training_at",
    "result",
    "system",
    "linkedid",
    "source",
)


class CaseCells:
    """Turns cases into rows for one viewer.

    Args:
        viewer: who may or may not see callers' numbers.
        words: of the viewer's language.
        zone: the centre's, whose time of day is written.
        now: the present, by which days that are left are told.
    """

    def __init__(self, viewer: Viewer, words: CaseWords, zone: ZoneInfo, now: datetime) -> None:
        self._viewer = viewer
        self._words = words
        self._zone = zone
        self._now = now

    def headings(self) -> list[str]:
        """The first line: the columns in their order."""
        names = [self._words.fields[name] for name in COLUMNS]
        names.insert(COLUMNS.index("due_at") + 1, self._words.left_heading)
        return names

    def row(self, case: Case) -> list[str]:
        """The cells of one case, in the order of `headings`."""
        words, viewer = self._words, self._viewer
        told = {
            "reference": case.reference,
            "commitment": words.promise(case.commitment),
            "state": words.standings[case.standing],
            "received_at": self._time(case.received_at),
            "due_at": "" if case.due_at is None else words.last_day(case.due_at).isoformat(),
            "done_at": self._time(case.done_at),
            "assignee": viewer.shown(case.assignee or ""),
            "subject": viewer.words(case.subject or ""),
            "contact": shown(case.contact, full=viewer.numbers),
            "finding": words.findings[case.finding] if case.finding else "",
            "visits": "" if case.visits is None else str(case.visits),
            "missed_appointment": words.yes(case.missed_appointment),
            "owed_won": str(case.owed_won),
            "owed_apology": words.yes(case.owed_apology),
            "owed_training": words.yes(case.owed_training),
            "paid_won": str(case.paid_won),
            "paid_at": self._time(case.paid_at),
            "apology_at": self._time(case.apology_at),
            "training_at": self._time(case.training_at),
            "result": viewer.words(case.result or ""),
            "system": case.system or "",
            "linkedid": case.linkedid or "",
            "source": words.sources.get(case.source, case.source),
        }
        cells = [told[name] for name in COLUMNS]
        cells.insert(COLUMNS.index("due_at") + 1, words.left(case, self._now))
        return [as_text(cell) for cell in cells]

    def _time(self, at: datetime | None) -> str:
        return "" if at is None else at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")


def case_chunks(cases: Iterable[Case], cells: CaseCells) -> Iterator[bytes]:
    """The whole table, piece by piece: only one piece is in memory."""
    waiting = iter(cases)
    rows = [cells.headings()]
    mark = BOM
    while rows:
        rows += map(cells.row, islice(waiting, _ROWS_A_CHUNK))
        yield (mark + _lines(rows)).encode()
        mark = ""
        rows = [cells.row(case) for case in islice(waiting, 1)]


def _lines(rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
