"""The HTTP edge over real sockets: uvicorn in the test's own event loop, httpx as the scraper."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from monitor.errors import ConfigError
from monitor.web import WebServer, bind, create_app, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute


@dataclass
class Part:
    """One Asterisk, or the store."""

    up: bool = True
    reason: str | None = None


@asynccontextmanager
async def served(
    registry: CollectorRegistry | None = None,
    systems: Mapping[str, Part] | None = None,
    store: Part | None = None,
    routes: Sequence[BaseRoute] = (),
) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        registry or CollectorRegistry(),
        {"pbx": Part()} if systems is None else systems,
        store or Part(),
        routes=routes,
    )
    async with WebServer(app, bind()) as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        yield client


def get(path: str, headers: Mapping[str, str] | None = None, **parts: object) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with served(**parts) as client:  # type: ignore[arg-type]  # the parts are those of `served`
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


def counted() -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("callcenter_calls_total", "Calls ended.", registry=registry).inc()
    return registry


def test_a_plain_scraper_gets_the_text_format() -> None:
    answer = get("/metrics", registry=counted())

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "callcenter_calls_total 1.0\n" in answer.text


def test_a_scraper_that_asks_for_openmetrics_gets_it() -> None:
    answer = get("/metrics", {"accept": "application/openmetrics-text;version=1.0.0,text/plain"}, registry=counted())

    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert answer.text.endswith("# EOF\n")


def test_many_scrapes_at_once_are_all_answered() -> None:
    async def scrape() -> list[int]:
        async with served(counted()) as client:
            return [answer.status_code for answer in await asyncio.gather(*[client.get("/metrics") for _ in range(20)])]

    assert asyncio.run(scrape()) == [200] * 20


def test_the_process_lives_whatever_is_down() -> None:
    answer = get("/healthz", systems={"pbx": Part(up=False)}, store=Part(up=False))

    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_ready_when_every_part_is_up() -> None:
    answer = get("/readyz", systems={"seoul": Part(), "busan": Part()})

    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "parts": {
            "asterisk/seoul": {"up": True, "reason": None},
            "asterisk/busan": {"up": True, "reason": None},
            "store": {"up": True, "reason": None},
        },
    }


@pytest.mark.parametrize("down", ["asterisk/busan", "store"])
def test_not_ready_when_one_part_is_down_and_it_says_which_and_why(down: str) -> None:
    parts = {name: Part() for name in ("asterisk/seoul", "asterisk/busan", "store")}
    parts[down] = Part(up=False, reason="refused: is Asterisk running?")

    answer = get(
        "/readyz",
        systems={"seoul": parts["asterisk/seoul"], "busan": parts["asterisk/busan"]},
        store=parts["store"],
    )

    assert answer.status_code == 503
    assert not answer.json()["ready"]
    assert answer.json()["parts"][down] == {"up": False, "reason": "refused: is Asterisk running?"}
    assert sum(part["up"] for part in answer.json()["parts"].values()) == 2


def test_not_ready_without_any_asterisk() -> None:
    answer = get("/readyz", systems={})

    assert answer.status_code == 503
    assert "[[asterisk]]" in answer.json()["reason"]


def test_only_known_addresses_and_reading() -> None:
    async def ask() -> tuple[int, int]:
        async with served() as client:
            return (await client.get("/")).status_code, (await client.post("/metrics")).status_code

    assert asyncio.run(ask()) == (404, 405)


def test_further_routes_are_served_beside() -> None:
    async def page(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("board")

    assert get("/", routes=[Route("/", page)]).text == "board"


def test_it_binds_to_loopback_unless_told_otherwise() -> None:
    with closing(bind()) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_a_taken_port_is_said_with_a_next_step() -> None:
    with closing(bind()) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(ConfigError) as raised:
            bind(port=port)

    assert str(raised.value) == (
        f"The web address 127.0.0.1:{port} cannot be used: "
        "another program listens on this port; stop it, or set another [web] port."
    )


def test_an_address_of_another_machine_is_said() -> None:
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1:0 cannot be used: the host is no address of this machine"):
        bind("192.0.2.1")
    with pytest.raises(ConfigError, match="the host is no address of this machine"):
        free_port("192.0.2.1")


def test_a_taken_port_is_stepped_over() -> None:
    with closing(bind()) as taken:
        port = taken.getsockname()[1]
        with closing(free_port(first=port)) as listening:
            assert port < listening.getsockname()[1] <= port + 50


def test_a_stopped_server_gives_its_port_back_at_once() -> None:
    async def twice() -> None:
        listening = bind()
        port = listening.getsockname()[1]
        for _ in range(2):
            app = create_app(CollectorRegistry(), {"pbx": Part()}, Part())
            async with WebServer(app, listening) as server, httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(f"{server.url}/healthz")).status_code == 200
            listening = bind(port=port)
        listening.close()

    asyncio.run(twice())


def test_signals_stay_the_programs_own() -> None:
    async def handlers() -> list[object]:
        async with served() as client:
            await client.get("/healthz")
            return [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]

    before = signal.getsignal(signal.SIGTERM)

    # asyncio.run itself takes SIGINT; uvicorn's own handler is a bound method of its server.
    found = asyncio.run(handlers())

    assert found[1] is before
    assert "uvicorn" not in repr(found[0])


def test_an_ipv6_address_is_written_in_brackets() -> None:
    try:
        listening = bind("::1")
    except ConfigError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
    with closing(listening):
        assert WebServer(create_app(CollectorRegistry(), {}, Part()), listening).url.startswith("http://[::1]:")
        assert listening.family is socket.AF_INET6
