"""Cases of promises with a clock, and what is asked and told of them. Pure.

What is wrong with a case is told by a `CaseError`: which field, and a sentence. The sentence is a message identifier of
the catalogue with its values apart, so that the page says it in Korean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.commitments.register import Finding

Source = Literal["page", "import", "api", "register"]
"""Where a case came in; `register`: opened by itself, since what is due once and again has a new year or half."""


class CaseError(MonitorError):
    """A case cannot be opened or changed as it was asked for; nothing of it was.

    Args:
        sentence: what is wrong and what to do, a message identifier with places for `values`.
        field: which one is at fault, by its name in `NewCase` and `Change`; empty where none alone is.
        values: what stands in the sentence's places; never anything of a person.
    """

    def __init__(self, sentence: str, field: str = "", **values: object) -> None:
        super().__init__(sentence.format(**values))
        self.sentence = sentence
        self.field = field
        self.values = values


class CaseState(StrEnum):
    """What is to be done about a case."""

    OPEN = "open"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class Standing(StrEnum):
    """A case's state together with what its clock says."""

    OPEN = "open"
    """Not done, not due soon."""
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something to a case."""

    name: str
    """As they signed in, or the program's name."""
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case, as the ledger has it. docs/ledger.md describes each field."""

    reference: str
    commitment: str
    received_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    state: CaseState
    assignee: str | None
    subject: str | None
    contact: str | None
    """As it is kept; show it by `monitor.commitments.contacts.shown`."""
    person: str | None
    system: str | None
    linkedid: str | None
    finding: Finding | None
    visits: int | None
    missed_appointment: bool
    owed_won: int
    owed_apology: bool
    owed_training: bool
    paid_won: int
    paid_at: datetime | None
    apology_at: datetime | None
    training_at: datetime | None
    result: str | None
    source: str
    created_at: datetime
    changed_at: datetime
    erased_at: datetime | None
    standing: Standing
    """As of when it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case that comes in. Instants are aware; one at the midnight that begins the day of receipt means that day."""

    commitment: str
    received_at: datetime
    reference: str | None = None
    """Drawn where there is none, as in `C-2026-000123`."""
    subject: str | None = None
    contact: str | None = None
    """A telephone number or an e-mail address."""
    system: str | None = None
    linkedid: str | None = None
    assignee: str | None = None
    finding: Finding | str | None = None
    visits: int | None = None
    missed_appointment: bool = False
    done_at: datetime | None = None
    withdrawn: bool = False
    paid_won: int = 0
    paid_at: datetime | None = None
    apology_at: datetime | None = None
    training_at: datetime | None = None
    result: str | None = None
    source: Source = "page"


class Unchanged(Enum):
    """Stands for a field that stays as it is; None would empty it."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be different of a case."""

    seen_at: datetime | None = None
    """The case's `changed_at` as whoever changes it saw it: where somebody was faster, the change is refused. None
    changes it whatever happened meanwhile."""
    state: CaseState | str | Unchanged = UNCHANGED
    """Done takes `done_at`, the present where none is given; open again empties it."""
    done_at: datetime | Unchanged | None = UNCHANGED
    """Given alone it makes the case done."""
    commitment: str | Unchanged = UNCHANGED
    """It was filed under a wrong promise; its deadline is worked out anew."""
    received_at: datetime | Unchanged = UNCHANGED
    """It was written down wrongly; its deadline is worked out anew."""
    assignee: str | Unchanged | None = UNCHANGED
    subject: str | Unchanged | None = UNCHANGED
    contact: str | Unchanged | None = UNCHANGED
    system: str | Unchanged | None = UNCHANGED
    linkedid: str | Unchanged | None = UNCHANGED
    finding: Finding | str | Unchanged | None = UNCHANGED
    visits: int | Unchanged | None = UNCHANGED
    missed_appointment: bool | Unchanged = UNCHANGED
    paid_won: int | Unchanged = UNCHANGED
    paid_at: datetime | Unchanged | None = UNCHANGED
    """The present where `paid_won` is given and this is not."""
    apology_at: datetime | Unchanged | None = UNCHANGED
    training_at: datetime | Unchanged | None = UNCHANGED
    result: str | Unchanged | None = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseQuery:
    """Which cases are looked for: those that meet everything that is given.

    Cases that are not done come by their deadline, the earliest first; a query without a standing, or for done or
    withdrawn ones, the newest first.
    """

    standing: Standing | Literal["undone", "owing"] | None = None
    """`undone`: open, due soon or overdue; `owing`: something owed was not paid, written or held yet, whatever else is
    done; `open` here means not due soon."""
    commitment: str | None = None
    assignee: str | None = None
    """The empty text: nobody's."""
    number: str | None = None
    """Of the person, whole, however it is written."""
    number_ends: str | None = None
    """The last digits of the person's number; of numbers that are kept as hashes none is found."""
    text: str | None = None
    """Stands in the reference or in what it is about."""
    in_subject: bool = True
    """Whether `text` may stand in what it is about; where not, in the reference alone."""
    since: datetime | None = None
    """Received from this instant on."""
    until: datetime | None = None
    """Received before this instant."""
    limit: int = 50
    """1 to 500."""
    after: str | None = None
    """`next` of the page before; None for the first page."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of cases."""

    cases: tuple[Case, ...]
    next: str | None
    """Give it as `after` for the next page; None where this is the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What has become of all cases of one promise."""

    commitment: str
    counts: Mapping[Standing, int]
    """How many stand where; none of where there is none."""
    owed_won: int
    paid_won: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEntry:
    """One entry of a case's audit trail."""

    id: int
    reference: str
    at: datetime
    who: str
    role: str
    action: str
    """`opened`, `changed`, `done`, `reopened`, `withdrawn`, or `erased`."""
    detail: Mapping[str, Any]
    """By field its old and new value (`[old, new]`), `"changed"` of free texts and personal fields; under `rule` what
    the promise was when something owed was worked out."""
    chain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailCheck:
    """What reading through the whole trail came to."""

    entries: int
    cases: int
    head: str
    """The chain of the last entry; written down elsewhere, it shows later that nothing before it was exchanged."""
    broken: str | None = None
    """The first thing that is not as it was written, in a sentence; None where everything is."""
    broken_id: int | None = None
    """Of the first entry at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A case that was opened, or was there already and says the same."""

    case: Case
    new: bool = field(default=True)
