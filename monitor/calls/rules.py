"""The ring rule: how often a phone rang, and whether the promise was kept.

    rings = 0 if no phone rang, else floor(T / period) + 1

with T the accumulated ringing in integer microseconds, so that intervals are half-open: ring 4 of Korea's cadence
begins at exactly 9.000000 s.

**Source:** the customer service charter ("전화벨이 3번 이상 울리기 전에"), read in two ways; cadences from ITU-T E.180
Supplement 2 (see `CADENCES`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """A ringing tone's pattern: milliseconds of tone and of silence in turn, and again from the start.

    A double ring (0.4 on, 0.2 off, 0.4 on, 2.0 off) is one ring to the person who hears it.
    """

    pattern_ms: tuple[int, ...]

    @property
    def period_us(self) -> int:
        """From the start of one ring to the start of the next, in microseconds."""
        return sum(self.pattern_ms) * 1000


_DOUBLE = Cadence((400, 200, 400, 2000))
_1_ON_2_OFF = Cadence((1000, 2000))
_1_ON_3_OFF = Cadence((1000, 3000))
_1_ON_4_OFF = Cadence((1000, 4000))
_1_ON_5_OFF = Cadence((1000, 5000))
_2_ON_4_OFF = Cadence((2000, 4000))

CADENCES: dict[str, Cadence] = {
    "AT": _1_ON_5_OFF,
    "AU": _DOUBLE,
    "BE": _1_ON_3_OFF,
    "BG": _1_ON_4_OFF,
    "BR": _1_ON_4_OFF,
    "CA": _2_ON_4_OFF,
    "CH": _1_ON_4_OFF,
    "CL": _1_ON_3_OFF,
    "CN": _1_ON_4_OFF,
    "CZ": _1_ON_4_OFF,
    "DE": _1_ON_4_OFF,
    "DK": _1_ON_4_OFF,
    "EE": _1_ON_4_OFF,
    "ES": Cadence((1500, 3000)),
    "FI": _1_ON_4_OFF,
    "FR": Cadence((1500, 3500)),
    "GB": _DOUBLE,
    "GR": _1_ON_4_OFF,
    "HK": Cadence((400, 200, 400, 3000)),
    "HU": Cadence((1250, 3750)),
    "ID": _1_ON_4_OFF,
    "IE": _DOUBLE,
    "IL": _1_ON_3_OFF,
    "IN": _DOUBLE,
    "IT": _1_ON_4_OFF,
    "JP": _1_ON_2_OFF,
    "KR": _1_ON_2_OFF,
    "LT": _1_ON_4_OFF,
    "MX": _1_ON_4_OFF,
    "MY": _DOUBLE,
    "NL": _1_ON_4_OFF,
    "NO": _1_ON_4_OFF,
    "NZ": _DOUBLE,
    "PH": _1_ON_4_OFF,
    "PL": _1_ON_4_OFF,
    "PT": _1_ON_5_OFF,
    "SE": _1_ON_5_OFF,
    "SG": _DOUBLE,
    "TW": _1_ON_2_OFF,
    "US": _2_ON_4_OFF,
    "ZA": _DOUBLE,
}
"""Ringing tone by ISO 3166-1 country code.

**Source:** ITU-T E.180 Supplement 2, "Various tones used in national networks", as carried by Asterisk's
indications.conf (key `ring`). Korea, which that file lacks: 440+480 Hz, 1 s on, 2 s off.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingRule:
    """One promise in force from a day on: every figure says which rule made it.

    Attributes:
        name: what people call it.
        version: counts up when the same promise is measured in another way.
        holds_from: the first local day it judges.
        country: whose ringing tone is counted, a key of `CADENCES`.
        limit: the number of rings the promise names.
        headline: the reading shown first.
    """

    name: str = "three-rings"
    version: int = 1
    holds_from: date = date(2000, 1, 1)
    country: str = "KR"
    limit: int = 3
    headline: Reading = Reading.WITHIN
    cadence: Cadence = field(init=False)
    period_us: int = field(init=False)
    warning_us: int = field(init=False)
    """Ringing after which ring `limit` begins."""
    breach_us: int = field(init=False)
    """Ringing after which ring `limit + 1` begins."""

    def __post_init__(self) -> None:
        if self.country not in CADENCES:
            raise ValueError(f"no ringing cadence is known for country {self.country!r}")
        if self.limit < 1 or self.version < 1 or not self.name:
            raise ValueError("a ring rule needs a name, a version of 1 or more and a limit of 1 or more")
        cadence = CADENCES[self.country]
        for name, value in (
            ("cadence", cadence),
            ("period_us", cadence.period_us),
            ("warning_us", cadence.period_us * (self.limit - 1)),
            ("breach_us", cadence.period_us * self.limit),
        ):
            object.__setattr__(self, name, value)

    @property
    def label(self) -> str:
        """Name and version, as every figure carries them: `three-rings/1`."""
        return f"{self.name}/{self.version}"

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Both readings, the headline's first."""
        return (self.headline, *(reading for reading in Reading if reading is not self.headline))

    def rings(self, ringing_us: int, *, rang: bool | None = None) -> int:
        """How often the phone rang in `ringing_us` of ringing.

        Args:
            ringing_us: accumulated ringing in microseconds.
            rang: whether any phone rang; where it is not said, any ringing at all tells.
        """
        return rings(ringing_us, self.period_us, rang=rang)

    def kept(self, reading: Reading, ringing_us: int) -> bool:
        """Whether ringing of this length is within the rule under one reading."""
        return self.rings(ringing_us) <= (self.limit if reading is Reading.WITHIN else self.limit - 1)


def rings(ringing_us: int, period_us: int, *, rang: bool | None = None) -> int:
    """How often a phone with this cadence rang in `ringing_us` microseconds; 0 only where no phone rang.

    A phone that rang at all has rung once, even for no time that can be measured: the bell begins with the ringing.
    """
    if not (ringing_us > 0 if rang is None else rang):
        return 0
    return ringing_us // period_us + 1


def rule_on(rules: tuple[RingRule, ...], day: date) -> RingRule:
    """The rule in force on a local day: the one that began last; before all of them, the first.

    Args:
        rules: at least one rule, in any order.
        day: the day the call entered, in the centre's time zone.
    """
    ordered = sorted(rules, key=lambda rule: (rule.holds_from, rule.version))
    return next((rule for rule in reversed(ordered) if rule.holds_from <= day), ordered[0])
