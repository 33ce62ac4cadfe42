"""Whose call it is: teams on one line, told apart by queues and by what callers choose in menus. Pure.

The queue decides where a team has it: that of the first answer, else the last one the caller waited in. So a transfer
to another queue inside changes nothing of what was asked for. Else what the caller chose before a person answered
decides: the last choice that leads to a team, unless another one was made in the same menu later.

**Source:** a menu's choice is the extension in its context that the caller's channel goes on at (`Newexten`), or what
`UserEvent` MenuChoice tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGITS = re.compile(r"[0-9*#A-D]+")
MOST_CHOICES = 20
"""So many choices of a call are kept, the last ones: a caller may go round in a menu for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team, and which calls are its own."""

    name: str
    queues: tuple[str, ...] = ()
    menu: tuple[str, ...] = ()
    """Choices, each as in `ivr-main,2`."""


class Teams:
    """All teams of a centre; the first one that names a queue or a choice has it.

    Args:
        teams: in the order of the configuration.

    Attributes:
        names: of the teams, in that order.
    """

    __slots__ = ("_by_choice", "_by_queue", "_longest", "names")

    def __init__(self, teams: tuple[Team, ...] = ()) -> None:
        self.names = tuple(team.name for team in teams)
        self._by_queue: dict[str, str] = {}
        self._by_choice: dict[str, str] = {}
        self._longest: dict[str, int] = {}
        for team in teams:
            for queue in team.queues:
                self._by_queue.setdefault(queue, team.name)
            for choice in team.menu:
                self._by_choice.setdefault(choice, team.name)
                menu, _, digits = choice.partition(",")
                self._longest[menu] = max(self._longest.get(menu, 0), len(digits))

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.names)

    def is_menu(self, context: str) -> bool:
        """Whether a context is a menu that teams are found by."""
        return context in self._longest

    def choice(self, menu: str, digits: str) -> str | None:
        """What a caller chose, as in `ivr-main,2`; None where it is no choice of a menu that teams are found by.

        What is longer than any choice configured for that menu is a number that the caller entered, which may be
        personal, and no choice.
        """
        longest = self._longest.get(menu)
        if longest is None or len(digits) > longest or not _DIGITS.fullmatch(digits):
            return None
        return f"{menu},{digits}"

    def team_of(self, queue: str | None, menu: tuple[str, ...] = ()) -> str | None:
        """The team whose call it is; None where no team has it.

        Args:
            queue: that of the answer, else the last one.
            menu: choices in order.
        """
        team = self._by_queue.get(queue) if queue is not None else None
        if team is not None:
            return team
        last: dict[str, str] = {}
        for choice in menu:
            # Put anew at the end: a later choice in the same menu takes the place of an earlier one.
            last.pop(context := choice.partition(",")[0], None)
            last[context] = choice
        return next((found for choice in reversed(last.values()) if (found := self._by_choice.get(choice))), None)
