"""How the person of a case can be reached: kept as callers' numbers are, and shown as they are. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.masking import hyphenated, is_number, mask_address, mask_number, without_separators

if TYPE_CHECKING:
    from monitor.numbers import Numbers

LONGEST = 254
"""Characters of the longest e-mail address there may be.

**Source:** RFC 5321, section 4.5.3.1.3, less its brackets.
"""
_ADDRESS = re.compile(r"[^\s@\"<>()\[\],;:\\]{1,64}@[^\s@\"<>()\[\],;:\\]{1,253}")
_WHOLE = re.compile(r"\+?[0-9]{7,15}")
_MARK = re.compile(r"hmac:[A-Z2-7]{32}")


def kept(contact: str, numbers: Numbers) -> tuple[str, str | None] | None:
    """A contact as the ledger keeps it, and the person it is: as in `callbacks`, None for an e-mail address.

    Where numbers are kept as hashes, of an address only its masked form is.

    Returns:
        None where it is neither a whole telephone number nor an e-mail address.
    """
    text = contact.strip()
    if _MARK.fullmatch(text):
        return text, text
    if is_number(text) and _WHOLE.fullmatch(bare := without_separators(text)):
        return numbers.stored(bare) or "", numbers.person(bare)
    if len(text) <= LONGEST and _ADDRESS.fullmatch(text):
        return (mask_address(text) if numbers.hashed else text), None
    return None


def shown(contact: str | None, *, full: bool) -> str:
    """A contact as people are shown it; empty where there is none.

    Args:
        contact: as the ledger keeps it.
        full: whether whoever looks may see callers' numbers.
    """
    if contact and "@" in contact:
        return contact if full else mask_address(contact)
    return hyphenated(contact) if full else mask_number(contact)
