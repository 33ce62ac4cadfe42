"""Compares a period of the ledger with what Asterisk wrote, fills what only Asterisk saw, and says what differs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.calls.facts import Outcome, Source
from monitor.imports.cdr import epoch_of
from monitor.imports.frame import Frame, Span
from monitor.imports.intake import Intake
from monitor.ledger import reconciled
from monitor.ledger.coverage import unobserved
from monitor.ledger.reconciled import Disagreement, Reconciliation
from monitor.reconcile.comparing import differences
from monitor.reconcile.merging import merged
from monitor.reconcile.reading import MARGIN, read
from monitor.reconcile.reasons import LeftOut, Reason, What

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from monitor.calls.facts import Call
    from monitor.calls.state import Plan
    from monitor.imports.frame import Notes
    from monitor.ledger.coverage import Unobserved
    from monitor.ledger.repository import Repository
    from monitor.reconcile.reading import Given

_YOUNG = timedelta(minutes=5)
"""Asterisk may hold back call detail records for so long (batch mode of cdr.conf)."""
_LONGEST = timedelta(hours=4)
"""A call whose end is not told yet is taken to go on for so long after its last word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be compared."""

    system: str
    given: Given
    plan: Plan
    lines: tuple[str, ...]
    """Names of the lines that are configured."""
    zone: ZoneInfo
    since: datetime
    until: datetime
    """The first instant behind the period."""


@dataclass(slots=True)
class Result:
    """What a comparison came to."""

    made: Reconciliation
    disagreements: list[Disagreement]
    left_out: Counter[LeftOut]
    notes: Mapping[Source, Notes]
    """By source, what could not be read."""


def reconcile(repository: Repository, order: Order, now: datetime, *, dry: bool = False) -> Result:
    """Compare a period; may block for minutes.

    Args:
        repository: the ledger, up to date.
        order: what.
        now: the time; nothing later is compared.
        dry: say what would be filled, and write nothing.

    Raises:
        ImportRefused: what Asterisk wrote cannot be read.
        StoreError: the ledger is away; running it again makes it up.
    """
    return _Comparison(repository, replace(order, until=min(order.until, now)), now).made(dry=dry)


@dataclass(slots=True)
class _Comparison:
    """One comparison under way."""

    repository: Repository
    order: Order
    now: datetime
    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    found: list[Disagreement] = field(default_factory=list)
    fills: list[Call] = field(default_factory=list)
    gaps: list[Unobserved] = field(default_factory=list)

    def made(self, *, dry: bool) -> Result:
        order, store = self.order, self.repository.store
        around = Span(order.since - MARGIN, order.until + MARGIN)
        ours = {
            call.key.linkedid: call for call in self.repository.calls(around.since, around.until, system=order.system)
        }
        known = {linkedid: call.line for linkedid, call in ours.items()}
        frame = Frame(system=order.system, plan=order.plan, known=known)
        records = read(order.given, frame, order.zone, Span(order.since, order.until))
        with store.reading() as connection:
            self.gaps = unobserved(connection, order.system, around.since, min(around.until, self.now))
        # The monitor may have come upon a call under a linkedid that it had for a while.
        found = {linkedid: call for linkedid, call in ours.items() if linkedid in records.calls}
        for linkedid, call in ours.items():
            if linkedid not in found and (whole := records.joined.get(linkedid)) is not None:
                found.setdefault(whole, call)
        for linkedid, of_call in sorted(records.calls.items()):
            self._theirs(of_call, found.get(linkedid))
        for linkedid, call in ours.items():
            if linkedid not in records.calls and records.joined.get(linkedid) not in records.calls:
                self._alone(call, any_read=bool(records.calls))
        asterisk_calls = self.counts["matched"] + self.counts["filled"] + self.counts["disagreeing"]
        made = Reconciliation(
            system=order.system,
            since=order.since,
            until=order.until,
            made_at=self.now,
            sources=", ".join(source.value for source in order.given.sources),
            asterisk_calls=asterisk_calls,
            matched=self.counts["matched"],
            filled=self.counts["filled"],
            disagreeing=self.counts["disagreeing"],
            ours_alone=self.counts["ours_alone"],
        )
        if not dry:
            self._fill()
            reconciled.write(store, made, self.found)
        return Result(made, self.found, self.left_out, records.notes)

    def _within(self, at: datetime) -> bool:
        return self.order.since <= at < self.order.until

    def _theirs(self, records: Mapping[Source, Call], ours: Call | None) -> None:
        """A call that Asterisk wrote down."""
        call = merged(records)
        if not self._within(ours.filed_at if ours is not None and ours.source is Source.AMI else _entry(call)):
            return
        if ours is None or ours.source is not Source.AMI:
            self._theirs_alone(call, records, ours)
            return
        told = differences(ours, records)
        self.counts["disagreeing" if told else "matched"] += 1
        for each in told:
            self._tell(ours.key.linkedid, each.what, each.source, each.ours, each.theirs, each.reason)

    def _theirs_alone(self, call: Call, records: Mapping[Source, Call], filled: Call | None) -> None:
        """A call that only Asterisk saw; it may have been put into the ledger before."""
        why = self._why_missing(call)
        line = call.line or (filled.line if filled is not None else "") or self._only_line()
        reason = self._not_taken(call, records, line, missed=why is not Reason.NO_GAP)
        if reason is not None:
            self.left_out[reason] += 1
            return
        self.counts["filled"] += 1
        # A number that was erased since is not brought back.
        caller = call.caller if filled is None else filled.caller
        self.fills.append(replace(call, line=line, caller=caller))
        self._tell(call.key.linkedid, What.MISSING, call.source, None, call.outcome.value, why)

    def _not_taken(self, call: Call, records: Mapping[Source, Call], line: str, *, missed: bool) -> LeftOut | None:
        """Why a call that the ledger does not have stays out of it; None where it is to be filled."""
        quiet = self.now - call.recorded_at
        # Call detail records are written for each leg: of the last one nothing says that it was the last.
        only_cdr = set(records) == {Source.CDR}
        open_end = call.ended_at is None and call.outcome is Outcome.UNOBSERVED
        if (open_end and quiet < _LONGEST) or (only_cdr and quiet < _YOUNG):
            return LeftOut.STILL_GOING
        if set(records) == {Source.QUEUE_LOG} and not call.dialled:
            if Source.CEL in self.order.given.sources:
                return LeftOut.OF_NO_LINE
            if not line:
                return LeftOut.LINE_UNTOLD
            if not missed:
                return LeftOut.NOT_MISSED
        return None

    def _only_line(self) -> str:
        return self.order.lines[0] if len(self.order.lines) == 1 else ""

    def _why_missing(self, call: Call) -> Reason:
        """Why the monitor has no record of a call: it could not see all of it."""
        began_at, ended_at = _entry(call), call.ended_at or call.recorded_at
        for gap in self.gaps:
            if gap.started_at <= ended_at and began_at <= gap.ended_at:
                return Reason.BEFORE_MONITOR if gap.cause == "before_monitor" else Reason.GAP
        return Reason.NO_GAP

    def _alone(self, ours: Call, *, any_read: bool) -> None:
        """A call of the ledger of which Asterisk wrote nothing."""
        if ours.source is not Source.AMI or not self._within(ours.filed_at):
            return
        sources = set(self.order.given.sources)
        if self.now - ours.recorded_at < _YOUNG:
            self.left_out[LeftOut.JUST_ENDED] += 1
        elif sources == {Source.QUEUE_LOG} and ours.queue is None:
            self.left_out[LeftOut.NO_QUEUE] += 1
        else:
            self.counts["ours_alone"] += 1
            reason = Reason.NOT_WRITTEN if any_read else Reason.NOTHING_WRITTEN
            if any_read and Source.CEL not in sources and ours.outcome is not Outcome.ANSWERED:
                reason = Reason.UNANSWERED_NOT_WRITTEN
            self._tell(ours.key.linkedid, What.MISSING, self.order.given.sources[-1], ours.outcome.value, None, reason)

    def _tell(  # noqa: PLR0917 - the columns of one row
        self, linkedid: str, what: What, source: Source, ours: str | None, theirs: str | None, reason: Reason
    ) -> None:
        self.found.append(
            Disagreement(
                system=self.order.system,
                linkedid=linkedid,
                what=what.value,
                source=source.value,
                ours=ours,
                theirs=theirs,
                reason=reason.value,
                found_at=self.now,
            )
        )

    def _fill(self) -> None:
        rules = {rule.label: rule for rule in self.order.plan.rules}
        for label in dict.fromkeys(call.rule for call in self.fills):
            self.repository.record_rule(rules[label])
        Intake(self.repository).take_all(self.fills)


def _entry(call: Call) -> datetime:
    """When a call entered; where only a queue told of it, when its channel began."""
    return call.entered_at or epoch_of(call.key.linkedid) or call.filed_at
