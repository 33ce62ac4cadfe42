"""What the list of calls back shows, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from monitor.callbacks.settling import TO_DO, Kind, State
from monitor.errors import SearchError

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.calls.facts import Call, CallKey, OutgoingCall

Standing = Literal["waiting", "due_soon", "overdue", "tried", "reached", "came_again", "dropped"]
"""Where a call back stands: of one that was not called yet, how near its deadline is."""
Asked = Literal["to_do", "overdue", "due_soon", "waiting", "tried", "reached", "came_again", "dropped", "all"]
"""Which calls back are looked for; `to_do` are the entries of the list to work from."""
ASKED: tuple[Asked, ...] = get_args(Asked)
ON_LIST: tuple[Asked, ...] = ("to_do", "overdue", "due_soon", "waiting", "tried")
"""Those that are looked for among the entries of the list, the oldest due first; the others by when they were owed,
the newest first."""
MAX_LIMIT = 500
MAX_NAME = 200
Action = Literal["assigned", "noted", "dropped", "reopened"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackQuery:
    """What is asked of the list.

    Raises:
        SearchError: the limit makes no sense.
    """

    state: Asked = "to_do"
    kind: Kind | None = None
    line: str | None = None
    team: str | None = None
    assignee: str | None = None
    """Only those that this person is to do."""
    limit: int = 50
    after: str | None = None
    """The cursor at the end of the page before."""

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise SearchError(f"A page has 1 to {MAX_LIMIT} rows: give a limit between them.", "limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A call back that somebody is owed, as it stands."""

    key: CallKey
    """Of the call in which it was promised, or which was left."""
    kind: Kind
    line: str
    queue: str | None
    team: str | None
    person: str | None
    """Whom to call: a number's normal form, or its hash; None once erased. Personal data."""
    owed_at: datetime
    due_at: datetime
    promised_by: str | None
    """The interface of the phone that promised it."""
    state: State
    standing: Standing
    """The state, and of one not called yet how near its deadline is."""
    tries: int
    first_try_at: datetime | None
    first_try_by: str | None
    last_try_at: datetime | None
    last_try_by: str | None
    reached_at: datetime | None
    came_again_at: datetime | None
    assignee: str | None
    dropped_at: datetime | None
    others: int
    """How many more calls back this person is owed; one call does for all."""
    notes: int
    version: str
    """Changes when somebody works on it: give it to see that nobody else did meanwhile."""

    @property
    def to_do(self) -> bool:
        """Whether the person is still to be called."""
        return self.state in TO_DO


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of the list."""

    callbacks: tuple[Callback, ...]
    count: int
    """How many there are on all pages."""
    next: str | None
    """Give it as `after` for the next page; None where this is the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody did or wrote."""

    at: datetime
    who: str
    action: Action
    text: str | None
    """What was written, or to whom it was assigned (None: to nobody any more); None once erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the ledger knows of a person: their calls, and the centre's calls to them, the newest first."""

    calls: tuple[Call, ...]
    outgoing: tuple[OutgoingCall, ...]
    shortened: bool
    """There are more than are told."""
