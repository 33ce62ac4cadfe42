"""A monitor that runs: a simulated centre on a real AMI socket, a ledger, the page, and gates in both wires."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

from pydantic import SecretStr

from monitor.config import (
    AsteriskSettings,
    LedgerSettings,
    ReportSettings,
    Settings,
    TransferSettings,
    UserSettings,
    WebSettings,
)
from monitor.config_keeping import JournalSettings
from monitor.demo import INSIDE, OUTSIDE
from monitor.pipeline import Monitor
from monitor.simulator import SECRET, SYSTEM, USERNAME, Simulator
from monitor.web import bind

from .gate import Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any, Self

    from monitor.config_charter import TeamSettings

Result = TypeVar("Result")

START_SECONDS = 15.0


class Live:
    """Runs in a thread of its own, since the browser's driver holds the test's.

    Args:
        folder: for the ledger and what waits for it.
        ledger: its URL; a SQLite file in the folder where None.
        users: who may sign in; nobody need where there are none.
        speed: seconds of the centre's day per second.
        seed: the same number, the same day.
        calls_per_hour: in the busiest half-hour.
        timezone: the centre's.
        teams: those of the page; with any, the centre has remote support too, and calls those who are owed a call.

    Attributes:
        leads_to_ami: the kind of gate between the monitor and its Asterisk.
    """

    leads_to_ami: type[Gate] = Gate

    def __init__(
        self,
        folder: Path,
        *,
        ledger: str | None = None,
        users: tuple[UserSettings, ...] = (),
        speed: float = 1.0,
        seed: int = 15886565,
        calls_per_hour: float = 420.0,
        timezone: str = "Asia/Seoul",
        teams: tuple[TeamSettings, ...] = (),
    ) -> None:
        self._folder = folder
        self._ledger = ledger or f"sqlite:///{folder / 'ledger.sqlite3'}"
        self._users = users
        self._speed = speed
        self._timezone = timezone
        self._teams = teams
        self.simulator = Simulator(
            seed=seed,
            speed=speed,
            calls_per_hour=calls_per_hour,
            waits=True,
            calls_back=bool(teams),
            remote=bool(teams),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self.monitor: Monitor
        self.ami: Gate
        self.web: Gate

    @property
    def url(self) -> str:
        """Where a browser finds the page, through the gate."""
        return f"http://127.0.0.1:{self.web.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(START_SECONDS), "the monitor did not start"
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        if self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_SECONDS)
        assert not self._thread.is_alive()
        if self._failure is not None:
            raise self._failure

    def do(self, what: Callable[[], object]) -> None:
        """Do something on the monitor's own loop, and wait until it is done."""

        async def done() -> None:
            what()

        self.wait(done())

    def wait(self, what: Coroutine[Any, Any, Result], seconds: float = START_SECONDS) -> Result:
        """Await something on the monitor's own loop, so long at most."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(seconds)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._work())
        except BaseException as error:  # noqa: BLE001 - told in the test's thread
            self._failure = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _work(self) -> None:
        self._stop = asyncio.Event()
        self.ami = self.leads_to_ami(await self.simulator.start())
        settings = Settings(
            asterisk=(
                AsteriskSettings(
                    name=SYSTEM,
                    host="127.0.0.1",
                    port=await self.ami.start(),
                    username=USERNAME,
                    secret=SecretStr(SECRET),
                    reconnect_max_seconds=1.0,
                ),
            ),
            transfers=TransferSettings(inside=INSIDE, outside=OUTSIDE),
            ledger=LedgerSettings(url=SecretStr(self._ledger), spool_dir=self._folder),
            web=WebSettings(user=self._users),
            reports=ReportSettings(folder=self._folder / "reports", schedule=False),
            journal=JournalSettings(folder=self._folder / "journal"),
            timezone=self._timezone,
            team=self._teams,
        )
        listening = bind()
        self.web = Gate(listening.getsockname()[1])
        await self.web.start()
        self.monitor = Monitor(settings, clock_rate=self._speed)
        working = [
            asyncio.create_task(self.simulator.run()),
            asyncio.create_task(self.monitor.run(listening, self._stop)),
        ]
        await self.monitor.started.wait()
        self._ready.set()
        await self._stop.wait()
        await self.simulator.stop()
        await self.ami.stop()
        await self.web.stop()
        await asyncio.gather(*working)
