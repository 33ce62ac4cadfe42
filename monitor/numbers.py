"""Callers' numbers as the ledger keeps them: as received, or as a keyed hash by which the same caller is still told.

A hash is made of a number's normal form, so that one caller is one hash however a trunk writes the number. It stands as
`hmac:` and 32 letters and digits; people are shown its mark, the first four of them, as in `#7K3F`.

**Source:** RFC 2104 and FIPS 198-1 (HMAC), RFC 4648 (base32).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from monitor.masking import HASH, hash_mark, without_separators

__all__ = ["ERASED", "PLAIN", "Numbers", "erased", "hash_mark", "is_erased", "is_hash", "is_pseudonym", "normal"]

ERASED = "*"
"""Stands for each character of a number that was erased where nothing may become shorter, as in a journal."""
_HASH_BYTES = 20
"""160 bits: no two callers of any centre will ever share a hash, and 32 characters hold it exactly."""
_ERASED = re.compile(re.escape(ERASED) + "{5,}")
_AGENT = re.compile(r"agent#[A-Z2-7]{8}")
_AGENT_BYTES = 5
_REPRESENTATIVE = re.compile(r"1[568][0-9]{6}")
_KOREA = re.compile(r"(?:\+|00)?82(?=[0-9]{7,11}\Z)")
"""The country's code as trunks write it; no number of Korea's own plan begins with 82, or is so long."""


def normal(number: str) -> str:
    """A number's normal form: no separators, Korea's country code as the trunk's 0, as in `01012345678`, `15886565`.

    What is no number (a SIP name, "anonymous") and foreign numbers lose their separators only.

    **Source:** the national numbering plan: a trunk's 0 before area and mobile codes, none before 15NN, 16NN and 18NN.
    """
    digits = without_separators(number)
    rest, found = _KOREA.subn("", digits)
    if not found:
        return digits
    rest = rest.removeprefix("0")
    return rest if _REPRESENTATIVE.fullmatch(rest) else f"0{rest}"


def is_hash(text: str) -> bool:
    """Whether a text is a hash as `Numbers` makes them."""
    return HASH.fullmatch(text) is not None


def erased(length: int) -> str:
    """What stands in place of a number of this many characters, bytes in a file, that was erased."""
    return ERASED * length


def is_erased(text: str) -> bool:
    """Whether a text is nothing but what stands for an erased number."""
    return _ERASED.fullmatch(text) is not None


def is_pseudonym(name: str) -> bool:
    """Whether a name is an agent's pseudonym as `Numbers.agent` makes them."""
    return _AGENT.fullmatch(name) is not None


class Numbers:
    """How one ledger keeps callers' numbers.

    Args:
        key: of hashes and pseudonyms; None where there are none.
        hashed: whether the ledger holds hashes in place of numbers; never without a key.
    """

    def __init__(self, key: bytes | None = None, *, hashed: bool = True) -> None:
        self._key = key
        self.hashed = hashed and key is not None
        """Whether the ledger holds hashes in place of numbers."""

    def stored(self, number: str | None) -> str | None:
        """A caller's number as the ledger keeps it. What is stored already stays as it is, so that twice is once.

        Returns:
            None where the caller sent none, or where the number was erased from what it was read from.
        """
        if number is None or is_erased(number):
            return None
        return number if not self.hashed or not number or is_hash(number) else self.hash_of(number)

    def hash_of(self, number: str) -> str | None:
        """The hash of a number, also where the ledger keeps none; None without a key."""
        return None if self._key is None else f"hmac:{self._tagged(b'number', normal(number), _HASH_BYTES)}"

    def person(self, number: str | None) -> str | None:
        """What is the same for one person however their number is written: its hash, else its normal form.

        Returns:
            None where there is no number, or where it was erased.
        """
        stored = self.stored(number)
        return stored if not stored or is_hash(stored) else normal(stored)

    def agent(self, name: str) -> str:
        """A pseudonym for an agent's interface or name, always the same one, as in `agent#7K3FQ2ZA`.

        Raises:
            ValueError: there is no key to make it with.
        """
        if self._key is None:
            raise ValueError("a pseudonym needs a key")
        return name if is_pseudonym(name) else f"agent#{self._tagged(b'agent', name, _AGENT_BYTES)}"

    def _tagged(self, kind: bytes, text: str, size: int) -> str:
        # The kind keeps an agent's mobile from having the same hash as a caller's number.
        digest = hmac.digest(self._key or b"", kind + b"\0" + text.encode(errors="surrogatepass"), hashlib.sha256)
        return base64.b32encode(digest[:size]).decode()


PLAIN = Numbers()
"""Keeps numbers as they were received."""
