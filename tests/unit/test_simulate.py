"""`callmonitor simulate`, as a process of its own that the real listener logs in to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import pytest
from pydantic import SecretStr

from monitor.ami.feed import Batch, FeedItem, LinkDown, LinkUp
from monitor.ami_listener import AmiListener
from monitor.config import AsteriskSettings

from .test_replay import callmonitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "a-secret-of-its-own"
SOON_SECONDS = 20.0

Item = TypeVar("Item", Batch, LinkDown, LinkUp)


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "ami.secret"
    path.write_text(f"{SECRET}\n", encoding="utf-8")
    return path


@contextmanager
def simulating(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The command on a free port; yields the process, which listens, and the port."""
    command = [sys.executable, "-m", "monitor.cli", "simulate", "--port", "0", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline().decode().split()[1].rpartition(":")[2])
        finally:
            process.kill()


def listener(port: int, secret: str, items: asyncio.Queue[FeedItem]) -> AmiListener:
    settings = AsteriskSettings(name="pbx", host="127.0.0.1", port=port, username="centre", secret=SecretStr(secret))
    return AmiListener(settings, items)


async def until(items: asyncio.Queue[FeedItem], kind: type[Item]) -> Item:
    while not isinstance(item := await items.get(), kind):
        pass
    return item


def test_the_real_listener_hears_calls_until_sigterm(secret_file: Path) -> None:
    async def scene(process: subprocess.Popen[bytes], port: int) -> None:
        items: asyncio.Queue[FeedItem] = asyncio.Queue()
        listening = listener(port, SECRET, items)
        task = asyncio.create_task(listening.run())
        async with asyncio.timeout(SOON_SECONDS):
            await until(items, LinkUp)
            # The centre begins with calls that show what there is to see: the first comes within a second or two.
            while not any(packet.startswith(b"Event: Newchannel") for _, packet in (await until(items, Batch)).packets):
                pass
            assert listening.up
            process.terminate()
            assert await asyncio.to_thread(process.wait) == 0
        task.cancel()

    with simulating("--username", "centre", "--secret-file", secret_file, "--host", "0.0.0.0") as (process, port):
        asyncio.run(scene(process, port))


def test_another_secret_is_refused(secret_file: Path) -> None:
    async def scene(port: int) -> None:
        items: asyncio.Queue[FeedItem] = asyncio.Queue()
        listening = listener(port, "demo", items)
        task = asyncio.create_task(listening.run())
        async with asyncio.timeout(SOON_SECONDS):
            assert "refuses the login" in (await until(items, LinkDown)).reason
        task.cancel()

    with simulating("--username", "centre", "--secret-file", secret_file) as (_, port):
        asyncio.run(scene(port))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--host", "0.0.0.0"], "with a secret that everybody knows; give it one of its own with --secret-file"),
        (["--secret-file", "absent.secret"], "--secret-file cannot be read (No such file or directory)"),
        (["--host", "192.0.2.1", "--secret-file", "ami.secret"], "cannot listen on 192.0.2.1:5038 ("),
    ],
)
def test_what_cannot_be_used_is_a_sentence(secret_file: Path, arguments: list[str], sentence: str) -> None:
    done = callmonitor("simulate", *arguments, cwd=secret_file.parent)
    assert (done.returncode, done.stdout) == (2, b"")
    assert sentence in done.stderr.decode()
    assert SECRET not in done.stderr.decode()
