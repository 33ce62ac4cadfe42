"""Callers' numbers as the ledger keeps them, against HMAC worked out by OpenSSL and numbers as trunks write them."""

from __future__ import annotations

import base64
import subprocess

import pytest

from monitor.masking import hyphenated, mask_number
from monitor.numbers import PLAIN, Numbers, erased, hash_mark, is_erased, is_hash, normal

KEY = b"0123456789abcdef0123456789abcdef"
HASHED = Numbers(KEY)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("01012345678", "01012345678"),
        ("010-1234-5678", "01012345678"),
        ("+821012345678", "01012345678"),
        ("+82 10-1234-5678", "01012345678"),
        ("821012345678", "01012345678"),
        ("00821012345678", "01012345678"),
        ("+82 (0)10 1234 5678", "01012345678"),
        ("02-123-4567", "021234567"),
        ("8221234567", "021234567"),
        ("1588-6565", "15886565"),
        ("+8215886565", "15886565"),
        ("+12025550123", "+12025550123"),  # a foreign number is no other than itself
        ("82123", "82123"),  # an extension
        ("anonymous", "anonymous"),
    ],
)
def test_one_number_has_one_normal_form(written: str, expected: str) -> None:
    assert normal(written) == expected


def test_a_hash_is_what_openssl_makes_of_the_normal_form() -> None:
    made = subprocess.run(
        ["/usr/bin/openssl", "dgst", "-sha256", "-hmac", KEY.decode(), "-binary"],
        input=b"number\x0001012345678",
        capture_output=True,
        check=True,
    )
    expected = "hmac:" + base64.b32encode(made.stdout[:20]).decode()
    assert HASHED.stored("+82 10-1234-5678") == expected
    assert is_hash(expected)
    assert mask_number(expected) == hyphenated(expected) == hash_mark(expected) == f"#{expected[5:9]}"


def test_what_is_stored_is_stored_once() -> None:
    once = HASHED.stored("01012345678")
    assert HASHED.stored(once) == once
    assert Numbers(b"another key of thirty-two letters!").stored("01012345678") != once


def test_no_number_is_no_hash() -> None:
    assert (HASHED.stored(None), HASHED.stored(""), PLAIN.stored("010-1234-5678")) == (None, "", "010-1234-5678")
    assert not is_hash("01012345678")
    assert hash_mark("01012345678") == ""


def test_an_erased_number_is_none() -> None:
    """A journal read again after somebody was forgotten tells of a caller without a number."""
    gone = erased(11)
    assert is_erased(gone)
    assert (PLAIN.stored(gone), HASHED.stored(gone)) == (None, None)


def test_an_agent_has_one_pseudonym_and_another_hash_than_a_caller() -> None:
    name = HASHED.agent("PJSIP/agent1")
    assert name.startswith("agent#")
    assert len(name) == len("agent#") + 8
    assert HASHED.agent("PJSIP/agent1") == name == HASHED.agent(name)
    assert HASHED.agent("PJSIP/agent2") != name
    assert HASHED.agent("01012345678")[6:] != str(HASHED.stored("01012345678"))[5:13]
    with pytest.raises(ValueError, match="needs a key"):
        PLAIN.agent("PJSIP/agent1")
