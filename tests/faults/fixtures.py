"""What each fault cost, asserted and, for `make reliability`, written down."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

OUTCOMES = "RELIABILITY_OUTCOMES"
"""Environment: the file to which outcomes are appended, one JSON object a line; none are where it is not set."""

THOROUGH = bool(os.environ.get("TESTS_AT_LENGTH"))
"""Faults are tried as often and as long as docs/reliability.md tells; else as CI has time for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOutcome:
    """What a fault cost, as the outside measured it: the wire, another program, or arithmetic of the test."""

    fault: str
    """In words, as in `kill -9 at 300 random instants`."""
    parts: str
    """What was real, as in `Asterisk, SIPp, PostgreSQL`."""
    calls_at_stake: int
    """Calls that really were, while the fault could touch them."""
    lost: int
    """Of these, calls of which the ledger has neither a record nor an interval that tells why."""
    duplicated: int
    """Calls that are there, or counted, more than once."""
    unobserved_told_seconds: float
    """How long nothing could be seen, by the ledger's gaps."""
    unobserved_untold_seconds: float
    """How long nothing could be seen and no gap tells of it."""
    recovered_seconds: float
    """From the end of the fault until everything was followed and written again."""


@pytest.fixture
def told() -> Callable[..., None]:
    """Assert that nothing was lost, told twice or left untold, and write the outcome down where that is asked for."""

    def tell(**outcome: object) -> None:
        measured = FaultOutcome(**outcome)  # type: ignore[arg-type] # the record itself refuses what does not belong
        path = os.environ.get(OUTCOMES)
        if path:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(measured), ensure_ascii=False) + "\n")
        assert (measured.lost, measured.duplicated) == (0, 0), measured
        # A stamp and its receipt lie a few milliseconds apart on one machine.
        assert measured.unobserved_untold_seconds < 0.25, measured

    return tell
