"""What must be told of each scenario's calls to the line 1588-6565.

Only what the plan itself says stands here: outcomes, who answered, which transfers. Every time, and so every count of
rings, is read off the wire when the scenario has been played (`tests/lab/oracle.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from .plan_crowd import HUNDRED


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A transfer that a call must show."""

    kind: str
    by: str
    """The phone, by its name in the scenario."""
    to: str
    result: str | None = "completed"
    """None where Asterisk itself has it come out in more ways than one."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What must be told of one call to the line; its times are not here, they are read off the wire."""

    caller: str
    outcome: str = "answered"
    agent: str | None = None
    """The phone whose person answered first, by its name in the scenario."""
    pickup: bool = False
    answered_by_machine: bool = False
    """Whether a menu or the like answered the caller before a person did."""
    transfers: tuple[Moved, ...] | None = ()
    """None where it is open whether there is one."""
    team: str | None = None
    menu: tuple[str, ...] = ()
    """What the caller chose in the menus of `TEAMS`."""
    recorded: str | None = None
    """What the name of the file begins with to which it is recorded."""


TEAMS = """[[team]]
name = "remote"
menu = ["menu-menu_remote,2", "read-menu_read,2", "told-menu_told,2"]
"""
"""The team that callers choose, as settings."""

PLAIN = "0212345678"
QUEUED = "01012345678"


def answered(caller: str, agent: str = "agent1", *transfers: Moved) -> tuple[Expected, ...]:
    """One call, answered by a phone of the centre and perhaps sent on."""
    return (Expected(caller=caller, agent=agent, transfers=transfers),)


def ended(caller: str, outcome: str) -> tuple[Expected, ...]:
    """One call that no person answered."""
    return (Expected(caller=caller, outcome=outcome),)


def sent_on(kind: str, *, to: str = "202", result: str | None = "completed", by: str = "agent1") -> Moved:
    """A transfer, by agent1 to 202 where nothing else is said."""
    return Moved(kind=kind, by=by, to=to, result=result)


EXPECTED: dict[str, tuple[Expected, ...]] = {
    "answered_ring_1": answered(PLAIN),
    "answered_ring_2": answered(QUEUED),
    "answered_ring_3": answered(QUEUED),
    "answered_ring_4": answered(QUEUED),
    "answered_ring_7": answered(PLAIN),
    "no_answer_then_other": answered(QUEUED, "agent2"),
    "ringall": answered(QUEUED, "agent2"),
    "dial_many": answered(PLAIN, "agent2"),
    "menu_then_queue": (Expected(caller=QUEUED, agent="agent1", answered_by_machine=True),),
    "menu_remote": (
        Expected(
            caller=QUEUED,
            agent="agent1",
            answered_by_machine=True,
            team="remote",
            menu=("menu-menu_remote,9", "menu-menu_remote,2"),
            recorded=QUEUED,
        ),
    ),
    "menu_read": (
        Expected(
            caller=QUEUED,
            agent="agent1",
            answered_by_machine=True,
            team="remote",
            menu=("read-menu_read,2",),
            recorded="lab1-",
        ),
    ),
    "menu_told": (
        Expected(caller=PLAIN, agent="agent1", answered_by_machine=True, team="remote", menu=("told-menu_told,2",)),
    ),
    "local_member": answered(QUEUED),
    "local_member_optimised": answered(QUEUED),
    "waiting_then_ringing": (*answered(QUEUED), *answered("01087654321")),
    "hold_and_resume": answered(PLAIN),
    "two_lines": answered(PLAIN),
    "abandoned_menu": ended(QUEUED, "abandoned_announcement"),
    "abandoned_waiting": ended(QUEUED, "abandoned_waiting"),
    "abandoned_ringing_within": ended(QUEUED, "abandoned_ringing"),
    "abandoned_ringing_past": ended(PLAIN, "abandoned_ringing"),
    "queue_timeout": ended(QUEUED, "no_answer"),
    "dial_timeout": ended(PLAIN, "no_answer"),
    "busy": ended(PLAIN, "busy"),
    "do_not_disturb": answered(QUEUED, "agent2"),
    "declined_then_other": answered(QUEUED, "agent2"),
    "unreachable": ended(PLAIN, "failed"),
    "blind_refer": answered(PLAIN, "agent1", sent_on("blind")),
    "blind_feature": answered(PLAIN, "agent1", sent_on("blind")),
    "transfer_to_queue": answered(PLAIN, "agent1", sent_on("blind", to="500")),
    "transfer_no_answer": answered(PLAIN, "agent1", sent_on("blind", result="no_answer")),
    "transfer_busy": answered(PLAIN, "agent1", sent_on("blind", result="busy")),
    "transfer_caller_left": answered(PLAIN, "agent1", sent_on("blind", result="caller_left")),
    "transfer_back": answered(PLAIN, "agent1", sent_on("blind"), sent_on("blind", to="201", by="agent2")),
    "chain_of_two": answered(PLAIN, "agent1", sent_on("blind"), sent_on("attended", to="203", by="agent2")),
    "transfer_outside": answered(PLAIN, "agent1", sent_on("blind", to="9025551234")),
    "transfer_with_consent": answered(PLAIN, "agent1", sent_on("blind")),
    "attended_refer": answered(PLAIN, "agent1", sent_on("attended")),
    "attended_feature": answered(PLAIN, "agent1", sent_on("attended")),
    "attended_ami": answered(PLAIN, "agent1", sent_on("attended")),
    "blonde_refer": answered(PLAIN, "agent1", sent_on("blonde")),
    "blonde_feature": answered(PLAIN, "agent1", sent_on("blonde")),
    "blonde_ami": answered(PLAIN, "agent1", sent_on("blonde")),
    # Asterisk now and then drops the call back to the agent in the moment it begins it.
    "blonde_returned": answered(PLAIN, "agent1", sent_on("blonde", result=None)),
    "attended_no_answer": answered(PLAIN, "agent1", sent_on("attended", result="no_answer")),
    "attended_returned": answered(PLAIN, "agent1", sent_on("attended", result="returned")),
    "consulted_only": answered(PLAIN),
    "conference": answered(PLAIN, "agent1", sent_on("blind", to="800")),
    "parking": answered(PLAIN, "agent1", sent_on("blind", to="700")),
    "pickup": (Expected(caller=PLAIN, agent="agent2", pickup=True),),
    "pickup_queue": (Expected(caller=QUEUED, agent="agent2", pickup=True),),
    "forward_302": answered(PLAIN, "agent2", sent_on("forward")),
    "forward_302_queue": answered(QUEUED, "agent2", sent_on("forward")),
    "follow_me": (Expected(caller=PLAIN, agent="mobile", answered_by_machine=True, transfers=None),),
    "confirmed_mobile": answered(PLAIN, "mobile"),
    "refused_mobile": answered(PLAIN, "agent2"),
    "called_out": (),
    "called_out_unanswered": (),
    "called_out_busy": (),
    "called_back": ended(PLAIN, "abandoned_waiting"),
    "called_back_local": ended(PLAIN, "abandoned_waiting"),
    "called_back_alone": ended(PLAIN, "abandoned_waiting"),
    "promised": answered(PLAIN),
    "hundred": tuple(
        Expected(caller=number, agent=f"phone{number[-3:]}")
        for number in (HUNDRED.crowd.numbers if HUNDRED.crowd else ())
    ),
}
