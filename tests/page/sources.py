"""What a page asks an Asterisk or the ledger, answered as a test wants it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass
class Source:
    """An Asterisk or the ledger, by whose clock it is `at`: there, and not silent, until a test says otherwise."""

    at: datetime
    up: bool = True
    quiet: bool = False
    reason: str | None = None

    def now(self) -> datetime:
        return self.at
