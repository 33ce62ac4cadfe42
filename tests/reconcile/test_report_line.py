"""The line on reconciliation in a month's report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.ledger.reconciled import Reconciliation, write
from monitor.reports.document import Paragraph
from monitor.reports.order import House
from monitor.reports.telling import document_of
from tests.reports.few import ONE, SEEN
from tests.reports.month import MONTH, counted

if TYPE_CHECKING:
    from monitor.ledger import Repository
    from monitor.texts import Language

FIRST = datetime(2026, 9, 30, 15, tzinfo=UTC)
"""Midnight of the first of October in Seoul."""
DAY = timedelta(days=1)


def compared(day: int, days: int, made: int, *figures: int) -> Reconciliation:
    """The days from one of October on, compared at noon of a later one: matched, filled, disagreeing, ours alone."""
    matched, filled, disagreeing, alone = figures
    return Reconciliation(
        system="pbx1",
        since=FIRST + day * DAY,
        until=FIRST + (day + days) * DAY,
        made_at=FIRST + made * DAY + timedelta(hours=12),
        sources="queue_log, cdr",
        asterisk_calls=matched + filled + disagreeing,
        matched=matched,
        filled=filled,
        disagreeing=disagreeing,
        ours_alone=alone,
    )


def told(ledger: Repository, language: Language, line: str | None = None) -> list[str]:
    """The paragraphs of the chapter on observation."""
    order = replace(MONTH, line=line)
    document = document_of(counted(ledger, order, ONE), order, House(), language)
    (chapter,) = (section for section in document.sections if section.key == "observation")
    return [block.text for block in chapter.blocks if isinstance(block, Paragraph)]


SENTENCES = {
    "en": "Reconciliation: 3 of 31 days were compared with Asterisk's own records (queue_log, cdr), last on 2026-10-05 "
    "12:00. Calls matched: 1,208, filled: 30, disagreeing: 3.",
    "ko": "대사: 31일 중 3일을 Asterisk 자체 기록(queue_log, cdr)과 대조하였습니다(마지막 2026-10-05 12:00). 일치 "
    "1,208건, 보충 30건, 불일치 3건입니다.",
}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_month_tells_what_its_days_came_to(ledger: Repository, language: Language) -> None:
    """Two nights; then two days by hand, which tell the second night anew: 3 days, 204 + 1,004 matched, and so on."""
    ledger.record_all([SEEN])
    assert len(told(ledger, language)) == 1
    for one in (
        compared(0, 1, 1, 204, 10, 2, 1),
        compared(1, 1, 2, 999, 99, 99, 9),
        # Of the month before, which is not told here.
        compared(-1, 1, 3, 7, 7, 7, 7),
        compared(1, 2, 4, 1004, 20, 1, 0),
    ):
        write(ledger.store, one, [])
    assert told(ledger, language)[1:] == [SENTENCES[language]]


def test_a_report_of_one_line_tells_nothing_of_all(ledger: Repository) -> None:
    ledger.record_all([SEEN])
    write(ledger.store, compared(0, 1, 1, 204, 10, 2, 1), [])
    (line, *_) = ONE.lines
    assert len(told(ledger, "ko", line)) == 1
