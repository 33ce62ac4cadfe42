"""Facts to rows and back.

A field whose name is a column's goes there as it is; what differs is written out here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date  # noqa: TC003 - the spool reads a rule's fields by their types
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from monitor.calls.facts import (
    AgentState,
    Call,
    CallbackPromise,
    CallKey,
    Gap,
    Hold,
    Observed,
    Outcome,
    OutgoingCall,
    RingAttempt,
    Source,
    Transfer,
    Verdict,
)
from monitor.calls.rules import Reading
from monitor.ledger.columns import caller_ends
from monitor.ledger.models import AgentStateRow, CallRow, CoverageGapRow, HoldRow, RingAttemptRow, RuleRow, TransferRow
from monitor.ledger.models_charter import CallbackPromiseRow, OutgoingCallRow, RecordingRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import RowMapping, Table

    from monitor.calls.rules import RingRule

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRule:
    """A ring rule as the ledger keeps it: complete without this program's cadence table."""

    name: str
    version: int
    holds_from: date
    limit: int
    headline: Reading
    country: str
    period_us: int
    definition: dict[str, Any]

    @classmethod
    def of(cls, rule: RingRule) -> StoredRule:
        """What is kept of a rule."""
        definition = {
            "limit": rule.limit,
            "headline": rule.headline.value,
            "country": rule.country,
            "pattern_ms": list(rule.cadence.pattern_ms),
            "period_us": rule.period_us,
        }
        return cls(
            name=rule.name,
            version=rule.version,
            holds_from=rule.holds_from,
            limit=rule.limit,
            headline=rule.headline,
            country=rule.country,
            period_us=rule.period_us,
            definition=definition,
        )

    @property
    def label(self) -> str:
        """Name and version, as calls carry them: `three-rings/1`."""
        return f"{self.name}/{self.version}"


StoredFact = Call | OutgoingCall | AgentState | Gap | StoredRule
"""What the ledger keeps. Other facts tell of a moment, and what matters of them is in a `Call`."""

STORED_FACTS = (Call, OutgoingCall, AgentState, Gap, StoredRule)

_WHOLE = 2
_END_KNOWN = 1
_BROUGHT_IN = {Source.QUEUE_LOG: -3, Source.CDR: -4, Source.CEL: -3}
"""Below whatever this monitor saw itself. A queue log tells more of a call than call detail records do. The channel
event log tells more again: it stands beside the queue log and is written to the microsecond, so that its last word is
later than the same second's in a log that cuts them off."""


def completeness(call: Call) -> int:
    """How much of a call was seen: all of it (2, 3) before part of it (0, 1), a known end (1, 3) before none (0, 2).

    Records of other programs come below all of these (-4 to -1), again those with a known end before the others. A
    record takes the place of one that is less complete, or as complete and not recorded later.
    """
    if call.source in _BROUGHT_IN:
        return _BROUGHT_IN[call.source] + _WHOLE * (call.outcome is not Outcome.UNOBSERVED)
    return _WHOLE * (call.observed is Observed.WHOLE) + _END_KNOWN * (call.outcome is not Outcome.UNOBSERVED)


def rank(call: Call) -> tuple[int, datetime]:
    """What decides between two records of one call: the greater stays, the later written of equal ones."""
    return completeness(call), call.recorded_at


def outgoing_rank(call: OutgoingCall) -> tuple[bool, datetime]:
    """The same for two records of one call that the centre made."""
    return call.observed is Observed.WHOLE, call.ended_at


class _Shape:
    """The fields of a fact that are columns under the same name."""

    def __init__(self, fact: type[Any], *, besides: Iterable[str] = ()) -> None:
        self.fact = fact
        self.names = tuple(field.name for field in fields(fact) if field.name not in set(besides))
        self.values: Callable[[Any], tuple[Any, ...]] = attrgetter(*self.names)

    def row(self, fact: object) -> Row:
        """The columns of one fact."""
        return dict(zip(self.names, self.values(fact), strict=True))

    def taken(self, row: RowMapping) -> Row:
        """The fields of one row."""
        return {name: row[name] for name in self.names}


_BETWEEN = " "
"""Stands between two menu choices; neither a context nor digits hold one."""

_CALL = _Shape(Call, besides=("key", "verdicts", "attempts", "transfers", "holds", "menu", "recordings", "callbacks"))
_ATTEMPT = _Shape(RingAttempt)
_TRANSFER = _Shape(Transfer)
_HOLD = _Shape(Hold)
_PROMISE = _Shape(CallbackPromise)
_OUTGOING = _Shape(OutgoingCall, besides=("key",))
_AGENT_STATE = _Shape(AgentState)
_GAP = _Shape(Gap, besides=("set_by_us",))
_RULE = _Shape(StoredRule)


def call_row(call: Call) -> Row:
    """The row of a call, without what belongs to it."""
    row = _CALL.row(call)
    verdicts = dict(call.verdicts)
    row["system"] = call.key.system
    row["linkedid"] = call.key.linkedid
    row["filed_at"] = call.filed_at
    row["verdict_within"] = verdicts.get(Reading.WITHIN)
    row["verdict_before"] = verdicts.get(Reading.BEFORE)
    row["headline"] = call.verdicts[0][0] if call.verdicts else None
    row["completeness"] = completeness(call)
    row["caller_ends"] = caller_ends(call.caller)
    row["menu"] = _BETWEEN.join(call.menu) or None
    return row


def rows_of_calls(calls: Iterable[Call]) -> dict[Table, list[Row]]:
    """The rows of what belongs to calls, numbered from 0 in their order, by table."""
    attempts: list[Row] = []
    transfers: list[Row] = []
    holds: list[Row] = []
    promises: list[Row] = []
    recordings: list[Row] = []
    for call in calls:
        filed_at = call.filed_at
        for rows, shape, parts in (
            (attempts, _ATTEMPT, call.attempts),
            (transfers, _TRANSFER, call.transfers),
            (holds, _HOLD, call.holds),
            (promises, _PROMISE, call.callbacks),
        ):
            for ordinal, part in enumerate(parts):
                row = shape.row(part)
                row["system"] = call.key.system
                row["linkedid"] = call.key.linkedid
                row["ordinal"] = ordinal
                if rows is attempts:
                    row["filed_at"] = filed_at
                rows.append(row)
        recordings += (
            {"system": call.key.system, "linkedid": call.key.linkedid, "ordinal": ordinal, "file": file}
            for ordinal, file in enumerate(call.recordings)
        )
    return {
        ATTEMPTS: attempts,
        TRANSFERS: transfers,
        HOLDS: holds,
        CALLBACK_PROMISES: promises,
        RECORDINGS: recordings,
    }


def outgoing_row(call: OutgoingCall, person: str | None) -> Row:
    """The row of a call made by the centre, to the person whose number it dialled."""
    row = _OUTGOING.row(call)
    row["number"] = call.number or None
    row["system"] = call.key.system
    row["linkedid"] = call.key.linkedid
    row["person"] = person or None
    return row


def outgoing_of(row: RowMapping) -> OutgoingCall:
    """The call made by the centre that was stored as `row`."""
    key = CallKey(system=row["system"], linkedid=row["linkedid"])
    return OutgoingCall(key=key, **{**_OUTGOING.taken(row), "number": row["number"] or ""})


def agent_state_row(state: AgentState) -> Row:
    """The row of an agent state."""
    return _AGENT_STATE.row(state)


def gap_row(gap: Gap) -> Row:
    """The row of a coverage gap."""
    return _GAP.row(gap)


def rule_row(rule: StoredRule) -> Row:
    """The row of a rule."""
    return _RULE.row(rule)


def call_of(row: RowMapping, parts: Mapping[Table, list[RowMapping]]) -> Call:
    """The call that was stored as `row`, with the rows of what belongs to it in their order."""
    verdicts: dict[str, Verdict] = {
        Reading.WITHIN: row["verdict_within"],
        Reading.BEFORE: row["verdict_before"],
    }
    readings = sorted(verdicts, key=lambda reading: reading != row["headline"])
    return Call(
        key=CallKey(system=row["system"], linkedid=row["linkedid"]),
        verdicts=tuple((str(reading), verdicts[reading]) for reading in readings),
        attempts=tuple(RingAttempt(**_ATTEMPT.taken(part)) for part in parts.get(ATTEMPTS, ())),
        transfers=tuple(transfer_of(part) for part in parts.get(TRANSFERS, ())),
        holds=tuple(Hold(**_HOLD.taken(part)) for part in parts.get(HOLDS, ())),
        menu=tuple((row["menu"] or "").split()),
        recordings=tuple(part["file"] for part in parts.get(RECORDINGS, ())),
        callbacks=tuple(CallbackPromise(**_PROMISE.taken(part)) for part in parts.get(CALLBACK_PROMISES, ())),
        **_CALL.taken(row),
    )


def transfer_of(row: RowMapping) -> Transfer:
    """The transfer that was stored as `row`."""
    return Transfer(**_TRANSFER.taken(row))


def agent_state_of(row: RowMapping) -> AgentState:
    """The agent state that was stored as `row`."""
    return AgentState(**_AGENT_STATE.taken(row))


def gap_of(row: RowMapping) -> Gap:
    """The coverage gap that was stored as `row`."""
    return Gap(**_GAP.taken(row))


def rule_of(row: RowMapping) -> StoredRule:
    """The rule that was stored as `row`."""
    return StoredRule(**_RULE.taken(row))


def _table(model: type[Any]) -> Table:
    table: Table = model.__table__
    return table


CALLS = _table(CallRow)
ATTEMPTS = _table(RingAttemptRow)
TRANSFERS = _table(TransferRow)
HOLDS = _table(HoldRow)
AGENT_STATES = _table(AgentStateRow)
GAPS = _table(CoverageGapRow)
RULES = _table(RuleRow)

RECORDINGS = _table(RecordingRow)
CALLBACK_PROMISES = _table(CallbackPromiseRow)
OUTGOING_CALLS = _table(OutgoingCallRow)

PARTS_OF_CALLS = (ATTEMPTS, TRANSFERS, HOLDS, RECORDINGS, CALLBACK_PROMISES)
