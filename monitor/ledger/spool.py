"""Facts on disk while the store is away: a file that is only appended to, one JSON object a line.

A line is `{"fact": "Call", "value": {…}}` with the fact's own field names, instants in RFC 3339. A line cut short by a
crash or a full disk spoils nothing but itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from monitor.errors import StoreError
from monitor.ledger.rows import STORED_FACTS, StoredFact

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from monitor.ledger.store import Store

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in STORED_FACTS}


def encode(fact: StoredFact) -> str:
    """A fact as one line of JSON, without the line's end."""
    return json.dumps({"fact": type(fact).__name__, "value": fact}, default=_plain, separators=(",", ":"))


def decode(line: str | bytes) -> StoredFact:
    """The fact of a line; the inverse of `encode`.

    Raises:
        ValueError: the line is cut short, or tells of no fact that is known.
    """
    told = json.loads(line)
    if not isinstance(told, dict) or str(told.get("fact")) not in _KINDS:
        raise ValueError("no fact that is known")
    fact: StoredFact = _adapter(told["fact"]).validate_python(told.get("value"))
    return fact


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[kind])


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} has no place in a fact")


class Spool:
    """One program's facts that wait on disk, oldest first.

    Args:
        path: the file; its lock lies beside it as `PATH.lock`.
        rejected: where facts are put aside that the store will never take.

    Raises:
        StoreError: the files cannot be written, or another program uses them.
    """

    def __init__(self, path: Path, rejected: Path) -> None:
        self.path = path
        self.rejected_path = rejected
        self.waiting = 0
        """Lines not yet taken."""
        self._offset = 0
        self._guard = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _open(path.with_name(f"{path.name}.lock"))
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._lock)
                raise StoreError(
                    f"Another callmonitor already uses {path}: stop it, or give this one a spool folder of its own."
                ) from error
            self._file = _open(path)
            self._mend()
        except OSError as error:
            raise StoreError(
                f"Facts cannot wait at {path} ({error.strerror}): give a spool folder this user may write."
            ) from error

    def _mend(self) -> None:
        """Count what a former run left, and end its last line if that was cut short."""
        last = b"\n"
        with self.path.open("rb") as file:
            for line in file:
                self.waiting += 1
                last = line
        if not last.endswith(b"\n"):
            _write(self._file, b"\n")

    def append(self, facts: Iterable[StoredFact]) -> None:
        """Write facts behind the others, and have the disk keep them.

        Raises:
            OSError: the disk is full or gone. What was written in part is taken back.
        """
        lines = [encode(fact).encode() + b"\n" for fact in facts]
        with self._guard:
            end = os.lseek(self._file, 0, os.SEEK_END)
            try:
                _write(self._file, b"".join(lines))
                os.fsync(self._file)
            except OSError:
                os.ftruncate(self._file, end)
                raise
            self.waiting += len(lines)

    def oldest(self, count: int) -> list[bytes]:
        """Up to `count` lines, oldest first; they stay until `taken` is told of them."""
        with self._guard, self.path.open("rb") as file:
            file.seek(self._offset)
            return list(islice(file, count))

    def taken(self, lines: Iterable[bytes]) -> None:
        """Forget the oldest lines, which the store now has. A crash before this writes them a second time: no harm."""
        with self._guard:
            for line in lines:
                self._offset += len(line)
                self.waiting -= 1
            if self.waiting == 0:
                # Not while `callmonitor forget` writes into it: behind the end that would make it longer.
                fcntl.flock(self._file, fcntl.LOCK_EX)
                os.ftruncate(self._file, 0)
                fcntl.flock(self._file, fcntl.LOCK_UN)
                self._offset = 0

    def reject(self, fact: StoredFact | bytes, why: str) -> None:
        """Put aside a fact that the store will never take, or a line that tells of none, for a person to look at.

        Raises:
            OSError: the disk is full or gone.
        """
        told = fact.decode("utf-8", "replace").rstrip("\n") if isinstance(fact, bytes) else _loose(fact)
        file = _open(self.rejected_path)
        try:
            _write(file, json.dumps({"why": why, "line": told}).encode() + b"\n")
        finally:
            os.close(file)

    def close(self) -> None:
        """Let go of the files; what waits stays for the next start."""
        if not self.waiting:
            self.path.unlink(missing_ok=True)
        with self._guard:
            os.close(self._file)
            os.close(self._lock)
            self._file = self._lock = -1


def spool_paths(store: Store, spool_dir: Path | None) -> tuple[Path, Path]:
    """Where facts wait, and where refused ones lie."""
    if store.path is not None:
        folder, name = spool_dir or store.path.parent, store.path.name
    elif spool_dir is not None:
        folder, name = spool_dir, "ledger"
    else:
        raise StoreError("A ledger in PostgreSQL needs a folder where facts can wait: give a spool folder.")
    return folder / f"{name}.spool.jsonl", folder / f"{name}.rejected.jsonl"


def _loose(fact: StoredFact) -> str:
    """A fact as JSON whatever its fields hold: a refused one may hold anything."""
    return json.dumps({"fact": type(fact).__name__, "value": fact}, default=_or_text)


def _or_text(value: object) -> object:
    try:
        return _plain(value)
    except TypeError:
        return repr(value)


def _open(path: Path) -> int:
    """Open to write at the end, made if need be, for its owner alone: facts hold callers' numbers."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)


def _write(file: int, data: bytes) -> None:
    """Write all of it, unbuffered: what a full disk refused must not follow later by itself."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
