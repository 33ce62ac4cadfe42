"""The public record: nothing personal in it, and each promise judged as far as it was measured, and no further."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING

import pytest

from monitor.calls.facts import Outcome, Scope, TransferKind, TransferResult, Verdict
from monitor.calls.rules import Reading
from monitor.calls.tally import Tally
from monitor.reports.document import Paragraph
from monitor.reports.html import html_of
from monitor.reports.json_out import json_of
from monitor.reports.order import House
from monitor.reports.record import record_of
from monitor.reports.telling import document_of
from monitor.texts import LANGUAGES

from . import sample
from .sample import HOUSE, order_for
from .sample_calls import NO_TRANSFERS, SEOUL
from .test_telling import section_of, sentences_of, texts_of, tiles_of, told

if TYPE_CHECKING:
    from monitor.reports.document import Document
    from monitor.reports.figures import Figures
    from monitor.texts import Language

PLANTED = {
    "an agent's phone": "PJSIP/planted-phone",
    "a member's name": "홍길동심음",
    "a caller": "010-****-7391",
    "a caller in full": "01055557391",
    "a target": "planted-target",
    "a target's number": "070-8888-4242",
    "a linkedid": "1700000000.424242",
    "a system": "planted-pbx",
    "a user": "planted.user",
    "the page": "https://planted.example.org",
}
"""What stands in the figures and must not stand in the record."""


@cache
def with_planted() -> Figures:
    """The half-year's figures with somebody in every field that can hold a person."""
    full = sample.half()
    agent, target = full.agents[0], full.transfers.targets[0]
    people = (PLANTED["a member's name"], None, PLANTED["a caller in full"])
    missed = replace(full.missed[0], system=PLANTED["a system"], linkedid=PLANTED["a linkedid"])
    return replace(
        full,
        systems=(PLANTED["a system"],),
        agents=tuple(replace(agent, agent=PLANTED["an agent's phone"], member=member) for member in people),
        missed=(replace(missed, caller=PLANTED["a caller"]), replace(missed, caller=PLANTED["a caller in full"])),
        transfers=replace(
            full.transfers,
            targets=tuple(replace(target, to=PLANTED[to]) for to in ("a target", "a target's number")),
        ),
        gaps=tuple(replace(gap, system=PLANTED["a system"]) for gap in full.gaps),
    )


def everything_in(document: Document) -> str:
    """Every text and every value, as one text."""
    cells = [str(cell) for table in document.tables() for row in (*table.rows, table.total or ()) for cell in row]
    tiles = [str(value) for _key, value, _state, _detail in tiles_of(document)]
    return "\n".join([*texts_of(document), *cells, *tiles])


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_personal_is_in_the_record(language: Language) -> None:
    figures = with_planted()
    order = replace(order_for(figures, publishable=True), made_by=PLANTED["a user"])
    house = replace(HOUSE, page_url=PLANTED["the page"], audience="planted.user and nobody else")
    record = record_of(figures, order, house, language)
    found = everything_in(record)
    assert {what for what, text in PLANTED.items() if text in found} == set()
    # The forms that are published hold nothing that the document does not.
    published = json_of(record).decode() + html_of(record).decode()
    assert {what for what, text in PLANTED.items() if text in published} == set()
    # And the figures do hold them: the report for the management shows every one.
    report = everything_in(document_of(figures, order, house, language))
    assert {what for what, text in PLANTED.items() if text not in report} == set()


def test_the_record_has_no_table_of_people_or_single_calls() -> None:
    assert [table.key for table in told("half", "ko", "record").tables()] == [
        "promises",
        "months",
        "comparison",
        "months_before",
        "asked_first",
        "teams",
        "teams_before",
        "callbacks",
        "callback_times",
        "review_items",
        "commitments",
        "commitments_owed",
        "commitments_periodic",
        "excluded",
    ]


def promises_of(figures: Figures, language: Language = "en") -> list[tuple[str, ...]]:
    """Of what every call tells: rings, handled directly, asked first, and the record itself."""
    record = record_of(figures, order_for(figures, publishable=True), HOUSE, language)
    rows = [(str(row[1]), *map(str, row[2:5])) for row in record.table("promises").rows]
    return [rows[0], *rows[2:4], rows[-1]]


def test_the_promises_are_quoted_and_judged() -> None:
    """Of 14,513 judged calls 12,843 were kept; of 14,179 answered 1,168 left; 584 of 588 reports say yes."""
    table = told("half", "ko", "record").table("promises")
    rows = [table.rows[0], *table.rows[2:4], table.rows[-1]]
    assert [row[:2] for row in rows] == [
        ("전화벨이 3번 이상 울리기 전에 받겠습니다.", "14,513건 중 1,670건에서 지키지 못했습니다."),
        (
            "가급적 고객센터에서 직접 답변드리겠습니다.",
            "응대한 전화 14,179건 중 1,168건을 센터 밖으로 연결했습니다. 전화연결 1건은 센터 밖인지 알 수 없습니다.",
        ),
        (
            "부득이하게 다른 직원에게 전화연결을 해야 할 경우에는 양해를 구한 후 업무담당자에게 연결하겠습니다.",
            (
                "기록이 있는 전화연결 588건 중 584건에서 먼저 양해를 구했고 고객이 동의했습니다. "
                "나머지 1,751건은 기록이 없습니다."
            ),
        ),
        ("이행실태를 반기별로 점검·평가하여 공개하겠습니다.", "이 공개로 이행했습니다."),
    ]
    assert [row[2:6] for row in rows] == [
        (14_513, 12_843, 1_670, 12_843 / 14_513),
        (14_179, 14_179 - 1_168, 1_168, (14_179 - 1_168) / 14_179),
        (588, 584, 4, 584 / 588),
        (None, None, None, None),
    ]


def test_kept_in_all_is_said_so() -> None:
    kept = Tally(
        offered=3,
        outcomes=Counter({Outcome.ANSWERED: 3}),
        verdicts={reading: Counter({Verdict.KEPT: 3}) for reading in Reading},
    )
    half = replace(sample.half(), judged=kept, whole=kept)
    # One transfer of the half has no known target: nobody can then say that all were handled in the centre.
    assert promises_of(half)[1][0] == (
        "Of 3 answered calls none is known to have been passed on out of the centre. "
        "Where 1 transfer went is not known."
    )
    figures = replace(half, transfers=NO_TRANSFERS)
    assert promises_of(figures)[:2] == [
        ("Kept in all 3 calls.", "3", "3", "0"),
        ("All 3 answered calls were handled in the centre itself.", "3", "3", "0"),
    ]
    assert promises_of(sample.one_call())[:2] == [
        ("Kept in the one call.", "1", "1", "0"),
        ("The one answered call was handled in the centre itself.", "1", "1", "0"),
    ]
    assert promises_of(sample.one_broken_call())[0] == ("Not kept in 1 of 1 call.", "1", "0", "1")


def test_what_was_not_measured_is_not_judged() -> None:
    full = sample.half()
    nobody_reports = replace(full, transfers=replace(full.transfers, consent_yes=0, consent_no=0))
    said = promises_of(nobody_reports, "ko")[2]
    assert said == ("측정하지 않음: 양해를 구했는지 기록하지 않습니다.", "None", "None", "None")
    unknown = {(TransferKind.BLIND, Scope.UNKNOWN, TransferResult.COMPLETED): 7}
    no_patterns = replace(full, transfers=replace(full.transfers, counts=unknown))
    assert promises_of(no_patterns)[1][0] == "Cannot be judged: it is not recorded which calls left the centre."
    record = record_of(no_patterns, order_for(no_patterns), HOUSE, "en")
    assert "direct_handling_rate" not in [key for key, *_rest in tiles_of(record)]
    assert [said for said, *_counts in promises_of(sample.empty())] == [
        "Cannot be judged: there was no call that could be judged.",
        "Cannot be judged: no call was answered.",
        "Cannot be judged: no caller was passed on.",
        "Kept with this record.",
    ]


def test_records_that_tell_of_no_transfer_say_nothing_of_direct_handling() -> None:
    """Of calls brought in from call detail records nobody knows whether they left the centre."""
    answered = Tally(offered=5, outcomes=Counter({Outcome.ANSWERED: 5}), transfers_untold=5)
    figures = replace(sample.half(), judged=answered, whole=answered)
    assert promises_of(figures)[1] == (
        "Cannot be judged: it is not recorded which calls left the centre.",
        "None",
        "None",
        "None",
    )
    nobody = replace(figures, transfers=NO_TRANSFERS)
    assert promises_of(nobody)[2][0] == "Not measured: it is not recorded whether callers were asked."
    # Two of the five are the monitor's own, and one of them left.
    some = replace(answered, transfers_untold=3, left_the_centre=1)
    figures = replace(nobody, judged=some, whole=some)
    assert promises_of(figures)[1] == ("Of 2 answered calls 1 were passed on out of the centre.", "2", "1", "1")


def test_a_month_without_calls_is_told_as_one() -> None:
    full = sample.half()
    figures = replace(full, months={month: tally for month, tally in full.months.items() if month != (2026, 2)})
    table = record_of(figures, order_for(figures), HOUSE, "ko").table("months")
    cells = {row[0]: row for row in table.rows}
    assert list(cells) == [f"2026년 {month}월" for month in range(1, 7)]
    assert (cells["2026년 2월"][1], cells["2026년 2월"][3], cells["2026년 2월"][-1]) == (0, None, "전화 없음")
    assert cells["2026년 3월"][-1] == ""


def test_months_to_come_are_not_told() -> None:
    figures = replace(sample.half(), made_at=datetime(2026, 4, 2, tzinfo=SEOUL))
    table = record_of(figures, order_for(figures), HOUSE, "en").table("months")
    assert [row[0] for row in table.rows] == ["January 2026", "February 2026", "March 2026", "April 2026"]


def test_the_half_before_stands_beside_it() -> None:
    record = told("half", "en", "record")
    assert [row[0] for row in record.table("comparison").rows] == [
        "first half of 2026",
        "second half of 2025",
        "first half of 2025",
    ]
    assert len(record.table("months_before").rows) == 6
    alone = replace(sample.half(), before=None, year_before=None, months_before={})
    record = record_of(alone, order_for(alone), HOUSE, "en")
    assert section_of(record, "comparison").blocks == (
        Paragraph(text="Compliance cannot be compared with the half-year before: there is no figure."),
        Paragraph(text="Compliance cannot be compared with the same half-year last year: there is no figure."),
    )


def test_a_half_without_figures_is_not_compared() -> None:
    """It is this half that has none: the half before has one, and it is not said to lack it."""
    said = [
        block.text
        for block in section_of(told("empty", "en", "record"), "comparison").blocks
        if isinstance(block, Paragraph)
    ]
    assert said == ["This period has no compliance to compare."]


def test_it_is_a_notice_of_the_institution() -> None:
    record = told("half", "ko", "record")
    assert record.title == "2026년 상반기 서비스 이행표준 이행실태 점검 결과"
    assert record.subtitle == "한국예시공단"
    cover = dict(record.cover)
    assert cover["점검일"] == "2026년 7월 2일"
    assert cover["문의"] == "1588-6565"
    assert list(cover) == ["기관", "회선", "기간", "기준", "관측률", "점검일", "문의"]
    nameless = record_of(sample.half(), order_for(sample.half()), House(), "ko")
    assert nameless.subtitle == "1588-6565, 02-123-4567"
    assert record.period.first == date(2026, 1, 1)


def test_what_could_not_be_seen_is_said() -> None:
    assert "Coverage 99.9%: 37 min 30 s of 4,344 h 0 min went unobserved." in set(  # 181 days
        sentences_of(told("half", "en", "record"))
    )
    said = set(sentences_of(told("unobserved", "ko", "record")))
    assert "이 기간을 전혀 관측하지 못해 말할 수 있는 것이 없습니다. 전화가 없었다는 뜻이 아닙니다." in said
