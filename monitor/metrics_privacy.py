"""When personal data were last purged, and what of the access log was lost, read when the registry is scraped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from monitor import metrics_names as names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric


class PurgeFigures(Protocol):
    """What the nightly purge tells, read at scrape time."""

    @property
    def purged_at(self) -> float | None:
        """When the ledger was last purged; seconds since 1970, None where nobody knows of a time."""
        ...


class AccessFigures(Protocol):
    """What the access log tells, read at scrape time."""

    @property
    def lost(self) -> int:
        """Accesses that were not written down."""
        ...


class PrivacyCollector:
    """Reads what becomes of personal data.

    Args:
        purge: what the nightly purge tells.
        accesses: what the access log tells.
    """

    def __init__(self, purge: PurgeFigures, accesses: AccessFigures) -> None:
        self._purge = purge
        self._accesses = accesses

    def collect(self) -> Iterator[Metric]:
        """A gauge, without a sample before the first purge, and a counter."""
        purged = GaugeMetricFamily(names.PURGED.name, names.PURGED.help, labels=names.PURGED.labels)
        if self._purge.purged_at is not None:
            purged.add_metric((), self._purge.purged_at)
        lost = CounterMetricFamily(
            names.ACCESSES_LOST.name, names.ACCESSES_LOST.help, labels=names.ACCESSES_LOST.labels
        )
        lost.add_metric((), self._accesses.lost)
        yield from (purged, lost)
