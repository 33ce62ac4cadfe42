"""Where the page and /metrics are served: on one address, or each on its own, each with its certificate."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from starlette.routing import Mount

from monitor.addresses import is_loopback
from monitor.web import WebServer, bind, create_app
from monitor.web_tls import Certificate

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from prometheus_client import CollectorRegistry
    from starlette.applications import Starlette
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from monitor.config import MetricsSettings, WebSettings
    from monitor.web import Part


class Serving:
    """The HTTP servers of one monitor.

    Args:
        web: where the page is served.
        metrics: where /metrics is, and to whom.
        registry: what /metrics shows.
        systems: each Asterisk by name, read at every request.
        store: the ledger's store.
        page: the page's application.
        others: what else /readyz tells of, by name.

    Raises:
        ConfigError: a certificate, its key or the token's file cannot be used.
    """

    def __init__(
        self,
        web: WebSettings,
        metrics: MetricsSettings,
        registry: CollectorRegistry,
        *,
        systems: Mapping[str, Part],
        store: Part,
        page: ASGIApp,
        others: Mapping[str, Part] | None = None,
    ) -> None:
        self._metrics = metrics
        self._registry = registry
        self._systems = systems
        self._store = store
        self._page = page
        self._others = others or {}
        self._token_sha256 = metrics.read_token_sha256()
        self._page_tls = _certificate(web, "web")
        self._metrics_tls = _certificate(metrics, "metrics")

    @asynccontextmanager
    async def on(self, listening: socket.socket) -> AsyncIterator[tuple[str, str]]:
        """Serve while an `async with` block runs.

        Args:
            listening: the page's socket, as `bind` makes it. That of /metrics is bound here, where it has its own.

        Yields:
            Where the page is, and where /metrics is, as in `http://127.0.0.1:9158`.

        Raises:
            ConfigError: the address of /metrics cannot be used.
        """
        async with AsyncExitStack() as stack:
            # However it ends, also before it is served.
            stack.callback(listening.close)
            apart = bind(self._metrics.host, self._metrics.port, "metrics") if self._metrics.host else None
            app = self._app(listening, metrics=apart is None, routes=[_all_paths(self._page)])
            page = await stack.enter_async_context(WebServer(app, listening, tls=self._page_tls))
            if apart is None:
                yield page.url, page.url
                return
            probes = self._app(apart, metrics=True)
            server = await stack.enter_async_context(WebServer(probes, apart, tls=self._metrics_tls))
            yield page.url, server.url

    def prepare(self, web: WebSettings, metrics: MetricsSettings) -> Callable[[], None]:
        """Make ready for other certificates, or the same files with new ones in them, and another token of /metrics.

        Addresses, and whether TLS is spoken at all, are for a restart to change.

        Returns:
            What changes over, at once: who connects from then on is shown the new certificate.

        Raises:
            ConfigError: something cannot be used; what was served is served on.
        """
        token_sha256 = metrics.read_token_sha256()
        changes = [
            certificate.prepare(section.tls_cert, section.tls_key)
            for certificate, section in ((self._page_tls, web), (self._metrics_tls, metrics))
            if certificate is not None and section.tls_cert is not None and section.tls_key is not None
        ]

        def change_over() -> None:
            self._token_sha256 = token_sha256
            for change in changes:
                change()

        return change_over

    def _app(self, listening: socket.socket, *, metrics: bool, routes: Sequence[BaseRoute] = ()) -> Starlette:
        return create_app(
            self._registry,
            self._systems,
            self._store,
            others=self._others,
            routes=routes,
            metrics=metrics,
            token_sha256=lambda: self._token_sha256,
            here_only=is_loopback(listening.getsockname()[0]),
        )


def _certificate(section: WebSettings | MetricsSettings, name: str) -> Certificate | None:
    if section.tls_cert is None or section.tls_key is None:
        return None
    return Certificate(section.tls_cert, section.tls_key, name)


def _all_paths(page: ASGIApp) -> Mount:
    """The page at every path; Starlette's own mount passes over those with a line end, and its door with them."""
    mount = Mount("/", page)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount
