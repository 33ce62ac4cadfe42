"""What rang when a system was lost: the last that was seen of it, for as long as nothing else is known.

When a connection breaks, the call state ends every ringing at that instant, since no clock may run unseen. A person
must not take that for quiet: until the system is heard again, what rang last is shown as it stood.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.board_records import CallNow, PhoneNow
    from monitor.calls.facts import CallKey


class Lost:
    """Calls that rang when their system was lost, as they stood: `ringing_since_at` is None, so no count goes on."""

    def __init__(self) -> None:
        self.calls: dict[CallKey, CallNow] = {}
        self._ceased_at: dict[str, datetime] = {}
        self._ceased: dict[str, dict[CallKey, CallNow]] = {}

    def ceased(self, call: CallNow, phone: PhoneNow, at: datetime) -> None:
        """A phone is about to be taken off a call: it may be the loss of the system that silenced it."""
        system = call.key.system
        if self._ceased_at.get(system) != at:
            self._ceased_at[system] = at
            self._ceased[system] = {}
        known = self._ceased[system].get(call.key)
        if known is None:
            heard_us = call.ringing_us(at)
            known = replace(call, phones={}, heard_us=heard_us, ringing_since_at=None, stage_since_at=at)
            self._ceased[system][call.key] = known
        known.phones[phone.channel] = phone

    def began(self, system: str, at: datetime) -> None:
        """Nothing is seen of a system from `at` on: what was silenced at that very instant rang until then."""
        if self._ceased_at.get(system) == at:
            self.calls |= self._ceased[system]

    def ended(self, system: str) -> None:
        """The system is heard again, and has told what exists now."""
        self.calls = {key: call for key, call in self.calls.items() if key.system != system}
        self._ceased.pop(system, None)
        self._ceased_at.pop(system, None)
