"""Calls judged anew, under a rule that was not the one of their time. What is stored never changes by it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import case

from monitor.calls.facts import Observed, Verdict, VerdictReason
from monitor.calls.rules import CADENCES, Reading, RingRule
from monitor.calls.verdicts import judge
from monitor.errors import ReportError
from monitor.ledger.cells import Judged
from monitor.ledger.rows import CALLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement

    from monitor.calls.facts import Outcome
    from monitor.ledger.rows import StoredRule


class Anew:
    """Verdicts that another rule makes of the ringing that was stored.

    Args:
        rule: that rule.
    """

    def __init__(self, rule: RingRule) -> None:
        self._rule = rule
        self._judged = lru_cache(maxsize=None)(self._judge)
        stored = CALLS.c
        # Whether any phone rang at all, the stored count tells; how often, the ringing itself.
        self.rings: ColumnElement[Any] = case((stored.rings == 0, 0), else_=stored.ringing_us // rule.period_us + 1)
        self.columns = (self.rings, stored.ringing_us > 0)

    def judged(self, outcome: Outcome, observed: Observed, values: tuple[Any, ...]) -> Judged:
        """What the rule makes of it; a call whose ringing no record tells stays excluded."""
        return self._judged(outcome, observed, *values)

    def _judge(self, outcome: Outcome, observed: Observed, rings: int | None, rang_on: object) -> Judged:
        rule = self._rule
        if rings is None:
            return Judged(
                rule=rule.label,
                rings=None,
                verdicts=dict.fromkeys(Reading, Verdict.EXCLUDED),
                headline=Verdict.EXCLUDED,
                reason=VerdictReason.RINGING_UNKNOWN,
                warned=False,
                breached=False,
            )
        # The shortest ringing of so many rings stands for all of them: the rule goes by whole rings.
        ringing_us = max(rings - 1, 0) * rule.period_us + (1 if rang_on else 0)
        judgement = judge(rule, outcome, ringing_us, whole=observed is Observed.WHOLE, rang=rings > 0)
        verdicts = {Reading(reading): verdict for reading, verdict in judgement.verdicts}
        return Judged(
            rule=rule.label,
            rings=rings,
            verdicts=verdicts,
            headline=verdicts[rule.headline],
            reason=judgement.reason,
            warned=rings >= rule.limit,
            breached=rings > rule.limit,
        )


def find_rule(name: str, configured: Sequence[RingRule], stored: Iterable[StoredRule]) -> RingRule:
    """The rule `name` or `name/version`; of a name alone the latest version, the settings' before the ledger's.

    Raises:
        ReportError: none has it, or it counts a cadence that this release does not know.
    """
    of_ledger = list(stored)
    sources: tuple[Sequence[RingRule | StoredRule], ...] = (configured, of_ledger)
    for rules in sources:
        fitting = [rule for rule in rules if name in (rule.name, rule.label)]
        if fitting:
            return _as_ring_rule(max(fitting, key=lambda rule: rule.version))
    known = sorted({rule.label for rules in sources for rule in rules})
    raise ReportError(f"There is no ring rule {name!r}: known are {', '.join(known) or 'none'}.")


def _as_ring_rule(rule: RingRule | StoredRule) -> RingRule:
    if isinstance(rule, RingRule):
        return rule
    if rule.country not in CADENCES or CADENCES[rule.country].period_us != rule.period_us:
        raise ReportError(
            f"The ledger's rule {rule.label} counts rings of {rule.period_us / 1e6:g} s ({rule.country}), "
            "which this release does not know: configure a rule of its own for it."
        )
    return RingRule(
        name=rule.name,
        version=rule.version,
        holds_from=rule.holds_from,
        country=rule.country,
        limit=rule.limit,
        headline=rule.headline,
    )
