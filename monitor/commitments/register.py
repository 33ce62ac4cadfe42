"""The register of promises: what is promised, within which time, and what is owed where it is missed. Pure.

**Source:** the customer service charter of the institution that owns the line 1588-6565 (`CHARTER`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Counting(StrEnum):
    """How the days of a promise are counted; the end of the last one, in the centre's time zone, is the deadline.

    **Source:** for working days Art. 19 (2) of the Civil Petitions Treatment Act, which is for six days and more, and
    Art. 29 (2) of the Official Information Disclosure Act: the first day counts, holidays and Saturdays do not. Shorter
    ones, which Art. 19 (1) counts by working hours from receipt, are counted by the day here too, and so are never due
    later. For calendar days Art. 157, 159 and 161 of the Civil Act: the first day does not count, and a last day that
    is one off is followed by the next that is not.
    """

    WORKING = "working"
    """Days that have hours in the centre's working time, without any of those Monday to Friday but holidays; the day of
    receipt, where it is one, is the first, whatever the hour."""
    CALENDAR = "calendar"
    """Every day; the day after receipt is the first."""


class Every(StrEnum):
    """How often what is promised once and again is due; a promise without it is one for each case."""

    YEAR = "year"
    HALF = "half"


class When(StrEnum):
    """What must have come about for something to be owed."""

    MISSED = "missed"
    """The deadline passed before it was done."""
    UPHELD = "upheld"
    """It was looked into, and the person was right."""
    MISSED_APPOINTMENT = "missed_appointment"
    VISITS = "visits"
    """The person had to come so often or more."""


class Finding(StrEnum):
    """What looking into a case came to."""

    UPHELD = "upheld"
    NOT_UPHELD = "not_upheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is owed, and when. Of several of a commitment that hold for a case the one that owes most is owed."""

    when: When
    visits: int = 0
    """For `visits`: how often, at least."""
    won: int = 0
    apology: bool = False
    training: bool = False
    """Whoever was at fault is trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """One promise."""

    key: str
    """What cases, metrics and files call it, for ever: `[a-z0-9_]+`."""
    ko: str
    """Its name in Korean."""
    en: str
    who: str = ""
    """The department that keeps it, as the institution calls it; empty where none is named."""
    days: int | None = None
    """Within how many days a case is done; None where `every` says when it is due, or where none are promised."""
    counting: Counting = Counting.WORKING
    every: Every | None = None
    owed: tuple[Owed, ...] = ()


CHARTER = (
    Commitment(
        key="voc_simple",
        ko="고객의 소리: 단순 질의·불만",
        en="Customer's voice: simple questions and complaints",
        days=7,
    ),
    Commitment(
        key="disclosure",
        ko="고객의 소리: 정보공개 여부 결정",
        en="Customer's voice: decision on disclosure of information",
        days=10,
    ),
    Commitment(
        key="voc_legal",
        ko="고객의 소리: 법령 질의·제도 개선",
        en="Customer's voice: legal questions and changes of procedure",
        days=14,
    ),
    Commitment(
        key="kindness",
        ko="친절 보장",
        en="Kindness guarantee",
        days=7,
        owed=(Owed(when=When.UPHELD, won=10_000, apology=True, training=True),),
    ),
    Commitment(
        key="accuracy",
        ko="정확 보장",
        en="Accuracy guarantee",
        owed=(
            Owed(when=When.VISITS, visits=2, won=10_000, apology=True),
            Owed(when=When.MISSED_APPOINTMENT, won=10_000, apology=True),
            Owed(when=When.VISITS, visits=3, won=20_000, apology=True),
        ),
    ),
    Commitment(key="survey", ko="고객만족도 조사", en="Satisfaction survey", every=Every.YEAR),
    Commitment(key="standard_review", ko="서비스 이행표준 점검", en="Review of this standard", every=Every.HALF),
)
"""The promises of the charter, which names no department, and no days within which the accuracy guarantee is paid."""
