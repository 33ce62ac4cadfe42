"""Which interfaces are phones of the centre: those configured, else members of its queues and what rang for callers.

A trunk that rings somebody's mobile for a caller is no phone of the centre: it is told by how it is dialled, with a
number. That callers come by an interface says nothing, since whoever has a phone may call the line to try it.

**Source:** `DialBegin`, whose DialString is what Dial or Queue was given behind the technology: `agent1` for a phone,
`01012345678@carrier` or `carrier/01012345678` through a trunk.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.calls.agents import Members
    from monitor.calls.lines import Patterns

_MOST = 10_000
"""So many interfaces are remembered, the last ones."""
_ENTERED = re.compile(r"\+?[0-9]{7,}")
"""A number longer than any extension."""


def dialled_itself(interface: str, dial_string: str) -> bool:
    """Whether what was dialled is the interface itself, and no number through it.

    Args:
        interface: as in `PJSIP/agent1`.
        dial_string: as `DialBegin` tells it, as in `agent1`.
    """
    name, through, address = dial_string.partition("/sip:")
    return name in (interface, interface.partition("/")[2]) and not (
        through and _ENTERED.fullmatch(address.partition("@")[0])
    )


class Phones:
    """The phones of one system.

    Args:
        patterns: the interfaces that are; none where they are to be found.
        members: of its queues.
    """

    __slots__ = ("_members", "_patterns", "_rang")

    def __init__(self, patterns: Patterns, members: Members) -> None:
        self._patterns = patterns
        self._members = members
        self._rang: dict[str, str] = {}

    def __contains__(self, interface: str) -> bool:
        """Whether it is a phone of the centre."""
        if self._patterns:
            return self._patterns.match(interface)
        return interface in self._rang or self._members.name_of(interface) is not None

    @property
    def configured(self) -> bool:
        """Whether the settings say which they are."""
        return bool(self._patterns)

    def name_of(self, interface: str) -> str | None:
        """The name of the queue member whose phone it is; None where no queue has told one."""
        return self._members.name_of(interface) or self._rang.get(interface) or None

    def rang(self, interface: str, member: str | None) -> None:
        """It was dialled itself for a caller whom nobody had answered yet."""
        known = self._rang
        if interface not in known and len(known) >= _MOST:
            del known[next(iter(known))]
        known[interface] = member or known.get(interface, "")

    def standing(self) -> list[list[str]]:
        """What was found, each with its member's name."""
        return [[interface, name] for interface, name in self._rang.items()]

    def restore(self, rang: Iterable[Iterable[str]]) -> None:
        """Know what was found before, and nothing else."""
        self._rang = {interface: name for interface, name in rang}  # noqa: C416 - pairs from JSON are lists
