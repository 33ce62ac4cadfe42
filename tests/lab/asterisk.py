"""One laboratory Asterisk: its ports, its files, its process.

Several may run at once: each takes a block of ports of its own, held by a lock on a file, and a folder of its own
inside the tree that `tests/lab/install.py` unpacked.
"""

from __future__ import annotations

import contextlib
import fcntl
import fnmatch
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from . import configuration
from .configuration import Ports, Settings
from .install import cache_folder, missing_reason, tree_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_PORT = 10_000
BLOCK = 3_000
BLOCKS = 7
START_SECONDS = 30.0
STOP_SECONDS = 10.0
AS_OURS = ("setpriv", "--pdeathsig", "KILL", "nice", "-n", "-10")
"""Put before a command: it ends with the thread that started it, however that ends, and it goes before whatever else
the machine is doing, since the clock is what is measured. `nice` goes on without where it may not."""


class LabError(Exception):
    """The laboratory did not do what was asked of it; the message says what and where its log lies."""


class PortBlock:
    """A block of 3,000 loopback ports, held for this process until released."""

    def __init__(self) -> None:
        """Take the first block that no other process holds and whose Asterisk ports are free.

        Raises:
            LabError: every block is taken.
        """
        folder = cache_folder() / "ports"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(BLOCKS):
            lock = (folder / f"{number}.lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            base = FIRST_PORT + number * BLOCK
            if is_free(base, socket.SOCK_DGRAM) and is_free(base + 1, socket.SOCK_STREAM):
                self.number = number
                self._lock: IO[str] = lock
                self.ports = Ports(
                    sip=base,
                    ami=base + 1,
                    first_sipp=base + 10,
                    first_rtp=base + 2_000,
                )
                return
            lock.close()
        raise LabError(f"all {BLOCKS} blocks of laboratory ports are taken; end another laboratory first")

    def release(self) -> None:
        """Let other processes have the block."""
        self._lock.close()


def is_free(port: int, kind: socket.SocketKind) -> bool:
    """Tell whether a loopback port can be bound now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class Asterisk:
    """One Asterisk process with files and ports of its own.

    You must call `close` when done, or use it as a context manager, which starts it too.
    """

    host = "127.0.0.1"

    def __init__(self, settings: Settings, block: PortBlock) -> None:
        """Prepare an Asterisk without starting it; the block of ports stays the caller's to release."""
        reason = missing_reason()
        if reason is not None:
            raise LabError(reason)
        self.settings = settings
        self.ports = block.ports
        self.tree = tree_folder()
        # Only the holder of a block has a folder of that name, so an old one is what a killed run left.
        self.folder = self.tree / "lab" / f"block-{block.number}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop and remove the files."""
        self.close()

    @property
    def pid(self) -> int:
        """The process id of the running Asterisk."""
        if self._process is None:
            raise LabError("this Asterisk is not running")
        return self._process.pid

    @property
    def log(self) -> str:
        """What Asterisk wrote to its log: notices, warnings, errors."""
        path = self.folder / "log" / "full"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Write the files, start the process and wait until it takes manager connections and says it has booted.

        Raises:
            LabError: it ended, or did not boot within 30 s.
        """
        self._write_files()
        add_host_name(self.tree / "etc/hosts")
        inside = "/" + str(self.folder.relative_to(self.tree))
        script = 'mount -t proc proc "$0/proc" 2>/dev/null; exec chroot "$0" asterisk -C "$1/etc/asterisk.conf" -f'
        with (self.folder / "console").open("wb") as console:
            self._process = subprocess.Popen(
                [*AS_OURS, *own_mounts(), "sh", "-c", script, str(self.tree), inside],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_booted()

    def stop(self) -> None:
        """Ask the process to end and wait for it; kill it after 10 s."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Stop the process and remove its files."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, line: str) -> str:
        """Run one command of Asterisk's console and return what it prints."""
        inside = "/" + str(self.folder.relative_to(self.tree))
        done = subprocess.run(
            ["chroot", str(self.tree), "asterisk", "-C", f"{inside}/etc/asterisk.conf", "-rx", line],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        return done.stdout

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
        self._process = None

    def _write_files(self) -> None:
        for name in ("etc", "lib/keys", "spool", "run", "log", "music"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        # One second of silence in µ-law: music on hold that costs nothing.
        (self.folder / "music" / "silence.ulaw").write_bytes(b"\xff" * 8000)
        inside = "/" + str(self.folder.relative_to(self.tree))
        modules = modules_folder(self.tree)
        texts = configuration.files(
            self.settings,
            self.ports,
            folder=inside,
            modules="/" + str(modules.relative_to(self.tree)),
            unloaded=tuple(name for name in unloaded_modules(modules) if Path(name).stem not in self.settings.modules),
        )
        for name, text in texts.items():
            (self.folder / "etc" / name).write_text(text, encoding="utf-8")

    def _wait_until_booted(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            if self._says_booted():
                return
            # Nothing announces a listening port; asking 20 times a second is the wait.
            time.sleep(0.05)
        console = (self.folder / "console").read_text(encoding="utf-8", errors="replace")
        raise LabError(f"Asterisk did not boot within {START_SECONDS} s:\n{console[-2000:]}\n{self.log[-2000:]}")

    def _says_booted(self) -> bool:
        first = self.settings.accounts[0]
        login = f"Action: Login\r\nUsername: {first.name}\r\nSecret: {first.secret}\r\n\r\n".encode("ascii")
        try:
            with socket.create_connection((self.host, self.ports.ami), timeout=1.0) as connection:
                connection.sendall(login)
                heard = b""
                while b"Event: FullyBooted" not in heard and (more := connection.recv(4096)):
                    heard += more
        except OSError:
            return False
        return b"Event: FullyBooted" in heard


def own_mounts() -> tuple[str, ...]:
    """Return what gives a process mounts of its own: its /proc is gone with it, whatever ends it.

    A container may forbid that; Asterisk does without /proc then, and the mount in its way fails as well.
    """
    command = ("unshare", "--mount")
    allowed = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    return command if allowed else ()


def modules_folder(tree: Path) -> Path:
    """Return the folder of Asterisk's modules, which lies elsewhere in other releases of Debian."""
    found = sorted(tree.glob("usr/lib/*/asterisk/modules")) + sorted(tree.glob("usr/lib/asterisk/modules"))
    if not found:
        raise LabError(f"no Asterisk modules in {tree}; remove it and run `make lab`")
    return found[0]


def unloaded_modules(modules: Path) -> Iterator[str]:
    """Yield the file names of the modules that are not to be loaded."""
    for path in sorted(modules.glob("*.so")):
        if any(fnmatch.fnmatch(path.stem, pattern) for pattern in configuration.UNLOADED):
            yield path.name


def add_host_name(hosts: Path) -> None:
    """Let the machine's name be found inside the tree; without it every call waits 5 s for a look-up."""
    line = f"127.0.0.1 {socket.gethostname()}\n"
    text = hosts.read_text(encoding="utf-8") if hosts.exists() else "127.0.0.1 localhost\n"
    if line not in text:
        hosts.write_text(text + line, encoding="utf-8")
