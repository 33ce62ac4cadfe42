"""What of the configured teams an Asterisk does not have: a misspelt name gives a team no call, and says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from monitor.config_charter import TeamSettings

_QUEUE_STEP = "Correct `queues` of that team, unless they are another Asterisk's."
_MENU_STEP = "Correct `menu` of that team, unless the dialplan reports its choices by UserEvent (docs/teams.md)."


def not_here(
    teams: Iterable[TeamSettings], queues: Collection[str], extensions: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, str]]:
    """Queues and menu choices that are named and not there, each with what to do.

    Args:
        teams: as configured.
        queues: names of the queues there are.
        extensions: of the dialplan, by context.
    """
    for team in teams:
        absent = [queue for queue in team.queues if queue not in queues]
        if absent:
            yield f"Team {team.name} names queues that are not here: {', '.join(absent)}.", _QUEUE_STEP
        unknown = [choice for choice in team.menu if not _leads_on(choice, extensions)]
        if unknown:
            yield f"Team {team.name} names menu choices that the dialplan has not: {' '.join(unknown)}.", _MENU_STEP


def _leads_on(choice: str, extensions: Mapping[str, Collection[str]]) -> bool:
    """Whether the menu's context has the extension, or a pattern or another context in it may."""
    context, _, digits = choice.partition(",")
    found = extensions.get(context)
    return found is not None and (digits in found or any(not each or each.startswith("_") for each in found))
