"""Names of recordings: callers' numbers in them are hidden, and nothing else is.

A dialplan often names a file by the caller's number, beside which stand a day, a time and a uniqueid, which are long
digits too and no number. Hidden are: the caller's own number however it is written, and what is a number of Korea's
plan by its beginning.

**Source:** the national numbering plan: 0 and 8 to 10 digits, or the same behind 82; 15NN, 16NN and 18NN are companies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.masking import mask_number, without_separators

if TYPE_CHECKING:
    from collections.abc import Callable

_KOREAN = re.compile(r"(?<![0-9])(?:\+?82|0)(?:[ .-]?[0-9]){8,10}(?![0-9])")
_DIGITS = re.compile(r"\+?[0-9]{7,}")


def changed(file: str, caller: str | None, shown: Callable[[str], str]) -> str:
    """A file's name with what stands for each number in it.

    Args:
        file: its name or path.
        caller: the caller's number, where it is known.
        shown: what stands in a number's place.
    """
    patterns = [_KOREAN.pattern]
    bare = without_separators(caller or "")
    if _DIGITS.fullmatch(bare):
        digits = bare.removeprefix("+")
        own = {digits, digits.removeprefix("0"), re.sub(r"^820?", "", digits)}
        forms = sorted((form for form in own if len(form) >= 7), key=len, reverse=True)
        patterns.append(r"(?<![0-9])\+?(?:82)?0?(?:" + "|".join(forms) + ")(?![0-9])")
    return re.sub("|".join(patterns), lambda found: shown(found[0]), file)


def masked(file: str, caller: str | None = None) -> str:
    """A file's name as those are shown it who see numbers masked."""
    return changed(file, caller, mask_number)
