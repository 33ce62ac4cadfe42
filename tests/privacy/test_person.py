"""A number in every form in which somebody may have written it, and what only looks like it."""

from __future__ import annotations

import pytest

from monitor.errors import ConfigError
from monitor.numbers import PLAIN, Numbers
from monitor.privacy.person import Person

HASHED = Numbers(b"0123456789abcdef0123456789abcdef")
FORMS = (
    "01098765432",
    "010-9876-5432",
    "010 9876 5432",
    "010.9876.5432",
    "(010) 9876-5432",
    "+821098765432",
    "+82 10-9876-5432",
    "+82 (0)10-9876-5432",
    "821098765432",
    "00821098765432",
    "001821098765432",
    "0070082-10-9876-5432",
    "1098765432",
    "%2B821098765432",
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("asked", ["01098765432", "+82 10-9876-5432"])
def test_every_form_is_found_and_becomes_as_many_stars(form: str, asked: str) -> None:
    person = Person(asked, PLAIN)
    told = f'CallerIDNum: {form}\r\nx="{form}",Local/{form}@mobiles'.encode()
    assert person.count(told) == 3
    clean = person.without(told)
    assert (len(clean), person.count(clean)) == (len(told), 0)
    assert b"9876" not in clean
    assert clean.startswith(b"CallerIDNum: *")


@pytest.mark.parametrize(
    "other",
    [
        "01098765433",
        "010987654321",
        "201098765432",  # an identifier that ends like it
        "1098765432.17",  # Asterisk's own, from the year 2004
        "CRC 10987654",
        "2010-98-76 5432",
    ],
)
def test_what_is_no_form_of_it_stays(other: str) -> None:
    person = Person("01098765432", PLAIN)
    assert person.without(other.encode()) == other.encode()


def test_the_hash_is_a_form_of_it() -> None:
    person = Person("01098765432", HASHED)
    told = str(HASHED.stored("+821098765432"))
    assert person.count(told.encode()) == 1
    assert person.is_all_of(told)
    assert Person("01098765432", PLAIN).hash is None


@pytest.mark.parametrize("form", ["02-345-6789", "+82 2 345 6789", "1588-1234", "+82 1588 1234", "+1 (202) 555-0123"])
def test_other_kinds_of_numbers_are_found_too(form: str) -> None:
    person = Person(form, PLAIN)
    assert person.count(form.encode()) == person.count(person.normal.encode()) == 1


@pytest.mark.parametrize("wrong", ["", "201", "5678", "kim", "1234567", "9876-5432", "20261126", "anonymous"])
def test_what_may_be_anything_is_refused_and_not_repeated(wrong: str) -> None:
    """The last digits would take other people's numbers and dates along."""
    with pytest.raises(ConfigError, match="no whole telephone number") as refused:
        Person(wrong, PLAIN)
    assert not wrong or wrong not in str(refused.value)
