"""Callers' numbers as people are shown them: with hyphens where they may see them, and else with the middle hidden.

A masked number keeps what tells its kind (mobile or area prefix, country) and its last four digits, which is how people
refer to a call; the digits between are stars. What is stored is never changed by this.
"""

from __future__ import annotations

import re

HASH = re.compile(r"hmac:([A-Z2-7]{4})[A-Z2-7]{28}")
"""A number of which only a keyed hash is known, as `monitor.numbers` makes them."""
_SEPARATORS = re.compile(r"[\s().\-]")
_DIGITS = re.compile(r"\+?[0-9]+")
_SHORTEST_PERSONAL = 5
"""Shorter numbers are extensions and service codes (201, 110), which belong to no caller."""
_REPRESENTATIVE = re.compile(r"1[568][0-9]{6}")
"""A number of a company without an area, as 1588-6565."""


_WITHIN = re.compile(r"\+?\(?\d(?:[\s().\-]{0,2}\d){6,}")
"""Seven digits or more, with what people write between them: inside any text they may be somebody's number."""


_KEPT = re.compile(
    r"https?://(?!\S*(?<!\d)0\d{1,2}-?\d{3,4}-?\d{4}(?!\d))[^\s()<>,;\"']+"
    r"|(?<!\d)(?:19|20)\d\d\s?[-./년]\s?(?:0?[1-9]|1[0-2])\s?[-./월]\s?(?:0?[1-9]|[12]\d|3[01])(?!\d)"
)
"""Digits that are nobody's number: links, but for those with one in them, and days as people write them."""
_ADDRESS = re.compile(r"[^\s@\"'<>()\[\],;:\\/]+@[\w-]+(?:\.[\w-]+)+")
_MASKED_WITHIN = re.compile(f"(?P<kept>{_KEPT.pattern})|{_WITHIN.pattern}")


def masked_within(text: str) -> str:
    """A text with every telephone number in it masked, as in `Local/010-****-5678@mobiles`.

    Shorter digits stay, and so do links and days, as in `2026-05-29`.
    """
    return _MASKED_WITHIN.sub(lambda found: found[0] if found["kept"] else mask_number(found[0]), text)


def masked_words(text: str) -> str:
    """What people wrote, with every telephone number and e-mail address in it masked."""
    return masked_within(_ADDRESS.sub(lambda found: mask_address(found[0]), text))


def without_separators(number: str) -> str:
    """A number without what is written between its digits."""
    return _SEPARATORS.sub("", number)


def hash_mark(number: str) -> str:
    """How people are shown a number of which only a hash is known, as in `#7K3F`; empty for any other.

    One pair of callers in a million shares a mark; their hashes differ.
    """
    found = HASH.fullmatch(number)
    return f"#{found[1]}" if found else ""


def is_number(text: str) -> bool:
    """Whether a text is a telephone number: digits with what people write between them."""
    return _DIGITS.fullmatch(_SEPARATORS.sub("", text)) is not None


def hyphenated(number: str | None) -> str:
    """A number in full with its hyphens, as in `010-1234-5678`; empty where there is none.

    What is no number of Korea's plan (a foreign one, an extension, a SIP name) stays as it is.

    **Source:** the national numbering plan: a prefix of 02, 0NN or 050N, three or four digits, and four.
    """
    if not number or HASH.fullmatch(number):
        return hash_mark(number or "")
    bare = _SEPARATORS.sub("", number)
    if bare.startswith("+82"):
        significant = bare.removeprefix("+82").removeprefix("0")
        bare = significant if _REPRESENTATIVE.fullmatch(significant) else f"0{significant}"
    if _REPRESENTATIVE.fullmatch(bare):
        return f"{bare[:4]}-{bare[4:]}"
    prefix = _prefix(bare) if _DIGITS.fullmatch(bare) and not bare.startswith("00") else ""
    middle = bare[len(prefix) : -4]
    return f"{prefix}-{middle}-{bare[-4:]}" if prefix and len(middle) in (3, 4) else number


def mask_number(number: str | None) -> str:
    """A caller's number with its middle hidden, as in `010-****-5678`; empty where there is none.

    Anything that is no number (a SIP name, "anonymous") keeps its first character only. At least three digits
    are always hidden, four of a number of eleven or more, and of one shorter than eight all but the last two.

    **Source:** the way Korean public bodies print numbers; Korean prefixes by the national numbering plan (02, 0NN).
    """
    if not number or HASH.fullmatch(number):
        return hash_mark(number or "")
    bare = _SEPARATORS.sub("", number)
    if not _DIGITS.fullmatch(bare):
        return f"{number[0]}***"
    digits = bare.removeprefix("+")
    if len(digits) < _SHORTEST_PERSONAL:
        return digits
    if bare.startswith("+82"):
        digits = "0" + digits.removeprefix("82").removeprefix("0")
    elif bare.startswith(("+", "00")):
        # The country and the area are not told apart without the world's numbering plan: two digits show no person.
        hidden = len(bare) - len(bare[:3]) - 4
        return f"{bare[:3]}-****-{bare[-4:]}" if hidden >= 4 else f"****{bare[-2:]}"
    if len(digits) < 8:
        return f"****{digits[-2:]}"
    prefix = _prefix(digits)
    return f"{prefix}-****-{digits[-4:]}" if prefix else f"****-{digits[-4:]}"


def mask_address(address: str) -> str:
    """An e-mail address of which its domain and first character are left, as in `h***@example.com`."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"


def _prefix(digits: str) -> str:
    """The mobile or area prefix of a national number; empty where hiding four digits leaves none."""
    if not digits.startswith("0"):
        return ""
    size = 2 if digits.startswith("02") else 4 if digits.startswith("050") else 3
    return digits[:size] if len(digits) - size - 4 >= 3 else ""
