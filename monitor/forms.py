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


def seconds(duration_seconds: float | None) -> str:
    """The same of seconds, exact to the microsecond they were made of."""
    return NOTHING if duration_seconds is None else tenths(round(duration_seconds * _SECOND_US))


def percent(figure: float | None) -> str:
    """A quotient as people read it, rounded to one decimal.

    100.0 % is all of them and 0.0 % none: where one call of ten thousand broke the promise, it reads 99.9 %.
    """
    if figure is None:
        return NOTHING
    return f"{min(max(figure, 0.001), 0.999) if 0 < figure < 1 else figure:.1%}"


def points(difference: float | None) -> str:
    """A difference of two quotients in percentage points, with its sign: `+1.2`, `-0.3`, and `±0.0` for none."""
    if difference is None:
        return NOTHING
    text = f"{difference * 100:+.1f}"
    return "±0.0" if text in ("+0.0", "-0.0") else text
