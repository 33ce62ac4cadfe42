"""What the settings say of lines, rules and transfers, as the call state takes it: for a live line and for a replay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.calls.lines import Line, Lines, Patterns
from monitor.calls.state import Plan
from monitor.calls.teams import Team, Teams
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from monitor.config import Settings


def plan_of(settings: Settings, lines: tuple[str, ...] = ()) -> Plan:
    """Which calls are wanted, and how they are judged.

    Args:
        settings: as loaded; their lines hold where none is named.
        lines: names of configured lines, or patterns of others.

    Raises:
        ConfigError: a pattern holds a set that no character can be in, as in `_[z-a]`.
    """
    configured = {line.name: Line(line.name, line.patterns, line.contexts) for line in settings.line}
    wanted = tuple(configured.get(name) or Line(name, (name,)) for name in lines) or tuple(configured.values())
    try:
        return Plan(
            lines=Lines(wanted),
            rules=settings.ring_rules(),
            inside=Patterns(settings.transfers.inside),
            outside=Patterns(settings.transfers.outside),
            zone=settings.zone,
            phones=Patterns(settings.callbacks.phones),
            prefixes=settings.callbacks.prefixes,
            teams=Teams(tuple(Team(name=team.name, queues=team.queues, menu=team.menu) for team in settings.team)),
        )
    except re.error as error:
        raise ConfigError(
            f"A pattern of a line, of [transfers] or of [callbacks] cannot be read: {error}. "
            "Write its sets as in _[2-9]XX."
        ) from error
