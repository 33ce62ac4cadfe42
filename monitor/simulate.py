"""`callmonitor simulate`: the simulated call centre alone, as an Asterisk that a monitor elsewhere listens to."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from typing import TYPE_CHECKING

from monitor.config_sections import one_line
from monitor.errors import ConfigError
from monitor.simulator import LOOPBACK, SECRET, Account, Simulator

if TYPE_CHECKING:
    from pathlib import Path

_SECRET = re.compile(r"\S+")


def run(*, host: str, port: int, speed: float, seed: int, username: str, secret_file: Path | None) -> None:
    """Serve the centre's AMI until SIGTERM or Ctrl-C.

    Args:
        host: the address to listen on.
        port: of AMI; 0 takes a free one.
        speed: seconds of the centre's day per real second.
        seed: the same number gives the same day.
        username: of the one manager account.
        secret_file: holds that account's secret in one line; None for the one of the demonstration, on loopback only.

    Raises:
        ConfigError: the address cannot be used, the secret cannot be read, or outside loopback there is none.
    """
    secret = SECRET
    if secret_file is not None:
        secret = one_line(secret_file, "--secret-file", "the secret of the simulated manager account", _SECRET)
    if host not in LOOPBACK and secret == SECRET:
        raise ConfigError(
            f"The simulator would listen outside this machine (host {host!r}) with a secret that everybody knows; "
            "give it one of its own with --secret-file, or leave --host out."
        )
    account = Account(username=username, secret=secret)
    simulator = Simulator(seed=seed, speed=speed, calls_back=True, remote=True, account=account)
    asyncio.run(_serve(simulator, host, port, username))


async def _serve(simulator: Simulator, host: str, port: int, username: str) -> None:
    try:
        port = await simulator.start(host, port)
    except OSError as error:
        # asyncio's own text repeats the address; a name that is none has a number below 0 and a text of its own.
        cause = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise ConfigError(
            f"The simulator cannot listen on {host}:{port} ({cause}); choose another --port or --host."
        ) from error
    sys.stdout.write(f"AMI {host}:{port} ({username})\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(simulator.run())
        await stop.wait()
        await simulator.stop()
