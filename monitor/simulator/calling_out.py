"""A person of the centre calls a number outside: reached, in vain, or busy.

**Source:** Asterisk apps/app_dial.c; the recordings called_out, called_out_unanswered and called_out_busy of the
laboratory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.simulator.calls import REFUSALS, World
from monitor.simulator.exchange import DOWN, RING, RINGING, UP, Channel, Thread
from monitor.simulator.people import IN_USE, NOT_IN_USE, show_status
from monitor.simulator.plans import Answers, CallOut, Refuses
from monitor.simulator.truth import TrueOutgoing

if TYPE_CHECKING:
    from random import Random

    from monitor.simulator.calls import Flow

CARRIER = "carrier"
_WRAP_UP_US = 3_000_000


class CallOutFlow:
    """One call out, as its plan has it; the phone must be free when it begins.

    Args:
        world: the centre.
        plan: what agent and person will do.
        at_us: when the agent dials, in microseconds since 1970.
        rng: its own source of chance.
    """

    def __init__(self, world: World, plan: CallOut, at_us: int, rng: Random) -> None:
        self._world = world
        self._plan = plan
        self._phone = world.phones[plan.endpoint]
        self._phone.engaged = True
        self._thread = Thread(world.exchange, at_us, rng)
        name = world.exchange.phone_channel(plan.endpoint)
        phone = self._phone
        self._channel = self._thread.new_channel(name, RING, phone.number, phone.person, phone.context, plan.number)
        self.truth = TrueOutgoing(
            system=world.exchange.system,
            linkedid=self._channel.linkedid,
            agent=phone.interface,
            number=plan.number,
            started_at_us=self._thread.at_us,
        )

    def run(self) -> Flow[None]:
        """Go through the call."""
        thread, plan = self._thread, self._plan
        far = self._dial()
        yield thread.at_us
        if isinstance(plan.reply, Refuses):
            self._refused(far, plan.reply.status)
        else:
            thread.new_state(far, RINGING)
            thread.dial_state(self._channel, far, "RINGING")
            answers_us = plan.reply.after_us if isinstance(plan.reply, Answers) else plan.patience_us
            until_us = thread.at_us + min(answers_us, plan.patience_us)
            yield until_us
            thread.wake(until_us)
            if answers_us < plan.patience_us:
                self._answered(far)
                until_us = thread.at_us + plan.talk_us
                yield until_us
                thread.wake(until_us)
                self._hung_up(far)
            else:
                self._given_up(far)
        self._phone.engaged = False
        self._phone.free_at_us = thread.at_us + _WRAP_UP_US
        show_status(thread, self._world.queues, self._phone, NOT_IN_USE)

    def _dial(self) -> Channel:
        thread, channel, phone, number = self._thread, self._channel, self._phone, self._plan.number
        show_status(thread, self._world.queues, phone, IN_USE)
        thread.new_exten(channel, "Dial", f"PJSIP/{number}@{CARRIER},30")
        name = self._world.exchange.phone_channel(CARRIER)
        far = thread.new_channel(name, DOWN, number, "", phone.context, "s", channel.linkedid)
        far.place(number)
        far.connect(phone.number, phone.person)
        thread.new_exten(far, "AppDial", "(Outgoing Line)")
        thread.new_connected_line(far)
        thread.dial_begin(channel, far, f"{number}@{CARRIER}")
        thread.new_connected_line(channel, number, "")
        thread.pass_time(*self._world.network_us)
        return far

    def _refused(self, far: Channel, status: int) -> None:
        thread, channel = self._thread, self._channel
        word, cause, _ = REFUSALS[status]
        thread.hangup_request(far, cause, status)
        thread.dial_end(channel, far, word)
        channel.place(self._plan.number, priority=2)
        thread.new_exten(channel, "Hangup", "")
        thread.soft_hangup_request(channel)
        thread.hang_up(far, cause, status)
        self.truth.ended_at_us = thread.hang_up(channel, cause, status)

    def _given_up(self, far: Channel) -> None:
        """The agent hangs up while the person's phone rings."""
        thread, channel = self._thread, self._channel
        thread.hangup_request(channel, 127, 487)
        thread.dial_end(channel, far, "CANCEL")
        thread.soft_hangup_request(channel, 487)
        thread.hang_up(far, 127, 500)
        self.truth.ended_at_us = thread.hang_up(channel, 127, 487)

    def _answered(self, far: Channel) -> None:
        thread, channel = self._thread, self._channel
        thread.new_state(far, UP)
        far.place("")
        thread.dial_end(channel, far, "ANSWER")
        thread.new_state(channel, UP)
        bridge = thread.bridge_create()
        thread.new_exten(far, "AppDial", "(Outgoing Line)")
        thread.bridge_enter(bridge, far)
        self.truth.answered_at_us = thread.bridge_enter(bridge, channel)

    def _hung_up(self, far: Channel) -> None:
        """The agent hangs up, and both are gone."""
        thread, channel = self._thread, self._channel
        bridge = channel.bridge
        assert bridge is not None  # noqa: S101 - they talk
        thread.hangup_request(channel, 16)
        thread.bridge_leave(bridge, channel)
        thread.soft_hangup_request(channel)
        thread.bridge_leave(bridge, far)
        thread.bridge_destroy(bridge)
        self.truth.ended_at_us = thread.hang_up(channel, 16)
        thread.hang_up(far, 16)
