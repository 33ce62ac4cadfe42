"""Numbers and the patterns that match them: which line was dialled, and where a transfer went.

A pattern is one of
- `*`: everything;
- an Asterisk dialplan pattern, begun by `_`: `_1588XXXX`, `_0[2-6]X.`;
- a glob, where it holds `*`, `?` or `[`: `PJSIP/desk*`, `15886*`;
- else a number, compared by its digits: `1588-6565`, `15886565` and `+82 1588 6565` are one number.

**Source:** Asterisk pattern matching: X is 0-9, Z is 1-9, N is 2-9, `.` one or more characters, `!` any rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

_DIALPLAN = {"X": "[0-9]", "x": "[0-9]", "Z": "[1-9]", "z": "[1-9]", "N": "[2-9]", "n": "[2-9]", ".": ".+", "!": ".*"}
_GLOB = frozenset("*?[")
_SEPARATORS = re.compile(r"[\s\-.()]")
_COUNTRY = re.compile(r"^(?:\+|00)82")
_ANY_SYSTEM_NUMBER = re.compile(r"^\+?[0-9*#]+$")


@lru_cache(maxsize=4096)
def digits(number: str) -> str:
    """A number without separators and Korea's country code: `+82 1588-6565` → `15886565`; other text as it is."""
    bare = _SEPARATORS.sub("", number)
    if not _ANY_SYSTEM_NUMBER.match(bare):
        return number
    return _COUNTRY.sub("", bare).removeprefix("+")


def _expression(pattern: str) -> re.Pattern[str]:
    if pattern.startswith("_"):
        # Asterisk passes over dashes that are not in a set.
        parts = [part for part in re.findall(r"\[[^\]]+\]|.", pattern[1:]) if part != "-"]
        return re.compile("".join(_DIALPLAN.get(p, p if len(p) > 1 else re.escape(p)) for p in parts) + r"\Z")
    if _GLOB.intersection(pattern):
        return re.compile(translate(pattern))
    return re.compile(re.escape(digits(pattern)) + r"\Z")


class Patterns:
    """A set of patterns a number or an interface can match."""

    __slots__ = ("_expressions",)

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._expressions = tuple(_expression(pattern) for pattern in patterns)

    def __bool__(self) -> bool:
        """Whether there is any pattern."""
        return bool(self._expressions)

    def match(self, text: str) -> bool:
        """Whether the text, as it is or by its digits, matches any pattern."""
        return any(e.match(text) or e.match(digits(text)) for e in self._expressions)


@dataclass(frozen=True, slots=True)
class Line:
    """A monitored line: the numbers by which trunks deliver it, and the contexts they deliver it to (none: any)."""

    name: str
    patterns: tuple[str, ...]
    contexts: tuple[str, ...] = ()


class Lines:
    """All monitored lines; the first that matches a dialled number has it."""

    __slots__ = ("_lines", "_numbers", "takes_everything")

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self._lines = tuple((line.name, Patterns(line.patterns), line.contexts) for line in lines)
        exact = (pattern for line in lines for pattern in line.patterns)
        self._numbers = Patterns(tuple(one for one in exact if not one.startswith("_") and not _GLOB.intersection(one)))
        self.takes_everything = any("*" in line.patterns for line in lines)
        """Every call is wanted, whoever placed it, also those that name no number."""

    def numbered(self, dialled: str) -> bool:
        """Whether a line names this very number, whatever contexts it is delivered to."""
        return self._numbers.match(dialled)

    def find(self, dialled: str, context: str) -> str | None:
        """The name of the line to which `dialled`, arriving in `context`, belongs."""
        for name, patterns, contexts in self._lines:
            if (not contexts or context in contexts) and patterns.match(dialled):
                return name
        return None
