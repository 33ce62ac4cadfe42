"""One promise of the charter as the record tells it: what was measured, whether it was kept, and how it is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A line of the record's table. None is no figure: what was not measured is not 0 %."""

    text: str
    """In the charter's words."""
    result: str
    """In a sentence."""
    how: str
    """How its figures were obtained."""
    measured: int | None = None
    """What was judged; cases of a promise without a time are counted, and not judged."""
    kept: int | None = None
    missed: int | None = None
    share: float | None = None
    """Of what was judged; of a sample the estimate, which need not be kept / measured."""
    measured_before: int | None = None
    share_before: float | None = None
    """Of the half before."""
    owed_won: int | None = None
    """None where the promise owes no money."""
    paid_won: int | None = None

    @property
    def change(self) -> float | None:
        """By how much the share differs from that of the half before."""
        return None if self.share is None or self.share_before is None else self.share - self.share_before
