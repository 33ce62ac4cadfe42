"""A plain Dial of one phone or several.

**Source:** Asterisk apps/app_dial.c; the recordings answered_ring_1, dial_many, dial_timeout, busy and
abandoned_ringing_past of the laboratory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import AttemptResult
from monitor.simulator.calls import CallInProgress, Ending, Flow, Leg, rings, will_ring
from monitor.simulator.elsewhere import forward, pick_up
from monitor.simulator.exchange import SECOND_US, UP, Channel
from monitor.simulator.plans import Forwards, Refuses

if TYPE_CHECKING:
    from monitor.simulator.people import Phone
    from monitor.simulator.plans import Reply

ENDING_OF_STATUS = {"BUSY": Ending.BUSY, "CONGESTION": Ending.FAILED, "NOANSWER": Ending.NO_ANSWER}


def dial(  # noqa: C901, PLR0912 - every way in which one dialling ends, side by side
    call: CallInProgress,
    dialler: Channel,
    phones: list[Phone],
    timeout_us: int,
    reply: Reply | None = None,
    *,
    sent: bool = False,
    patient: bool = False,
) -> Flow[Leg | Ending]:
    """Dial phones for a channel.

    Args:
        call: whose call it is.
        dialler: the channel that dials.
        phones: whom it dials.
        timeout_us: when it gives up.
        reply: how the phones reply; by the plan where not given.
        sent: the dialler was sent to this extension by a transfer, which told so already.
        patient: the dialler is no caller, and does not leave.

    Returns:
        The leg that answered, not bridged yet, or how else the dialling ended; where the caller left, the phones still
        ring and are the caller's flow to end: `cancel` does.
    """
    thread = call.thread
    interfaces = "&".join(phone.interface for phone in phones)
    data = f"{interfaces},{timeout_us // SECOND_US},tT"
    if sent:
        dialler.application, dialler.data = "Dial", data
    else:
        thread.new_exten(dialler, "Dial", data)
    legs = [_outgoing(call, dialler, phone, reply) for phone in phones]
    began_at_us = thread.at_us
    for leg in legs:
        thread.dial_begin(dialler, leg.channel, leg.phone.endpoint)
        if len(legs) == 1:
            thread.new_connected_line(dialler, leg.phone.number, leg.phone.person)
    thread.pass_time(*call.world.network_us)
    yield thread.at_us
    first = legs[0].reply
    # A forward to a phone in a call would be refused there; nobody has recorded that, so the phone itself refuses.
    if isinstance(first, Forwards) and call.world.by_number[first.to].engaged:
        legs[0].reply = Refuses(status=486)
    elif isinstance(first, Forwards):
        answered, call.through = yield from forward(call, dialler, legs[0])
        return answered
    ending = Ending.NO_ANSWER
    for leg in list(legs):
        if will_ring(leg):
            rings(call, dialler, leg, by_queue=False)
        else:
            ending = _refuses(call, dialler, leg)
            legs.remove(leg)
    while legs:
        replied = yield from call.wait_for_reply(legs, began_at_us + timeout_us, patient=patient)
        if replied is Ending.CALLER_LEFT:
            _cancel(call, dialler, legs)
            return replied
        if replied is Ending.PICKED_UP:
            return (yield from pick_up(call, dialler, legs[0], None))
        if replied is Ending.NO_ANSWER:
            _give_up(call, dialler, legs)
            return replied
        assert isinstance(replied, Leg)  # noqa: S101 - held by whoever calls this
        if call.refused(replied) is None:
            _answered(call, dialler, replied, [leg for leg in legs if leg is not replied])
            return replied
        ending = _refuses(call, dialler, replied)
        legs.remove(replied)
    return ending


def _outgoing(call: CallInProgress, dialler: Channel, phone: Phone, reply: Reply | None) -> Leg:
    leg = call.new_leg(phone, dialler, None, reply)
    leg.channel.place(dialler.exten)
    leg.channel.connect(dialler.caller_number, dialler.caller_name)
    call.thread.new_exten(leg.channel, "AppDial", "(Outgoing Line)")
    call.thread.new_connected_line(leg.channel)
    return leg


def _refuses(call: CallInProgress, dialler: Channel, leg: Leg) -> Ending:
    refusal = call.refused(leg)
    assert refusal is not None  # noqa: S101 - held by whoever calls this
    status, cause, sip_status, result = refusal
    call.thread.hangup_request(leg.channel, cause, sip_status)
    call.thread.dial_end(dialler, leg.channel, status)
    call.ends_ringing(leg, result)
    call.let_go(leg, cause, sip_status)
    return ENDING_OF_STATUS[status]


def _answered(call: CallInProgress, dialler: Channel, leg: Leg, others: list[Leg]) -> None:
    thread = call.thread
    call.phone_answers(leg)
    call.in_use(leg)
    if others:
        thread.new_connected_line(dialler, leg.phone.number, leg.phone.person)
        for other in others:
            thread.dial_end(dialler, other.channel, "CANCEL")
            call.ends_ringing(other, AttemptResult.ANSWERED_ELSEWHERE)
    # An answered channel stands at no extension until it is sent to one.
    leg.channel.place("")
    thread.dial_end(dialler, leg.channel, "ANSWER")
    if dialler.state != UP:
        thread.new_state(dialler, UP)
    for other in others:
        call.let_go(other, 26)


def _give_up(call: CallInProgress, dialler: Channel, legs: list[Leg]) -> None:
    for leg in legs:
        call.thread.dial_end(dialler, leg.channel, "NOANSWER")
        call.ends_ringing(leg, AttemptResult.NO_ANSWER)
    for leg in legs:
        call.let_go(leg, 0)


def _cancel(call: CallInProgress, dialler: Channel, legs: list[Leg]) -> None:
    """The caller hangs up while the phones ring."""
    thread = call.thread
    up = dialler.state == UP
    thread.hangup_request(dialler, *((16,) if up else (127, 487)))
    for leg in legs:
        thread.dial_end(dialler, leg.channel, "CANCEL")
        call.ends_ringing(leg, AttemptResult.CALLER_LEFT)
    for leg in legs:
        call.let_go(leg, 16 if up else 127, None if up else 500)
