"""How figures are written for people: in the terminal and on the page alike."""

from __future__ import annotations

NOTHING = "-"
"""Stands where there is no figure: no calls is not 0 %."""
_SECOND_US = 1_000_000


def tenths(duration_us: float | None) -> str:
    """Seconds to one decimal, cut and not rounded: 8.96 s is ring 3, and must not read 9.0, where ring 4 begins."""
    return NOTHING if duration_us is None else f"{int(duration_us) // 100_000 / 10:.1f}"


def clock(duration_us: float | None) -> str:
    """Minutes and seconds, `2:05`; hours before them where there are some."""
    if duration_us is None:
        return NOTHING
    minutes, seconds = divmod(int(duration_us) // _SECOND_US, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def percent(figure: float | None) -> str:
    """A quotient as people read it, to one decimal."""
    return NOTHING if figure is None else f"{figure:.1%}"
