"""A hundred calls at once."""

from __future__ import annotations

import random

from .plan_answers import calls_and_talks, incoming
from .scenario import Crowd, Scenario

CALLS = 100
SEED = 3_6565
RING_BOUNDARY_MS = 3000
CLEAR_MS = 100
"""No ring time lies nearer to the start of a ring than this, so that a late packet does not decide a count."""


def ring_times() -> tuple[int, ...]:
    """Return how long each phone rings: 0.5 to 14 s, the same in every run."""
    dice = random.Random(SEED)  # noqa: S311 - the same numbers in every run are the point
    times: list[int] = []
    while len(times) < CALLS:
        time_ms = dice.randint(500, 14_000)
        if CLEAR_MS <= time_ms % RING_BOUNDARY_MS <= RING_BOUNDARY_MS - CLEAR_MS:
            times.append(time_ms)
    return tuple(times)


HUNDRED = Scenario(
    name="hundred",
    what="A hundred calls within a second, each to a phone of its own that is answered after 0.5 to 14 s.",
    incoming=incoming("Dial(PJSIP/hundred-phone${CALLERID(num):-3},30)"),
    crowd=Crowd(
        numbers=tuple(f"01055500{number:03}" for number in range(CALLS)),
        ring_ms=ring_times(),
        caller=calls_and_talks(1000),
        phone=lambda script: script.awaits_call().rings_as_dialled().answers().talks().hangs_up(),
    ),
)
