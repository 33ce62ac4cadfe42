"""SIPp processes: the callers and the phones of a scenario."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .asterisk import AS_OURS, LabError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .configuration import Ports
    from .sip import Script

PORTS_EACH = 6
BIND_SECONDS = 20.0
STOP_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class SippPlace:
    """Which ports one SIPp process takes."""

    ports: Ports
    number: int

    @property
    def sip(self) -> int:
        """The UDP port it speaks SIP on."""
        return self.ports.first_sipp + self.number * PORTS_EACH

    @property
    def control(self) -> int:
        """The UDP port it would take commands on; nobody sends any."""
        return self.sip + 1

    @property
    def media(self) -> int:
        """The first of four UDP ports for media."""
        return self.sip + 2


class Sipp:
    """One SIPp process that runs one script.

    You must call `stop`.
    """

    def __init__(
        self,
        *,
        party: str,
        script: Script,
        place: SippPlace,
        folder: Path,
        calls_file: Path | None = None,
        calls: int = 1,
    ) -> None:
        """Prepare a process without starting it.

        Args:
            party: whose it is: a caller's number or a phone's interface.
            script: what it does.
            place: the ports it takes.
            folder: where its scenario and logs go.
            calls_file: for a caller with many calls, SIPp's injection file, one line a call.
            calls: for a caller, how many calls it places before it ends by itself.
        """
        self.party = party
        self.place = place
        name = f"{party.replace('/', '_')}-{place.number}"
        self.scenario = folder / f"{name}.xml"
        self.messages = folder / f"{name}.messages"
        self.errors = folder / f"{name}.errors"
        self.screen = folder / f"{name}.screen"
        self.sound = folder / "noise.ulaw"
        self._script = script
        self._calls_file = calls_file
        self._calls = str(calls)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, places_calls: bool = False) -> None:
        """Start the process; a phone waits for calls, a caller places its calls within a second and then ends."""
        self.sound.write_bytes(bytes(range(256)) * 32)
        self.scenario.write_text(self._script.xml().replace("[sound]", str(self.sound)), encoding="utf-8")
        many = ["-m", self._calls, "-r", self._calls, "-l", self._calls] if places_calls else []
        injected = ["-inf", str(self._calls_file)] if self._calls_file else []
        command = [
            *AS_OURS, "sipp", f"127.0.0.1:{self.place.ports.sip}", "-sf", str(self.scenario), *many, *injected,
            "-i", "127.0.0.1", "-p", str(self.place.sip), "-mp", str(self.place.media),
            "-ci", "127.0.0.1", "-cp", str(self.place.control),
            "-key", "asterisk", str(self.place.ports.sip),
            "-trace_msg", "-message_file", str(self.messages), "-trace_err", "-error_file", str(self.errors),
            # A message the script does not mention is let pass; INFO, NOTIFY and the like get their 200.
            "-default_behaviors", "all,-abortunexp", "-aa",
            "-deadcall_wait", "0", "-nostdin", "-skip_rlimit", "-f", "60",
        ]  # fmt: skip
        with self.screen.open("wb") as screen:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TZ": "UTC", "TERM": "dumb"},
                start_new_session=True,
            )

    def wait_until_bound(self) -> None:
        """Wait until the process has its port, so that a call finds it.

        Raises:
            LabError: it ended, or has no port after 20 s.
        """
        assert self._process is not None
        deadline = time.monotonic() + BIND_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if is_bound(self.place.sip):
                return
            # The kernel tells nobody when a port is bound; asking is the wait.
            time.sleep(0.01)
        raise LabError(f"SIPp for {self.party} did not start: {self.said()}")

    def wait(self, seconds: float, in_vain: Callable[[], bool] = lambda: False) -> int:
        """Wait until a caller has done its calls; return SIPp's exit status.

        Args:
            seconds: how long at most.
            in_vain: asked now and then whether the wait has lost its point.

        Raises:
            LabError: it is not done in time, or the wait was in vain.
        """
        assert self._process is not None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not in_vain():
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._process.wait(0.5)
        raise LabError(f"SIPp for {self.party} is not done after {seconds:.0f} s: {self.said()}")

    def said(self) -> str:
        """Return the end of what SIPp wrote to its error file and screen."""
        texts = [
            path.read_text(encoding="utf-8", errors="replace") for path in (self.errors, self.screen) if path.exists()
        ]
        return "\n".join(texts)[-3000:]

    def stop(self) -> None:
        """End the process if it still runs."""
        if self._process is None or self._process.poll() is not None:
            return
        # SIPp takes SIGTERM for "finish the calls first", so a waiting phone is ended at once.
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait(STOP_SECONDS)


def is_bound(port: int) -> bool:
    """Tell whether some process has this loopback UDP port, by the kernel's table."""
    wanted = f" 0100007F:{port:04X} "
    return wanted in Path("/proc/net/udp").read_text(encoding="ascii")
