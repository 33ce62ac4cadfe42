"""What came of comparing the ledger with Asterisk's own records, read when the registry is scraped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prometheus_client.core import GaugeMetricFamily

from monitor import metrics_names as names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric


class ReconciliationFigures(Protocol):
    """What the nightly comparison tells, read at scrape time."""

    @property
    def results(self) -> Mapping[str, Mapping[str, int]]:
        """Of the last comparison of each system: calls by what came of them."""
        ...

    @property
    def succeeded_at(self) -> Mapping[str, float]:
        """When that was, by system; seconds since 1970."""
        ...

    @property
    def overdue(self) -> Mapping[str, int]:
        """Days that are due and not compared, by system."""
        ...


class ReconciliationCollector:
    """Reads what came of the last comparisons.

    Args:
        figures: what the nightly comparison tells.
    """

    def __init__(self, figures: ReconciliationFigures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """The gauges; no sample of a system that was never compared, but for what is overdue."""
        calls = _gauge(names.RECONCILIATION_CALLS)
        for system, results in self._figures.results.items():
            for result, count in results.items():
                calls.add_metric((system, result), count)
        at = _gauge(names.RECONCILIATION_AT)
        for system, seconds in self._figures.succeeded_at.items():
            at.add_metric((system,), seconds)
        overdue = _gauge(names.RECONCILIATION_OVERDUE)
        for system, days in self._figures.overdue.items():
            overdue.add_metric((system,), days)
        yield from (calls, at, overdue)


def _gauge(name: names.Name) -> GaugeMetricFamily:
    return GaugeMetricFamily(name.name, name.help, labels=name.labels)
