"""What a draw rests on: sizes, and the form. It is kept with the draw, so that later settings change no review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.texts import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark of the scale."""

    value: int
    ko: str
    en: str

    def word(self, language: Language) -> str:
        """What it is called."""
        return self.ko if language == "ko" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that is marked."""

    key: str
    ko: str
    en: str

    def word(self, language: Language) -> str:
        """What it is called."""
        return self.ko if language == "ko" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Which calls are drawn, and how they are marked."""

    per_agent: int
    """Calls of each agent in all queues that have no size of their own."""
    by_queue: Mapping[str, int]
    """Queues whose calls are drawn apart, and how many of each agent."""
    second_share: float
    """The share of the sample that two people review, from 0 to 1."""
    shortest_us: int
    """Talking that a call must have."""
    timezone: str
    """In which months begin."""
    scale: tuple[Mark, ...]
    items: tuple[Item, ...]

    @property
    def draws(self) -> bool:
        """Whether anything is to be drawn at all."""
        return self.per_agent > 0 or any(self.by_queue.values())

    def stratum_of(self, queue: str | None) -> str:
        """The stratum of a call: its queue where that has a size of its own, else the empty name."""
        return queue if queue in self.by_queue else ""  # type: ignore[return-value] # None is no key

    def size_of(self, stratum: str) -> int:
        """How many calls of each agent are drawn in a stratum."""
        return self.by_queue.get(stratum, self.per_agent) if stratum else self.per_agent

    def as_json(self) -> dict[str, Any]:
        """As `review_draws.definition` keeps it."""
        return {
            "per_agent": self.per_agent,
            "by_queue": dict(sorted(self.by_queue.items())),
            "second_share": self.second_share,
            "shortest_us": self.shortest_us,
            "timezone": self.timezone,
            "scale": [{"value": mark.value, "ko": mark.ko, "en": mark.en} for mark in self.scale],
            "items": [{"key": item.key, "ko": item.ko, "en": item.en} for item in self.items],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """What `as_json` made; keys that it does not know are left alone."""
        return cls(
            per_agent=kept["per_agent"],
            by_queue=kept["by_queue"],
            second_share=kept["second_share"],
            shortest_us=kept["shortest_us"],
            timezone=kept["timezone"],
            scale=tuple(Mark(**mark) for mark in kept["scale"]),
            items=tuple(Item(**item) for item in kept["items"]),
        )
