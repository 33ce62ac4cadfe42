"""Sink: tells of the last ring within the promise and of the one past it the moment each begins.

Facts are taken on the event loop, and change nothing but which groups there are; every target has a task of its own
that describes the groups it has to tell of and sends them. So nobody who is slow, hangs or refuses holds up the call
state, or another target.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, Self

import structlog

from monitor.alerts_alertmanager import Alertmanager
from monitor.alerts_apprise import Apprise
from monitor.alerts_groups import Groups
from monitor.alerts_words import words_in
from monitor.calls.rules import rule_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from monitor.alerts_groups import Change, Group, Present
    from monitor.calls.facts import Fact
    from monitor.calls.rules import RingRule
    from monitor.texts import Language

_log = structlog.get_logger(__name__)

ALERTMANAGER, APPRISE = "alertmanager", "apprise"
_SAME_TIME = timedelta(seconds=1)
"""Clocks closer than this are taken for one: an instant is then told as Asterisk stamped it, to the microsecond."""
_RESTART_SECONDS = 1.0


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

    async def run(self) -> None:
        """Tell, for ever."""
        ...


class Figures:
    """What was told to all targets of one kind, as metrics ask of it."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets

    @property
    def sent(self) -> int:
        """Alerts or messages that were taken."""
        return sum(target.sent for target in self._targets)

    @property
    def failed(self) -> int:
        """Those of tries that failed."""
        return sum(target.failed for target in self._targets)

    @property
    def waiting(self) -> int:
        """What there is to tell now."""
        return sum(target.waiting for target in self._targets)


class Alerts:
    """Takes facts, and tells every target what rings past the rule. Enter it to begin to tell.

    Args:
        rules: at least one ring rule.
        clock: what the clock of a system shows now.
        alertmanager: base URLs of Alertmanagers.
        apprise: URLs of apprise.
        language: of apprise's messages; an Alertmanager gets both.
        page_url: where people reach the page; empty for nowhere.
        warnings: tell of the last ring within the promise too.
        repeat_seconds: how long apprise is not told of the same line and queue again.

    Raises:
        ConfigError: an address cannot be used.
    """

    def __init__(
        self,
        rules: Sequence[RingRule],
        clock: Callable[[str], datetime],
        *,
        alertmanager: Iterable[str] = (),
        apprise: Iterable[str] = (),
        language: Language = "ko",
        page_url: str = "",
        warnings: bool = True,
        repeat_seconds: float = 60.0,
    ) -> None:
        self._clock = clock
        self._groups = Groups(rules, self._here, warnings=warnings)
        self.alertmanagers = [Alertmanager(address, self, page_url=page_url) for address in alertmanager]
        messengers = [
            Apprise(
                number,
                address,
                self,
                words_in(language),
                limit=rule_on(tuple(rules), datetime.now(UTC).date()).limit,
                page_url=page_url,
                repeat_seconds=repeat_seconds,
            )
            for number, address in enumerate(apprise, 1)
        ]
        self._targets: list[Target] = [*self.alertmanagers, *messengers]
        self.figures: Mapping[str, Figures] = {
            kind: Figures(targets)
            for kind, targets in ((ALERTMANAGER, self.alertmanagers), (APPRISE, messengers))
            if targets
        }
        """By kind of target, of those that are configured."""
        self._broken: set[str] = set()
        """Targets whose task has met an error of our own, of which the log has been told."""
        self._tasks: list[asyncio.Task[None]] = []

    def record(self, fact: Fact) -> None:
        """Take a fact. Returns at once."""
        for change in self._groups.record(fact):
            for target in self._targets:
                target.take(change)

    async def __aenter__(self) -> Self:
        """Begin to tell."""
        self._tasks = [asyncio.create_task(self._run(target), name=target.name) for target in self._targets]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell no more. What fires ends by itself, unless a monitor that starts meanwhile goes on with it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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
        """The groups in which calls are now."""
        return self._groups

    def present(self, group: Group) -> Present | None:
        """A group as it is now; None where it has no call."""
        return self._groups.present(group, self._clock(group.system))

    def unseen(self, system: str) -> bool:
        """Whether that system cannot be observed now."""
        return self._groups.unseen(system)

    def _here(self, system: str, at: datetime) -> datetime:
        """What our clock showed at an instant of a system's clock."""
        here, there = datetime.now(UTC), self._clock(system)
        return at if abs(here - there) < _SAME_TIME else min(here, here - (there - at))
