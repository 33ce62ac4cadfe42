"""What is being told, with what every chapter needs at hand: figures, order, institution, words and the rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from monitor.calls.rules import Reading
from monitor.reports.measures import Measures

if TYPE_CHECKING:
    from monitor.calls.tally import Tally
    from monitor.reports.figures import Figures, MissedCall, RuleFigures
    from monitor.reports.order import House, Order
    from monitor.reports.words import Words


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One report in the making."""

    figures: Figures
    order: Order
    house: House
    words: Words

    @property
    def rule(self) -> RuleFigures:
        """The rule that judged most calls, by which readings are named."""
        return self.figures.rules[0]

    @property
    def headline(self) -> Reading:
        """The reading shown first."""
        return self.rule.headline

    @property
    def other(self) -> Reading:
        """The reading shown beside it."""
        return Reading.BEFORE if self.headline is Reading.WITHIN else Reading.WITHIN

    def reading(self, reading: Reading) -> str:
        """What a reading is called under this rule."""
        return self.words.reading(reading, self.rule.limit)

    @cached_property
    def measures(self) -> Measures:
        """The columns made of tallies."""
        return Measures(self.words, limit=self.rule.limit, within_us=self.figures.within_us, headline=self.headline)

    @property
    def judgement_keys(self) -> tuple[str, ...]:
        """The columns that tell the promise in both readings, the headline's first."""
        head = (f"kept_{self.headline}", f"broken_{self.headline}", f"excluded_{self.headline}")
        return (*head, f"compliance_{self.headline}", f"compliance_{self.other}")

    @property
    def several_lines(self) -> bool:
        """Calls to more than one line are in it."""
        return len(self.figures.lines) > 1

    @property
    def of_all(self) -> bool:
        """It tells of all lines and queues, and so of what belongs to none of them: reviews, and cases."""
        return self.figures.line is None and self.figures.queue is None

    @property
    def silent(self) -> bool:
        """No call came in, as far as anything was seen."""
        return self.figures.whole.offered == 0

    @property
    def judged_apart(self) -> bool:
        """The promise is judged on some of the calls only."""
        return self.figures.judged_on == "working_time"

    def compliance(self, tally: Tally) -> float | None:
        """Compliance under the headline reading."""
        return tally.compliance(self.headline)

    def link(self, call: MissedCall) -> str | None:
        """Where the page shows a call; None where it is not said where the page is."""
        if not self.house.page_url:
            return None
        base = self.house.page_url.rstrip("/")
        return f"{base}/calls/{quote(call.system, safe='')}/{quote(call.linkedid, safe='')}"
