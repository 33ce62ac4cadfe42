"""Where /metrics is, and to whom it answers; what /readyz tells to whom; certificates and their exchange."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from monitor.config_keeping import MetricsSettings
from monitor.config_web import WebSettings
from monitor.errors import ConfigError
from monitor.web import bind, create_app
from monitor.web_serving import Serving
from tests.page.doors import PASSWORD, token_in, user

from .house import METRICS_TOKEN, House, digest_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

    from .certificates import Pair

AMI = "Asterisk 'pbx1' at 192.0.2.1:5038 refuses connections. See that it runs."


class Part:
    up = False
    reason = AMI


async def page(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("the page")


@asynccontextmanager
async def served(
    web: WebSettings | None = None, metrics: MetricsSettings | None = None
) -> AsyncIterator[tuple[str, str, Serving]]:
    """Where the page is, where /metrics is, and what serves both."""
    registry = CollectorRegistry()
    Counter("callcenter_calls", "Calls ended.", registry=registry)
    serving = Serving(
        web or WebSettings(),
        metrics or MetricsSettings(),
        registry,
        systems={"pbx1": Part()},
        store=Part(),
        page=Starlette(routes=[Route("/", page)]),
    )
    async with serving.on(bind()) as (page_url, metrics_url):
        yield page_url, metrics_url, serving


def client(trust: Pair | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, verify=True if trust is None else trust.trusting)


def bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"authorization": f"{scheme} {token}"}


@pytest.mark.parametrize("apart", [False, True])
def test_a_token_is_asked_for_where_one_is_set(apart: bool, tmp_path: Path) -> None:
    file = tmp_path / "metrics.token"
    file.write_text(f"{METRICS_TOKEN}\n", encoding="ascii")
    metrics = (
        MetricsSettings(host="127.0.0.1", port=0, token_file=file)
        if apart
        else MetricsSettings(token_sha256=digest_of(METRICS_TOKEN))
    )
    asked: list[dict[str, str]] = [
        {},
        bearer("m" * 39),
        {"authorization": "Bearer"},
        bearer(METRICS_TOKEN, "Basic"),
        bearer("x" * 9_000),
        bearer(METRICS_TOKEN),
        bearer(METRICS_TOKEN, "bearer"),
    ]

    async def ask() -> list[httpx.Response]:
        async with served(metrics=metrics) as (_, url, _serving), client() as program:
            return [await program.get(f"{url}/metrics", headers=headers) for headers in asked]

    refused, *others = answers = asyncio.run(ask())
    assert [answer.status_code for answer in answers] == [401, 401, 401, 401, 401, 200, 200]
    assert refused.headers["www-authenticate"] == 'Bearer realm="callmonitor metrics"'
    assert "Authorization: Bearer" in refused.text
    assert "callcenter_calls" not in refused.text
    assert "callcenter_calls_total 0.0" in others[-1].text


def test_apart_each_address_has_its_own_and_both_tell_how_it_is() -> None:
    async def ask() -> tuple[list[int], str, str]:
        metrics = MetricsSettings(host="127.0.0.1", port=0)
        async with served(metrics=metrics) as (page_url, metrics_url, _), client() as program:
            paths = ("/", "/metrics", "/healthz", "/readyz")
            urls = [f"{url}{path}" for url in (page_url, metrics_url) for path in paths]
            return [(await program.get(url)).status_code for url in urls], page_url, metrics_url

    statuses, page_url, metrics_url = asyncio.run(ask())
    #                   /   metrics healthz readyz
    assert statuses == [200, 404, 200, 503, 404, 200, 200, 503]
    assert page_url != metrics_url


def test_an_address_that_is_taken_is_told_with_its_section() -> None:
    async def ask(port: int) -> None:
        async with served(metrics=MetricsSettings(host="127.0.0.1", port=port)):
            pass

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as caught:
            asyncio.run(ask(port))
    assert str(caught.value) == (
        f"The metrics address 127.0.0.1:{port} cannot be used: "
        "another program listens on this port; stop it, or set another [metrics] port."
    )


@pytest.mark.parametrize("token", [False, True])
def test_without_a_token_loopback_answers_to_no_name_that_somebody_pointed_here(token: bool) -> None:
    """A site may have its own name lead to 127.0.0.1, and read by a browser of this machine what is open here."""
    metrics = MetricsSettings(token_sha256=digest_of(METRICS_TOKEN)) if token else MetricsSettings()

    async def ask() -> list[int]:
        async with served(metrics=metrics) as (_, url, _serving), client() as program:
            headers = bearer(METRICS_TOKEN)
            return [
                (await program.get(f"{url}/metrics", headers=headers | {"host": host})).status_code
                for host in ("evil.example", "localhost:9158")
            ]

    assert asyncio.run(ask()) == ([200, 200] if token else [421, 200])


@pytest.mark.parametrize(
    ("client_host", "headers", "tells"),
    [
        ("127.0.0.1", {"host": "localhost:9158"}, True),
        ("::1", {"host": "[::1]:9158"}, True),
        ("192.0.2.9", {"host": "localhost"}, False),
        ("127.0.0.1", {"host": "monitor.example.org"}, False),
        ("127.0.0.1", {"host": "localhost", "x-forwarded-for": "192.0.2.9"}, False),
    ],
)
def test_strangers_are_told_that_something_is_down_and_not_where_it_is(
    client_host: str, headers: dict[str, str], tells: bool
) -> None:
    app = create_app(CollectorRegistry(), {"pbx1": Part()}, Part())

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(client_host, 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as program:
            return await program.get("/readyz", headers=headers)

    answer = asyncio.run(ask())
    assert answer.status_code == 503
    assert answer.json()["parts"]["asterisk/pbx1"]["up"] is False
    assert (AMI in answer.text) is tells
    assert ("192.0.2.1" in answer.text) is tells
    assert "/readyz asked on the monitor's own machine" in answer.text or tells


# -- TLS ---------------------------------------------------------------------------------------------------------------


def test_page_and_metrics_speak_tls_with_their_own_certificates(certified: dict[str, Pair]) -> None:
    first, second = certified["first"], certified["second"]
    web = WebSettings(tls_cert=first.cert, tls_key=first.key)
    metrics = MetricsSettings(host="127.0.0.1", port=0, tls_cert=second.cert, tls_key=second.key)

    async def ask() -> tuple[str, str]:
        async with served(web, metrics) as (page_url, metrics_url, _):
            async with client(first) as browser:
                shown = (await browser.get(page_url)).text
                with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                    await browser.get(f"{metrics_url}/metrics")
            async with client(second) as program:
                return shown, (await program.get(f"{metrics_url}/metrics")).text

    shown, text = asyncio.run(ask())
    assert shown == "the page"
    assert "callcenter_calls_total" in text


@pytest.mark.parametrize(
    ("at_most", "agreed"),
    [(ssl.TLSVersion.TLSv1_1, None), (ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")],
)
# A client that offers 1.1 alone is what is tried.
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_nothing_older_than_tls_1_2_is_spoken(
    at_most: ssl.TLSVersion, agreed: str | None, certified: dict[str, Pair]
) -> None:
    first = certified["first"]
    trusting = first.trusting
    trusting.minimum_version = trusting.maximum_version = at_most
    trusting.set_ciphers("ALL:@SECLEVEL=0")

    async def ask() -> str | None:
        async with served(WebSettings(tls_cert=first.cert, tls_key=first.key)) as (url, _, _serving):
            port = int(url.rpartition(":")[2])
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
            except (ssl.SSLError, ConnectionError):
                return None
            spoken = writer.get_extra_info("ssl_object").version()
            writer.close()
            await writer.wait_closed()
            return str(spoken)

    assert asyncio.run(ask()) == agreed


def test_cookies_over_our_own_tls_are_for_https_only(certified: dict[str, Pair], ledger: Path, tmp_path: Path) -> None:
    first = certified["first"]
    web = WebSettings(user=(user("kim"),), tls_cert=first.cert, tls_key=first.key)

    async def ask() -> tuple[httpx.Response, int]:
        async with House(tmp_path, ledger, web).open(verify=first.trusting) as browser:
            form = await browser.get("/login")
            fields = {"name": "kim", "password": PASSWORD, "next": "/", "csrf": token_in(form.text)}
            origin = str(browser.base_url).rstrip("/")
            answer = await browser.post("/login", data=fields, headers={"origin": origin})
            return answer, (await browser.get("/")).status_code

    answer, status = asyncio.run(ask())
    assert status == 200
    cookies = [value for value in answer.headers.get_list("set-cookie") if "callmonitor_session" in value]
    assert len(cookies) == 1
    assert cookies[0].startswith("__Host-callmonitor_session=")
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= set(cookies[0].lower().split("; "))
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_certificate_is_exchanged_while_it_serves_and_a_bad_one_is_not(certified: dict[str, Pair]) -> None:
    first, second, locked = certified["first"], certified["second"], certified["locked"]
    plain = MetricsSettings()

    def settings(cert: Path, key: Path) -> WebSettings:
        return WebSettings(tls_cert=cert, tls_key=key)

    async def trusted(url: str, pair: Pair) -> bool:
        async with client(pair) as browser:
            try:
                return (await browser.get(url)).status_code == 200
            except httpx.ConnectError:
                return False

    async def exchange() -> list[bool]:
        async with served(settings(first.cert, first.key)) as (url, _, serving), client(first) as stays:
            assert (await stays.get(url)).status_code == 200
            for cert, key in ((second.cert, first.key), (locked.cert, locked.key), (second.cert, second.cert)):
                with pytest.raises(ConfigError, match="no certificate in PEM and its own key without a password"):
                    serving.prepare(settings(cert, key), plain)
            with pytest.raises(ConfigError, match=r"absent\.crt: tls_cert of \[web\] cannot be read"):
                serving.prepare(settings(first.cert.with_name("absent.crt"), first.key), plain)
            change = serving.prepare(settings(second.cert, second.key), plain)
            before = await trusted(url, first), await trusted(url, second)
            change()
            # Who is connected stays so.
            kept = (await stays.get(url)).status_code == 200
            return [*before, kept, await trusted(url, first), await trusted(url, second)]

    assert asyncio.run(exchange()) == [True, False, True, False, True]


def test_a_token_is_exchanged_while_it_serves() -> None:
    new = MetricsSettings(token_sha256=digest_of("n" * 40))

    async def ask() -> list[int]:
        async with served(metrics=MetricsSettings(token_sha256=digest_of(METRICS_TOKEN))) as (_, url, serving):
            serving.prepare(WebSettings(), new)()
            async with client() as program:
                tokens = (METRICS_TOKEN, "n" * 40)
                return [(await program.get(f"{url}/metrics", headers=bearer(one))).status_code for one in tokens]

    assert asyncio.run(ask()) == [401, 200]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tls_cert": "/x.crt"}, "needs tls_cert and tls_key together"),
        ({"tls_cert": "/x.crt", "tls_key": "/x.key"}, "has a certificate and no host"),
        ({"token_sha256": SecretStr("ab" * 32), "token_file": "/x"}, "has both token_sha256 and token_file"),
        ({"token_sha256": SecretStr("hunter2")}, "is no SHA-256 in hexadecimal"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        MetricsSettings(**given)  # type: ignore[arg-type] # pydantic checks
    assert "hunter2" not in str(caught.value)


def test_a_token_file_that_holds_none_is_told(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hunter2\n", encoding="ascii")
    with pytest.raises(ConfigError, match="must hold one line; write a token of 32 characters or more") as caught:
        MetricsSettings(token_file=file).read_token_sha256()
    assert "hunter2" not in str(caught.value)
