"""Which classes of event an account is sent, told by what arrives, since Asterisk does not say it at login.

Two events of different classes come together: a channel that enters the dialplan is announced by `Newchannel` (class
call) and then by `Newexten` (dialplan), and a queue that a channel runs into by `QueueCallerJoin` (agent). Where one
comes again and again and its companion never, the companion's class is missing, or a filter keeps it back.

**Source:** Asterisk main/manager_channels.c, main/manager.c, apps/app_queue.c (`EVENT_FLAG_…` of each event).
"""

from __future__ import annotations

from monitor.ami.protocol import header

NEEDED = ("system", "call", "agent", "user", "dialplan")
"""The `read` classes a call monitor needs."""

ENOUGH = 3
"""So often one of a pair must have come alone."""

ENOUGH_IN_PROGRESS = 50
"""So many steps of a dialplan without one event of class call: more than channels that were there before us take."""

_PROOF = {
    b"Newchannel": "call",
    b"Newstate": "call",
    b"Hangup": "call",
    b"Newexten": "dialplan",
    b"QueueCallerJoin": "agent",
    b"AgentCalled": "agent",
    b"QueueMemberStatus": "agent",
    b"QueueMemberPause": "agent",
}
_RING = "4"


class ClassEvidence:
    """What has been proved of the account's classes so far.

    Attributes:
        watched: names of the events still worth a look; empty once everything is proved.
        missing: classes shown to be missing.
    """

    def __init__(self) -> None:
        self._proved: set[str] = set()
        self._alone = {"call": 0, "dialplan": 0, "agent": 0}
        self.missing: set[str] = set()
        self.watched = frozenset(_PROOF)

    def see(self, name: bytes, packet: bytes) -> bool:
        """Take an event whose name is in `watched`.

        Returns:
            True where `missing` has changed by it.
        """
        before = len(self.missing)
        self._prove(_PROOF[name])
        if name == b"Newchannel" and header(packet, b"\r\nChannelState: ") == _RING:
            self._lacks("dialplan", ENOUGH)
        elif name == b"Newexten":
            self._lacks("call", ENOUGH_IN_PROGRESS)
            if header(packet, b"\r\nApplication: ") == "Queue":
                self._lacks("agent", ENOUGH)
        return len(self.missing) != before

    def _prove(self, found: str) -> None:
        if found in self._proved:
            return
        self._proved.add(found)
        self.missing.discard(found)
        if len(self._proved) == len(self._alone):
            self.watched = frozenset()

    def _lacks(self, companion: str, enough: int) -> None:
        if companion in self._proved:
            return
        self._alone[companion] += 1
        # The last one's companion may still be on its way.
        if self._alone[companion] > enough:
            self.missing.add(companion)
