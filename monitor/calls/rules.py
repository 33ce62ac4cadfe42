"""The ring rule: how often a phone rang, and whether the promise was kept.

    rings = 0 if no phone rang, else floor(T / period) + 1

with T the accumulated ringing in integer microseconds, so that intervals are half-open: ring 4 of Korea's cadence
begins at exactly 9.000000 s.

**Source:** the customer service charter ("전화벨이 3번 이상 울리기 전에"), read in two ways; cadences from ITU-T E.180
Supplement 2 (see `CADENCES`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

SECOND_US = 1_000_000


class Reading(StrEnum):
    """How the charter's sentence is read."""

    WITHIN = "within"
    """Kept when rings ≤ limit: the phone did not ring past the limit."""
    BEFORE = "before"
    """Kept when rings < limit: answered before the limit-th ring."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """A ringing tone's pattern: `on_us` of tone, `off_us` of silence, and again (microseconds)."""

    on_us: int
    off_us: int

    @property
    def period_us(self) -> int:
        """From the start of one ring to the start of the next."""
        return self.on_us + self.off_us
