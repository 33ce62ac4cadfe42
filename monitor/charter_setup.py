"""What the settings say of the rest of the charter, as its rooms take it: the desks, and what runs by itself."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING

from monitor.alerts_reminders import Reminders
from monitor.callbacks.desk import CallbackDesk
from monitor.commitments.desk import CaseDesk
from monitor.commitments.holdings import Holdings
from monitor.due import DueWatch, Standing
from monitor.ledger import callback_counts, case_counts
from monitor.metrics_due import DueCollector
from monitor.reviews.definition import Definition, Item, Mark
from monitor.reviews.desk import ReviewDesk
from monitor.reviews.draws import Draws
from monitor.reviews.monthly import Monthly

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from datetime import datetime

    from prometheus_client import CollectorRegistry
    from sqlalchemy import Connection

    from monitor.commitments.register import Commitment
    from monitor.config import Settings
    from monitor.ledger.store import Store


class Charter:
    """The desks at which people work, and what is done by itself beside them.

    Args:
        settings: those of the start.
        current: those that hold now.
        store: the ledger's.
        clock: the time in the centre.
        leads: whether this monitor is the one that acts.
        settled: whether the ledger has all that was seen.
        registry: where the metrics of what is due are told.

    Raises:
        ConfigError: the key's file cannot be read.
    """

    def __init__(
        self,
        settings: Settings,
        current: Callable[[], Settings],
        store: Store,
        *,
        clock: Callable[[], datetime],
        leads: Callable[[], bool],
        settled: Callable[[], bool],
        registry: CollectorRegistry,
    ) -> None:
        numbers = settings.privacy.read_numbers()
        self.reviews = ReviewDesk(store, lambda name: own_agents(current(), name), clock, numbers)
        self.cases = case_desk_of(settings, store, clock)
        self.callbacks = CallbackDesk(
            store,
            numbers,
            clock,
            terms=settings.callback_terms(),
            due_soon=timedelta(hours=settings.callbacks.due_soon_hours),
            forget=timedelta(days=settings.callbacks.forget_days),
        )
        self.due = DueWatch(store, self._standing, clock=clock, leading=leads, reminders=reminders_of(settings))
        registry.register(DueCollector(self.due))
        self._holdings = Holdings(self.cases, settings.zone, clock, leads)
        definition = definition_of(settings)
        self._monthly: Monthly | None = None
        if settings.reviews.draw_at and definition.draws:
            self._monthly = Monthly(
                Draws(store, numbers),
                definition,
                at=time.fromisoformat(settings.reviews.draw_at),
                zone=settings.zone,
                seed=settings.reviews.seed,
                clock=clock,
                leads=leads,
                settled=settled,
            )

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Make the register, and who is reminded, ready for other settings; cases that are there keep their deadlines.

        Raises:
            ConfigError: apprise does not know an address.
        """
        register, work_time = register_of(settings), settings.working_time.work_time(settings.zone)
        days, reminders = settings.cases.due_soon_days, reminders_of(settings)

        def change_over() -> None:
            self.cases.take_settings(register, work_time, days)
            self.due.take(reminders)

        return change_over

    def _standing(self, connection: Connection, now: datetime) -> Standing:
        """How things stand at an instant, by the ledger."""
        soon_at = self.cases.due_soon_at()
        due_soon, forget = self.callbacks.due_soon, self.callbacks.forget
        callbacks = callback_counts.counts(connection, now, due_soon, forget=forget)
        cases = case_counts.counts(connection, now, soon_at)
        return Standing(
            read_at=now,
            callbacks={(line, kind.value, state): count for (line, kind, state), count in callbacks.items()},
            cases={(commitment, state): count for (commitment, state), count in cases.items()},
            due=(
                *callback_counts.due(connection, now, due_soon, forget=forget),
                *case_counts.due(connection, now, soon_at),
            ),
        )

    def runs(self) -> Iterator[Coroutine[None, None, None]]:
        """What runs for ever beside the following of calls."""
        yield self._holdings.run()
        yield self.due.run()
        if self._monthly is not None:
            yield self._monthly.run()


def case_desk_of(settings: Settings, store: Store, clock: Callable[[], datetime]) -> CaseDesk:
    """The desk of cases as the settings want it.

    Raises:
        ConfigError: the key's file cannot be read.
    """
    return CaseDesk(
        store,
        register_of(settings),
        settings.working_time.work_time(settings.zone),
        settings.privacy.read_numbers(),
        clock,
        due_soon_days=settings.cases.due_soon_days,
    )


def reminders_of(settings: Settings) -> Reminders | None:
    """Who is reminded of what is due; None where apprise is to tell nobody.

    Raises:
        ConfigError: apprise does not know an address.
    """
    if not settings.alerts.apprise:
        return None
    return Reminders(
        [address.get_secret_value() for address in settings.alerts.apprise],
        language=settings.language,
        zone=settings.zone,
        page_url=settings.alerts.page_url,
        names={one.key: one.ko if settings.language == "ko" else one.en for one in settings.commitment},
    )


def register_of(settings: Settings) -> tuple[Commitment, ...]:
    """The promises with a clock, in their order."""
    return tuple(one.commitment() for one in settings.commitment)


def definition_of(settings: Settings) -> Definition:
    """What a draw of reviews rests on."""
    reviews = settings.reviews
    return Definition(
        per_agent=reviews.per_agent,
        by_queue=reviews.by_queue,
        second_share=reviews.second_share,
        shortest_us=round(reviews.shortest_seconds * 1_000_000),
        timezone=settings.zone.key,
        scale=tuple(Mark(value=mark.value, ko=mark.ko, en=mark.en) for mark in reviews.scale),
        items=tuple(Item(key=item.key, ko=item.ko, en=item.en) for item in reviews.item),
    )


def own_agents(settings: Settings, name: str) -> Sequence[str] | None:
    """Interfaces and member names of somebody's own agents; None where nobody signs in under that name."""
    return next((user.agents for user in settings.web.user if user.name == name), None)
