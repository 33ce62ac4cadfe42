"""Takes personal data out of cases; each case that loses some gets an entry of its trail, which says no more."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_

from monitor.ledger import cases
from monitor.ledger.erasing import Task
from monitor.ledger.tables import CASES
from monitor.masking import mask_address, masked_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from monitor.numbers import Numbers

_ITSELF = {"who": "callmonitor", "role": "program"}
_PERSONAL = ("subject", "contact", "result")
"""Of the columns that may lose something, those that the trail names."""


def personal_before(at: datetime, now: datetime) -> Task:
    """What cases hold of a person is erased where they were done, or withdrawn, before an instant.

    What came of a case stays, with the telephone numbers in it masked.
    """
    stored = CASES.c

    def change(row: RowMapping) -> Mapping[str, Any]:
        result = row["result"] and masked_words(row["result"])
        return {"subject": None, "contact": None, "person": None, "result": result, "erased_at": now}

    done = and_(stored.state == "done", stored.done_at < at)
    withdrawn = and_(stored.state == "withdrawn", stored.changed_at < at)
    return Task(
        place="cases.subject, contact, person",
        table=CASES,
        order=(stored.received_at, stored.reference),
        where=and_(stored.received_at < at, stored.erased_at.is_(None), or_(done, withdrawn)),
        change=change,
        beside=entries_at(lambda: now),
    )


def numbers_to_hashes(numbers: Numbers) -> Task:
    """Numbers and addresses that were written before hashes were wanted become what would be kept of them now."""
    stored = CASES.c

    def change(row: RowMapping) -> Mapping[str, Any] | None:
        contact, person = row["contact"], row["person"]
        hashed = mask_address(contact) if "@" in contact else numbers.stored(contact)
        return None if hashed == contact else {"contact": hashed, "person": person and numbers.person(person)}

    return Task(
        place="cases.contact, to hashes",
        table=CASES,
        order=(stored.received_at, stored.reference),
        where=and_(stored.contact.is_not(None), stored.contact.not_like("hmac:%")),
        change=change,
    )


def entries_at(
    clock: Callable[[], datetime],
) -> Callable[[Connection, Sequence[tuple[RowMapping, Mapping[str, Any]]]], None]:
    """What writes the entries of cases that are about to be erased in the same transaction."""

    def write(connection: Connection, changes: Sequence[tuple[RowMapping, Mapping[str, Any]]]) -> None:
        now = clock()
        # Before the rows: whoever changes a case takes the lock first, too.
        cases.lock(connection)
        cases.append(
            connection,
            [
                {"reference": row["reference"], "at": now, **_ITSELF, "action": "erased", "detail": _told(row, change)}
                for row, change in changes
            ],
        )

    return write


def _told(row: RowMapping, change: Mapping[str, Any]) -> dict[str, Any]:
    detail: dict[str, Any] = {name: "changed" for name in _PERSONAL if name in change and change[name] != row[name]}
    if "assignee" in change:
        detail["assignee"] = [row["assignee"], change["assignee"]]
    if "erased_at" in change:
        detail["erased_at"] = [None, change["erased_at"].astimezone(UTC).isoformat(timespec="microseconds")]
    return detail
