"""Many who watch the board's stream, as a process: plain sockets that read all they are sent and keep none of it.

On standard input, `watch N` makes it N who watch, and is answered when each has had the whole board; `tell` makes it
say what they have been sent since it was last asked.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from typing import Any, Self

from benchmarks.process import Process, ready

_REQUEST = b"GET /stream?view=desk&lang=ko HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_FOUND = b"HTTP/1.1 200 "
_LINE_END = b"\r\n"
_EVENT = b"event: b"
"""How each begins: `board`, of which the name is enough, and `breach`, which is read."""
_READ_BYTES = 1 << 18


class Watchers(Process):
    """That process.

    Args:
        port: where the monitor serves its page, on loopback.
    """

    def __init__(self, port: int) -> None:
        super().__init__("watchers", str(port))

    def __enter__(self) -> Self:
        """Start it; nobody watches yet."""
        super().__enter__()
        return self

    def watch(self, wanted: int) -> float:
        """Have so many watch; returns how many seconds it took until each had the board."""
        return float(self.ask(f"watch {wanted}")["seconds"])

    def tell(self) -> dict[str, Any]:
        """What they have been sent since this was last asked."""
        return self.ask("tell")


class _Watcher:
    """One who watches."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(_REQUEST)
        self.answered = False
        self.begun = False
        self.unread = b""
        """The beginning of something that is looked for, and whose end has not come yet."""


class _Crowd:
    """All who watch, and what they were sent."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._watchers: list[_Watcher] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        self._forget()

    def _forget(self) -> None:
        self._bytes = self._boards = self._ended = 0
        self._breaches: list[tuple[float, float]] = []
        """When ring 4 began and when the event came, in seconds since 1970; one for each who watches."""

    def run(self) -> None:
        """Read and answer until standard input ends."""
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    command = sys.stdin.readline().split()
                    if not command:
                        return
                    answer = self._watch(int(command[1])) if command[0] == "watch" else self._tell()
                    print(json.dumps(answer), flush=True)
                else:
                    self._read(key.data)

    def _watch(self, wanted: int) -> dict[str, Any]:
        began = time.monotonic()
        while len(self._watchers) > wanted:
            self._leave(self._watchers[-1])
        for _ in range(wanted - len(self._watchers)):
            watcher = _Watcher(self._port)
            self._watchers.append(watcher)
            self._selector.register(watcher.socket, selectors.EVENT_READ, watcher)
            self._read_all(0)
        while not all(watcher.begun for watcher in self._watchers):
            self._read_all(None)
        return {"seconds": time.monotonic() - began}

    def _read_all(self, timeout_seconds: float | None) -> None:
        """Read what there is, or whatever comes first."""
        for key, _ in self._selector.select(timeout_seconds):
            if key.data is not None:
                self._read(key.data)

    def _leave(self, watcher: _Watcher) -> None:
        self._watchers.remove(watcher)
        self._selector.unregister(watcher.socket)
        watcher.socket.close()

    def _tell(self) -> dict[str, Any]:
        answer = {
            "bytes": self._bytes,
            "boards": self._boards,
            "ended": self._ended,
            "breaches": self._breaches,
            "cpu_seconds": time.process_time(),
        }
        self._forget()
        return answer

    def _read(self, watcher: _Watcher) -> None:
        data = watcher.socket.recv(_READ_BYTES)
        came_at = time.time()
        if not data:
            self._ended += 1
            self._leave(watcher)
            return
        if not watcher.answered and not data.startswith(_FOUND):
            raise RuntimeError(f"The monitor answered a reader of its stream with {data.split(_LINE_END)[0]!r}.")
        watcher.answered = True
        self._bytes += len(data)
        data = watcher.unread + data
        position = max(0, len(data) - len(_EVENT) + 1)
        looked = 0
        while (found := data.find(_EVENT, looked)) >= 0:
            looked = found + len(_EVENT)
            if data.startswith(b"oard", looked):
                self._boards += 1
                watcher.begun = True
            elif (end := data.find(b"\n\n", looked)) >= 0:
                body = json.loads(data[found:end].partition(b"\ndata: ")[2])
                self._breaches.append((body["at"] / 1000, came_at))
            else:
                position = found
                break
        watcher.unread = data[max(position, looked) if found < 0 else position :]


if __name__ == "__main__":
    crowd = _Crowd(int(sys.argv[1]))
    ready()
    crowd.run()
