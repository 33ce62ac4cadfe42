"""What a new case and a change make of a case's row, and the entry of the audit trail that tells it. Pure."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.commitments import contacts
from monitor.commitments.cases import UNCHANGED, Actor, CaseError, CaseState, Change, NewCase
from monitor.commitments.checking import check, cleaned
from monitor.commitments.clock import due_at
from monitor.commitments.owed import NOTHING, Due, owed_for, rule_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from monitor.commitments.register import Commitment
    from monitor.numbers import Numbers
    from monitor.worktime import WorkTime

Row = dict[str, Any]

PERSONAL = frozenset({"subject", "contact", "result"})
"""Fields of which the trail tells only that they changed: what it holds can never be erased."""
_OF_THE_RECORD = frozenset({"person", "created_at", "changed_at", "source"})
"""Fields that the trail does not tell of: they follow from others, and from the entry itself."""
_EMPTY: Row = {
    "due_at": None, "done_at": None, "state": None, "assignee": None, "subject": None, "contact": None, "person": None,
    "system": None, "linkedid": None, "finding": None, "visits": None, "missed_appointment": False, "owed_won": 0,
    "owed_apology": False, "owed_training": False, "paid_won": 0, "paid_at": None, "apology_at": None,
    "training_at": None, "result": None, "erased_at": None,
}  # fmt: skip
_GIVEN = tuple(one.name for one in fields(NewCase) if one.name != "withdrawn")
_TICK = timedelta(microseconds=1)


def _(sentence: str) -> str:
    """Marks a message identifier for the catalogue; the page looks its Korean up."""
    return sentence


class Filing:
    """Files cases under one register.

    Args:
        register: the promises.
        work_time: of the centre.
        numbers: how the ledger keeps numbers.
    """

    def __init__(self, register: tuple[Commitment, ...], work_time: WorkTime, numbers: Numbers) -> None:
        self.register = {one.key: one for one in register}
        self.work_time = work_time
        self._numbers = numbers
        self._deadlines: dict[tuple[str, Any], datetime | None] = {}

    def new_row(self, new: NewCase, now: datetime) -> Row:
        """The row of a new case, without its reference where it brings none.

        Raises:
            CaseError: something of it makes no sense.
        """
        given = cleaned({name: getattr(new, name) for name in _GIVEN})
        commitment = self.register.get(given["commitment"] or "")
        if commitment is None:
            raise CaseError(_("There is no such promise: give one of {keys}."), "commitment", keys=self._keys())
        done = given["done_at"] is not None
        given["state"] = CaseState.WITHDRAWN if new.withdrawn else CaseState.DONE if done else CaseState.OPEN
        row = check({**_EMPTY, **given}, given, commitment, now, self.work_time.zone)
        if row["paid_won"] and row["paid_at"] is None:
            row["paid_at"] = row["done_at"] or now
        self._keep_contact(row)
        self._set_clock(row, commitment)
        _set_owed(row, owed_for(commitment, row, now))
        return {**row, "created_at": now, "changed_at": now}

    def changed_row(self, before: Mapping[str, Any], change: Change, now: datetime) -> Row:
        """What becomes of a case's row; equal to it where nothing does.

        Raises:
            CaseError: something of the change makes no sense.
        """
        given = cleaned(
            {
                one.name: value
                for one in fields(Change)
                if one.name != "seen_at" and (value := getattr(change, one.name)) is not UNCHANGED
            }
        )
        for name in ("commitment", "received_at"):
            if name in given and given[name] is None:
                raise CaseError(_("It cannot be left empty: give it."), name)
        at = max(now, before["changed_at"] + _TICK)
        _complete(given, before, now)
        row = {**before, **given}
        commitment = self.register.get(row["commitment"])
        if commitment is None and "commitment" in given:
            raise CaseError(_("There is no such promise: give one of {keys}."), "commitment", keys=self._keys())
        row = check(row, given, commitment, now, self.work_time.zone)
        if "contact" in given:
            self._keep_contact(row)
        if commitment is not None:
            if row["commitment"] != before["commitment"] or row["received_at"] != before["received_at"]:
                # Only then: that holidays were set differently since moves no deadline somebody was told.
                self._set_clock(row, commitment)
            _set_owed(row, owed_for(commitment, row, now))
        if row["erased_at"] is not None and any(row[name] and row[name] != before[name] for name in PERSONAL):
            row["erased_at"] = None
        return row if row == dict(before) else {**row, "changed_at": at}

    def entry(self, before: Mapping[str, Any] | None, row: Row, by: Actor) -> Row:
        """The entry of the trail about what became of a row; None before is a new one."""
        told = {name for name in row if name not in _OF_THE_RECORD and name != "reference"}
        old = _EMPTY | {"commitment": None, "received_at": None} if before is None else before
        detail: Row = {
            name: "changed" if name in PERSONAL else [_said(old[name]), _said(row[name])]
            for name in sorted(told)
            if old[name] != row[name]
        }
        commitment = self.register.get(row["commitment"])
        if commitment is not None and (before is None or any(name.startswith(("owed", "due")) for name in detail)):
            detail["rule"] = rule_of(commitment)
        action = "opened" if before is None else _action(before["state"], row["state"])
        return {
            "reference": row["reference"], "at": row["changed_at"], "who": by.name, "role": by.role,
            "action": action, "detail": detail,
        }  # fmt: skip

    def _keys(self) -> str:
        return ", ".join(self.register)

    def _keep_contact(self, row: Row) -> None:
        row["person"] = None
        if row["contact"] is None:
            return
        kept = contacts.kept(row["contact"], self._numbers)
        if kept is None:
            raise CaseError(_("It is no whole telephone number and no e-mail address: give one of them."), "contact")
        row["contact"], row["person"] = kept

    def _set_clock(self, row: Row, commitment: Commitment) -> None:
        # Of thousands of cases many came in on the same day.
        place = commitment.key, row["received_at"].astimezone(self.work_time.zone).date()
        if place not in self._deadlines:
            self._deadlines[place] = due_at(commitment, row["received_at"], self.work_time)
        row["due_at"] = self._deadlines[place]


def _complete(given: Row, before: Mapping[str, Any], now: datetime) -> None:
    """What follows from what was given."""
    if "state" not in given and given.get("done_at") is not None:
        given["state"] = CaseState.DONE
    elif "state" not in given and "done_at" in given and before["state"] == CaseState.DONE:
        given["state"] = CaseState.OPEN
    if given.get("state") == CaseState.DONE and given.get("done_at") is None:
        given["done_at"] = before["done_at"] or now
    elif "state" in given and given["state"] != CaseState.DONE:
        given.setdefault("done_at", None)
    for name, empty in (("paid_won", 0), ("missed_appointment", False)):
        if name in given and given[name] is None:
            given[name] = empty
    if "paid_won" in given and "paid_at" not in given:
        given["paid_at"] = None if not given["paid_won"] else before["paid_at"] or now


def _set_owed(row: Row, due: Due = NOTHING) -> None:
    row["owed_won"], row["owed_apology"], row["owed_training"] = due.won, due.apology, due.training


def _action(was: str, will: str) -> str:
    if was == will:
        return "changed"
    return {CaseState.DONE: "done", CaseState.WITHDRAWN: "withdrawn"}.get(CaseState(will), "reopened")


def _said(value: Any) -> Any:
    """A value as the trail has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return None if value is None else value if isinstance(value, bool | int) else str(value)


def difference(brought: Row, opening: Mapping[str, Any], stored: Mapping[str, Any]) -> Collection[str]:
    """In which fields a case that is brought again differs from what was brought under its reference first.

    What became of the case since does not matter, so that the same file may be brought twice.

    Args:
        brought: its row, as of now.
        opening: the `detail` of its first entry in the trail.
        stored: its row in the ledger.
    """
    names = set(brought) - _OF_THE_RECORD - {"reference", "due_at", "erased_at"} - PERSONAL
    # What is owed follows from the register, which may have changed since; paid without a day, from the present.
    names = {name for name in names if not name.startswith("owed_") and name != "paid_at"}
    first = {**_EMPTY, "commitment": None, "received_at": None}
    told = {name: opening[name][1] if name in opening else _said(first[name]) for name in names}
    differing = {name for name in names if told[name] != _said(brought[name])}
    if stored["erased_at"] is None and stored["changed_at"] == stored["created_at"]:
        differing |= {name for name in PERSONAL if stored[name] != brought[name]}
    return sorted(differing)


def told_of(case: Mapping[str, Any], *, said: bool = False) -> Row:
    """The fields that the trail tells of with their values, as it has them.

    Args:
        case: values by field; what is not there is as in an empty case.
        said: they are a row's, and not yet as the trail has them.
    """
    names = (*_EMPTY, "commitment", "received_at")
    return {
        name: (_said(case[name]) if said else case[name]) if name in case else _said(_EMPTY.get(name))
        for name in names
        if name not in PERSONAL | _OF_THE_RECORD
    }
