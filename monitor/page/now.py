"""The board as the page shows it: what is true now, in the order in which people look for it.

Reads the board and the state of its sources, so that templates decide nothing. Instants are those of each Asterisk's
own clock, and go to the browser as milliseconds since 1970, so that it can count on by itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from monitor.board_records import STATUS_ORDER, one_each
from monitor.calls.facts import Scope, Stage, TransferKind, Verdict, microseconds
from monitor.masking import is_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.board import Board
    from monitor.board_day import Day
    from monitor.board_records import AgentNow, BreachNow, CallNow, TransferNow
    from monitor.calls.facts import AgentStatus
    from monitor.calls.rules import RingRule
    from monitor.page.viewer import Viewer

Row = TypeVar("Row")

IN_PROGRESS = (Stage.TALKING, Stage.HELD, Stage.TRANSFERRING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many rows are shown; a sentence says how many more there are. More would neither fit nor be read."""

    ringing: int
    waiting: int
    talking: int
    agents: int
    last: int
    """Of the last breaches and transfers."""
    teams: int


DESK = Limits(ringing=60, waiting=30, talking=60, agents=200, last=20, teams=20)
WALL = Limits(ringing=5, waiting=3, talking=3, agents=20, last=4, teams=4)
"""What a screen of 16:9 holds whole, since nobody scrolls it."""


class Source(Protocol):
    """One Asterisk, or the ledger's store: whether what comes from it can be vouched for."""

    @property
    def up(self) -> bool:
        """It is there."""
        ...

    @property
    def quiet(self) -> bool:
        """It has given no sign of life for longer than it should take."""
        ...

    @property
    def reason(self) -> str | None:
        """Why it is not there, in a sentence."""
        ...


class SystemSource(Source, Protocol):
    """One Asterisk, with its clock."""

    def now(self) -> datetime:
        """What its clock shows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A source that cannot be vouched for."""

    name: str
    """The system's name; empty for the ledger."""
    quiet: bool
    """It is connected, and says nothing."""
    since_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Which of the figures can be trusted."""

    doubts: tuple[Doubt, ...]
    """Asterisks that are not heard."""
    store: Doubt | None
    """The ledger, where it is away: the board goes on, and calls cannot be looked up."""
    whole_day: bool
    """Today's figures hold what happened before this program started."""
    standing_by: bool = False
    """Another monitor writes to the ledger and tells of alerts; this one is ready to."""

    def doubtful_parts(self, systems: int) -> tuple[str, ...]:
        """The parts of the page whose figures cannot be vouched for.

        Args:
            systems: how many there are; where only some are not heard, what is theirs is marked row by row.
        """
        of_today = ("today", "chart") if self.doubts or not self.whole_day else ()
        of_now = ("ringing", "waiting", "talking", "agents", "breaches", "transfers") if self.unknown(systems) else ()
        return of_now + of_today

    def unknown(self, systems: int) -> bool:
        """Whether nothing is heard of any system: that no row is there then says nothing."""
        return len(self.doubts) >= systems

    def doubtful(self, system: str) -> bool:
        """Whether what is shown of a system may be out of date."""
        return any(doubt.name == system for doubt in self.doubts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Generic[Row]):
    """Some of many rows."""

    rows: tuple[Row, ...]
    count: int
    """How many there are."""

    @property
    def left_out(self) -> int:
        """How many are not among the rows."""
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One half-hour of today's chart."""

    half: int
    """From 0, midnight."""
    kept: int
    broken: int
    excluded: int

    @property
    def calls(self) -> int:
        """All of them."""
        return self.kept + self.broken + self.excluded


class Now:
    """What the templates ask for.

    Args:
        board: what is true now.
        systems: each Asterisk by name.
        store: the ledger.
        now: the time in the centre.
        limits: how many rows are shown.
        standing_by: another monitor writes and tells.
    """

    def __init__(
        self,
        board: Board,
        systems: Mapping[str, SystemSource],
        store: Source,
        now: datetime,
        limits: Limits = DESK,
        *,
        standing_by: bool = False,
    ) -> None:
        self.limits = limits
        self.board = board
        self.now = now
        self.rule: RingRule = board.rule_at(now)
        self.status = status_of(board, systems, store, standing_by=standing_by)
        self._clocks = {name: system.now() for name, system in systems.items()}

    def at(self, system: str) -> datetime:
        """What the system's clock shows."""
        return self._clocks.get(system, self.now)

    def rings(self, call: CallNow) -> int:
        """How often a caller's phone has rung up to now."""
        return call.rings(self.at(call.key.system))

    def ring_state(self, call: CallNow) -> str:
        """`within` the rule, the `last` ring within it, or `past` it; a transfer's ringing is not judged."""
        rings = self.rings(call)
        if not call.counting or rings < call.rule.limit:
            return "within"
        return "last" if rings == call.rule.limit else "past"

    def ringing_us(self, call: CallNow) -> int:
        """Ringing a caller has heard up to now."""
        return call.ringing_us(self.at(call.key.system))

    def elapsed_us(self, system: str, since_at: datetime) -> int:
        """From an instant of the system's clock up to now; 0 where it lies ahead."""
        return max(0, microseconds(self.at(system)) - microseconds(since_at))

    @property
    def today(self) -> Day:
        """The day so far."""
        return self.board.today(self.now)

    @property
    def teams(self) -> Shown[tuple[str | None, Day]]:
        """The day so far by team, those that no team has behind; none where no team is configured."""
        return self._shown(list(self.board.day.by_team(self.now).items()), self.limits.teams)

    @property
    def ringing(self) -> Shown[CallNow]:
        """Calls whose phone rings, those that have heard most ringing first, transfers behind them.

        Those of a system that was lost stand among them as they were last seen: they may ring on.
        """
        calls = [*self.board.ringing.values(), *self.board.lost.calls.values()]
        calls.sort(key=lambda call: (not call.counting, -self.ringing_us(call), call.key.linkedid))
        return self._shown(calls, self.limits.ringing)

    @property
    def waiting(self) -> Shown[CallNow]:
        """Callers who asked for a person and for whom no phone rings, the longest-waiting first."""
        lost = self.board.lost.calls
        waiting = [
            call
            for key, call in self.board.calls.items()
            if call.stage is Stage.WAITING and call.waits and key not in lost
        ]
        waiting.sort(key=lambda call: call.asked_at or call.entered_at)
        return self._shown(waiting, self.limits.waiting)

    @property
    def talking(self) -> Shown[CallNow]:
        """Calls a person has taken, the longest first."""
        calls = [call for call in self.board.calls.values() if call.stage in IN_PROGRESS]
        calls.sort(key=lambda call: call.stage_since_at)
        return self._shown(calls, self.limits.talking)

    @property
    def announcements(self) -> int:
        """Calls in a greeting or menu."""
        return sum(call.stage is Stage.ANNOUNCEMENT for call in self.board.calls.values())

    @property
    def agents(self) -> Shown[AgentNow]:
        """One entry a person, by state and name, however many queues they serve."""
        people = sorted(
            one_each(self.board.agents.values()), key=lambda agent: (STATUS_ORDER.index(agent.status), agent.member)
        )
        return self._shown(people, self.limits.agents)

    def _shown(self, rows: Sequence[Row], most: int) -> Shown[Row]:
        """As many rows as there is room for."""
        return Shown(rows=tuple(rows[:most]), count=len(rows))

    @property
    def agents_by_status(self) -> dict[AgentStatus, int]:
        """How many people are in each state; every state there is."""
        found = Counter(agent.status for agent in one_each(self.board.agents.values()))
        return {status: found[status] for status in STATUS_ORDER}

    @property
    def breaches(self) -> list[BreachNow]:
        """The newest first."""
        return list(reversed(self.board.breaches))[: self.limits.last]

    @property
    def transfers(self) -> list[TransferNow]:
        """By people, the newest first; a phone's own forwarding is no transfer by a person."""
        passed = reversed(self.board.transfers)
        return [entry for entry in passed if entry.transfer.kind is not TransferKind.FORWARD][: self.limits.last]

    @property
    def transfers_today(self) -> int:
        """Transfers by people today."""
        return sum(count for kind, count in self.today.transfers.items() if kind is not TransferKind.FORWARD)

    @property
    def bars(self) -> list[Bar]:
        """Today by half-hour, from the first with a call or 08:00 to the last or 19:00, whichever is farther."""
        halves = self.today.halves
        told = [half for (half, _), count in halves.items() if count]
        first, last = min([16, *told]), max([37, *told])
        return [
            Bar(
                half=half,
                kept=halves[half, Verdict.KEPT],
                broken=halves[half, Verdict.BROKEN],
                excluded=halves[half, Verdict.EXCLUDED],
            )
            for half in range(first, last + 1)
        ]

    def when(self, at: datetime) -> str:
        """When something was: its time, with the day before it where that is not today."""
        zone = self.board.zone
        local = at.astimezone(zone)
        today = local.date() == self.now.astimezone(zone).date()
        return local.strftime("%H:%M:%S" if today else "%m-%d %H:%M")

    def name(self, system: str, who: str | None) -> str | None:
        """What people call an interface, as far as a queue has told it since."""
        return None if who is None else self.board.name_of(system, who)

    def target(self, entry: TransferNow, viewer: Viewer) -> str:
        """Whom a caller was passed to: a member's name, or a number as the viewer may see it."""
        to = entry.transfer.to
        name = self.board.name_of(entry.key.system, to)
        if entry.transfer.scope is Scope.INSIDE:
            return name
        return viewer.number(to) if name == to and is_number(to) else viewer.shown(name)


def status_of(board: Board, systems: Mapping[str, SystemSource], store: Source, *, standing_by: bool = False) -> Status:
    """Which of the figures can be trusted now."""
    doubts = []
    for name, system in systems.items():
        known = board.systems.get(name)
        if not system.up or (known is not None and known.cause is not None):
            doubts.append(Doubt(name=name, quiet=False, since_at=known.since_at if known is not None else None))
        elif system.quiet:
            doubts.append(Doubt(name=name, quiet=True, since_at=None))
    away = None if store.up and not store.quiet else Doubt(name="", quiet=store.up, since_at=None)
    return Status(doubts=tuple(doubts), store=away, whole_day=board.day.whole, standing_by=standing_by)
