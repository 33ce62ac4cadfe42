"""A real Alertmanager of the tests' own, on a free loopback port."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from tests.programs import DIRECT, Server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOOK_SECONDS = 0.02


class Alertmanager(Server):
    """One that can be stopped and started again at the same address; entered, it runs.

    Args:
        home: where it keeps its files.
        webhook: whom it notifies of everything, at once; empty for nobody.
        configuration: its own configuration file, instead of one made here.
    """

    def __init__(self, home: Path, *, webhook: str = "", configuration: Path | None = None) -> None:
        super().__init__(home, "prometheus-alertmanager", "alertmanager")
        self._configuration = configuration or home / "alertmanager.yml"
        if configuration is None:
            hooks = [{"url": webhook, "send_resolved": True}] if webhook else []
            settings = {
                "route": {
                    "receiver": "test",
                    "group_by": ["alertname", "system", "line", "queue"],
                    "group_wait": "10ms",
                    "group_interval": "100ms",
                },
                "receivers": [{"name": "test", "webhook_configs": hooks}],
            }
            # JSON is YAML.
            self._configuration.write_text(json.dumps(settings), encoding="utf-8")

    def arguments(self) -> list[str]:
        """Its configuration, its data and its address, and no others to gossip with."""
        return [
            f"--config.file={self._configuration}",
            f"--storage.path={self.home / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
        ]

    def alerts(self, **labels: str) -> list[dict[str, Any]]:
        """The alerts that fire now and have these labels."""
        with DIRECT.open(f"{self.url}/api/v2/alerts", timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return [alert for alert in found if labels.items() <= alert["labels"].items()]

    def wait_for(
        self, holds: Callable[[list[dict[str, Any]]], bool], *, seconds: float = 10.0, **labels: str
    ) -> list[dict[str, Any]]:
        """Look at the alerts with these labels until something holds of them; returns them."""
        until = time.monotonic() + seconds
        while True:
            found = self.alerts(**labels)
            if holds(found):
                return found
            if time.monotonic() > until:
                raise AssertionError(f"not within {seconds:g} s; it has {found}")
            time.sleep(_LOOK_SECONDS)  # another program's state is no event of ours
