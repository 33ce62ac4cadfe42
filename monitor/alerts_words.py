"""What an alert says, in Korean and in English, from the catalogue `alerts`. No caller is in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from monitor.alerts_groups import Kind
from monitor.texts import catalogue

if TYPE_CHECKING:
    from monitor.alerts_groups import Group, Present
    from monitor.texts import Language

PHONES_NAMED = 10
"""More phones than these are only counted."""


@dataclass(frozen=True, slots=True)
class Told:
    """An alert in one language."""

    summary: str
    """One line: what, where, how many."""
    description: str


class Words:
    """The sentences of one language.

    Args:
        language: of page and alerts.
    """

    def __init__(self, language: Language) -> None:
        texts = catalogue(language, "alerts")
        self._text = texts.gettext
        self._count = texts.ngettext

    def ringing(self, group: Group, present: Present) -> Told:
        """What is told while phones ring."""
        return Told(
            f"{self._heading(group)}, {self._calls(present.calls)}",
            f"{self._sentence(group, present)} {self._phones(present.phones)}",
        )

    def over(self, group: Group) -> Told:
        """What is told once none rings past the rule any more."""
        ended = self._text("{heading}: over").format(heading=self._heading(group))
        return Told(ended, self._text("No phone rings past the rule there any more."))

    def rang(self, group: Group, calls: int, limit: int) -> Told:
        """What is told of calls that rang past the rule and ring no more, since nobody was told at the time."""
        if group.kind is Kind.BREACH:
            text = self._count(
                "A phone rang more than {limit} times before it fell silent.",
                "The phones of {calls} calls rang more than {limit} times before they fell silent.",
                calls,
            )
        else:
            text = self._count(
                "A phone rang {limit} times, the last within the promise.",
                "The phones of {calls} calls rang {limit} times, the last within the promise.",
                calls,
            )
        return Told(f"{self._heading(group)}, {self._calls(calls)}", text.format(calls=calls, limit=limit))

    def since_last(self, calls: int) -> str:
        """How many there have been since the last message about the same line and queue."""
        text = self._count("{calls} call since the last message.", "{calls} calls since the last message.", calls)
        return text.format(calls=calls)

    def system(self, name: str) -> str:
        """Which Asterisk it is."""
        return self._text("System: {name}").format(name=name)

    def _heading(self, group: Group) -> str:
        where = group.line
        if group.queue is not None:
            where = self._text("{line}, queue {queue}").format(line=group.line, queue=group.queue)
        text = self._text("Rang too long: {where}") if group.kind is Kind.BREACH else self._text("Last ring: {where}")
        return text.format(where=where)

    def _calls(self, calls: int) -> str:
        return self._count("{calls} call", "{calls} calls", calls).format(calls=calls)

    def _sentence(self, group: Group, present: Present) -> str:
        if group.kind is Kind.BREACH:
            text = self._count(
                "A phone rings more than {limit} times; it is at ring {rings}.",
                "The phones of {calls} calls ring more than {limit} times; the longest is at ring {rings}.",
                present.calls,
            )
        else:
            text = self._count(
                "A phone is at ring {limit}, the last within the promise: answered now, it is kept.",
                "The phones of {calls} calls are at ring {limit}, the last within the promise: "
                "answered now, it is kept.",
                present.calls,
            )
        return text.format(calls=present.calls, limit=present.limit, rings=present.rings)

    def _phones(self, phones: tuple[str, ...]) -> str:
        named = ", ".join(phones[:PHONES_NAMED])
        if len(phones) > PHONES_NAMED:
            named = self._text("{named} and {more} more").format(named=named, more=len(phones) - PHONES_NAMED)
        return self._text("Ringing: {phones}.").format(phones=named)


@cache
def words_in(language: Language) -> Words:
    """The words of a language."""
    return Words(language)
