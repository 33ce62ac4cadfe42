"""How the journal fares, read when the registry is scraped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from monitor import metrics_names as names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import Metric


class SystemJournalFigures(Protocol):
    """What one system's journal tells, read at scrape time."""

    @property
    def up(self) -> bool:
        """The last item was written, and the disk keeps what was."""
        ...

    @property
    def holes(self) -> int:
        """How often writing failed."""
        ...


class JournalFigures(Protocol):
    """What the journal of all systems tells."""

    @property
    def systems(self) -> Mapping[str, SystemJournalFigures]:
        """Each system's, by its configured name."""
        ...

    @property
    def bytes_on_disk(self) -> int:
        """How much it takes."""
        ...


class JournalCollector:
    """Reads how the journal fares.

    Args:
        figures: what it tells.
    """

    def __init__(self, figures: JournalFigures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Whether it is written, its holes, and its bytes."""
        up = GaugeMetricFamily(names.JOURNAL_UP.name, names.JOURNAL_UP.help, labels=names.JOURNAL_UP.labels)
        holes = CounterMetricFamily(
            names.JOURNAL_HOLES.name, names.JOURNAL_HOLES.help, labels=names.JOURNAL_HOLES.labels
        )
        for name, journal in self._figures.systems.items():
            up.add_metric((name,), float(journal.up))
            holes.add_metric((name,), journal.holes)
        size = GaugeMetricFamily(names.JOURNAL_BYTES.name, names.JOURNAL_BYTES.help, labels=names.JOURNAL_BYTES.labels)
        size.add_metric((), self._figures.bytes_on_disk)
        yield from (up, holes, size)
