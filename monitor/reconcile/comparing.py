"""One call as the ledger has it, against what each of Asterisk's own records says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.calls.facts import AttemptResult, Observed, Outcome, Source, TransferKind
from monitor.calls.rules import SECOND_US
from monitor.reconcile.reasons import Reason, What

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.calls.facts import Call

TOLERANCE_US = 2 * SECOND_US
"""A length of whole seconds is made of two instants that were cut: it is off by less than this."""
_SOON = timedelta(seconds=2)
_PSEUDONYM = "agent#"
"""What stands in place of an agent's name that was erased: it tells nothing any more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is told otherwise."""

    what: What
    source: Source
    ours: str | None
    theirs: str | None
    reason: Reason


def differences(ours: Call, records: Mapping[Source, Call]) -> list[Difference]:
    """What the records tell otherwise; what either side does not tell is no difference.

    Args:
        ours: of the ledger, made by the monitor itself.
        records: of the same call, by their source.
    """
    return [each for source, theirs in records.items() for each in _of_one(ours, source, theirs)]


def _of_one(ours: Call, source: Source, theirs: Call) -> Iterator[Difference]:
    if source is Source.QUEUE_LOG and _tells_a_later_part(ours, theirs):
        return
    if theirs.outcome is not Outcome.UNOBSERVED and not _same_outcome(ours, source, theirs):
        reason = _why_outcome(ours, source, theirs)
        yield Difference(What.OUTCOME, source, ours.outcome.value, theirs.outcome.value, reason)
        return
    if ours.outcome is theirs.outcome is Outcome.ANSWERED:
        agents = _agents(ours, source, theirs)
        if agents is not None:
            yield Difference(What.AGENT, source, *agents, _why_agent(ours))
    if _gave_up(theirs) and ours.outcome is not theirs.outcome:
        return
    lengths = (
        (What.WAITING, ours.waiting_us, theirs.waiting_us, 0),
        # Hold is none of our talking; a queue counts it in.
        (What.TALKING, ours.talking_us, theirs.talking_us, ours.hold_us or 0 if source is Source.QUEUE_LOG else 0),
    )
    for what, mine, other, more_us in lengths:
        if mine is None or other is None or mine - TOLERANCE_US < other < mine + more_us + TOLERANCE_US:
            continue
        yield Difference(what, source, _seconds(mine), _seconds(other), _why_length(ours, what, mine, other))


def _tells_a_later_part(ours: Call, theirs: Call) -> bool:
    """The caller came to this queue behind somebody's answer, or behind phones that were called before it."""
    if ours.asked_at is None or theirs.asked_at is None:
        return False
    return theirs.asked_at - ours.asked_at > _SOON


def _same_outcome(ours: Call, source: Source, theirs: Call) -> bool:
    if ours.outcome is theirs.outcome:
        return True
    if source is not Source.QUEUE_LOG:
        return False
    if (ours.outcome, theirs.outcome) == (Outcome.ABANDONED_RINGING, Outcome.ABANDONED_WAITING):
        # Releases that write no RINGCANCELED do not tell the two apart.
        return not any(attempt.result is AttemptResult.CALLER_LEFT for attempt in theirs.attempts)
    if not _gave_up(theirs) or ours.answered_at is None or theirs.asked_at is None:
        return False
    # The queue does not see who took the call then.
    left_at = theirs.asked_at + timedelta(microseconds=theirs.waiting_us or 0)
    return ours.answered_at > left_at - _SOON


def _gave_up(theirs: Call) -> bool:
    """A queue let go of a caller nobody had answered."""
    return theirs.source is Source.QUEUE_LOG and theirs.outcome is Outcome.NO_ANSWER


def _why_outcome(ours: Call, source: Source, theirs: Call) -> Reason:
    if ours.observed is Observed.PARTLY:
        return Reason.GAP
    if source is Source.CDR and theirs.outcome is Outcome.ANSWERED:
        return Reason.MENU_ANSWERED
    if source is Source.QUEUE_LOG and theirs.outcome is Outcome.NO_ANSWER:
        return Reason.QUEUE_GAVE_UP
    return Reason.UNEXPLAINED


def _agents(ours: Call, source: Source, theirs: Call) -> tuple[str, str] | None:
    """Who answered, as each side has it; None where both name the same, or one names nobody."""
    if source is Source.QUEUE_LOG:
        mine, other = ours.member or ours.agent, theirs.member
        same = other in (ours.member, ours.agent)
    else:
        mine, other = ours.agent, theirs.agent
        same = mine == other
    if mine is not None and mine.startswith(_PSEUDONYM):
        return None
    return None if same or not mine or not other else (mine, other)


def _why_agent(ours: Call) -> Reason:
    if ours.answered_by_pickup:
        return Reason.PICKUP
    if any(transfer.kind is TransferKind.FORWARD for transfer in ours.transfers):
        return Reason.FORWARDED
    return Reason.GAP if ours.observed is Observed.PARTLY else Reason.UNEXPLAINED


def _why_length(ours: Call, what: What, mine: int, other: int) -> Reason:
    if ours.observed is Observed.PARTLY:
        return Reason.GAP
    if what is What.TALKING and any(transfer.kind is not TransferKind.FORWARD for transfer in ours.transfers):
        return Reason.PASSED_ON
    if what is What.TALKING and mine < other <= mine + (ours.hold_us or 0) + TOLERANCE_US:
        return Reason.HOLD_COUNTED
    return Reason.UNEXPLAINED


def _seconds(length_us: int) -> str:
    """A length in seconds, as `31.204`."""
    return f"{length_us / SECOND_US:.3f}".rstrip("0").rstrip(".")
