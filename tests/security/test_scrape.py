"""A real Prometheus reads /metrics over TLS with a token, by the lines that the shipped prometheus.yml has for it."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, Counter
from starlette.applications import Starlette

from monitor.config_keeping import MetricsSettings
from monitor.config_web import WebSettings
from monitor.web import bind
from monitor.web_serving import Serving
from tests.deploy.prometheus import ShippedPrometheus

from .house import METRICS_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .certificates import Pair

pytestmark = pytest.mark.stage


class Store:
    up = True
    reason = None


@pytest.fixture
def guarded(certified: dict[str, Pair], tmp_path: Path) -> Iterator[int]:
    """The port of /metrics behind TLS and a token, served on a loop of its own while Prometheus runs."""
    token = tmp_path / "callmonitor.token"
    token.write_text(f"{METRICS_TOKEN}\n", encoding="ascii")
    first = certified["first"]
    registry = CollectorRegistry()
    Counter("callcenter_calls", "Calls ended.", registry=registry).inc(41)
    metrics = MetricsSettings(host="127.0.0.1", port=0, tls_cert=first.cert, tls_key=first.key, token_file=token)
    serving = Serving(WebSettings(), metrics, registry, systems={"pbx1": Store()}, store=Store(), page=Starlette())
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    ports: list[int] = []
    ready = threading.Event()

    async def serve() -> None:
        async with serving.on(bind()) as (_, url):
            ports.append(int(url.rpartition(":")[2]))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield ports[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def test_prometheus_reads_it_with_the_token_and_the_shipped_lines(
    guarded: int, certified: dict[str, Pair], tmp_path: Path
) -> None:
    prometheus = ShippedPrometheus(tmp_path / "prometheus", {"callmonitor": guarded})
    shutil.copy(certified["first"].cert, prometheus.home / "callmonitor.crt")
    shutil.copy(tmp_path / "callmonitor.token", prometheus.home / "callmonitor.token")
    file = prometheus.home / "prometheus.yml"
    text, taken = re.subn(r"(?m)^    #(\S+: .*)$", r"    \1", file.read_text(encoding="utf-8"))
    assert taken == 3
    file.write_text(text, encoding="utf-8")
    with prometheus:
        (sample,) = prometheus.wait_for("callcenter_calls_total")
        assert sample["value"][1] == "41"
        (up,) = prometheus.query('up{job="callmonitor"}')
        assert up["value"][1] == "1"
