"""Who looks on, and what they may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from monitor.masking import hyphenated, mask_number, masked_within, masked_words
from monitor.recording_names import masked

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

Role = Literal["board", "supervisor", "cases"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A person or program that was let in."""

    name: str
    """As they signed in; empty where nobody has to."""
    role: Role
    """`board` sees figures; `supervisor` also each call; `cases`, of programs alone, sees nothing but cases."""
    numbers: bool = False
    """Sees callers' numbers in full."""
    csrf: str = ""
    """What a form of theirs must bring along."""

    @property
    def sees_calls(self) -> bool:
        """Whether single calls may be looked at."""
        return self.role == "supervisor"

    @property
    def sees_cases(self) -> bool:
        """Whether cases of promises with a clock may be looked at and brought in."""
        return self.role in ("supervisor", "cases")

    def shown(self, text: str) -> str:
        """A name, interface or dialled text as this viewer may see it: a number in it is masked like a caller's."""
        return text if self.numbers else masked_within(text)

    def words(self, text: str) -> str:
        """What people wrote, as this viewer may see it: numbers and e-mail addresses in it are masked."""
        return text if self.numbers else masked_words(text)

    def number(self, number: str | None) -> str:
        """A caller's number as this viewer may see it, with hyphens; empty where there is none."""
        return hyphenated(number) if self.numbers else mask_number(number)

    def recording(self, file: str, caller: str | None) -> str:
        """The name of a call's recording as this viewer may see it: a number in it is masked like a caller's."""
        return file if self.numbers else masked(file, caller)

    def number_as_stored(self, number: str | None) -> str:
        """A caller's number for a program or a spreadsheet: where it may be seen, the digits as they came."""
        return (number or "") if self.numbers else mask_number(number)


LOCAL = Viewer(name="", role="supervisor")
"""Whoever sits at this machine, where nobody has to sign in: every call, and no number in full."""


def viewer_of(connection: HTTPConnection) -> Viewer:
    """The viewer that `monitor.page.access` has let in."""
    viewer: Viewer = connection.state.viewer
    return viewer
