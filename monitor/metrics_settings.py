"""How loading the settings anew went, read when the registry is scraped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prometheus_client.core import GaugeMetricFamily

from monitor import metrics_names as names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric


class SettingsFigures(Protocol):
    """What reloading tells, read at scrape time."""

    @property
    def successful(self) -> bool:
        """Whether the last try was; the start counts as one."""
        ...

    @property
    def succeeded_at(self) -> float:
        """When one was last; seconds since 1970."""
        ...


class SettingsCollector:
    """Reads how the last reload went.

    Args:
        figures: what it tells.
    """

    def __init__(self, figures: SettingsFigures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Both gauges."""
        for name, value in (
            (names.CONFIG_SUCCESSFUL, float(self._figures.successful)),
            (names.CONFIG_SUCCEEDED, self._figures.succeeded_at),
        ):
            gauge = GaugeMetricFamily(name.name, name.help, labels=name.labels)
            gauge.add_metric((), value)
            yield gauge
