"""The sections of the settings about the rest of the charter: teams, call-backs, reviews, and promises with a clock."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from monitor.commitments.register import CHARTER, Commitment, Counting, Every, Owed, When
from monitor.config_sections import Section

_CHOICE = re.compile(r"[^\s,]+,[0-9*#A-D]{1,20}")
_KEY = r"^[a-z][a-z0-9_]{0,31}$"
_Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class TeamSettings(Section):
    """A team on the same line: a table `[[team]]`. Calls that no team has are told together, as of none."""

    name: _Name
    """As people read it, 원격응대팀."""
    name_en: str = Field(default="", max_length=64)
    """In English; `name` where empty."""
    queues: tuple[str, ...] = ()
    """Queues whose calls are the team's, whatever was chosen in a menu."""
    menu: tuple[str, ...] = ()
    """Menu choices that lead to it, `context,digits` as in `ivr-main,2`; the last one a caller made decides."""

    @field_validator("name")
    @classmethod
    def _told_from_none(cls, value: str) -> str:
        if value == "none":
            raise ValueError("is what calls of no team are called in metrics; give the team another name")
        return value

    @field_validator("menu")
    @classmethod
    def _choices(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for choice in value:
            if not _CHOICE.fullmatch(choice):
                raise ValueError(f"holds {choice!r}; write a menu's context and the digits, as in ivr-main,2")
        return value

    @model_validator(mode="after")
    def _led_to(self) -> Self:
        if not self.queues and not self.menu:
            raise ValueError("has neither queues nor menu, so that no call is its own; give one of them")
        return self


class CallbackSettings(Section):
    """Calls back: `[callbacks]`."""

    phones: tuple[str, ...] = ()
    """Interfaces of the centre's phones, patterns as in `[transfers]`; empty: those of queue members."""
    prefixes: tuple[str, ...] = ()
    """Digits dialled before a number to reach the public network, as in 9."""
    promised_working_days: int = Field(default=1, ge=0)
    """When a promise without `Due` is due: the end of so many working days from its own; 0 is the same day's end."""
    missed_working_days: int = Field(default=1, ge=0)
    """By when a caller who left without an answer should be called."""
    due_soon_hours: float = Field(default=2.0, gt=0)
    """So long before, it is told."""
    forget_days: int = Field(default=30, ge=1)
    """A caller who left and was never called is on the list to work from so long; figures keep them."""

    @property
    def told(self) -> str:
        """By when one calls, in words."""
        promised, missed = self.promised_working_days, self.missed_working_days
        return f"in working days, {promised} for promises without a time, {missed} for callers who left"


class ScaleSettings(Section):
    """One mark that a reviewer may give: a table of `scale` in `[reviews]`."""

    value: int = Field(ge=0, le=100)
    ko: _Name
    en: _Name


class ReviewItemSettings(Section):
    """One thing a reviewer marks: a table `[[reviews.item]]`."""

    key: str = Field(pattern=_KEY)
    ko: _Name
    en: _Name


_SCALE = (ScaleSettings(value=1, ko="이행", en="Met"), ScaleSettings(value=0, ko="미이행", en="Not met"))
_ITEMS = (
    ReviewItemSettings(key="greeting", ko="첫인사", en="Greeting"),
    ReviewItemSettings(key="department", ko="소속 안내", en="Department named"),
    ReviewItemSettings(key="name", ko="성명 안내", en="Name given"),
    ReviewItemSettings(key="listened", ko="경청", en="Listened"),
    ReviewItemSettings(key="explained", ko="설명", en="Explained"),
    ReviewItemSettings(key="closing", ko="끝인사", en="Closing"),
)


class ReviewSettings(Section):
    """Which answered calls are listened to, and what is marked: `[reviews]`."""

    per_agent: int = Field(default=5, ge=0, le=200)
    """Calls of each agent and month; 0 draws none."""
    by_queue: dict[str, int] = Field(default_factory=dict)
    """Sizes of their own for calls of some queues, drawn apart: `{ remote = 3 }`."""
    second_share: float = Field(default=0.2, ge=0, le=1)
    """The share of the sample that two people review, so that their agreement is known."""
    shortest_seconds: float = Field(default=10.0, ge=0)
    """Calls with less talking than this are not drawn."""
    draw_at: str = Field(default="05:10", pattern=r"^(|([01]\d|2[0-3]):[0-5]\d)$")
    """When the sample of the month before is drawn, on the first day of a month; empty: by hand alone."""
    seed: int | None = Field(default=None, ge=0, lt=2**63)
    """Of the draw; drawn itself, and recorded, where none is set."""
    scale: tuple[ScaleSettings, ...] = Field(default=_SCALE, min_length=2, max_length=11)
    item: tuple[ReviewItemSettings, ...] = Field(default=_ITEMS, min_length=1, max_length=20)

    @property
    def told(self) -> str:
        """How many calls are drawn, and when, in words."""
        sizes = ", ".join(
            f"{size} of {queue}" for queue, size in {"each agent": self.per_agent, **self.by_queue}.items()
        )
        drawn = f"on the first of a month at {self.draw_at}" if self.draw_at else "by hand alone"
        return f"{sizes}, {self.second_share:.0%} by two people, drawn {drawn}"

    @model_validator(mode="after")
    def _once(self) -> Self:
        if any(size < 0 or size > 200 for size in self.by_queue.values()):
            raise ValueError("has a size in by_queue that is not 0 to 200; correct it")
        for what, names in (
            ("marks of the same value", [one.value for one in self.scale]),
            ("items of the same key", [one.key for one in self.item]),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"has two {what}; give each its own")
        return self


class OwedSettings(Section):
    """What is owed: a table of `owed` in `[[commitment]]`."""

    when: When
    visits: int = Field(default=0, ge=0)
    won: int = Field(default=0, ge=0)
    apology: bool = False
    training: bool = False

    @model_validator(mode="after")
    def _visits_counted(self) -> Self:
        if (self.when is When.VISITS) != (self.visits > 0):
            raise ValueError('needs visits, as in visits = 2, with when = "visits" and with nothing else')
        return self


class CommitmentSettings(Section):
    """One promise with a clock: a table `[[commitment]]`."""

    key: str = Field(pattern=_KEY)
    """What cases and metrics call it; it must never mean something else later."""
    ko: _Name
    en: _Name
    who: str = Field(default="", max_length=64)
    days: int | None = Field(default=None, ge=1, le=3660)
    counting: Counting = Counting.WORKING
    every: Every | None = None
    owed: tuple[OwedSettings, ...] = ()

    @model_validator(mode="after")
    def _one_clock(self) -> Self:
        if self.days is not None and self.every is not None:
            raise ValueError("has days and every; give one of them, or neither where no time is promised")
        if self.every is not None and self.owed:
            raise ValueError("has every, and is owed to nobody in particular; leave out owed")
        return self

    def commitment(self) -> Commitment:
        """The promise itself."""
        return Commitment(
            key=self.key,
            ko=self.ko,
            en=self.en,
            who=self.who,
            days=self.days,
            counting=self.counting,
            every=self.every,
            owed=tuple(Owed(**one.model_dump()) for one in self.owed),
        )


def _settings_of(commitment: Commitment) -> CommitmentSettings:
    owed = tuple(
        OwedSettings(when=one.when, visits=one.visits, won=one.won, apology=one.apology, training=one.training)
        for one in commitment.owed
    )
    return CommitmentSettings(
        key=commitment.key,
        ko=commitment.ko,
        en=commitment.en,
        who=commitment.who,
        days=commitment.days,
        counting=commitment.counting,
        every=commitment.every,
        owed=owed,
    )


CHARTER_SETTINGS = tuple(map(_settings_of, CHARTER))


class CaseSettings(Section):
    """Cases of promises with a clock: `[cases]`."""

    due_soon_days: int = Field(default=2, ge=0)
    """So many days, counted as the promise's are, before its deadline a case is due soon."""
    personal_days: int = Field(default=365, ge=0)
    """What a case holds of a person is erased so long after it was done; 0 keeps it."""
