"""How reports look: colours and sizes, the page's own, so that a figure looks alike on the wall and on paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

INK: Final = "#15212b"
MUTED: Final = "#51606d"
LINE: Final = "#d5dce2"
PAPER: Final = "#ffffff"
GROUND: Final = "#f3f5f7"
ACCENT: Final = "#0b5c8a"
GOOD: Final = "#00629b"
GOOD_GROUND: Final = "#e3f1fa"
WARN: Final = "#8a5300"
WARN_GROUND: Final = "#fff1d6"
WARN_MARK: Final = "#e08a00"
BAD: Final = "#b3261e"
BAD_GROUND: Final = "#fde7e4"
BAD_MARK: Final = "#d0421b"
QUIET: Final = "#7c8994"

TOKENS: Final = {
    "ink": INK,
    "muted": MUTED,
    "line": LINE,
    "panel": PAPER,
    "bg": GROUND,
    "accent": ACCENT,
    "good": GOOD,
    "good-bg": GOOD_GROUND,
    "warn": WARN,
    "warn-bg": WARN_GROUND,
    "warn-mark": WARN_MARK,
    "bad": BAD,
    "bad-bg": BAD_GROUND,
    "bad-mark": BAD_MARK,
    "quiet": QUIET,
}
"""The names they have in the page's style sheet, and in the templates."""

BAD_SERIES: Final = ("broken", "never_answered", "unanswered", "abandoned", "lost", "missed", "no_answer")
"""What stands in the key of a column that is bad in itself, and is drawn so."""

PAGE_WIDTH_PT: Final = 595.276
PAGE_HEIGHT_PT: Final = 841.89
"""A4."""
MARGIN_PT: Final = 51.0
TEXT_WIDTH_PT: Final = PAGE_WIDTH_PT - 2 * MARGIN_PT
TEXT_WIDTH_ACROSS_PT: Final = PAGE_HEIGHT_PT - 2 * MARGIN_PT
"""Of a page turned on its side."""

_DEEPEST = 0.62
"""How much of a colour the darkest field takes: ink on it stays well readable."""
_SHORT_AT_LEAST = 0.8
"""A share that falls short by less is not drawn in the darkest colour, were it the lowest of all."""
_FAINTEST = 0.06
"""And the faintest, so that a small figure differs from none."""


def mixed(colour: str, share: float) -> str:
    """A colour on white paper, as `#rrggbb`.

    Args:
        colour: `#rrggbb`.
        share: how much of it, from 0 to 1.
    """
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * share):02x}" for part in parts)


def shading(values: Sequence[float], *, share: bool, bad: bool) -> Shading:
    """How the fields of a heat map are shaded.

    Args:
        values: all of them.
        share: they are shares, of which the high ones are good unless `bad`: then what they fall short by is shaded,
            so that what matters stands out.
        bad: high values are bad ones.
    """
    if share and not bad:
        return Shading(light=1.0, dark=min([*values, _SHORT_AT_LEAST]), bad=True)
    return Shading(light=0.0, dark=max(values, default=0.0), bad=bad)


@dataclass(frozen=True, slots=True)
class Shading:
    """From the value that is white to the one that is darkest."""

    light: float
    dark: float
    bad: bool
    """In the alarm's colour."""

    def colour(self, value: float) -> str:
        """The field's, as `#rrggbb`."""
        reach = self.dark - self.light
        return shade((value - self.light) / reach if reach else 0.0, bad=self.bad)


def shade(share: float, *, bad: bool) -> str:
    """The colour of a field in a heat map, as `#rrggbb`; 0 is white.

    Args:
        share: of the highest value, from 0 to 1; more and less is cut.
        bad: high values are bad ones.
    """
    if share <= 0:
        return PAPER
    return mixed(BAD_MARK if bad else ACCENT, _FAINTEST + (_DEEPEST - _FAINTEST) * min(share, 1.0))
