"""A Prometheus of the tests' own, with one target on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from tests.programs import Prometheus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Sample = tuple["Mapping[str, str]", float]
"""A series' labels, without its name, and its value."""


class OneTarget(Prometheus):
    """A server that scrapes one target, as job `callmonitor`.

    Args:
        home: for its configuration and data.
        target: its `host:port`.
        interval: between two scrapes, as Prometheus writes it.
    """

    def __init__(self, home: Path, target: str, interval: str = "500ms") -> None:
        super().__init__(home)
        (home / "prometheus.yml").write_text(
            f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}\n"
            f"scrape_configs: [{{job_name: callmonitor, static_configs: [{{targets: ['{target}']}}]}}]\n",
            encoding="utf-8",
        )
        # A proxy of the machine's has nothing to do on loopback.
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=20.0)

    def stop(self) -> None:
        """Stop it, and ask it no more."""
        self._client.close()
        super().stop()

    def query(self, expression: str, at: float) -> list[Sample]:
        """The samples of an instant query, at so many seconds since 1970."""
        found = self._ask("/api/v1/query", {"query": expression, "time": f"{at:.3f}"})
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(_labels(one["metric"]), float(one["value"][1])) for one in found["result"]]

    def query_range(self, expression: str, since: float, until: float, step_seconds: float) -> list[Sample]:
        """The last sample of each series of a range query."""
        found = self._ask(
            "/api/v1/query_range",
            {"query": expression, "start": f"{since:.3f}", "end": f"{until:.3f}", "step": f"{step_seconds}"},
        )
        return [(_labels(one["metric"]), float(one["values"][-1][1])) for one in found["result"]]

    def label_values(self, metric: str, label: str, since: float, until: float) -> set[str]:
        """The values that a label has in a metric's series."""
        given = {"match[]": metric, "start": f"{since:.3f}", "end": f"{until:.3f}"}
        return set(self._ask(f"/api/v1/label/{label}/values", given))

    def _ask(self, path: str, parameters: dict[str, str]) -> Any:
        answer = self._client.get(path, params=parameters)
        told = answer.json()
        if told["status"] != "success":
            raise AssertionError(f"{parameters}: {told['error']}")
        assert not told.get("warnings"), told["warnings"]
        return told["data"]


def _labels(metric: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in metric.items() if name != "__name__"}
