"""What is due by the ledger, read when the registry is scraped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prometheus_client.core import GaugeMetricFamily

from monitor import metrics_names as names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from prometheus_client import Metric


class _Standing(Protocol):
    @property
    def read_at(self) -> datetime: ...
    @property
    def callbacks(self) -> Mapping[tuple[str, str, str], int]: ...
    @property
    def cases(self) -> Mapping[tuple[str, str], int]: ...


class DueFigures(Protocol):
    """What is due, as it was last read."""

    @property
    def standing(self) -> _Standing | None:
        """None where nobody has read it here."""
        ...


class DueCollector:
    """Reads what is due.

    Args:
        due: what was last read of the ledger.
    """

    def __init__(self, due: DueFigures) -> None:
        self._due = due

    def collect(self) -> Iterator[Metric]:
        """Three gauges, without a sample before the ledger was read."""
        callbacks, cases, read = (
            GaugeMetricFamily(name.name, name.help, labels=name.labels)
            for name in (names.CALLBACKS, names.CASES, names.DUE_READ)
        )
        standing = self._due.standing
        if standing is not None:
            for labels, count in standing.callbacks.items():
                callbacks.add_metric(labels, count)
            for case_labels, count in standing.cases.items():
                cases.add_metric(case_labels, count)
            read.add_metric((), standing.read_at.timestamp())
        yield from (callbacks, cases, read)
