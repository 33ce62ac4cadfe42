"""What is left to see of a caller's number."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.masking import hyphenated, mask_number, masked_within, masked_words


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("01012345678", "010-****-5678"),
        ("010-1234-5678", "010-****-5678"),
        ("+821012345678", "010-****-5678"),
        ("+82 (0)10 1234 5678", "010-****-5678"),
        ("0111234567", "011-****-4567"),  # an old mobile number of ten digits
        ("0212345678", "02-****-5678"),  # Seoul
        ("021234567", "02-****-4567"),
        ("0319876543", "031-****-6543"),
        ("07012345678", "070-****-5678"),
        ("050712345678", "0507-****-5678"),  # safe numbers of couriers and markets
        ("15886565", "****-6565"),
        ("1234567", "****67"),
        ("0411234", "****34"),
        ("12345", "****45"),
        ("201", "201"),
        ("6565", "6565"),
        ("+14155550123", "+14-****-0123"),
        ("0014155550123", "001-****-0123"),
        ("+123456", "****56"),
        ("anonymous", "a***"),
        ("김철수", "김***"),
        ("sip:alice@example.com", "s***"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_number_shows_its_kind_and_its_end(number: str | None, expected: str) -> None:
    assert mask_number(number) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("01012345678", "010-1234-5678"),
        ("010-1234-5678", "010-1234-5678"),
        ("+821012345678", "010-1234-5678"),
        ("+82 (0)10 1234 5678", "010-1234-5678"),
        ("0111234567", "011-123-4567"),  # an old mobile number of ten digits
        ("0212345678", "02-1234-5678"),  # Seoul
        ("021234567", "02-123-4567"),
        ("0319876543", "031-987-6543"),
        ("07012345678", "070-1234-5678"),
        ("050712345678", "0507-1234-5678"),  # safe numbers of couriers and markets
        ("15886565", "1588-6565"),
        ("1588-6565", "1588-6565"),
        ("+8215886565", "1588-6565"),
        ("1234567", "1234567"),
        ("22345678", "22345678"),
        ("02123456", "02123456"),  # two digits between prefix and end: of no plan
        ("0101234567890", "0101234567890"),
        ("201", "201"),
        ("6565", "6565"),
        ("+14155550123", "+14155550123"),
        ("0014155550123", "0014155550123"),
        ("+82", "+82"),
        ("anonymous", "anonymous"),
        ("김철수", "김철수"),
        ("sip:alice@example.com", "sip:alice@example.com"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_number_in_full_has_its_hyphens(number: str | None, expected: str) -> None:
    assert hyphenated(number) == expected


@given(st.text(max_size=40) | st.from_regex(r"(\+|\+82|0)?[0-9]{1,20}", fullmatch=True))
def test_hyphens_take_no_digit_away(number: str) -> None:
    """But Korea's +82, which is shown as the 0 people dial, or as nothing before a representative number."""
    shown = hyphenated(number)

    ending = re.sub(r"\D", "", number).removeprefix("82").removeprefix("0")
    assert shown == number or re.sub(r"\D", "", shown).removeprefix("0") == ending


@example("+82012")
@example("0000000000")
@example("0100000000")
@given(st.from_regex(r"(\+|\+82)?[0-9]{5,20}", fullmatch=True))
def test_no_number_is_ever_shown_whole(number: str) -> None:
    """Of five digits or more at least three are gone (031-123-4567), of eleven or more at least four."""
    shown = re.sub(r"\D", "", mask_number(number))
    digits = re.sub(r"\D", "", number)
    # Korea's +82 is shown as the 0 people dial, which is no digit more than was written.
    hidden = len(digits) - len(shown)

    assert hidden >= (4 if len(digits) >= 11 and not number.startswith("+82") else 3)
    assert "*" in mask_number(number)


@given(st.text(max_size=40))
def test_whatever_a_caller_sends_is_masked_without_complaint(number: str) -> None:
    shown = mask_number(number)

    assert len(shown) <= 14
    assert len(re.sub(r"\*|-", "", shown)) <= 8


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Local/01012345678@mobiles", "Local/010-****-5678@mobiles"),
        ("9,02-123-4567#", "9,02-****-4567#"),
        ("PJSIP/agent12 → 201", "PJSIP/agent12 → 201"),
        ("김하나, 이두리", "김하나, 이두리"),
        ("*7201012345678", "*****-5678"),
    ],
)
def test_numbers_inside_a_text_are_masked(text: str, shown: str) -> None:
    assert masked_within(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-05-29 공표: https://example.org/b/20260529001, 끝", None),
        ("2026. 5. 29. 2026년 5월 30일, 2026-05-01~2026-05-29", None),
        ("2026-05-29 010-1234-5678", "2026-05-29 010-****-5678"),
        ("2012-12-123456", "****-3456"),  # no day, so that it may be somebody's
        ("https://a.kr,010-1234-5678", "https://a.kr,010-****-5678"),
        ("https://a.kr/01012345678", "https://a.kr/010-****-5678"),
        ("담당 kim.a@example.co.kr", "담당 k***@example.co.kr"),
        ("PJSIP/201@trunk", None),  # no address: a domain has a dot
    ],
)
def test_of_what_people_wrote_days_and_links_stay(text: str, shown: str | None) -> None:
    assert masked_words(text) == (shown or text)
