"""The desk where people work on calls back: find them, take them on, write down what happened, drop them.

What became of a call back by telephone nobody enters: it is seen. Here is only what a telephone cannot tell.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import insert, select, update

from monitor.callbacks.entries import CallbackQuery, Note
from monitor.callbacks.settling import TO_DO, Kind, State
from monitor.calls.facts import CallKey
from monitor.errors import MonitorError
from monitor.ledger.callback_search import find, get, history
from monitor.ledger.callbacks import Callbacks, lock
from monitor.ledger.tables import CALLBACK_NOTES, CALLBACKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, RowMapping

    from monitor.callbacks.entries import Action, Callback, Found, History
    from monitor.callbacks.settling import Terms
    from monitor.ledger.store import Store
    from monitor.numbers import Numbers

Fault = Literal["unknown", "changed", "done", "not_dropped", "nothing_said", "long", "name"]
NOTE_AT_MOST = 500
NAME_AT_MOST = 64

_SENTENCES: dict[Fault, str] = {
    "unknown": "There is no such call back: look for it in the list.",
    "changed": "Somebody else has worked on this call back meanwhile: look at it again.",
    "done": "This call back is done with: look at what became of it.",
    "not_dropped": "This call back was not taken off the list, so that it cannot be put back.",
    "nothing_said": "Nothing is written: say what happened, or why it is taken off the list.",
    "long": f"A note has at most {NOTE_AT_MOST} characters: shorten it.",
    "name": f"A name has 1 to {NAME_AT_MOST} characters, all of them printable: correct it.",
}


class CallbackError(MonitorError):
    """Something cannot be done with a call back.

    Attributes:
        fault: what is wrong.
        field: which part of what was given is at fault; empty where none is.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(_SENTENCES[fault])
        self.fault = fault
        self.field = {"nothing_said": "text", "long": "text", "name": "assignee"}.get(fault, "")


class CallbackDesk:
    """Works on the calls back of one ledger. Every method may block: call it off the event loop.

    Args:
        store: the ledger's.
        numbers: how callers' numbers are kept.
        clock: the present, aware.
        terms: by when one calls back.
        due_soon: so long before its deadline a call back is due soon.
        forget: a caller who left so long ago is no more on the list to work from.

    Raises:
        StoreError: of each method, where the ledger is away.
    """

    def __init__(
        self,
        store: Store,
        numbers: Numbers,
        clock: Callable[[], datetime],
        *,
        terms: Terms,
        due_soon: timedelta,
        forget: timedelta,
    ) -> None:
        self._store = store
        self._callbacks = Callbacks(terms, numbers)
        self._clock = clock
        self.due_soon = due_soon
        self.forget = forget

    # Reading

    def find(self, query: CallbackQuery) -> Found:
        """One page of calls back.

        Raises:
            SearchError: the cursor is none of ours.
        """
        with self._store.reading() as connection:
            return find(connection, query, self._clock(), self.due_soon, self.forget)

    def get(self, key: CallKey) -> Callback | None:
        """One call back; None where nothing is owed for that call."""
        with self._store.reading() as connection:
            return get(connection, key, self._clock(), self.due_soon)

    def history(self, callback: Callback) -> History:
        """What the ledger knows of the person."""
        with self._store.reading() as connection:
            return history(connection, callback.person, self._callbacks)

    def notes(self, key: CallKey) -> tuple[Note, ...]:
        """What people did and wrote, the oldest first."""
        of_key = (CALLBACK_NOTES.c.system == key.system, CALLBACK_NOTES.c.linkedid == key.linkedid)
        with self._store.reading() as connection:
            found = connection.execute(select(CALLBACK_NOTES).where(*of_key).order_by(CALLBACK_NOTES.c.id)).mappings()
            return tuple(Note(at=row["at"], who=row["who"], action=row["action"], text=row["text"]) for row in found)

    # Working. `seen` is the `version` of what whoever works on it was shown; None where they saw none.

    def assign(self, key: CallKey, assignee: str | None, by: str, *, seen: str | None = None) -> None:
        """Say who is to call; None: nobody in particular. All that the entry of the list stands for goes with it.

        Raises:
            CallbackError: there is no such call back, it is done with, somebody was quicker, or that is no name.
        """
        name = (assignee or "").strip() or None
        if name is not None and (len(name) > NAME_AT_MOST or not name.isprintable()):
            raise CallbackError("name")
        with self._working(key, seen) as (connection, row):
            _must_be_open(row)
            for one in _same(connection, row):
                self._change(connection, one, by, "assigned", name, assignee=name)

    def note(self, key: CallKey, text: str, by: str) -> None:
        """Write something down, whatever others did meanwhile.

        Raises:
            CallbackError: there is no such call back, or nothing is written, or too much.
        """
        said = _said(text)
        with self._working(key, None) as (connection, row):
            self._write_note(connection, row, by, "noted", said)

    def drop(self, key: CallKey, text: str, by: str, *, seen: str | None = None) -> None:
        """Take it off the list, with the reason; and all that the entry of the list stands for.

        Raises:
            CallbackError: there is no such call back, it is done with, somebody was quicker, or no reason is given.
        """
        said = _said(text)
        with self._working(key, seen) as (connection, row):
            _must_be_open(row)
            now = self._clock()
            same = _same(connection, row)
            for one in same:
                self._change(connection, one, by, "dropped", said, dropped_at=now, **_of_nobody(one, State.DROPPED))
            self._callbacks.again(connection, map(_key, same))

    def reopen(self, key: CallKey, text: str, by: str, *, seen: str | None = None) -> None:
        """Put back on the list what was taken off it by hand, and all that went with it; a reason may be given.

        Raises:
            CallbackError: there is no such call back, it was not taken off the list, or somebody was quicker.
        """
        said = _said(text) if text.strip() else None
        with self._working(key, seen) as (connection, row):
            if row["state"] != State.DROPPED:
                raise CallbackError("not_dropped")
            same = _same(connection, row)
            for one in same:
                before = State.TRIED if one["tries"] else State.OPEN
                self._change(connection, one, by, "reopened", said, dropped_at=None, **_of_nobody(one, before))
            self._callbacks.again(connection, map(_key, same))

    @contextmanager
    def _working(self, key: CallKey, seen: str | None) -> Iterator[tuple[Connection, RowMapping]]:
        """A transaction in which nobody else works on the call back, and its row."""
        with self._store.writing() as connection:
            lock(connection)
            of_key = (CALLBACKS.c.system == key.system, CALLBACKS.c.linkedid == key.linkedid)
            row = connection.execute(select(CALLBACKS).where(*of_key)).mappings().first()
            if row is None:
                raise CallbackError("unknown")
            if seen is not None:
                now = get(connection, key, self._clock(), self.due_soon)
                if now is None or now.version != seen:
                    raise CallbackError("changed")
            yield connection, row

    def _change(
        self, connection: Connection, row: RowMapping, by: str, action: Action, text: str | None, **values: Any
    ) -> None:
        of_row = (CALLBACKS.c.system == row["system"], CALLBACKS.c.linkedid == row["linkedid"])
        connection.execute(update(CALLBACKS).where(*of_row).values(**values))
        self._write_note(connection, row, by, action, text)

    def _write_note(self, connection: Connection, row: RowMapping, by: str, action: Action, text: str | None) -> None:
        values = {"system": row["system"], "linkedid": row["linkedid"], "at": self._clock(), "who": by}
        connection.execute(insert(CALLBACK_NOTES).values(**values, action=action, text=text))


def _must_be_open(row: RowMapping) -> None:
    if row["state"] not in TO_DO:
        raise CallbackError("done")


def _same(connection: Connection, row: RowMapping) -> Sequence[RowMapping]:
    """The calls back that go with one: of a person who left several times on one line, all that stand as it does."""
    if row["kind"] == Kind.PROMISED or row["person"] is None:
        return [row]
    # By the person alone: SQLite would look up what tens of thousands share in place of them.
    theirs = connection.execute(select(CALLBACKS).where(CALLBACKS.c.person == row["person"])).mappings()
    shared = ("line", "kind", "team", "dropped_at")
    return [
        one
        for one in theirs
        if all(one[name] == row[name] for name in shared)
        and (one["state"] == row["state"] or (one["state"] in TO_DO and row["state"] in TO_DO))
    ]


def _of_nobody(row: RowMapping, state: State) -> dict[str, str]:
    """The state itself, of whom the number was erased: nothing is worked out any more of what they are owed."""
    return {} if row["person"] is not None else {"state": state.value}


def _key(row: RowMapping) -> CallKey:
    return CallKey(system=row["system"], linkedid=row["linkedid"])


def _said(text: str) -> str:
    said = text.strip()
    if not said:
        raise CallbackError("nothing_said")
    if len(said) > NOTE_AT_MOST:
        raise CallbackError("long")
    return said
