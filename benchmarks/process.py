"""Readers as processes: started, told when to look, and asked what it cost them.

A reader prints `ready` once it is logged in, and one JSON object when the stream's last event has gone all the way it
goes. Instants are of the machine's monotonic clock, which all its processes share.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.server import Server

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
_DEADLINE_SECONDS = 600.0


class Process:
    """A process that says when it is ready, and answers when it is asked.

    Args:
        module: of `benchmarks`.
        python: the interpreter that has what it needs.
        arguments: handed to it.
    """

    def __init__(self, module: str, *arguments: str, python: str = sys.executable) -> None:
        self._module = module
        self._command = [python, "-W", "ignore", "-m", f"benchmarks.{module}", *arguments]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start it, and wait until it is ready."""
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._line("ready")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def result(self) -> dict[str, Any]:
        """The next thing it has to say."""
        return dict(json.loads(self._line("{")))

    def ask(self, command: str = "look") -> dict[str, Any]:
        """Have it look at itself."""
        assert self._process is not None  # noqa: S101 - entered
        assert self._process.stdin is not None  # noqa: S101 - a pipe, as asked for
        self._process.stdin.write(f"{command}\n")
        return self.result()

    def _line(self, start: str) -> str:
        assert self._process is not None  # noqa: S101 - entered
        assert self._process.stdout is not None  # noqa: S101 - a pipe, as asked for
        until = time.monotonic() + _DEADLINE_SECONDS
        while time.monotonic() < until:
            line = self._process.stdout.readline()
            if line.startswith(start):
                return line
            if not line:
                break
        raise RuntimeError(f"{self._module} ended without a result: run it by hand to see why.")


class Reader(Process):
    """A reader's process, connected to a server of its own.

    Args:
        module: of `benchmarks.readers`.
        python: the interpreter that has what it needs.
        arguments: given on behind the port.
    """

    def __init__(self, module: str, *arguments: str, python: str = sys.executable) -> None:
        self.server = Server()
        super().__init__(f"readers.{module}", str(self.server.port), *arguments, python=python)

    def __enter__(self) -> Self:
        """Start it, and wait until it has logged in."""
        self.server.__enter__()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.server.__exit__(kind, error, trace)
        super().__exit__(kind, error, trace)


# Within the reader's own process


def ready() -> float:
    """Say that the stream may begin; returns the CPU seconds spent until then."""
    print("ready", flush=True)
    return time.process_time()


def peak_mb() -> float:
    """The most memory this process has had resident, in MiB.

    **Source:** proc(5), `VmHWM`; `getrusage` would tell the parent's, from before the program was loaded.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def report(events: int, cpu_before_seconds: float, **more: object) -> None:
    """Say that all is done, and what it took."""
    finished_at = time.monotonic()
    row = {
        "finished_at": finished_at,
        "events": events,
        "cpu_seconds": time.process_time() - cpu_before_seconds,
        "peak_mb": peak_mb(),
        **more,
    }
    print(json.dumps(row), flush=True)
