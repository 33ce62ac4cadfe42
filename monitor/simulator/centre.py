"""The simulated centre: calls that arrive, agents who come and go, and the packets that tell of it, in order of time.

Pure: time is an argument. `advance(until_us)` returns every packet up to an instant.
"""

from __future__ import annotations

import heapq
from collections import deque
from random import Random
from typing import TYPE_CHECKING

from monitor.simulator.calling_out import CallOutFlow
from monitor.simulator.calls import Flow, World
from monitor.simulator.exchange import Exchange
from monitor.simulator.flows import CallFlow
from monitor.simulator.people import Phone, Queue, centre_staff

if TYPE_CHECKING:
    from monitor.simulator.plans import CallOut, CallPlan
    from monitor.simulator.truth import TrueOutgoing, Truth


class Centre:
    """A call centre, without a clock of its own.

    Args:
        system: AMI SystemName.
        seed: the same seed and instants give the same bytes.
        started_at_us: when its Asterisk booted, in microseconds since 1970.
        staff: phones by endpoint and queues by name; the demonstration's where not given.
        truths_kept: how many finished calls' truths are kept; the oldest go first.
    """

    def __init__(
        self,
        *,
        system: str = "demo",
        seed: int = 0,
        started_at_us: int,
        staff: tuple[dict[str, Phone], dict[str, Queue]] | None = None,
        truths_kept: int = 100_000,
    ) -> None:
        phones, queues = staff if staff is not None else centre_staff()
        self.exchange = Exchange(system, started_at_us)
        self.world = World(self.exchange, phones, queues)
        self.seed = seed
        self.now_us = started_at_us
        self.truths: deque[Truth] = deque(maxlen=truths_kept)
        """What really happened, in the order in which the calls arrived."""
        self.outgoing: deque[TrueOutgoing] = deque(maxlen=truths_kept)
        """Whom the centre called, in order."""
        self._called_out = 0
        self._flows: list[tuple[int, int, Flow[None]]] = []
        self._started = 0
        self.calls = 0
        """How many calls have arrived."""

    def place(self, plan: CallPlan, at_us: int) -> None:
        """Let a call arrive at an instant that is not over."""
        at_us = max(at_us, self.now_us)
        self._start(at_us, self._one_call(plan, at_us))

    def call_out(self, plan: CallOut, at_us: int) -> TrueOutgoing:
        """Let a free agent call a number outside at an instant that is not over."""
        at_us = max(at_us, self.now_us)
        self._called_out += 1
        flow = CallOutFlow(self.world, plan, at_us, Random(f"{self.seed}/out/{self._called_out}"))  # noqa: S311 - a simulation, no secret
        self.outgoing.append(flow.truth)
        self._start(at_us, flow.run())
        return flow.truth

    def run(self, flow: Flow[None]) -> None:
        """Let a flow of somebody else's run from now on: arrivals, breaks."""
        self._start(self.now_us, flow)

    def advance(self, until_us: int) -> list[tuple[int, bytes]]:
        """Let time pass.

        Returns:
            Each packet with its instant, in order of time, up to and including `until_us`.
        """
        flows = self._flows
        while flows and flows[0][0] <= until_us:
            at_us, order, flow = heapq.heappop(flows)
            self.now_us = max(self.now_us, at_us)
            following = next(flow, None)
            if following is not None:
                heapq.heappush(flows, (following, order, flow))
        self.now_us = max(self.now_us, until_us)
        return self.exchange.take(until_us)

    def next_at_us(self) -> int | None:
        """When something happens next; None when nothing ever will."""
        due = [at for at in (self._flows[0][0] if self._flows else None, self.exchange.next_at_us()) if at is not None]
        return min(due, default=None)

    def _start(self, at_us: int, flow: Flow[None]) -> None:
        self._started += 1
        heapq.heappush(self._flows, (at_us, self._started, flow))

    def _one_call(self, plan: CallPlan, at_us: int) -> Flow[None]:
        self.calls += 1
        # A source of chance for each call: one call's length does not change another's.
        flow = CallFlow(self.world, plan, at_us, Random(f"{self.seed}/{self.calls}"))  # noqa: S311 - a simulation, no secret
        self.truths.append(flow.truth)
        yield from flow.run()
