"""What callers choose in menus, and the files that calls are recorded to: what a dialplan's steps tell of them.

**Source:** Asterisk main/pbx.c: a digit dialled in Background or WaitExten is the extension at which the channel goes
on, in the same context; so is what Read() took, once the dialplan goes on there. apps/app_mixmonitor.c: the file is
the first argument of MixMonitor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.teams import MOST_CHOICES

if TYPE_CHECKING:
    from monitor.ami import events as e
    from monitor.calls.call import LiveCall
    from monitor.calls.state import State

_MOST_FILES = 50
"""So many files of one call are kept: a dialplan may go round."""


def step(state: State, call: LiveCall, context: str, exten: str) -> None:
    """The caller's channel is at an extension: what they chose, where that is one of a menu. Nothing after the answer.

    What an agent's transfer leads to is chosen by the agent; the number that was dialled is no choice either.
    """
    teams = state.plan.teams
    if call.answer is not None or not teams.is_menu(context):
        return
    choice = teams.choice(context, exten) if exten != call.dialled else None
    if choice is not None and choice != call.last_step:
        _chose(call, choice)
    call.last_step = choice or ""


def told(state: State, event: e.UserEvent) -> None:
    """The dialplan reports what the caller chose: by words spoken, or by digits that it reads in a way of its own."""
    channel = state.channels.get(event.uniqueid)
    if channel is None:
        state.unexpected["unknown_channel"] += 1
        return
    call = channel.call
    choice = state.plan.teams.choice(event.menu, event.choice)
    if call.caller is channel and call.answer is None and choice is not None and choice != call.last_step:
        _chose(call, choice)
        call.last_step = choice


def _chose(call: LiveCall, choice: str) -> None:
    call.menu = (*call.menu, choice)[-MOST_CHOICES:]


def started(state: State, event: e.Recorded) -> None:
    """Asterisk names the file that a channel is recorded to."""
    channel = state.channels.get(event.uniqueid)
    if channel is None:
        state.unexpected["unknown_channel"] += 1
        return
    recorded(channel.call, event.file)


def recorded(call: LiveCall, file: str) -> None:
    """A channel of the call is recorded to a file, told by its path or by the name that the dialplan gave it."""
    known = any(each == file or each.endswith(f"/{file}") or file.endswith(f"/{each}") for each in call.recordings)
    if file and not known and len(call.recordings) < _MOST_FILES:
        call.recordings.append(file)
