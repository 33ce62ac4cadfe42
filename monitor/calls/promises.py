"""Calls back that callers are promised while they call: what the dialplan or an agent's feature code reports of it.

**Source:** `UserEvent` CallbackPromised with the header `Due`: an instant of ISO 8601 with its offset, or a date and a
time of day (`2026-11-26 17:00`) in the centre's zone. Asterisk runs a feature code's application on the channel of who
pressed it, or on that of their peer (features.conf, `applicationmap`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.calls.call import LivePromise
from monitor.calls.facts import instant

if TYPE_CHECKING:
    from datetime import tzinfo

    from monitor.ami import events as e
    from monitor.calls.call import LiveCall
    from monitor.calls.channels import Channel
    from monitor.calls.state import State

_MOST = 50
"""So many promises of one call are kept: somebody may lean on the key."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(?P<offset>Z|[+-]\d\d:?\d\d)?", re.ASCII)


def due_of(text: str, zone: tzinfo) -> datetime | None:
    """The instant that a `Due` tells, in UTC; None where it tells none.

    Args:
        text: as the dialplan wrote it.
        zone: of a time without an offset.
    """
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at if found["offset"] else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def promised(state: State, event: e.UserEvent) -> None:
    """A caller was promised a call back; one that is no caller's, as in an agent's own call, is only counted."""
    channel = state.channels.get(event.uniqueid)
    call = channel.call if channel is not None else state.calls.get(event.linkedid)
    if call is None or not call.offered:
        state.unexpected["promise_of_no_caller"] += 1
        return
    due_at = due_of(event.due, state.plan.zone) if event.due else None
    if event.due and due_at is None:
        state.unexpected["promise_unreadable_due"] += 1
    elif due_at is not None and due_at <= instant(event.at_us):
        state.unexpected["promise_due_in_the_past"] += 1
        due_at = None
    if len(call.promises) < _MOST:
        call.promises.append(LivePromise(event.at_us, _by(state, call, channel), due_at))


def _by(state: State, call: LiveCall, channel: Channel | None) -> str:
    """The interface of the phone that promised: the channel's own, else of whom the caller talks with; else nobody's.

    Of several who hear the caller it is the one that answered.
    """
    if channel is not None and channel.person and channel is not call.caller:
        return channel.interface
    if call.answer is not None and call.answer.uniqueid in call.parties:
        return call.answer.interface
    heard = (state.channels[uniqueid] for uniqueid in sorted(call.parties) if uniqueid in state.channels)
    return next((person.interface for person in heard), "")
