"""An application served in a thread of its own, for tests that ask it as any other program would."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from monitor.web import WebServer, bind

if TYPE_CHECKING:
    from typing import Self

    from starlette.applications import Starlette

_START_SECONDS = 10.0


class Served:
    """Serves while a `with` block runs.

    Attributes:
        url: where it answers.
    """

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(_START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_START_SECONDS)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        async with WebServer(self._app, bind()) as server:
            self.url = server.url
            self._ready.set()
            await self._stop.wait()
