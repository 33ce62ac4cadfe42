"""Who is called back, and when: promises kept in time, late or never; callers who left called, or calling again.

Everything here has a source of chance of its own, so that a centre that calls nobody back is as it always was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING

from monitor.calls.facts import Outcome
from monitor.simulator.exchange import SECOND_US
from monitor.simulator.people import UNAVAILABLE
from monitor.simulator.plans import Answers, CallOut, CallPlan, Ignores, Promise, Refuses, Reply, Talk

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from monitor.simulator.calls import Flow
    from monitor.simulator.centre import Centre
    from monitor.simulator.people import Phone
    from monitor.simulator.truth import TrueOutgoing, Truth

_LEFT = {
    Outcome.ABANDONED_ANNOUNCEMENT,
    Outcome.ABANDONED_WAITING,
    Outcome.ABANDONED_RINGING,
    Outcome.NO_ANSWER,
}
_TRIES = 3


def with_promise(plan: CallPlan, rng: Random) -> CallPlan:
    """Now and then, a plan in which the person promises to call back."""
    promises, minutes, said = rng.random() < 0.08, rng.uniform(1.0, 30.0), rng.random() < 0.7
    if not promises or not plan.conversation or not isinstance(plan.conversation[0], Talk):
        return plan
    promise = Promise(due_after_us=int(minutes * 60 * SECOND_US) if said else None)
    first, *rest = plan.conversation
    return replace(plan, conversation=(first, promise, Talk(for_us=2 * SECOND_US), *rest))


@dataclass(slots=True)
class _Owed:
    """Somebody who is to be called."""

    number: str
    tries: int = 0
    call: TrueOutgoing | None = None
    """The last try."""


class CallingBack:
    """Agents who call back.

    Args:
        centre: theirs.
        rng: the source of chance.
        plan_of: another call by somebody who left, from the source of chance.
        until_us: nobody is called after this instant; None for no end.
    """

    def __init__(
        self, centre: Centre, rng: Random, plan_of: Callable[[Random], CallPlan], until_us: int | None
    ) -> None:
        self._centre = centre
        self._rng = rng
        self._plan_of = plan_of
        self._until_us = until_us
        self._seen = 0
        self._in_progress: list[Truth] = []
        self._due: list[tuple[int, int, _Owed]] = []
        self._order = 0

    def run(self) -> Flow[None]:
        """Look every few seconds who has called, and who is to be called now."""
        centre = self._centre
        at_us = centre.now_us
        while True:
            at_us += self._between(3, 12)
            if self._until_us is not None and at_us > self._until_us:
                return
            yield at_us
            self._look(at_us)
            for _ in range(len(self._due)):
                if self._due[0][0] > at_us:
                    break
                self._call(heappop(self._due)[2], at_us)

    def _between(self, shortest_seconds: float, longest_seconds: float) -> int:
        return int(self._rng.uniform(shortest_seconds, longest_seconds) * SECOND_US)

    def _look(self, at_us: int) -> None:
        """See which calls have ended, and decide what becomes of what they leave owed."""
        centre = self._centre
        new = list(islice(reversed(centre.truths), min(centre.calls - self._seen, len(centre.truths))))
        self._seen = centre.calls
        self._in_progress += reversed(new)
        over = [truth for truth in self._in_progress if truth.ended_at_us is not None]
        self._in_progress = [truth for truth in self._in_progress if truth.ended_at_us is None]
        for truth in over:
            if truth.promises:
                self._decide_promised(truth, at_us)
            elif truth.outcome in _LEFT:
                self._decide_left(truth, at_us)

    def _decide_promised(self, truth: Truth, at_us: int) -> None:
        chance, share, late_us = self._rng.random(), self._rng.uniform(0.1, 0.8), self._between(20, 400)
        due_us = truth.promises[0].due_us or at_us + 600 * SECOND_US
        if chance < 0.65:
            self._owe(_Owed(truth.caller), at_us + int(max(0, due_us - at_us) * share))
        elif chance < 0.9:
            self._owe(_Owed(truth.caller), due_us + late_us)

    def _decide_left(self, truth: Truth, at_us: int) -> None:
        chance, after_us = self._rng.random(), self._between(10, 180)
        if chance < 0.55:
            self._owe(_Owed(truth.caller), at_us + after_us)
        elif chance < 0.75:
            plan = replace(self._plan_of(self._rng), caller_number=truth.caller, caller_name="")
            self._centre.place(plan, at_us + after_us)

    def _owe(self, owed: _Owed, at_us: int) -> None:
        self._order += 1
        heappush(self._due, (at_us, self._order, owed))

    def _call(self, owed: _Owed, at_us: int) -> None:
        """Let a free agent call; later where nobody is free, and again where the person was not reached."""
        last = owed.call
        if last is not None and (last.answered_at_us is not None or owed.tries >= _TRIES or self._rng.random() < 0.3):
            return
        agent = self._free(at_us)
        if agent is None or (last is not None and last.ended_at_us is None):
            self._owe(owed, at_us + self._between(5, 20))
            return
        owed.tries += 1
        plan = CallOut(
            endpoint=agent.endpoint,
            number=owed.number,
            reply=self._reply(),
            patience_us=self._between(14, 24),
            talk_us=self._between(8, 90),
        )
        owed.call = self._centre.call_out(plan, at_us)
        self._owe(owed, at_us + self._between(60, 240))

    def _free(self, at_us: int) -> Phone | None:
        free = [
            phone
            for phone in self._centre.world.phones.values()
            if phone.queues
            and not (phone.engaged or phone.paused or phone.free_at_us > at_us or phone.status == UNAVAILABLE)
        ]
        return self._rng.choice(free) if free else None

    def _reply(self) -> Reply:
        """How the person called replies."""
        chance = self._rng.random()
        if chance < 0.65:
            return Answers(after_us=self._between(2.5, 12))
        return Ignores() if chance < 0.88 else Refuses(status=486)
