"""Agents' breaks: they pause themselves in their queues now and then, and come back.

**Source:** Asterisk apps/app_queue.c, `QueueMemberPause`; what a real Asterisk 22.10 sent on `QueuePause`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.simulator.exchange import SECOND_US, Thread
from monitor.simulator.people import member_lines

if TYPE_CHECKING:
    from random import Random

    from monitor.simulator.calls import Flow
    from monitor.simulator.centre import Centre
    from monitor.simulator.people import Phone

REASONS = ("휴식", "식사", "교육", "업무처리")


def breaks(centre: Centre, rng: Random, until_us: int | None) -> Flow[None]:
    """One agent after the other takes a break, as long as calls arrive."""
    agents = [phone for phone in centre.world.phones.values() if phone.queues]
    at_us = centre.now_us
    while agents:
        at_us += int(rng.uniform(60.0, 240.0) * SECOND_US)
        if until_us is not None and at_us > until_us:
            return
        yield at_us
        agent = rng.choice(agents)
        if agent.engaged or agent.paused:
            continue
        _pause(centre, agent, rng, at_us, rng.choice(REASONS))
        at_us += int(rng.uniform(30.0, 180.0) * SECOND_US)
        yield at_us
        _pause(centre, agent, rng, at_us, "")


def _pause(centre: Centre, agent: Phone, rng: Random, at_us: int, reason: str) -> None:
    """Pause an agent, or with no reason end the pause."""
    thread = Thread(centre.exchange, at_us, rng)
    agent.paused = bool(reason)
    agent.paused_reason = reason
    if reason:
        agent.paused_at_us = at_us
    for name in agent.queues:
        lines = member_lines(centre.world.queues[name], agent, centre.exchange.started_at_us)
        thread.emit("QueueMemberPause", "agent", f"Queue: {name}\r\n{lines}")
