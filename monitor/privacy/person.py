"""One person's number, in every form in which it may have been written down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.errors import ConfigError
from monitor.numbers import ERASED, erased, normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.numbers import Numbers

_BETWEEN = rb"[ ().\-]{0,2}"
"""What people and trunks write between two digits."""
_SEPARATORS = b" ().-"
_ABROAD = rb"(?:\+|%2B|00[0-9]{0,3})?"
"""What stands before a country's code: a plus, also as an address has it, or the way out by one carrier or another.

**Source:** Korea's international prefixes: 001, 002, 00700 and their like.
"""
_BEFORE_BYTES = 24
"""More than ever stands before a number's own digits: the way out, the country's code, a 0 in brackets."""
_AFTER_BYTES = 4
"""Enough to see whether it goes on."""
_DOMESTIC = re.compile(r"0[1-9][0-9]{7,10}")
_REPRESENTATIVE = re.compile(r"1[568][0-9]{6}")
_FOREIGN = re.compile(r"\+?(?:00)?[1-9][0-9]{9,14}")


class Person:
    """Finds one person's number in what was written down, and takes it out.

    Args:
        number: whole, however it is written.
        numbers: how the ledger keeps numbers; with its key the hash is looked for too.

    Raises:
        ConfigError: it is no whole number. The number itself is not told.

    Attributes:
        hash: of the number; None where there is no key.
    """

    def __init__(self, number: str, numbers: Numbers) -> None:
        form = normal(number.strip())
        home = bool(_DOMESTIC.fullmatch(form) or _REPRESENTATIVE.fullmatch(form))
        if not home and not _FOREIGN.fullmatch(form):
            raise ConfigError(
                "That is no whole telephone number: give it with its area code, or with + and the country's code."
            )
        self.normal = form
        self.hash = numbers.hash_of(number)
        digits = form.removeprefix("+").removeprefix("00") if not home else form.removeprefix("0")
        self.digits = digits.encode()
        """The digits that stand in every form of it."""
        spread = _BETWEEN.join(re.escape(digit.encode()) for digit in digits)
        korea = _ABROAD + _BETWEEN.join((b"8", b"2")) + _BETWEEN + rb"(?:\(?0\)?)?" + _BETWEEN
        before = rb"(?:" + korea + rb"|\(?0" + _BETWEEN + rb")" if home else _ABROAD
        # Without anything before it, it may be the seconds of an identifier of Asterisk's, as in 1764123456.789.
        alone = rb"|(?<![0-9])" + spread + rb"(?![0-9]|\.[0-9])"
        if _REPRESENTATIVE.fullmatch(form):
            before = rb"(?:" + korea + rb")?"
        self._written = re.compile(rb"(?<![0-9])" + before + spread + rb"(?![0-9])" + alone, re.IGNORECASE)
        self._spread = re.compile(spread)
        self._in_pages = re.compile((before if home and form.startswith("0") else rb"") + spread, re.IGNORECASE)
        self._hash = None if self.hash is None else self.hash.encode()

    def may_be_in(self, data: bytes) -> bool:
        """Whether it may stand in bytes; quick, and never wrong where it says no."""
        if self._hash is not None and self._hash in data:
            return True
        return self.digits in data.translate(None, _SEPARATORS)

    def count(self, data: bytes) -> int:
        """How often it stands in bytes."""
        if not self.may_be_in(data):
            return 0
        hashes = data.count(self._hash) if self._hash is not None else 0
        return hashes + sum(1 for _ in self._places(data, self._written))

    def count_in_pages(self, data: bytes) -> int:
        """How often it stands in the pages of a database, where texts follow each other with nothing between."""
        if not self.may_be_in(data):
            return 0
        hashes = data.count(self._hash) if self._hash is not None else 0
        return hashes + sum(1 for _ in self._places(data, self._in_pages))

    def without(self, data: bytes) -> bytes:
        """The same bytes with each character of it erased: as long as before."""
        if not self.may_be_in(data):
            return data
        if self._hash is not None:
            data = data.replace(self._hash, erased(len(self._hash)).encode())
        clean = bytearray(data)
        for start, end in self._places(data, self._written):
            clean[start:end] = erased(end - start).encode()
        return bytes(clean)

    def _places(self, data: bytes, form: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
        """Where it stands. Looked for around its digits alone: a form is slow to try on every byte of a journal."""
        behind = 0
        for start, end in self._digits_in(data):
            if start < behind:
                continue
            found = form.search(data, max(behind, start - _BEFORE_BYTES), end + _AFTER_BYTES)
            if found is not None:
                behind = found.end()
                yield found.span()

    def _digits_in(self, data: bytes) -> Iterator[tuple[int, int]]:
        count = data.count(self.digits)
        if count != data.translate(None, _SEPARATORS).count(self.digits):
            yield from (found.span() for found in self._spread.finditer(data))
            return
        start = -1
        while (start := data.find(self.digits, start + 1)) >= 0:
            yield start, start + len(self.digits)

    def without_text(self, text: str) -> str:
        """A text with each character of it erased."""
        return self.without(text.encode(errors="surrogatepass")).decode(errors="surrogatepass")

    def is_all_of(self, text: str) -> bool:
        """Whether a text is nothing but the number, or its hash."""
        return text != "" and not self.without_text(text).strip(f"{ERASED}\"'<> ")
