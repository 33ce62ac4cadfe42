"""A Prometheus of the tests' own: one target on loopback, data in a folder that goes with it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

START_SECONDS = 20.0
Sample = tuple["Mapping[str, str]", float]
"""A series' labels, without its name, and its value."""


def program() -> str | None:
    """Where Prometheus is; None where it is not installed."""
    return shutil.which("prometheus")


class Prometheus:
    """A running server that scrapes one target, as job `callmonitor`.

    Args:
        target: its `host:port`.
        interval: between two scrapes, as Prometheus writes it.
    """

    def __init__(self, target: str, interval: str = "500ms") -> None:
        self.home = Path(tempfile.mkdtemp(prefix="callmonitor-prometheus-"))
        config = self.home / "prometheus.yml"
        config.write_text(
            f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}\n"
            f"scrape_configs: [{{job_name: callmonitor, static_configs: [{{targets: ['{target}']}}]}}]\n",
            encoding="utf-8",
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        # A proxy of the machine's has nothing to do on loopback.
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=20.0)
        with (self.home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    program() or "prometheus",
                    f"--config.file={config}",
                    f"--storage.tsdb.path={self.home / 'data'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--log.level=warn",
                ],
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        try:
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if self._client.get("/-/ready").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            # It tells nobody when it is ready: asking again is all there is.
            time.sleep(0.05)
        raise RuntimeError(f"Prometheus did not start: {(self.home / 'log').read_text(encoding='utf-8')}")

    def close(self) -> None:
        """End it, and delete what it wrote."""
        self._client.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.home)

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
