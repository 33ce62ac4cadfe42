"""What alerts say, in both languages."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from monitor import alerts_words
from monitor.alerts_groups import Group, Kind, Present
from monitor.alerts_words import words_in

from .test_groups import NOON

BREACH = Group(Kind.BREACH, "pbx1", "1588-6565", "counsel")
WARNING = BREACH._replace(kind=Kind.WARNING)
CATALOGUE = Path(alerts_words.__file__).parent / "locale" / "ko" / "LC_MESSAGES" / "alerts.po"


def present(calls: int = 1, phones: tuple[str, ...] = ("김하나",)) -> Present:
    return Present(calls=calls, rings=5, limit=3, phones=phones, began_at=NOON, latest_at=NOON)


def test_a_breach_in_korean() -> None:
    told = words_in("ko").ringing(BREACH, present(2, ("김하나", "이두리")))
    assert told.summary == "벨 초과: 1588-6565 대기열 counsel, 전화 2건"
    assert told.description == (
        "전화 2건이 벨 3번을 넘겨 울리고 있습니다. 가장 오래 울린 전화는 벨 5번째입니다. 울리는 전화기: 김하나, 이두리."
    )


def test_a_breach_in_english_tells_one_from_many() -> None:
    one, two = (words_in("en").ringing(BREACH, present(calls)) for calls in (1, 2))
    assert one.summary == "Rang too long: 1588-6565, queue counsel, 1 call"
    assert one.description == "A phone rings more than 3 times; it is at ring 5. Ringing: 김하나."
    assert two.summary.endswith(", 2 calls")
    assert two.description.startswith("The phones of 2 calls ring more than 3 times; the longest is at ring 5.")


def test_a_warning_says_that_there_is_still_time() -> None:
    told = words_in("ko").ringing(WARNING._replace(queue=None), present())
    assert told.summary == "벨 경고: 1588-6565, 전화 1건"
    assert told.description.startswith(
        "전화 1건에 기준 안의 마지막 벨(3번째)이 울리고 있습니다. 지금 받으면 기준을 지킵니다."
    )
    assert "answered now, it is kept" in words_in("en").ringing(WARNING, present()).description


def test_its_end_is_told_under_the_same_heading() -> None:
    assert words_in("ko").over(BREACH).summary == "벨 초과: 1588-6565 대기열 counsel 끝남"
    assert words_in("en").over(BREACH).summary == "Rang too long: 1588-6565, queue counsel: over"


def test_of_many_phones_ten_are_named() -> None:
    told = words_in("ko").ringing(BREACH, present(phones=tuple(f"상담원{number}" for number in range(12))))
    assert told.description.endswith("상담원8, 상담원9 외 2대.")


@pytest.mark.parametrize("kind", Kind)
def test_what_was_told_too_late_says_that_it_is_over(kind: Kind) -> None:
    assert "지금은 울리지 않습니다" in words_in("ko").rang(BREACH._replace(kind=kind), 2, 3).description


def texts() -> set[str]:
    """Every text that the module asks the catalogue for."""
    asked = set()
    for node in ast.walk(ast.parse(Path(alerts_words.__file__).read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("_text", "_count")
        ):
            asked.add(ast.literal_eval(node.args[0]))
    return asked


def test_every_text_is_in_the_korean_catalogue_and_no_other() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    translated = {
        message.id[0] if isinstance(message.id, tuple) else message.id: message.string
        for message in catalogue
        if message.id
    }
    assert set(translated) == texts()
    assert all(string and all(string) for string in translated.values())


def test_the_compiled_catalogue_is_that_of_its_source() -> None:
    wanted = io.BytesIO()
    with CATALOGUE.open("rb") as source:
        write_mo(wanted, read_po(source))
    assert CATALOGUE.with_suffix(".mo").read_bytes() == wanted.getvalue(), (
        "compile it: pybabel compile -d monitor/locale -D alerts -l ko"
    )
