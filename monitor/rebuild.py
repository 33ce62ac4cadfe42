"""The ledger of a period, made anew from the journal: what differs, told before anything is written.

Nothing is taken away: a call that only the ledger has stays, and so does a record that saw more of its call than the
journal does. A caller's number that the ledger has erased, and names it has replaced by pseudonyms, are not brought
back. Writing twice is the same as once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.calls.facts import AgentState, Call, Gap, OutgoingCall, Source, microseconds
from monitor.ledger.edge import as_kept, outgoing_as_kept
from monitor.ledger.outgoing import made_calls
from monitor.ledger.rows import completeness, outgoing_rank
from monitor.numbers import is_pseudonym
from monitor.recording_names import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from monitor.calls.facts import CallKey
    from monitor.journal.period import Period
    from monitor.ledger.repository import Repository
    from monitor.ledger.rows import StoredFact
    from monitor.numbers import Numbers

_Each = TypeVar("_Each")

CHUNK = 500
"""Calls looked up together, and written in one transaction."""
_BOOKKEEPING = {"recorded_at"}
"""Fields in which two records of one call may differ without telling anything else of it."""


class Kind(StrEnum):
    """How ledger and journal differ in a call."""

    ADDED = "added"
    """Only the journal tells of it."""
    CHANGED = "changed"
    """Both do, and otherwise."""
    KEPT = "kept"
    """Both do, and otherwise; the ledger's record stays."""
    LEDGER_ONLY = "ledger_only"
    """Only the ledger has it; it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One call in which ledger and journal differ."""

    kind: Kind
    key: CallKey
    filed_at: datetime
    changes: tuple[tuple[str, Any, Any], ...] = ()
    """`(field, the ledger's value, the journal's)`; parts as in `attempts[0].ended_at`."""
    reason: str = ""
    """Why it stays as it is, in words."""


@dataclass(slots=True, kw_only=True)
class Comparison:
    """What a system's journal and the ledger tell of a period."""

    system: str
    same: int = 0
    """Calls of which both tell the same."""
    differences: list[Difference] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    """Those to be written: added, or changed."""
    outgoing: list[OutgoingCall] = field(default_factory=list)
    """Calls that the centre made of which the ledger tells nothing, or otherwise though it saw no more of them."""
    states: list[AgentState] = field(default_factory=list)
    """What queue members did that the ledger does not have."""
    gaps: list[Gap] = field(default_factory=list)
    """Intervals in which the system could not be observed, of which the ledger tells nothing."""
    unknown: list[Gap] = field(default_factory=list)
    """Intervals of which the journal does not tell."""
    in_progress: int = 0
    """Calls that had not ended where the journal does."""

    def count(self, kind: Kind) -> int:
        """How many calls differ so."""
        return sum(difference.kind is kind for difference in self.differences)

    @property
    def facts(self) -> Sequence[StoredFact]:
        """All that is to be written."""
        return [*self.gaps, *self.states, *self.outgoing, *self.calls]


def compare(
    period: Period,
    repository: Repository,
    numbers: Numbers,
    since: datetime,
    until: datetime,
    *,
    begins_at: datetime | None,
    at: Callable[[int], None] = lambda _: None,
) -> Comparison:
    """Follow a period of the journal again, and see in what the ledger tells otherwise.

    Args:
        period: of one system's journal.
        repository: the ledger.
        numbers: how it keeps callers' numbers.
        since: the first instant.
        until: the first instant behind it.
        begins_at: when the first item of the journal was received; None where it has none.
        at: told of the instant of receipt that has been read.

    Raises:
        StoreError: the ledger cannot be read.
    """
    found = Comparison(system=period.system)
    told: set[CallKey] = set()
    states: dict[tuple[str, str, datetime], AgentState] = {}
    gaps: dict[datetime, Gap] = {}
    outgoing: dict[CallKey, OutgoingCall] = {}
    for calls in _chunks(_calls(period, states, gaps, outgoing, at)):
        told.update(call.key for call in calls)
        wanted = [as_kept(call, numbers) for call in calls if since <= call.filed_at < until]
        stored = {call.key: call for call in repository.calls_of([call.key for call in wanted])}
        for call in wanted:
            _compare(found, call, stored.get(call.key))
    found.system, found.unknown, found.in_progress = period.system, period.unknown, period.calls_in_progress
    for call in repository.calls(since, until, system=found.system):
        if call.key not in told:
            reason = _why_only_the_ledger(call, found, begins_at, period)
            found.differences.append(
                Difference(kind=Kind.LEDGER_ONLY, key=call.key, filed_at=call.filed_at, reason=reason)
            )
    _missing(found, repository, states, gaps, since=since, until=until)
    wanted_too = [outgoing_as_kept(made, numbers) for made in outgoing.values() if since <= made.started_at < until]
    found.outgoing = list(_other_outgoing(repository, wanted_too))
    return found


def write(repository: Repository, facts: Sequence[StoredFact], at: Callable[[int], None] = lambda _: None) -> None:
    """Write what was found missing or other, a chunk in each transaction.

    Raises:
        StoreError: the ledger cannot be written; the chunks before are.
    """
    done = 0
    for chunk in _chunks(facts):
        repository.record_all(chunk)
        done += len(chunk)
        at(done)


def _chunks(each: Iterable[_Each]) -> Iterator[list[_Each]]:
    left = iter(each)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _calls(
    period: Period,
    states: dict[tuple[str, str, datetime], AgentState],
    gaps: dict[datetime, Gap],
    outgoing: dict[CallKey, OutgoingCall],
    at: Callable[[int], None],
) -> Iterator[Call]:
    """The period's calls; what else it tells is put where it belongs."""
    for fact in period.facts(at):
        if isinstance(fact, Call):
            yield fact
        elif isinstance(fact, OutgoingCall):
            outgoing[fact.key] = fact
        elif isinstance(fact, AgentState):
            states[fact.queue, fact.agent, fact.at] = fact
        elif isinstance(fact, Gap):
            gaps[fact.started_at] = fact


def _compare(found: Comparison, call: Call, stored: Call | None) -> None:
    """Put a call of the journal beside the ledger's record of it, if there is one."""
    if stored is None:
        found.differences.append(Difference(kind=Kind.ADDED, key=call.key, filed_at=call.filed_at))
        found.calls.append(call)
        return
    if stored.caller is None and stored.source is Source.AMI:
        # Erased from the ledger, by a purge or at a person's wish; the journal brings nothing back.
        recordings = stored.recordings or tuple(masked(file, call.caller) for file in call.recordings)
        call = replace(call, caller=None, recordings=recordings)
    changes = tuple(differences(stored, call))
    if not changes:
        found.same += 1
        return
    reason = _why_it_stays(call, stored)
    kind = Kind.KEPT if reason else Kind.CHANGED
    found.differences.append(
        Difference(kind=kind, key=call.key, filed_at=call.filed_at, changes=changes, reason=reason)
    )
    if not reason:
        # Of two as complete the later recorded one stays; this one corrects the other.
        found.calls.append(replace(call, recorded_at=max(call.recorded_at, stored.recorded_at)))


def _why_it_stays(call: Call, stored: Call) -> str:
    if completeness(call) < completeness(stored):
        return "the ledger's record saw more of the call"
    names = {stored.agent, stored.member, *(attempt.agent for attempt in stored.attempts)}
    if any(name is not None and is_pseudonym(name) for name in names):
        return "the ledger has replaced names of agents in it by pseudonyms"
    return ""


def _why_only_the_ledger(call: Call, found: Comparison, begins_at: datetime | None, period: Period) -> str:
    if call.source is not Source.AMI:
        return f"brought in from {call.source.value}"
    if begins_at is None or call.filed_at < begins_at:
        return "the journal begins later"
    ended_at = call.ended_at or call.recorded_at
    if any(gap.started_at <= ended_at and (gap.ended_at or ended_at) >= call.filed_at for gap in found.unknown):
        return "the journal has a hole there"
    if microseconds(call.filed_at) > period.followed_until_us:
        return "the journal ends earlier"
    if call.key in period.unrecorded:
        return "it has not ended in the journal"
    return "it is of no line now"


def _other_outgoing(repository: Repository, told: Sequence[OutgoingCall]) -> Iterator[OutgoingCall]:
    """Of calls that the centre made, those that the ledger does not tell so; what was erased from it stays erased."""
    stored = made_calls(repository.store, [made.key for made in told])
    for made in told:
        known = stored.get(made.key)
        if known is None:
            yield made
            continue
        corrected = made if known.number else replace(made, number="")
        if corrected != known and not is_pseudonym(known.agent) and outgoing_rank(corrected) >= outgoing_rank(known):
            yield corrected


def _missing(
    found: Comparison,
    repository: Repository,
    states: dict[tuple[str, str, datetime], AgentState],
    gaps: dict[datetime, Gap],
    *,
    since: datetime,
    until: datetime,
) -> None:
    """What the ledger lacks of members' states and of intervals that could not be observed."""
    if states:
        known = repository.agent_states(since, until, system=found.system)
        for state in known:
            states.pop((state.queue, state.agent, state.at), None)
        if not any(is_pseudonym(state.agent) for state in known):
            found.states = list(states.values())
    # Before its own name was known, what could not be seen of a system was filed under the configured one.
    stored = {name: repository.gaps(since, until, system=name) for name in {gap.system for gap in gaps.values()}}
    for gap in gaps.values():
        # The ledger may tell the same interval by other bounds: by what was written last, not by what was received.
        ended_at = gap.ended_at or until
        touching = (
            other.started_at <= ended_at and (other.ended_at or until) >= gap.started_at for other in stored[gap.system]
        )
        if ended_at > since and not any(touching):
            found.gaps.append(gap)


def differences(stored: object, told: object, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The fields in which two records of one call differ: `(field, one's value, the other's)`."""
    for each in fields(stored):  # type: ignore[arg-type] # a record, or a part of one
        if each.name in _BOOKKEEPING:
            continue
        one, other = getattr(stored, each.name), getattr(told, each.name)
        if one == other:
            continue
        parts = isinstance(one, tuple) and bool(one) and is_dataclass(one[0]) and len(one) == len(other)
        if parts:
            for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
                yield from differences(mine, theirs, f"{where}{each.name}[{number}].")
        else:
            yield f"{where}{each.name}", one, other


def counts_of(comparison: Comparison) -> Counter[str]:
    """In how many calls each field differs, of those that change."""
    changed = (each for each in comparison.differences if each.kind is Kind.CHANGED)
    return Counter(name for each in changed for name in {change[0].partition("[")[0] for change in each.changes})
