"""What programs ask of a service: /metrics, /healthz and /readyz. They name no caller."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from prometheus_client.exposition import choose_encoder
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from monitor.addresses import is_from_here, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prometheus_client import CollectorRegistry, Metric
    from starlette.requests import Request

ELSEWHERE = "It cannot be used; /readyz asked on the monitor's own machine says why, and so does its log."
"""In place of a reason, which may name an address, for whoever asks from elsewhere."""
_HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


class Part(Protocol):
    """Something the monitor cannot do its work without: one Asterisk, or the store."""

    @property
    def up(self) -> bool:
        """Whether it can be used now."""
        ...

    @property
    def reason(self) -> str | None:
        """Why it cannot, in a plain sentence with a next step; None while it can."""
        ...


class _Collected:
    """Families collected earlier, in the shape an encoder asks for."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """The families, as they were."""
        return self._families


def metrics_route(registry: CollectorRegistry, *, token_sha256: Callable[[], str | None], here_only: bool) -> Route:
    """The route of /metrics.

    Args:
        registry: what it shows.
        token_sha256: of the bearer token that it asks for now, in hexadecimal; None where it asks for none.
        here_only: it is reached from this machine alone and asks for no token: then it answers to names of loopback
            only, so that no site can have its own name point here and read it by a browser of this machine.
    """
    encoding = asyncio.Lock()

    async def metrics(request: Request) -> Response:
        known = token_sha256()
        if known is not None and not _brings(request, known):
            return _told(
                HTTPStatus.UNAUTHORIZED,
                "Send the token of [metrics] as `Authorization: Bearer …`; docs/metrics.md shows how Prometheus does.",
                {"www-authenticate": 'Bearer realm="callmonitor metrics"'},
            )
        if here_only and known is None and not is_from_here(request.scope):
            return _told(
                HTTPStatus.MISDIRECTED_REQUEST,
                "Nobody has to bring a token here, so /metrics answers on this machine only: ask for it as localhost, "
                "or set token_file of [metrics].",
            )
        encoder, content_type = choose_encoder(request.headers.get("accept", ""))
        async with encoding:
            # Board and counters belong to the event loop's thread, so they are read here, at one instant; turning them
            # into text takes longer and needs only what was read.
            collected = _Collected(list(registry.collect()))
            body = await asyncio.to_thread(encoder, collected)
        return Response(body, headers={"content-type": content_type} | _HEADERS)

    return Route("/metrics", metrics)


def health_routes(systems: Mapping[str, Part], others: Mapping[str, Part]) -> list[Route]:
    """The routes of /healthz and /readyz.

    Args:
        systems: each Asterisk by name, read at every request.
        others: what else is needed, by name, such as the store.
    """

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n", headers=_HEADERS)

    async def readyz(request: Request) -> Response:
        parts = {f"asterisk/{name}": part for name, part in systems.items()} | dict(others)
        ready = all(part.up for part in parts.values()) and bool(systems)
        tells = _asks_from_here(request)
        body = {
            "ready": ready,
            "parts": {
                name: {"up": part.up, "reason": None if part.up else part.reason if tells else ELSEWHERE}
                for name, part in parts.items()
            },
        }
        if not systems:
            body["reason"] = "no Asterisk is configured: add an [[asterisk]] section"
        return JSONResponse(body, status_code=200 if ready else 503, headers=_HEADERS)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _brings(request: Request, token_sha256: str) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    digest = hashlib.sha256(token.strip().encode()).hexdigest()
    return hmac.compare_digest(digest, token_sha256) and scheme.lower() == "bearer"


def _asks_from_here(request: Request) -> bool:
    return request.client is not None and is_loopback(request.client.host) and is_from_here(request.scope)


def _told(status: HTTPStatus, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{sentence}\n", status, headers=_HEADERS | dict(headers or {}))
