"""Whether the audit trail of the cases is as it was written: its chain, and that each case is as its entries say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.commitments.cases import TrailCheck
from monitor.commitments.filing import told_of
from monitor.ledger import cases

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection


def check_trail(connection: Connection) -> TrailCheck:
    """Read through the trail and the cases, as they were at one moment."""
    entries, chain = 0, cases.NO_ENTRY
    as_told: dict[str, dict[str, Any]] = {}

    def broken(what: str, number: int | None = None) -> TrailCheck:
        return TrailCheck(entries=entries, cases=0, head=chain, broken=what, broken_id=number)

    for row in cases.whole_trail(connection):
        number = row["id"]
        if number != entries + 1:
            return broken(
                f"Entry {entries + 1} of the trail is missing: entry {number} follows entry {entries}.", number
            )
        if row["chain"] != cases.chain_of(chain, row):
            return broken(
                f"Entry {number} of the trail is not as it was written, or what is before it was exchanged.", number
            )
        entries, chain = number, row["chain"]
        _take(as_told, row)
    seen = 0
    for case in cases.all_cases(connection):
        seen += 1
        told = as_told.pop(case["reference"], None)
        wrong = "all of it" if told is None else ", ".join(_differing(case, told))
        if wrong:
            return broken(
                f"The case {case['reference']} is not as its entries say ({wrong}): it was changed past the trail."
            )
    if as_told:
        return broken(f"The case {next(iter(as_told))} has entries and is not there: it was deleted past the trail.")
    return TrailCheck(entries=entries, cases=seen, head=chain)


def _take(as_told: dict[str, dict[str, Any]], entry: Mapping[str, Any]) -> None:
    told = as_told.setdefault(entry["reference"], {})
    for name, value in entry["detail"].items():
        if isinstance(value, list):
            told[name] = value[1]
    if entry["action"] != "erased":
        told["changed_at"] = entry["at"]


def _differing(case: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    changed_at: datetime | None = told.get("changed_at")
    expected = told_of(told)
    differing = [name for name, value in told_of(case, said=True).items() if value != expected[name]]
    return differing + (["changed_at"] if case["changed_at"] != changed_at else [])
