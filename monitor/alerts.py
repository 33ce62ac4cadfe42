"""Sink: tells of the last ring within the promise and of the one past it the moment each begins.

Facts are taken on the event loop, and change nothing but which groups there are; every target has a task of its own
that describes the groups it has to tell of and sends them. So nobody who is slow, hangs or refuses holds up the call
state, or another target.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, Self

import structlog

from monitor.alerts_alertmanager import Alertmanager
from monitor.alerts_apprise import Apprise
from monitor.alerts_groups import Change, Groups, Turn
from monitor.alerts_words import words_in
from monitor.calls.rules import rule_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from monitor.alerts_groups import Group, Present
    from monitor.calls.facts import Fact
    from monitor.calls.rules import RingRule
    from monitor.texts import Language

_log = structlog.get_logger(__name__)

ALERTMANAGER, APPRISE = "alertmanager", "apprise"
_SAME_TIME = timedelta(seconds=1)
"""Clocks closer than this are taken for one: an instant is then told as Asterisk stamped it, to the microsecond."""
_RESTART_SECONDS = 1.0
_UNTOLD = 1_000


class Target(Protocol):
    """Whoever is told."""

    name: str
    sent: int
    failed: int

    @property
    def waiting(self) -> int:
        """How much there is to tell."""
        ...

    def take(self, change: Change) -> None:
        """A group has changed."""
        ...

    def forget(self) -> None:
        """Another monitor tells: there is nothing to tell, and nothing to take back."""
        ...

    async def run(self) -> None:
        """Tell, for ever."""
        ...


class Figures:
    """What was told to all targets of one kind, as metrics ask of it."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets
        self._sent = self._failed = 0
        """By targets that are not told any more: what was counted stays counted."""

    def change_to(self, targets: Sequence[Target]) -> None:
        """Go on with other targets."""
        gone = [target for target in self._targets if target not in targets]
        self._sent += sum(target.sent for target in gone)
        self._failed += sum(target.failed for target in gone)
        self._targets = targets

    @property
    def sent(self) -> int:
        """Alerts or messages that were taken."""
        return self._sent + sum(target.sent for target in self._targets)

    @property
    def failed(self) -> int:
        """Those of tries that failed."""
        return self._failed + sum(target.failed for target in self._targets)

    @property
    def waiting(self) -> int:
        """What there is to tell now."""
        return sum(target.waiting for target in self._targets)


class Alerts:
    """Takes facts, and tells every target what rings past the rule. Enter it to begin to tell.

    Args:
        rules: at least one ring rule.
        clock: what the clock of a system shows now.

    Keyword Args: as of `prepare`.

    Raises:
        ConfigError: an address cannot be used.
    """

    def __init__(
        self,
        rules: Sequence[RingRule],
        clock: Callable[[str], datetime],
        *,
        alertmanager: Sequence[str] = (),
        apprise: Sequence[str] = (),
        language: Language = "ko",
        page_url: str = "",
        warnings: bool = True,
        repeat_seconds: float = 60.0,
    ) -> None:
        self._clock = clock
        self._rules = tuple(rules)
        self._groups = Groups(rules, self._here)
        self.alertmanagers: list[Alertmanager] = []
        self._targets: dict[tuple[str, str], Target] = {}
        """By kind and address."""
        self.figures: dict[str, Figures] = {}
        """By kind of target, of those that are or were configured."""
        self._broken: set[str] = set()
        """Targets whose task has met an error of our own, of which the log has been told."""
        self._tasks: dict[Target, asyncio.Task[None]] = {}
        self._telling = False
        self._silent = False
        """Another monitor tells."""
        self._untold: deque[tuple[datetime, Change]] = deque(maxlen=_UNTOLD)
        """Calls more, by their system's clock, that it may not have told of."""
        self.prepare(
            alertmanager=alertmanager,
            apprise=apprise,
            language=language,
            page_url=page_url,
            warnings=warnings,
            repeat_seconds=repeat_seconds,
        )()

    def prepare(
        self,
        *,
        alertmanager: Sequence[str],
        apprise: Sequence[str],
        language: Language,
        page_url: str,
        warnings: bool,
        repeat_seconds: float,
    ) -> Callable[[], None]:
        """Make ready to tell others, or otherwise. Who is told already goes on where it was.

        Args:
            alertmanager: base URLs of Alertmanagers.
            apprise: URLs of apprise.
            language: of apprise's messages; an Alertmanager gets both.
            page_url: where people reach the page; empty for nowhere.
            warnings: tell of the last ring within the promise too.
            repeat_seconds: how long apprise is not told of the same line and queue again.

        Returns:
            What changes over, at once.

        Raises:
            ConfigError: an address cannot be used.
        """
        known, words = self._targets, words_in(language)
        limit = rule_on(self._rules, datetime.now(UTC).date()).limit
        managers: dict[tuple[str, str], Alertmanager] = {}
        for address in alertmanager:
            target = known.get((ALERTMANAGER, address))
            managers[ALERTMANAGER, address] = (
                target if isinstance(target, Alertmanager) else Alertmanager(address, self)
            )
        messengers: dict[tuple[str, str], Apprise] = {}
        for number, address in enumerate(apprise, 1):
            target = known.get((APPRISE, address))
            messenger = target if isinstance(target, Apprise) else Apprise(number, address, self, words, limit=limit)
            messengers[APPRISE, address] = messenger

        def change_over() -> None:
            for manager in managers.values():
                manager.page_url = page_url
            for number, messenger in enumerate(messengers.values(), 1):
                messenger.tell_as(number, words, page_url=page_url, repeat_seconds=repeat_seconds)
            self._groups.take_warnings(wanted=warnings)
            self.alertmanagers = list(managers.values())
            for kind, targets in ((ALERTMANAGER, self.alertmanagers), (APPRISE, list(messengers.values()))):
                if kind in self.figures:
                    self.figures[kind].change_to(targets)
                elif targets:
                    self.figures[kind] = Figures(targets)
            self._change_to({**managers, **messengers})

        return change_over

    def _change_to(self, targets: dict[tuple[str, str], Target]) -> None:
        """Tell these from now on; who is new hears at once of what rings now."""
        before, self._targets = self._targets, targets
        for target in (target for address, target in targets.items() if address not in before):
            for group in self._groups:
                target.take(Change(group, Turn.BEGAN))
            if self._telling:
                self._begin(target)
        for target in (target for address, target in before.items() if address not in targets):
            if (task := self._tasks.pop(target, None)) is not None:
                task.cancel()

    def record(self, fact: Fact) -> None:
        """Take a fact. Returns at once."""
        for change in self._groups.record(fact):
            if not self._silent:
                self._take(change)
            elif change.turn in (Turn.BEGAN, Turn.JOINED):
                self._untold.append((self._clock(change.group.system), change))

    def _take(self, change: Change) -> None:
        for target in self._targets.values():
            target.take(change)

    def stand_by(self) -> None:
        """Another monitor tells from now on; here it is only known what there would be to tell."""
        self._silent = True
        for target in self._targets.values():
            target.forget()

    def take_over(self, since: Mapping[str, datetime]) -> None:
        """Tell from now on: of what rings too long now, and of what has begun to behind the last sign of who told.

        Args:
            since: by system and on its clock, when that was; of a system that is not there nothing was left untold.
        """
        self._silent = False
        untold, self._untold = self._untold, deque(maxlen=_UNTOLD)
        for at, change in untold:
            if at > since.get(change.group.system, at):
                self._take(change)
        for group in self._groups:
            for alertmanager in self.alertmanagers:
                alertmanager.take(Change(group, Turn.JOINED))

    def recall(self, facts: Iterable[Fact], told_until: datetime) -> None:
        """Know of the calls in progress what the run of this program before told of them, and tell nobody again.

        Args:
            facts: what was told of them, in order.
            told_until: what was told later may not have gone out; on the clock of their system.
        """
        self._groups.recall(facts, told_until)

    async def __aenter__(self) -> Self:
        """Begin to tell."""
        self.begin()
        return self

    def begin(self) -> None:
        """Begin to tell; belongs to the event loop."""
        self._telling = True
        for target in self._targets.values():
            self._begin(target)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell no more."""
        await self.end()

    async def end(self) -> None:
        """Tell no more. What fires ends by itself, unless a monitor that starts meanwhile goes on with it."""
        self._telling = False
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _begin(self, target: Target) -> None:
        self._tasks[target] = asyncio.create_task(self._run(target), name=target.name)

    async def _run(self, target: Target) -> None:
        """Run a target; an error of our own is told, and must not be the last alert there was."""
        while True:
            try:
                await target.run()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next alert is to be told
                target.failed += 1
                if target.name not in self._broken:
                    _log.error("alerts_failed", target=target.name, error=type(error).__name__)
                self._broken.add(target.name)
                _log.debug("alerts_failed", target=target.name, exc_info=error)
            await asyncio.sleep(_RESTART_SECONDS)

    # What targets ask

    def groups(self) -> Iterable[Group]:
        """The groups in which calls are now; none while another monitor tells of them."""
        return () if self._silent else self._groups

    def present(self, group: Group) -> Present | None:
        """A group as it is now; None where it has no call, or where another monitor tells of it."""
        return None if self._silent else self._groups.present(group, self._clock(group.system))

    def unseen(self, system: str) -> bool:
        """Whether that system cannot be observed now, or is another monitor's to tell of."""
        return self._silent or self._groups.unseen(system)

    def _here(self, system: str, at: datetime) -> datetime:
        """What our clock showed at an instant of a system's clock."""
        here, there = datetime.now(UTC), self._clock(system)
        return at if abs(here - there) < _SAME_TIME else min(here, here - (there - at))
