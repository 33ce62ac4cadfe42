"""What is owed for a case, worked out from the register. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor.commitments.register import Finding, When

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.commitments.register import Commitment, Owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is owed for one case."""

    won: int = 0
    apology: bool = False
    training: bool = False


NOTHING = Due()


def owed_for(commitment: Commitment, case: Mapping[str, Any], now: datetime) -> Due:
    """What a promise owes for a case; of several rules that hold, the one that owes most.

    Args:
        commitment: the promise.
        case: `state`, `finding`, `visits`, `missed_appointment`, `due_at` and `done_at`, as `cases` has them.
        now: an aware instant; until a case is done, its deadline is held against it.

    Returns:
        Nothing for a case that was withdrawn.
    """
    if case["state"] == "withdrawn":
        return NOTHING
    holding = [rule for rule in commitment.owed if _holds(rule, case, now)]
    if not holding:
        return NOTHING
    most = max(holding, key=lambda rule: (rule.won, rule.apology + rule.training))
    return Due(won=most.won, apology=most.apology, training=most.training)


def _holds(rule: Owed, case: Mapping[str, Any], now: datetime) -> bool:
    match rule.when:
        case When.MISSED:
            return case["due_at"] is not None and (case["done_at"] or now) >= case["due_at"]
        case When.UPHELD:
            return bool(case["finding"] == Finding.UPHELD)
        case When.MISSED_APPOINTMENT:
            return bool(case["missed_appointment"])
        case When.VISITS:
            return (case["visits"] or 0) >= rule.visits


def rule_of(commitment: Commitment) -> dict[str, Any]:
    """A promise as the audit trail keeps it: what its clock was, and what it owed."""
    owed = [
        {"when": str(rule.when), "visits": rule.visits, "won": rule.won, "apology": rule.apology,
         "training": rule.training}
        for rule in commitment.owed
    ]  # fmt: skip
    return {
        "days": commitment.days,
        "counting": str(commitment.counting),
        "every": None if commitment.every is None else str(commitment.every),
        "owed": owed,
    }
