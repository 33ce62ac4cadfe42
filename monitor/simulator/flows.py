"""The flow of one call, from the dialplan to its end."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING

from monitor.calls.facts import AttemptResult, Outcome, instant
from monitor.simulator.attended import consult
from monitor.simulator.blind import pass_on
from monitor.simulator.calls import CallInProgress, Ending, Flow, Leg, World
from monitor.simulator.dialling import dial
from monitor.simulator.exchange import BUSY, SECOND_US, UP, Bridge, Channel
from monitor.simulator.plans import CallPlan, Consult, HoldCaller, Promise, Talk, ToQueue
from monitor.simulator.queueing import QueueStay, member_event_lines
from monitor.simulator.truth import TruePromise

if TYPE_CHECKING:
    from random import Random

    from monitor.simulator.people import Queue
    from monitor.simulator.truth import Truth

KOREA = timezone(timedelta(hours=9))


class CallFlow:
    """One call as its plan has it.

    Args:
        world: the centre it arrives in.
        plan: what everybody will do.
        at_us: when it arrives, in microseconds since 1970.
        rng: its own source of chance.
    """

    def __init__(self, world: World, plan: CallPlan, at_us: int, rng: Random) -> None:
        self.call = CallInProgress(world, plan, at_us, rng)
        self.person: Leg | None = None
        """Who talks with the caller now."""
        self.caller: Channel = self.call.trunk
        self.through: tuple[Channel, Channel, Bridge] | None = None
        """The Local channel between caller and person after a consultation through one, and its far bridge."""

    @property
    def truth(self) -> Truth:
        """What really happened so far."""
        return self.call.truth

    def run(self) -> Flow[None]:
        """Go through the call."""
        call, thread, plan = self.call, self.call.thread, self.call.plan
        thread.pass_time(200, 900)
        if plan.menu is not None:
            chosen = yield from self._menu()
            if not chosen:
                return
        call.truth.asked_at_us = thread.at_us
        call.leaves_at_us = thread.at_us + plan.patience_us
        if isinstance(plan.asks_for, ToQueue):
            queue = call.world.queues[plan.asks_for.queue]
            call.truth.queue = queue.name
            result = yield from QueueStay(call, call.trunk, queue).run()
        else:
            phones = [call.world.phones[name] for name in plan.asks_for.endpoints]
            result = yield from dial(call, call.trunk, phones, plan.asks_for.timeout_us)
            if isinstance(result, Leg):
                self._join(result)
        if isinstance(result, Leg):
            self.person = result
            yield from self._converse()
        else:
            self._end_unanswered(result)

    def _join(self, leg: Leg) -> None:
        """Bridge the caller and the phone that a plain Dial reached."""
        call, thread = self.call, self.call.thread
        if call.through is None:
            call.join(leg.channel, call.trunk, outgoing=leg.channel)
        else:
            one, two = call.through
            far = call.join(leg.channel, two, outgoing=leg.channel)
            thread.new_state(one, UP)
            one.place("")
            thread.dial_end(call.trunk, one, "ANSWER")
            thread.new_state(call.trunk, UP)
            call.join(one, call.trunk, outgoing=one)
            self.through = (one, two, far)
            call.truth.transfers[-1].reconnected_at_us = thread.at_us
        leg.connected_at_us = thread.at_us
        call.answered_by(leg)
        if leg.picked_up:
            leg.channel.join_call(call.trunk.linkedid)

    # ---- before a person

    def _menu(self) -> Flow[bool]:
        """A voice menu answers.

        Returns:
            Whether the caller chose; else the call is over.
        """
        thread, trunk, menu = self.call.thread, self.call.trunk, self.call.plan.menu
        assert menu is not None  # noqa: S101 - held by whoever calls this
        if menu.spoken:
            thread.new_exten(trunk, "Goto", "menu,s,1")
            trunk.place("s", context="menu")
        thread.new_exten(trunk, "Answer", "")
        answered_at_us = thread.new_state(trunk, UP)
        # Answer() waits half a second for media.
        yield answered_at_us + 500_000
        thread.wake(answered_at_us + 500_000)
        if menu.spoken:
            thread.new_exten(trunk, "BackGround", "greeting")
        until_us = answered_at_us + menu.for_us
        yield until_us
        thread.wake(until_us)
        if menu.digit is not None:
            if menu.spoken:
                trunk.place(menu.digit)
            return True
        self.truth.outcome = Outcome.ABANDONED_ANNOUNCEMENT
        thread.hangup_request(trunk)
        thread.soft_hangup_request(trunk)
        self._caller_gone(0)
        return False

    def _end_unanswered(self, ending: Ending) -> None:
        """The call ends without a person."""
        thread, trunk, truth = self.call.thread, self.call.trunk, self.truth
        up = trunk.state == UP
        if ending is Ending.CALLER_LEFT:
            ringing = any(attempt.result is AttemptResult.CALLER_LEFT for attempt in truth.attempts)
            truth.outcome = Outcome.ABANDONED_RINGING if ringing else Outcome.ABANDONED_WAITING
            thread.soft_hangup_request(trunk, None if up else 487)
            self._caller_gone(0 if up else 127, None if up else 487)
            return
        if ending is Ending.NO_ANSWER:
            truth.outcome = Outcome.NO_ANSWER
            thread.new_exten(trunk, "Hangup", "")
            thread.soft_hangup_request(trunk)
            self._caller_gone(16)
            return
        busy = ending is Ending.BUSY
        truth.outcome = Outcome.BUSY if busy else Outcome.FAILED
        cause, sip_status = (17, 486) if busy else (34, 503)
        thread.new_exten(trunk, "Busy" if busy else "Congestion", "3")
        thread.new_state(trunk, BUSY)
        thread.hangup_request(trunk, cause, sip_status)
        thread.soft_hangup_request(trunk, sip_status)
        self._caller_gone(cause, sip_status)

    def _caller_gone(self, cause: int, tech_cause: int | None = None) -> None:
        """The caller's channel ends, and with it the call."""
        self.truth.ended_at_us = self.call.thread.hang_up(self.call.trunk, cause, tech_cause)

    # ---- with a person

    def _converse(self) -> Flow[None]:
        """Caller and person talk, hold, and go on to other people, until one of them hangs up."""
        call, thread = self.call, self.call.thread
        for step in call.plan.conversation:
            assert self.person is not None  # noqa: S101 - held by whoever calls this
            if isinstance(step, Talk):
                until_us = thread.at_us + step.for_us
                yield until_us
                thread.wake(until_us)
            elif isinstance(step, HoldCaller):
                yield from self._hold(step)
            elif isinstance(step, Promise):
                self._promise(step, self.person)
            elif isinstance(step, Consult):
                self.person = yield from consult(self, step, self.person)
            else:
                result = yield from pass_on(self, step, self.person)
                if not isinstance(result, Leg):
                    self._end_passed_on(result)
                    return
                self.person = result
        self._hang_up()

    def _hold(self, step: HoldCaller) -> Flow[None]:
        assert self.person is not None  # noqa: S101 - held by whoever calls this
        thread = self.call.thread
        began_at_us = thread.about("Hold", self.person.channel, "MusicClass: default\r\n")
        thread.about("MusicOnHoldStart", self.caller, "Class: default\r\n")
        until_us = began_at_us + step.for_us
        yield until_us
        thread.wake(until_us)
        ended_at_us = thread.about("Unhold", self.person.channel)
        thread.about("MusicOnHoldStop", self.caller)
        self.truth.hold_us += ended_at_us - began_at_us

    def _promise(self, step: Promise, person: Leg) -> None:
        thread = self.call.thread
        due_us = None
        due = ""
        if step.due_after_us is not None:
            # By the second, as dialplans say it.
            due_us = (thread.at_us + step.due_after_us) // SECOND_US * SECOND_US
            due = instant(due_us).astimezone(KOREA).isoformat(timespec="seconds")
        rest = f"UserEvent: CallbackPromised\r\nDue: {due}\r\n"
        at_us = thread.about("UserEvent", person.channel, rest, "user")
        self.truth.promises.append(TruePromise(at_us=at_us, by=person.phone.interface, due_us=due_us))

    def _end_passed_on(self, ending: Ending) -> None:
        """The caller was passed on, and nobody answered."""
        thread, trunk = self.call.thread, self.call.trunk
        busy = ending is Ending.BUSY
        if ending is not Ending.CALLER_LEFT:
            thread.new_exten(trunk, "Hangup", "")
        thread.soft_hangup_request(trunk)
        self._caller_gone(17 if busy else 16, 486 if busy else None)

    def bridge(self) -> Bridge:
        """The bridge that the caller is in."""
        bridge = self.caller.bridge
        assert bridge is not None  # noqa: S101 - held by whoever calls this
        return bridge

    def _hang_up(self) -> None:
        """Caller or person hangs up, and the call is over."""
        call, thread, leg = self.call, self.call.thread, self.person
        assert leg is not None  # noqa: S101 - held by whoever calls this
        if self.through is not None:
            self._hang_up_through(leg, *self.through)
            return
        first, second = (leg.channel, self.caller) if call.plan.agent_hangs_up else (self.caller, leg.channel)
        bridge = first.bridge
        assert bridge is not None  # noqa: S101 - held by whoever calls this
        thread.hangup_request(first, None if leg.queue or (leg.picked_up and first is leg.channel) else 16)
        self.agent_complete(leg, "agent" if call.plan.agent_hangs_up else "caller")
        thread.bridge_leave(bridge, first)
        self.empty(bridge, second)
        thread.soft_hangup_request(self.caller)
        thread.hang_up(leg.channel, 16)
        self.free(leg)
        self._caller_gone(16)

    def _hang_up_through(self, leg: Leg, one: Channel, two: Channel, far: Bridge) -> None:
        """The same, where a Local channel stands between caller and person."""
        thread, caller = self.call.thread, self.caller
        near = self.bridge()
        if self.call.plan.agent_hangs_up:
            if two.caller_number != caller.caller_number:
                thread.new_callerid(two, caller.caller_number, caller.caller_name)
            thread.hangup_request(leg.channel, 16)
            thread.bridge_leave(far, leg.channel)
            thread.bridge_leave(far, two)
            thread.soft_hangup_request(two)
            thread.hangup_request(one, 16)
            thread.hang_up(two, 16)
            thread.bridge_leave(near, one)
            thread.hang_up(one, 16)
            thread.bridge_destroy(far)
            thread.bridge_leave(near, caller)
            thread.bridge_destroy(near)
            thread.soft_hangup_request(caller)
            thread.hang_up(leg.channel, 16)
            self.free(leg)
            self._caller_gone(16)
            return
        thread.hangup_request(caller, 16)
        thread.bridge_leave(near, caller)
        thread.soft_hangup_request(caller)
        thread.bridge_leave(near, one)
        thread.hangup_request(two, 16)
        thread.hang_up(one, 16)
        thread.bridge_destroy(near)
        if two.caller_number != caller.caller_number:
            thread.new_callerid(two, caller.caller_number, caller.caller_name)
        thread.bridge_leave(far, two)
        thread.soft_hangup_request(two)
        thread.hang_up(two, 16)
        self._caller_gone(16)
        thread.bridge_leave(far, leg.channel)
        thread.bridge_destroy(far)
        thread.hang_up(leg.channel, 16)
        self.free(leg)

    def empty(self, bridge: Bridge, last: Channel) -> None:
        """Take the last channel out of a bridge, and end it."""
        self.call.thread.bridge_leave(bridge, last)
        self.call.thread.bridge_destroy(bridge)

    def agent_complete(self, leg: Leg, reason: str) -> None:
        """Where a queue sent the call, it notes that its member's part is over."""
        if leg.queue is None:
            return
        thread = self.call.thread
        talk_seconds = (thread.at_us - leg.connected_at_us) // 1_000_000
        rest = f"HoldTime: {leg.hold_seconds}\r\nTalkTime: {talk_seconds}\r\nReason: {reason}\r\n"
        thread.emit("AgentComplete", "agent", self.caller.lines() + member_event_lines(leg, leg.queue) + rest)
        leg.member.calls_taken += 1
        leg.member.last_call_at_us = thread.at_us
        leg.queue.completed += 1

    def free(self, leg: Leg) -> None:
        """A person is free again; members of a queue write the call up first."""
        leg.phone.in_queue_call = False
        queue: Queue | None = leg.queue
        self.call.release(leg.phone, queue.wrap_up_us if queue else 0)
