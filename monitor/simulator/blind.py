"""Passing a caller on without speaking to the target first.

**Source:** Asterisk main/bridge.c (`ast_bridge_transfer_blind`), main/bridge_basic.c; the recordings blind_refer,
blind_feature, transfer_* and transfer_back of the laboratory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import TransferKind, TransferResult
from monitor.simulator.calls import Ending, Flow, Leg
from monitor.simulator.dialling import dial
from monitor.simulator.exchange import MILLISECOND_US, SECOND_US
from monitor.simulator.plans import Means, PassOn
from monitor.simulator.queueing import QueueStay
from monitor.simulator.truth import TrueTransfer

if TYPE_CHECKING:
    from monitor.simulator.exchange import Bridge
    from monitor.simulator.flows import CallFlow

RESULTS = {
    Ending.NO_ANSWER: TransferResult.NO_ANSWER,
    Ending.BUSY: TransferResult.BUSY,
    Ending.FAILED: TransferResult.FAILED,
    Ending.CALLER_LEFT: TransferResult.CALLER_LEFT,
}

TARGET_RINGS_US = 20 * SECOND_US
"""How long an extension dials its phone."""


def pass_on(flow: CallFlow, step: PassOn, person: Leg) -> Flow[Leg | Ending]:
    """The person sends the caller to an extension.

    Returns:
        Who talks with the caller now, or how the dialling of the extension ended.
    """
    call, thread = flow.call, flow.call.thread
    transfer = TrueTransfer(
        kind=TransferKind.BLIND, at_us=0, by=person.phone.interface, to=step.to, announced=False, consent=step.consent
    )
    call.truth.transfers.append(transfer)
    if step.means is Means.FEATURE:
        yield from _by_feature(flow, step, person, transfer)
    else:
        _by_refer(flow, step, person, transfer)
    flow.free(person)
    flow.person = None
    call.replies = iter(step.replies)
    call.leaves_at_us = thread.at_us + step.patience_us
    if step.consent is not None:
        consent = "yes" if step.consent else "no"
        thread.about("UserEvent", flow.caller, f"UserEvent: TransferConsent\r\nConsent: {consent}\r\n", "user")
        flow.caller.place(step.to, priority=2)
    queue = call.world.queue_by_exten.get(step.to)
    result: Leg | Ending
    if queue is not None:
        result = yield from QueueStay(call, flow.caller, queue, sent=True).run()
    else:
        target = call.world.by_number[step.to]
        result = yield from dial(call, flow.caller, [target], TARGET_RINGS_US, sent=step.consent is None)
        if isinstance(result, Leg):
            result.connected_at_us = thread.at_us
            call.join(result.channel, flow.caller, outgoing=result.channel)
    if isinstance(result, Leg):
        transfer.result = TransferResult.RETURNED if result.phone is person.phone else TransferResult.COMPLETED
        transfer.reconnected_at_us = thread.at_us
    else:
        transfer.result = RESULTS[result]
    return result


def _by_refer(flow: CallFlow, step: PassOn, person: Leg, transfer: TrueTransfer) -> None:
    thread, caller = flow.call.thread, flow.caller
    bridge = flow.bridge()
    thread.about("Unhold", person.channel)
    transfer.at_us = _blind_transfer(flow, step, person, bridge, is_external=True)
    flow.agent_complete(person, "transfer")
    thread.bridge_leave(bridge, person.channel)
    thread.hang_up(person.channel, 16)
    caller.place(step.to, context=person.channel.context)
    thread.new_exten(caller, caller.application, caller.data)
    flow.empty(bridge, caller)


def _by_feature(flow: CallFlow, step: PassOn, person: Leg, transfer: TrueTransfer) -> Flow[None]:
    thread, caller = flow.call.thread, flow.caller
    bridge = flow.bridge()
    held_at_us = thread.about("Hold", person.channel)
    thread.about("MusicOnHoldStart", caller, "Class: default\r\n")
    # The digits of the extension, one after the other.
    dialled_at_us = thread.at_us + len(step.to) * 350 * MILLISECOND_US
    yield dialled_at_us
    thread.wake(dialled_at_us)
    transfer.caller_hold_us = thread.about("Unhold", person.channel) - held_at_us
    flow.truth.hold_us += transfer.caller_hold_us
    thread.about("MusicOnHoldStop", caller)
    before = caller.lines("Transferee")
    full = bridge.lines()
    caller.place(step.to, context=person.channel.context)
    thread.new_exten(caller, caller.application, caller.data)
    thread.bridge_leave(bridge, caller)
    transfer.at_us = _blind_transfer(flow, step, person, bridge, is_external=False, transferee=before, bridged=full)
    flow.agent_complete(person, "transfer")
    flow.empty(bridge, person.channel)
    thread.hang_up(person.channel, 16)


def _blind_transfer(
    flow: CallFlow,
    step: PassOn,
    person: Leg,
    bridge: Bridge,
    *,
    is_external: bool,
    transferee: str | None = None,
    bridged: str | None = None,
) -> int:
    return flow.call.thread.emit(
        "BlindTransfer",
        "call",
        f"Result: Success\r\n{person.channel.lines('Transferer')}{transferee or flow.caller.lines('Transferee')}"
        f"{bridged or bridge.lines()}IsExternal: {'Yes' if is_external else 'No'}\r\n"
        f"Context: {person.channel.context}\r\nExtension: {step.to}\r\n",
    )
