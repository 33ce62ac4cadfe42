"""Passing a caller on after calling the target first: attended, and blonde where the person lets go before the answer.

By SIP REFER with Replaces the consultation is a call of its own until the join; by feature code or AMI it goes through
a Local channel and stays within the caller's call.

**Source:** Asterisk main/bridge_basic.c, res/res_pjsip_refer.c; the recordings attended_*, blonde_* and consulted_only
of the laboratory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import TransferKind, TransferResult
from monitor.simulator.calls import Flow, Leg, will_ring
from monitor.simulator.dialling import dial
from monitor.simulator.exchange import DOWN, MILLISECOND_US, RING, RINGING, SECOND_US, UNKNOWN, UP, Bridge, Channel
from monitor.simulator.people import RINGING_STATE, Phone
from monitor.simulator.plans import Answers, Consult, Ignores, Means
from monitor.simulator.truth import TrueTransfer

if TYPE_CHECKING:
    from monitor.simulator.flows import CallFlow

CONSULTATION_RINGS_US = 9 * SECOND_US
"""How long a consulted phone rings before the person has the caller again (`atxfernoanswertimeout`)."""


def consult(flow: CallFlow, step: Consult, person: Leg) -> Flow[Leg]:
    """The person calls the target, and hands the caller over or takes the caller back.

    Returns:
        Who talks with the caller now.
    """
    target = flow.call.world.by_number[step.to]
    if target.engaged:
        return person
    if step.means is Means.REFER:
        return (yield from _by_refer(flow, step, person, target))
    return (yield from LocalConsultation(flow, step, person, target).run())


def _by_refer(flow: CallFlow, step: Consult, person: Leg, target: Phone) -> Flow[Leg]:
    """The phone holds the caller, calls the target itself, and joins the two by REFER with Replaces."""
    call, thread, caller = flow.call, flow.call.thread, flow.caller
    held_at_us = thread.about("Hold", person.channel, "MusicClass: default\r\n")
    thread.about("MusicOnHoldStart", caller, "Class: default\r\n")
    thread.pass_time(900, 2_500)
    name = call.world.exchange.phone_channel(person.phone.endpoint)
    second = thread.new_channel(name, RING, person.phone.number, person.phone.person, person.phone.context, step.to)
    answered = yield from dial(call, second, [target], CONSULTATION_RINGS_US, step.reply, patient=True)
    if not isinstance(answered, Leg):
        thread.new_exten(second, "Hangup", "")
        thread.soft_hangup_request(second)
        thread.hang_up(second, 16)
        thread.about("Unhold", person.channel)
        thread.about("MusicOnHoldStop", caller)
        flow.truth.hold_us += thread.at_us - held_at_us
        return person
    new = call.join(answered.channel, second, outgoing=answered.channel)
    consulting_since_us = thread.at_us
    until_us = thread.at_us + step.talk_us
    yield until_us
    thread.wake(until_us)
    old = flow.bridge()
    ended_at_us = thread.about("Unhold", person.channel)
    thread.about("MusicOnHoldStop", caller)
    thread.about("Unhold", second)
    body = (
        f"Result: Success\r\n{person.channel.lines('OrigTransferer')}{old.lines('Orig')}"
        f"{second.lines('SecondTransferer')}{new.lines('Second')}{caller.lines('Transferee')}"
        f"{answered.channel.lines('TransferTarget')}IsExternal: No\r\nDestType: Bridge\r\n"
        f"DestBridgeUniqueid: {new.uniqueid}\r\n"
    )
    thread.bridge_leave(old, caller)
    thread.bridge_leave(new, second)
    thread.bridge_enter(new, caller, swap=second)
    thread.about("SoftHangupRequest", second, "Cause: 1\r\n")
    at_us = thread.emit("AttendedTransfer", "call", body)
    flow.agent_complete(person, "transfer")
    flow.empty(old, person.channel)
    # The older call's linkedid wins.
    answered.channel.join_call(caller.linkedid)
    thread.new_connected_line(answered.channel, caller.caller_number, caller.caller_name)
    thread.new_connected_line(caller, target.number, target.person)
    thread.soft_hangup_request(second)
    thread.hang_up(second, 16)
    thread.hang_up(person.channel, 16)
    flow.truth.hold_us += ended_at_us - held_at_us
    flow.truth.transfers.append(
        TrueTransfer(
            kind=TransferKind.ATTENDED,
            at_us=at_us,
            by=person.phone.interface,
            to=step.to,
            announced=True,
            consultation_us=at_us - consulting_since_us,
            caller_hold_us=ended_at_us - held_at_us,
            result=TransferResult.COMPLETED,
            reconnected_at_us=at_us,
        )
    )
    flow.free(person)
    answered.connected_at_us = at_us
    return answered


class LocalConsultation:
    """A consultation through a Local channel: by feature code, or asked for by AMI `Atxfer`.

    Args:
        flow: the call.
        step: what the person does.
        person: who talks with the caller.
        target: the phone that is consulted.
    """

    def __init__(self, flow: CallFlow, step: Consult, person: Leg, target: Phone) -> None:
        self._flow = flow
        self._call = flow.call
        self._thread = flow.call.thread
        self._step = step
        self._person = person
        self._target = target

    def run(self) -> Flow[Leg]:  # noqa: PLR0915 - one step after the other, as Asterisk writes
        """Go through the consultation.

        Returns:
            Who talks with the caller now.
        """
        flow, thread, step, person = self._flow, self._thread, self._step, self._person
        caller = flow.caller
        old = flow.bridge()
        # Nobody else's call is to reach the target while its number is dialled.
        self._target.engaged = True
        held_at_us = thread.about("Hold", person.channel)
        thread.about("MusicOnHoldStart", caller, "Class: default\r\n")
        dialled_at_us = thread.at_us + len(step.to) * 120 * MILLISECOND_US
        yield dialled_at_us
        thread.wake(dialled_at_us)
        one, two, new = self._open()
        consulted_at_us = thread.at_us
        thread.bridge_leave(old, person.channel)
        thread.bridge_enter(new, person.channel)
        thread.new_connected_line(person.channel, UNKNOWN, UNKNOWN)
        leg = yield from self._ring(one, two)
        ringing_since_us = thread.at_us
        transfer = TrueTransfer(
            kind=TransferKind.ATTENDED, at_us=thread.at_us, by=person.phone.interface, to=step.to, announced=False
        )
        answer_at_us = leg.due_at_us
        if step.lets_go_after_us is not None and step.lets_go_after_us < CONSULTATION_RINGS_US:
            yield from self._until(ringing_since_us + step.lets_go_after_us)
            transfer.kind = TransferKind.BLONDE
            self._merge(one, old, new, leg, transfer, None)
            transfer.caller_hold_us = thread.at_us - held_at_us
            yield from self._until(answer_at_us)
            far = self._answer(one, two, leg, caller)
            self._finish(new)
            transfer.reconnected_at_us = thread.at_us
        elif answer_at_us > ringing_since_us + CONSULTATION_RINGS_US:
            yield from self._until(ringing_since_us + CONSULTATION_RINGS_US)
            transfer.caller_hold_us = self._take_back(one, two, old, new, leg) - held_at_us
            transfer.at_us, transfer.result = consulted_at_us, TransferResult.NO_ANSWER
            flow.truth.transfers.append(transfer)
            flow.truth.hold_us += transfer.caller_hold_us
            return person
        else:
            yield from self._until(answer_at_us)
            far = self._answer(one, two, leg, None)
            consulting_since_us = thread.at_us
            yield from self._until(thread.at_us + step.talk_us)
            transfer.announced = True
            self._merge(one, old, new, leg, transfer, one.lines("TransferTarget"))
            self._finish(new)
            thread.new_connected_line(leg.channel, caller.caller_number, caller.caller_name)
            transfer.consultation_us = transfer.at_us - consulting_since_us
            transfer.reconnected_at_us = transfer.at_us
            transfer.caller_hold_us = transfer.at_us - held_at_us
        transfer.result = TransferResult.COMPLETED
        flow.truth.hold_us += transfer.caller_hold_us
        flow.truth.transfers.append(transfer)
        flow.free(person)
        flow.through = (one, two, far)
        leg.connected_at_us = thread.at_us
        return leg

    def _until(self, at_us: int) -> Flow[None]:
        yield at_us
        self._thread.wake(at_us)

    def _open(self) -> tuple[Channel, Channel, Bridge]:
        """Make the Local channel, and the bridge in which the person waits for the target."""
        thread, person, exten = self._thread, self._person, self._step.to
        context = person.channel.context
        name = self._call.world.exchange.local_channel(exten, context)
        linkedid = person.channel.linkedid
        one = thread.new_channel(f"{name};1", DOWN, UNKNOWN, UNKNOWN, context, exten, linkedid)
        two = thread.new_channel(f"{name};2", RING, UNKNOWN, UNKNOWN, context, exten, linkedid)
        bridge = thread.bridge_create()
        # LocalBridge shows the halves as they were made, but for the caller's number.
        thread.new_callerid(two, person.phone.number, person.phone.person)
        thread.local_bridge(one, two, context, exten)
        thread.new_connected_line(one, person.phone.number, person.phone.person)
        thread.bridge_enter(bridge, one)
        return one, two, bridge

    def _ring(self, one: Channel, two: Channel) -> Flow[Leg]:
        """The extension dials the target's phone."""
        call, thread, target = self._call, self._thread, self._target
        reply = self._step.reply if isinstance(self._step.reply, Answers) else Ignores()
        thread.new_exten(two, "Dial", f"{target.interface},30,tT")
        target.engaged = False
        leg = call.new_leg(target, two, None, reply)
        leg.channel.place(two.exten)
        leg.channel.connect(two.caller_number, two.caller_name)
        thread.new_exten(leg.channel, "AppDial", "(Outgoing Line)")
        thread.new_connected_line(leg.channel)
        thread.dial_begin(two, leg.channel, target.endpoint)
        thread.new_connected_line(two, target.number, target.person)
        thread.new_connected_line(self._person.channel, target.number, target.person)
        thread.pass_time(*call.world.network_us)
        yield thread.at_us
        assert will_ring(leg)  # noqa: S101 - held by whoever calls this
        thread.new_state(leg.channel, RINGING)
        call.begins_to_ring(leg)
        thread.new_state(one, RINGING)
        thread.new_callerid(one, target.number, target.person)
        thread.dial_state(two, leg.channel, "RINGING")
        thread.dial_state(None, one, "RINGING")
        call.status(target, RINGING_STATE)
        return leg

    def _answer(self, one: Channel, two: Channel, leg: Leg, caller: Channel | None) -> Bridge:
        """The target answers; `caller` is who is joined to it by now, where the person has let go."""
        call, thread = self._call, self._thread
        thread.new_state(leg.channel, UP)
        if caller is not None:
            thread.new_callerid(two, caller.caller_number, caller.caller_name)
        leg.channel.place("")
        thread.dial_end(two, leg.channel, "ANSWER")
        call.in_use(leg)
        thread.new_state(two, UP)
        bridge = thread.bridge_create()
        thread.new_exten(leg.channel, "AppDial", "(Outgoing Line)", "")
        thread.bridge_enter(bridge, leg.channel)
        thread.new_state(one, UP)
        thread.dial_end(None, one, "ANSWER")
        thread.bridge_enter(bridge, two)
        return bridge

    def _merge(  # noqa: PLR0917 - what a merge joins
        self, one: Channel, old: Bridge, new: Bridge, leg: Leg, transfer: TrueTransfer, target_lines: str | None
    ) -> None:
        """The person hangs up, and what is left of the two bridges becomes one."""
        flow, thread, person, caller = self._flow, self._thread, self._person, self._flow.caller
        thread.hangup_request(person.channel, 16)
        thread.bridge_leave(new, person.channel)
        thread.emit("BridgeMerge", "call", old.lines("To") + new.lines("From"))
        thread.bridge_leave(new, one)
        thread.bridge_enter(old, one)
        thread.about("MusicOnHoldStop", caller)
        if target_lines is None:
            # Let go of while ringing: connected lines change first, and no target is named.
            thread.new_connected_line(caller, self._target.number, self._target.person)
            thread.new_connected_line(one, caller.caller_number, caller.caller_name)
            thread.new_connected_line(leg.channel, caller.caller_number, caller.caller_name)
        transfer.at_us = thread.emit(
            "AttendedTransfer",
            "call",
            f"Result: Success\r\n{person.channel.lines('OrigTransferer')}{old.lines('Orig')}"
            f"{person.channel.lines('SecondTransferer')}{new.lines('Second')}{caller.lines('Transferee')}"
            f"{target_lines or ''}IsExternal: No\r\nDestType: Bridge\r\nDestBridgeUniqueid: {old.uniqueid}\r\n",
        )
        flow.agent_complete(person, "transfer")
        if target_lines is not None:
            thread.new_connected_line(caller, self._target.number, self._target.person)
            thread.new_connected_line(one, caller.caller_number, caller.caller_name)

    def _finish(self, new: Bridge) -> None:
        """The person's channel ends once the target has answered."""
        self._thread.bridge_destroy(new)
        self._thread.hang_up(self._person.channel, 16)

    def _take_back(self, one: Channel, two: Channel, old: Bridge, new: Bridge, leg: Leg) -> int:
        """The target does not answer, and the person has the caller again.

        Returns:
            When the caller was taken from hold, in microseconds since 1970.
        """
        call, thread, person, caller = self._call, self._thread, self._person, self._flow.caller
        thread.bridge_leave(new, person.channel)
        thread.bridge_enter(old, person.channel)
        taken_back_at_us = thread.about("Unhold", person.channel)
        thread.about("MusicOnHoldStop", caller)
        thread.bridge_leave(new, one)
        thread.hangup_request(two, 16)
        thread.dial_end(two, leg.channel, "CANCEL")
        call.let_go(leg, 16)
        thread.soft_hangup_request(two)
        thread.hang_up(two, 16)
        thread.bridge_destroy(new)
        thread.hang_up(one, 16)
        thread.pass_time(300_000, 360_000)
        thread.new_connected_line(person.channel, caller.caller_number, caller.caller_name)
        return taken_back_at_us
