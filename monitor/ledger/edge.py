"""The ledger's edge: a call as it may be kept, before it is written anywhere, the files where facts wait among them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.calls.facts import Call, OutgoingCall
from monitor.masking import is_number
from monitor.numbers import hash_mark
from monitor.recording_names import changed

if TYPE_CHECKING:
    from monitor.calls.facts import Transfer
    from monitor.ledger.rows import StoredFact
    from monitor.numbers import Numbers


def as_kept(call: Call, numbers: Numbers) -> Call:
    """A call as the ledger keeps it; what is kept already stays as it is.

    Args:
        call: as it was followed or brought in.
        numbers: how callers' numbers are kept.
    """
    caller = numbers.stored(call.caller)
    transfers = call.transfers
    if numbers.hashed and caller and transfers:
        transfers = tuple(_not_back(transfer, caller, numbers) for transfer in transfers)
    recordings = call.recordings
    if numbers.hashed and recordings:
        recordings = tuple(changed(file, call.caller, lambda each: _marked(each, numbers)) for file in recordings)
    if (caller, transfers, recordings) == (call.caller, call.transfers, call.recordings):
        return call
    return replace(call, caller=caller, transfers=transfers, recordings=recordings)


def kept(fact: StoredFact, numbers: Numbers) -> StoredFact:
    """A fact as the ledger keeps it; what is kept already stays as it is."""
    if isinstance(fact, Call):
        return as_kept(fact, numbers)
    return outgoing_as_kept(fact, numbers) if isinstance(fact, OutgoingCall) else fact


def outgoing_as_kept(call: OutgoingCall, numbers: Numbers) -> OutgoingCall:
    """A call made by the centre as the ledger keeps it; what is kept already stays as it is."""
    number = numbers.stored(call.number) or ""
    return call if number == call.number else replace(call, number=number)


def _marked(number: str, numbers: Numbers) -> str:
    return hash_mark(numbers.stored(number) or "")


def _not_back(transfer: Transfer, caller: str, numbers: Numbers) -> Transfer:
    """A transfer that does not tell in full the number which its call hides: that of a caller sent to themselves."""
    if is_number(transfer.to) and numbers.stored(transfer.to) == caller:
        return replace(transfer, to=hash_mark(caller))
    return transfer
