"""When calls arrive, and what their people will do: the centre's day.

**Source:** the shape of an office's day: a steep morning, a dip at lunch, a busy afternoon, almost nothing at night.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta, timezone
from random import Random
from typing import TYPE_CHECKING

from monitor.calls.facts import instant
from monitor.simulator.calling_back import CallingBack, with_promise
from monitor.simulator.exchange import SECOND_US
from monitor.simulator.people import REMOTE
from monitor.simulator.plans import (
    NEVER_US,
    Answers,
    CallPlan,
    Consult,
    Forwards,
    HoldCaller,
    Ignores,
    Means,
    Menu,
    PassOn,
    Refuses,
    Reply,
    Step,
    Talk,
    ToPhones,
    ToQueue,
)
from monitor.simulator.shifts import breaks

if TYPE_CHECKING:
    from monitor.simulator.calls import Flow
    from monitor.simulator.centre import Centre

LINE = "15886565"
SPELLINGS = (LINE, LINE, LINE, "1588-6565", "6565", "+8215886565")
"""How trunks deliver the one line's number."""

DEPARTMENTS = ("201", "202", "203")

KOREA = timezone(timedelta(hours=9))

HALF_HOURS = (
    *(0.01,) * 12,  # 00:00 to 06:00
    *(0.02, 0.03, 0.06, 0.12),  # to 08:00
    *(0.25, 0.45, 0.80, 0.95),  # to 10:00
    *(1.00, 0.98, 0.85, 0.70),  # to 12:00
    *(0.45, 0.40, 0.62, 0.85),  # lunch, to 14:00
    *(0.97, 1.00, 0.98, 0.92),  # to 16:00
    *(0.85, 0.72, 0.48, 0.25),  # to 18:00
    *(0.10, 0.06, 0.05, 0.04),  # to 20:00
    *(0.03, 0.03, 0.02, 0.02),  # to 22:00
    *(0.02, 0.01, 0.01, 0.01),
)
"""The rate of arrivals in each half-hour of the day, as a share of the busiest."""

SURNAMES = "김이박최정강조윤장임한오서신권황안송류홍"
GIVEN = ("민준", "서윤", "도윤", "지우", "예준", "하은", "시우", "수아", "주원", "지아", "현우", "다은", "건우", "채영")


class Arrivals:
    """A day's calls.

    Args:
        calls_per_hour: the rate in the busiest half-hour.
        hour: the hour of the day that the curve is read at when it begins; None for the simulated clock's.
        shows: begin with calls that show what there is to see.
        until_us: no call arrives after this instant; None for no end.
        calls_back: agents promise calls back now and then, and call those who are owed one.
    """

    def __init__(
        self,
        *,
        calls_per_hour: float,
        hour: float | None = None,
        shows: bool = False,
        until_us: int | None = None,
        calls_back: bool = False,
    ) -> None:
        self._calls_per_hour = calls_per_hour
        self._hour = hour
        self._shows = shows
        self._until_us = until_us
        self._calls_back = calls_back

    def begin(self, centre: Centre) -> None:
        """Let a centre's calls begin to arrive."""
        if self._shows:
            for after_us, plan in shown_first():
                centre.place(plan, centre.now_us + after_us)
        centre.run(self._arrive(centre, Random(f"{centre.seed}/arrivals")))  # noqa: S311 - a simulation, no secret
        if self._calls_back:
            rng = Random(f"{centre.seed}/callbacks")  # noqa: S311 - a simulation, no secret
            centre.run(CallingBack(centre, rng, draw_plan, self._until_us).run())
        centre.run(breaks(centre, Random(f"{centre.seed}/breaks"), self._until_us))  # noqa: S311 - a simulation, no secret

    def _arrive(self, centre: Centre, rng: Random) -> Flow[None]:
        begun_at_us = at_us = centre.now_us
        # Thinning: candidates at the busiest rate, each kept with the share of its half-hour.
        mean_us = 3_600 * SECOND_US / self._calls_per_hour
        promising = Random(f"{centre.seed}/promises")  # noqa: S311 - a simulation, no secret
        while True:
            at_us += 1 + int(-math.log(1.0 - rng.random()) * mean_us)
            if self._until_us is not None and at_us > self._until_us:
                return
            kept = rng.random() < share_at(self.second_of_day(begun_at_us, at_us))
            if kept:
                yield at_us
                plan = draw_plan(rng)
                if REMOTE in centre.world.queues:
                    plan = with_remote_support(plan)
                centre.place(with_promise(plan, promising) if self._calls_back else plan, at_us)

    def second_of_day(self, begun_at_us: int, at_us: int) -> float:
        """Where in the day's curve an instant lies."""
        if self._hour is not None:
            return (self._hour * 3_600 + (at_us - begun_at_us) / SECOND_US) % 86_400
        local = instant(at_us).astimezone(KOREA)
        return local.hour * 3_600 + local.minute * 60 + local.second


def share_at(second_of_day: float) -> float:
    """The rate of arrivals at a second of the day, as a share of the busiest."""
    return HALF_HOURS[int(second_of_day // 1_800) % 48]


def caller(rng: Random) -> tuple[str, str]:
    """A made-up caller's number and name; no Korean mobile number begins with 0100."""
    name = rng.choice(SURNAMES) + rng.choice(GIVEN) if rng.random() < 0.7 else ""
    return f"0100{rng.randrange(10**7):07d}", name


def draw_plan(rng: Random) -> CallPlan:
    """What one more caller, and everybody the caller meets, will do."""
    number, name = caller(rng)
    menu = None
    if rng.random() < 0.45:
        leaves = rng.random() < 0.08
        menu = Menu(for_us=_seconds(rng, 1.5, 9.0), digit=None if leaves else rng.choice("12"))
    where = rng.random()
    asks_for: ToQueue | ToPhones = ToQueue(queue="counsel" if where < 0.72 else "claims")
    replies: tuple[Reply, ...] = ()
    if where >= 0.92:
        asks_for = ToPhones(
            endpoints=("branch1", "branch2") if where > 0.97 else ("branch3",), timeout_us=20 * SECOND_US
        )
        if 0.92 <= where < 0.935 and menu is None:
            # Nobody is at that desk today: its phone sends calls on.
            replies = (Forwards(to="202"), Answers(after_us=_seconds(rng, 2.0, 7.0)))
    impatient = rng.random() < 0.14 and not replies
    return CallPlan(
        dialled=rng.choice(SPELLINGS),
        caller_number=number,
        caller_name=name,
        asks_for=asks_for,
        menu=menu,
        replies=replies,
        patience_us=_seconds(rng, 2.5, 25.0) if impatient else _seconds(rng, 40.0, 120.0),
        picked_up_after_us=_seconds(rng, 3.5, 8.0) if where < 0.05 and menu is None else None,
        conversation=(Talk(for_us=_talk_us(rng)),) if replies else draw_conversation(rng),
        agent_hangs_up=rng.random() < 0.25,
    )


def with_remote_support(plan: CallPlan) -> CallPlan:
    """The same caller, where 2 in the menu leads to remote support."""
    if plan.menu is None or plan.menu.digit != "2":
        return plan
    return replace(plan, asks_for=ToQueue(queue=REMOTE))


def draw_conversation(rng: Random) -> tuple[Step, ...]:
    """What caller and person do once they talk."""
    steps: list[Step] = [Talk(for_us=_talk_us(rng))]
    chance = rng.random()
    if chance < 0.12:
        steps += [HoldCaller(for_us=_seconds(rng, 4.0, 20.0)), Talk(for_us=_talk_us(rng) // 2)]
    elif chance < 0.24:
        steps += [draw_blind(rng), Talk(for_us=_talk_us(rng))]
        if rng.random() < 0.25:
            # On to a third person, or back to where the call came from.
            steps += [draw_blind(rng), Talk(for_us=_talk_us(rng) // 2)]
    elif chance < 0.34:
        steps += [draw_consultation(rng), Talk(for_us=_talk_us(rng))]
    return tuple(steps)


def draw_blind(rng: Random) -> PassOn:
    """A caller passed on without a word to the target."""
    impatient = rng.random() < 0.12
    return PassOn(
        means=Means.REFER if rng.random() < 0.7 else Means.FEATURE,
        to=rng.choice((*DEPARTMENTS, "101", "610")),
        replies=(draw_desk(rng),),
        patience_us=_seconds(rng, 2.0, 9.0) if impatient else NEVER_US,
        consent=rng.choice((None, None, True, False)),
    )


def draw_consultation(rng: Random) -> Consult:
    """A caller handed over after speaking to the target, or let go of while it rings."""
    means = rng.choice((Means.REFER, Means.REFER, Means.FEATURE, Means.AMI))
    blonde = means is not Means.REFER and rng.random() < 0.35
    return Consult(
        means=means,
        to=rng.choice(DEPARTMENTS),
        reply=Answers(after_us=_seconds(rng, 3.0, 8.0)) if blonde else draw_desk(rng),
        talk_us=_seconds(rng, 3.0, 15.0),
        lets_go_after_us=_seconds(rng, 1.0, 2.5) if blonde else None,
    )


def draw_desk(rng: Random) -> Reply:
    """How a desk of another department replies."""
    chance = rng.random()
    if chance < 0.10:
        return Ignores()
    if chance < 0.16:
        return Refuses(status=486)
    return Answers(after_us=_seconds(rng, 1.5, 8.0))


def shown_first() -> list[tuple[int, CallPlan]]:
    """The calls that a demonstration begins with: (how long after its start, plan).

    Within 20 s they show a late answer (warning at 6 s, breach at 9 s), a transfer that was answered, a consultation, a
    caller who gives up, and a pickup.
    """
    late = Answers(after_us=11_200_000)
    quick = Answers(after_us=1_800_000)
    brief = Talk(for_us=2_500_000)
    blind = PassOn(means=Means.REFER, to="201", replies=(Answers(after_us=2_400_000),), consent=True)
    attended = Consult(means=Means.REFER, to="202", reply=quick, talk_us=2_000_000)
    plans: list[tuple[float, ToQueue | ToPhones, tuple[Reply, ...], int, tuple[Step, ...], int | None]] = [
        (0.3, ToQueue(queue="counsel"), (late,), NEVER_US, (Talk(for_us=4_000_000),), None),
        (0.9, ToQueue(queue="counsel"), (quick,), NEVER_US, (brief, blind, brief), None),
        (1.4, ToQueue(queue="counsel"), (Ignores(),), 4_400_000, (), None),
        (2.2, ToQueue(queue="counsel"), (quick,), NEVER_US, (brief, attended, brief), None),
        (3.1, ToQueue(queue="counsel"), (Ignores(),), NEVER_US, (Talk(for_us=5_000_000),), 3_600_000),
    ]
    return [
        (
            int(after * SECOND_US),
            CallPlan(
                dialled=LINE,
                caller_number=f"0100000{number:04d}",
                caller_name="",
                asks_for=asks_for,
                replies=replies,
                patience_us=patience_us,
                picked_up_after_us=picked_up_after_us,
                conversation=conversation,
            ),
        )
        for number, (after, asks_for, replies, patience_us, conversation, picked_up_after_us) in enumerate(plans, 1)
    ]


def _talk_us(rng: Random) -> int:
    """Talking times are skewed: many short ones, a few long ones."""
    return int(min(rng.lognormvariate(3.4, 0.7), 400.0) * SECOND_US)


def _seconds(rng: Random, shortest: float, longest: float) -> int:
    return int(rng.uniform(shortest, longest) * SECOND_US)
