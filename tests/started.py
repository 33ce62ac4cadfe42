"""The command line as a person starts it, without what each start costs: a process that has loaded it forks for each.

A command's own process, its arguments, environment, folder, streams and exit status are real; what it imports was
imported before. What tests the start itself, signals or two programs at once starts `python -m monitor.cli`.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_MESSAGE_BYTES = 1 << 20
_LOADED = ("monitor.cli", "monitor.doctor", "monitor.pipeline", "monitor.replay_json", "monitor.replay_store")
"""What commands load, before the first is ordered."""
_one_at_a_time = threading.Lock()
_starter: socket.socket | None = None


def started(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str], stdin: bytes = b"", timeout_seconds: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """Run `callmonitor ARGUMENTS` in a process of its own, and wait for its end.

    Raises:
        subprocess.TimeoutExpired: it took longer; it is killed.
    """
    command = ["callmonitor", *map(str, arguments)]
    order = json.dumps({"argv": command, "cwd": str(cwd), "env": dict(env)}).encode()
    with (
        _one_at_a_time,
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write(stdin)
        given.seek(0)
        starter = _running()
        socket.send_fds(starter, [order], [given.fileno(), out.fileno(), err.fileno()])
        pid = int(starter.recv(64))
        starter.settimeout(timeout_seconds)
        try:
            status = int(starter.recv(64))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            starter.settimeout(None)
            starter.recv(64)
            raise subprocess.TimeoutExpired(command, timeout_seconds) from None
        finally:
            starter.settimeout(None)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, status, out.read(), err.read())


def _running() -> socket.socket:
    """The line to this process's starter."""
    global _starter  # noqa: PLW0603 - one for all tests of a worker
    if _starter is None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.started", str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
        theirs.close()
        _starter = ours

        def end() -> None:
            ours.close()
            process.wait(10)

        atexit.register(end)
    return _starter


def serve(line: socket.socket) -> None:
    """Fork for each order that comes, and tell the process and then its exit status."""
    for module in _LOADED:
        importlib.import_module(module)
    gc.freeze()
    while True:
        order, streams, _, _ = socket.recv_fds(line, _MESSAGE_BYTES, 3)
        if not order:
            return
        pid = os.fork()
        if pid == 0:
            line.close()
            _be(json.loads(order), streams)
        for stream in streams:
            os.close(stream)
        line.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        line.send(str(os.waitstatus_to_exitcode(status)).encode())


def _be(order: dict[str, object], streams: list[int]) -> NoReturn:
    """Become the command that was ordered."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(str(order["cwd"]))
    os.environ.clear()
    os.environ.update(order["env"])  # type: ignore[call-overload] # a table of texts, as it was sent
    encoding = os.environ.get("PYTHONIOENCODING", "utf-8")
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0)), encoding)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w")), encoding)
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(2, "w")), encoding, errors="backslashreplace", line_buffering=True
    )
    sys.argv = list(order["argv"])  # type: ignore[call-overload] # a list of texts, as it was sent
    status = _status_of(importlib.import_module("monitor.cli").main)
    sys.stdout.flush()
    sys.stderr.flush()
    # The interpreter's own end would take apart all that was loaded for other commands too.
    os._exit(status)


def _status_of(main: Callable[[], None]) -> int:
    """The exit status that Python would give."""
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, Python would show it and end
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
