"""AMI packets as typed events: only the kinds the call state needs, only the headers it reads, units made one.

Each event is a tuple of named fields. `at_us` is microseconds since 1970 on the Asterisk's own clock (on ours where
`timestampevents` is off); a missing header is "". AMI spellings end in this module.

**Source:** Asterisk 22 main/manager_channels.c, manager_bridges.c, stasis_channels.c, app_queue.c, res_parking.c and
recordings of a running one; headers that changed units between events (`RingTime`) are not read.
"""

from __future__ import annotations

from typing import NamedTuple, get_args

DOWN, RING, RINGING, UP = 0, 4, 5, 6
"""Channel states (Asterisk include/asterisk/channelstate.h): Ring is a caller's channel, Ringing a phone that rings."""


class NewChannel(NamedTuple):
    """A channel came to be: a caller's (state Ring), a dialled phone's (Down), or half of a Local pair."""

    at_us: int
    uniqueid: str
    linkedid: str
    channel: str
    state: int
    caller: str
    context: str
    exten: str


class NewState(NamedTuple):
    """A channel's state changed: a phone rings, a phone or the caller is up."""

    at_us: int
    uniqueid: str
    linkedid: str
    channel: str
    state: int


class NewExten(NamedTuple):
    """A channel runs the next step of the dialplan."""

    at_us: int
    uniqueid: str
    linkedid: str
    channel: str
    context: str
    exten: str
    application: str
    data: str


class NewCallerid(NamedTuple):
    """A channel's caller number was set."""

    at_us: int
    uniqueid: str
    caller: str


class Renamed(NamedTuple):
    """A channel carries another's name (a masquerade)."""

    at_us: int
    uniqueid: str
    channel: str


class HangupRequest(NamedTuple):
    """A channel's far end asked to hang up."""

    at_us: int
    uniqueid: str
    linkedid: str


class Hangup(NamedTuple):
    """A channel is gone. `cause` is a Q.850 number."""

    at_us: int
    uniqueid: str
    linkedid: str
    channel: str
    cause: int


class DialBegin(NamedTuple):
    """A channel (none where the dial was originated) dials another; `dialled` is what it dials, without technology."""

    at_us: int
    uniqueid: str
    dest_uniqueid: str
    dest_linkedid: str
    dest_channel: str
    dialled: str


class DialState(NamedTuple):
    """A dialled channel reports progress."""

    at_us: int
    uniqueid: str
    dest_uniqueid: str
    dest_linkedid: str
    dest_channel: str
    status: str


class DialEnd(NamedTuple):
    """A dialled channel answered, or is given up. `forward` is where the phone sent the call on to."""

    at_us: int
    uniqueid: str
    dest_uniqueid: str
    dest_linkedid: str
    dest_channel: str
    status: str
    forward: str


class LocalBridge(NamedTuple):
    """Two Local halves are one pair."""

    at_us: int
    one_uniqueid: str
    two_uniqueid: str


class BridgeEnter(NamedTuple):
    """A channel entered a bridge."""

    at_us: int
    uniqueid: str
    linkedid: str
    channel: str
    bridge: str
    technology: str


class BridgeLeave(NamedTuple):
    """A channel left a bridge."""

    at_us: int
    uniqueid: str
    linkedid: str
    channel: str
    bridge: str


class QueueCallerJoin(NamedTuple):
    """A caller began to wait in a queue, in which `callers` now wait."""

    at_us: int
    uniqueid: str
    linkedid: str
    queue: str
    callers: int


class QueueCallerLeave(NamedTuple):
    """A caller waits in the queue no more, for whatever reason."""

    at_us: int
    uniqueid: str
    queue: str
    callers: int


class QueueCallerAbandon(NamedTuple):
    """A caller hung up while waiting in a queue."""

    at_us: int
    uniqueid: str
    queue: str


class AgentCalled(NamedTuple):
    """A queue rings a member; `dest_uniqueid` is the member's channel, a Local half where it is reached through one."""

    at_us: int
    uniqueid: str
    dest_uniqueid: str
    queue: str
    interface: str
    member: str


class AgentComplete(NamedTuple):
    """A queue conversation is over; the member's wrap-up begins."""

    at_us: int
    queue: str
    interface: str


class QueueMember(NamedTuple):
    """A queue member's condition. `status` is a device state number (Asterisk include/asterisk/devicestate.h)."""

    at_us: int
    queue: str
    member: str
    interface: str
    status: int
    paused: bool
    in_call: bool
    last_call_s: int
    wrapup_s: int
    removed: bool


class QueueParams(NamedTuple):
    """How many callers wait in a queue (answer to QueueStatus)."""

    at_us: int
    queue: str
    callers: int


class QueueEntry(NamedTuple):
    """A caller who waits in a queue (answer to QueueStatus)."""

    at_us: int
    queue: str
    uniqueid: str


class BlindTransfer(NamedTuple):
    """A channel passed its peer on without speaking to the target."""

    at_us: int
    result: str
    transferer_uniqueid: str
    transferer_channel: str
    transferee_uniqueid: str
    exten: str


class AttendedTransfer(NamedTuple):
    """A channel joined its peer with a second call of its own.

    `target_uniqueid` is the channel at the far end of the second call, where Asterisk names it.
    """

    at_us: int
    result: str
    transferer_uniqueid: str
    transferer_channel: str
    second_uniqueid: str
    second_linkedid: str
    transferee_uniqueid: str
    target_uniqueid: str
    target_channel: str
    target_exten: str
    destination: str


class Pickup(NamedTuple):
    """A channel took the call that rang another."""

    at_us: int
    uniqueid: str
    target_uniqueid: str


class Held(NamedTuple):
    """A channel put its peer on hold (`on`) or took it back."""

    at_us: int
    uniqueid: str
    on: bool


class Parked(NamedTuple):
    """A caller was put in a parking place (`on`) or left it.

    `by` is the interface that put them there, where known; `retriever_uniqueid` is the channel that fetched them from
    there, empty where nobody did.
    """

    at_us: int
    uniqueid: str
    by: str
    on: bool
    retriever_uniqueid: str


class UserEvent(NamedTuple):
    """The dialplan reports something of its own; of the fields behind `name` each kind of report has its own."""

    at_us: int
    uniqueid: str
    linkedid: str
    name: str
    consent: str
    due: str
    """Of `CallbackPromised`: by when, as the dialplan wrote it."""
    menu: str
    """Of `MenuChoice`: the menu's context."""
    choice: str
    """Of `MenuChoice`: the digits that the caller chose by."""


class Recorded(NamedTuple):
    """A channel is recorded to a file, by whatever began it: an application, a queue, a key, or the manager.

    `file` is a path as Asterisk keeps it; `MixMonitorStart` tells of none.
    """

    at_us: int
    uniqueid: str
    linkedid: str
    file: str


class CoreShowChannel(NamedTuple):
    """A channel that exists (answer to CoreShowChannels)."""

    at_us: int
    uniqueid: str
    linkedid: str
    channel: str
    state: int
    caller: str
    context: str
    exten: str
    application: str
    bridge: str
    age_s: int


class CoreShowChannelsComplete(NamedTuple):
    """All channels that exist have been named."""

    at_us: int


class FullyBooted(NamedTuple):
    """Asterisk is ready, `uptime_s` seconds after its start (-1 where it does not say)."""

    at_us: int
    uptime_s: int


class Shutdown(NamedTuple):
    """Asterisk goes down."""

    at_us: int


Event = (
    NewChannel
    | NewState
    | NewExten
    | NewCallerid
    | Renamed
    | HangupRequest
    | Hangup
    | DialBegin
    | DialState
    | DialEnd
    | LocalBridge
    | BridgeEnter
    | BridgeLeave
    | QueueCallerJoin
    | QueueCallerLeave
    | QueueCallerAbandon
    | AgentCalled
    | AgentComplete
    | QueueMember
    | QueueParams
    | QueueEntry
    | BlindTransfer
    | AttendedTransfer
    | Pickup
    | Held
    | Parked
    | UserEvent
    | Recorded
    | CoreShowChannel
    | CoreShowChannelsComplete
    | FullyBooted
    | Shutdown
)


ANSWERS = (CoreShowChannel, CoreShowChannelsComplete, FullyBooted, QueueEntry, QueueMember, QueueParams)
"""What Asterisk writes as an answer to a login or an action carries neither `SystemName` nor `Timestamp`."""


UNIQUEIDS: dict[type[Event], tuple[str, ...]] = {
    kind: tuple(name for name in kind._fields if name.endswith("uniqueid")) for kind in get_args(Event)
}
"""By kind of event, the fields that name a channel."""
