"""A caller in a queue: waiting, phones rung by the strategy, the answer, or the end of patience or time.

**Source:** Asterisk apps/app_queue.c; the recordings no_answer_then_other, ringall, abandoned_*, queue_timeout,
declined_then_other, do_not_disturb and waiting_then_ringing of the laboratory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import AttemptResult
from monitor.simulator.calls import CallInProgress, Ending, Flow, Leg, rings, will_ring
from monitor.simulator.elsewhere import pick_up
from monitor.simulator.exchange import SECOND_US, UP, Channel

if TYPE_CHECKING:
    from monitor.simulator.people import Phone, Queue


class QueueStay:
    """One caller's stay in one queue.

    Args:
        call: whose call it is.
        channel: the caller's channel.
        queue: the queue.
        sent: the caller was sent here by a transfer, which told so already, and hears ringback.
    """

    def __init__(self, call: CallInProgress, channel: Channel, queue: Queue, *, sent: bool = False) -> None:
        self.call = call
        self.thread = call.thread
        self.channel = channel
        self.queue = queue
        self.sent = sent
        self.ringing = False
        self.entered_at_us = 0
        self.entered_position = 0
        self.music = False
        self.legs: list[Leg] = []

    def run(self) -> Flow[Leg | Ending]:
        """Go through the queue.

        Returns:
            The leg that answered, already bridged with the caller, or how else the stay ended.
        """
        self._join()
        give_up_at_us = self.entered_at_us + self.queue.timeout_us
        while True:
            legs = self._members_to_ring()
            if legs:
                result = yield from self._ring(legs, give_up_at_us)
            else:
                result = yield from self._wait(min(self.thread.at_us + self.queue.retry_us, give_up_at_us))
            if result is Ending.CALLER_LEFT:
                self._abandon()
                return result
            if isinstance(result, Leg):
                self._connect(result)
                return result
            if self.thread.at_us >= give_up_at_us:
                self._leave_unanswered()
                return Ending.NO_ANSWER

    # ---- in and out

    def _join(self) -> None:
        queue = self.queue
        queue.callers.append(self)
        ringback = self.sent or self.channel.state != UP
        data = f"{queue.name},{'tr' if ringback else 't'},,,{queue.timeout_us // SECOND_US}"
        if self.sent:
            self.channel.application, self.channel.data = "Queue", data
        else:
            self.thread.new_exten(self.channel, "Queue", data)
        count = len(queue.callers)
        self.entered_position = count
        self.entered_at_us = self._event("QueueCallerJoin", f"Position: {count}\r\nCount: {count}\r\n")
        # Ringback for callers who hear the trunk ring; music where a menu has answered already.
        if not ringback:
            self.music = True
            self.thread.about("MusicOnHoldStart", self.channel, "Class: default\r\n")

    def _leave(self) -> None:
        position = self.queue.callers.index(self) + 1
        self.queue.callers.remove(self)
        self._event("QueueCallerLeave", f"Position: {position}\r\nCount: {len(self.queue.callers)}\r\n")

    def _leave_unanswered(self) -> None:
        """Abandon, in Asterisk's word, which it has for the queue's timeout as well."""
        self.queue.abandoned += 1
        position = self.queue.callers.index(self) + 1
        self._event(
            "QueueCallerAbandon",
            f"Position: {position}\r\nOriginalPosition: {self.entered_position}\r\n"
            f"HoldTime: {self._hold_seconds()}\r\n",
        )
        self._leave()

    def _abandon(self) -> None:
        """The caller hangs up."""
        up = self.channel.state == UP
        self.thread.hangup_request(self.channel, *(() if up else (127, 487)))
        self._stop_music()
        for _ in range(2):
            for leg in self.legs:
                self.thread.dial_end(self.channel, leg.channel, "CANCEL")
                self.call.ends_ringing(leg, AttemptResult.CALLER_LEFT)
        self._leave_unanswered()
        for leg in self.legs:
            self.call.let_go(leg, 0)
        self.legs = []

    def _stop_music(self) -> None:
        if self.music:
            self.music = False
            self.thread.about("MusicOnHoldStop", self.channel)

    def _wait(self, until_us: int) -> Flow[Ending | None]:
        """Wait while no phone can be rung."""
        at_us = min(until_us, self.call.leaves_at_us)
        yield at_us
        self.thread.wake(at_us)
        return Ending.CALLER_LEFT if at_us == self.call.leaves_at_us else None

    # ---- ringing phones

    def _members_to_ring(self) -> list[Leg]:
        """Dial the members whose turn it is; none where callers in front of this one need them."""
        free = self.queue.free_members(self.thread.at_us)
        ahead = 0
        for other in self.queue.callers:
            if other is self:
                break
            ahead += not other.ringing
        if ahead >= len(free):
            return []
        if self.queue.strategy == "ringall":
            return [self._dial(phone) for phone in free] if not ahead else []
        self.queue.rung(free[0])
        return [self._dial(free[0])]

    def _dial(self, phone: Phone) -> Leg:
        leg = self.call.new_leg(phone, self.channel, self.queue)
        before = leg.channel.lines("Dest")
        leg.channel.place(self.channel.exten)
        leg.channel.connect(self.channel.caller_number, self.channel.caller_name)
        self._member_event("AgentCalled", leg)
        self.thread.dial_begin(self.channel, leg.channel, phone.interface, before)
        if self.queue.strategy != "ringall":
            self.thread.new_connected_line(self.channel, phone.number, phone.person)
        return leg

    def _ring(self, legs: list[Leg], give_up_at_us: int) -> Flow[Leg | Ending | None]:
        """Ring phones until one answers, the round is over, or the caller leaves.

        A phone that refuses is followed at once by the next member, in the same round.
        """
        began_at_us = self.thread.at_us
        over_at_us = min(began_at_us + self.queue.ring_us, give_up_at_us)
        self.legs = legs
        self.ringing = True
        yield from self._let_ring(began_at_us)
        result: Leg | Ending | None = None
        while result is None:
            if not self.legs:
                self.legs = self._members_to_ring()
                if not self.legs:
                    break
                yield from self._let_ring(began_at_us)
                continue
            replied = yield from self.call.wait_for_reply(self.legs, over_at_us)
            if replied is Ending.NO_ANSWER:
                self._give_up(began_at_us)
                break
            if replied is Ending.PICKED_UP:
                rung = self.legs.pop()
                replied = yield from pick_up(self.call, self.channel, rung, self.queue)
            elif isinstance(replied, Leg) and self.call.refused(replied) is not None:
                self._refuses(replied, began_at_us)
                continue
            result = replied
        self.ringing = False
        if isinstance(result, Leg):
            result.hold_seconds = (self.thread.at_us - began_at_us) // SECOND_US
        elif result is None:
            # The queue waits `retry` before the next round.
            result = yield from self._wait(min(self.thread.at_us + self.queue.retry_us, give_up_at_us))
        return result

    def _let_ring(self, began_at_us: int) -> Flow[None]:
        """The phones that were dialled ring, or refuse."""
        self.thread.pass_time(*self.call.world.network_us)
        yield self.thread.at_us
        for leg in [leg for leg in self.legs if will_ring(leg)]:
            rings(self.call, self.channel, leg, by_queue=True)
        for leg in [leg for leg in self.legs if not will_ring(leg)]:
            self._refuses(leg, began_at_us)

    def _refuses(self, leg: Leg, began_at_us: int) -> None:
        refusal = self.call.refused(leg)
        assert refusal is not None  # noqa: S101 - held by whoever calls this
        status, cause, sip_status, result = refusal
        self.thread.hangup_request(leg.channel, cause, sip_status)
        self.thread.dial_end(self.channel, leg.channel, status)
        self.call.ends_ringing(leg, result)
        self._ring_no_answer(leg, began_at_us)
        self.legs.remove(leg)
        self.call.let_go(leg, cause, sip_status)
        if leg.ringing_since_us is None:
            self.thread.new_connected_line(leg.channel)

    def _give_up(self, began_at_us: int) -> None:
        """The round is over and nobody has answered."""
        for leg in self.legs:
            self._ring_no_answer(leg, began_at_us)
        for leg in self.legs:
            self.thread.dial_end(self.channel, leg.channel, "NOANSWER")
            self.call.ends_ringing(leg, AttemptResult.NO_ANSWER)
        for leg in self.legs:
            self.thread.dial_end(self.channel, leg.channel, "CANCEL")
        for leg in self.legs:
            self.call.let_go(leg, 0)
        self.legs = []

    def _ring_no_answer(self, leg: Leg, began_at_us: int) -> None:
        # Asterisk tells whole seconds here, in milliseconds.
        whole_ms = (self.thread.at_us - began_at_us) // SECOND_US * 1000
        self._member_event("AgentRingNoAnswer", leg, f"RingTime: {whole_ms}\r\n")

    # ---- the answer

    def _connect(self, leg: Leg) -> None:
        """Join the caller and the member who answered."""
        thread, call = self.thread, self.call
        others = [other for other in self.legs if other is not leg]
        self.legs = []
        if not leg.picked_up:
            call.phone_answers(leg)
            thread.dial_end(self.channel, leg.channel, "ANSWER")
        for other in others:
            thread.dial_end(self.channel, other.channel, "CANCEL")
            call.ends_ringing(other, AttemptResult.ANSWERED_ELSEWHERE)
        if self.queue.strategy == "ringall" and not leg.picked_up:
            thread.new_connected_line(self.channel, leg.phone.number, leg.phone.person)
        for other in others:
            thread.dial_end(self.channel, other.channel, "CANCEL")
        self._stop_music()
        self._leave()
        if not leg.picked_up:
            call.in_use(leg)
        leg.connected_at_us = thread.at_us
        ring_seconds, leg.hold_seconds = leg.hold_seconds, self._hold_seconds()
        self._member_event("AgentConnect", leg, f"HoldTime: {leg.hold_seconds}\r\nRingTime: {ring_seconds}\r\n")
        if self.channel.state != UP:
            thread.new_state(self.channel, UP)
        for other in others:
            call.let_go(other, 26)
        call.join(leg.channel, self.channel)
        call.answered_by(leg)
        if leg.picked_up:
            leg.channel.join_call(self.channel.linkedid)

    def _hold_seconds(self) -> int:
        return self.thread.at_us // SECOND_US - self.entered_at_us // SECOND_US

    def _event(self, event: str, rest: str) -> int:
        return self.thread.emit(event, "agent", f"{self.channel.lines()}Queue: {self.queue.name}\r\n{rest}")

    def _member_event(self, event: str, leg: Leg, rest: str = "") -> None:
        self.thread.emit(event, "agent", self.channel.lines() + member_event_lines(leg, self.queue) + rest)


def member_event_lines(leg: Leg, queue: Queue) -> str:
    """The header lines about a member's channel, as the Agent events show them behind the caller's channel."""
    return (
        f"{leg.channel.lines('Dest')}Queue: {queue.name}\r\nInterface: {leg.member.interface}\r\n"
        f"MemberName: {leg.member.person}\r\n"
    )
