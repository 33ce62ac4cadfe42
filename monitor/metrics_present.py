"""What is read when the registry is scraped: the board, the listeners and the store, as gauges and counters.

The protocols say what each has to tell; the parts themselves know nothing of Prometheus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from monitor import metrics_names as names
from monitor.calls.facts import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from prometheus_client import Metric

    from monitor.calls.facts import AgentStatus

MAX_EVENTS = 300
"""Event label values per system; Asterisk 22 knows about 200 names."""
OTHER = "other"
"""The label value of what lies beyond a bound."""

_LIVE_STAGES = tuple(stage for stage in Stage if stage is not Stage.ENDED)
_SECOND_US = 1_000_000


class Present(Protocol):
    """What is true now; `monitor.board.Board` is one."""

    @property
    def stages(self) -> Mapping[tuple[str, str, Stage], int]:
        """Calls in progress by (system, line, stage)."""
        ...

    @property
    def queue_callers(self) -> Mapping[tuple[str, str], int]:
        """Callers by (system, queue)."""
        ...

    @property
    def agent_counts(self) -> Mapping[tuple[str, str, AgentStatus], int]:
        """Agents by (system, queue, status)."""
        ...

    def past_limit(self) -> Mapping[tuple[str, str], int]:
        """Calls that ring past the limit, by (system, line)."""
        ...

    def oldest_ringing(self) -> Mapping[tuple[str, str], datetime]:
        """Since when the longest-ringing call rings, by (system, line)."""
        ...

    def oldest_waiting(self) -> Mapping[tuple[str, str], datetime]:
        """Since when the longest-waiting call waits for a person, by (system, line)."""
        ...


class SystemFigures(Protocol):
    """What a listener and the call state tell of one Asterisk, read at scrape time."""

    @property
    def up(self) -> bool:
        """Logged in, booted and followed."""
        ...

    @property
    def events(self) -> Mapping[str, int]:
        """Events received, by name."""
        ...

    @property
    def reconnects(self) -> int:
        """Connections made anew after one was lost."""
        ...

    @property
    def last_event_at(self) -> float | None:
        """Seconds since 1970; None before the first event."""
        ...

    @property
    def discarded(self) -> Mapping[str, int]:
        """Packets dropped, by reason; every known reason from the start."""
        ...

    @property
    def unexpected(self) -> Mapping[str, int]:
        """Events that did not fit, by kind; every known kind from the start."""
        ...

    @property
    def clock_offset_us(self) -> int | None:
        """How far its clock is ahead of ours; None before it is known."""
        ...

    @property
    def clock_steps(self) -> Mapping[str, int]:
        """How often a clock was set, by whose; every one from the start."""
        ...

    @property
    def unobserved_us(self) -> int:
        """Time not observed so far, the present gap included."""
        ...


class StoreFigures(Protocol):
    """What the ledger's writer tells, read at scrape time."""

    @property
    def up(self) -> bool:
        """The last attempt to write succeeded."""
        ...

    @property
    def waiting_facts(self) -> int:
        """Facts not yet written, in memory and on disk."""
        ...


class LeaderFigures(Protocol):
    """Whether this monitor leads, read at scrape time."""

    @property
    def acts(self) -> bool:
        """What it sees is told to ledger and people, so that its figures are the centre's."""
        ...

    def unobserved_us(self, system: str, told_us: int) -> int:
        """Of the time in which a system was not observed, what lies where it was for this monitor to tell."""
        ...


class Alone:
    """The only monitor there is."""

    acts = True

    def unobserved_us(self, _system: str, told_us: int) -> int:
        """All of it."""
        return told_us


class AlertFigures(Protocol):
    """What those who are told at once have taken, read at scrape time."""

    @property
    def sent(self) -> int:
        """Alerts taken."""
        ...

    @property
    def failed(self) -> int:
        """Alerts of tries that failed."""
        ...

    @property
    def waiting(self) -> int:
        """Alerts to tell now."""
        ...


class PageFigures(Protocol):
    """Who watches the page, read at scrape time."""

    @property
    def streams(self) -> int:
        """Browsers that watch the board now."""
        ...

    @property
    def streams_dropped(self) -> int:
        """Browsers dropped because they did not read."""
        ...


class ReportFigures(Protocol):
    """What the schedule of reports has done and has still to do, read at scrape time; every label from the start."""

    @property
    def made(self) -> Mapping[str, int]:
        """Reports made, by kind of period."""
        ...

    @property
    def failed(self) -> Mapping[str, int]:
        """Tries that failed, by what was tried."""
        ...

    @property
    def overdue(self) -> Mapping[str, int]:
        """What is due and not done, by what it is."""
        ...


class PresentCollector:
    """Reads board, listeners, store and alerts when the registry is scraped.

    Args:
        board: what is true now.
        systems: by name, what each listener tells; may grow.
        store: what the ledger's writer tells.
        lines: the configured lines, which show a 0 on every system.
        build: version, Python's version and the ring rule's label.
        sink_failures: by sink, the facts it failed to take; every sink from the start.
        alerts: by kind of target, what was told at once; none where nobody is told.
        page: who watches it; None where none is served.
        reports: what the schedule tells; None where nothing is made by itself.
        page_url: where people reach the page; empty where that is not known.
        leader: whether this monitor leads: what is true in the centre has no samples of one that stands by, so that
            sums over monitors hold each call once.
    """

    def __init__(
        self,
        board: Present,
        systems: Mapping[str, SystemFigures],
        store: StoreFigures,
        lines: tuple[str, ...],
        build: tuple[str, ...],
        *,
        sink_failures: Mapping[str, int],
        alerts: Mapping[str, AlertFigures],
        page: PageFigures | None,
        reports: ReportFigures | None,
        page_url: str,
        leader: LeaderFigures,
    ) -> None:
        self._board = board
        self._systems = systems
        self._store = store
        self._lines = lines
        self._build = build
        self._sink_failures = sink_failures
        self._alerts = alerts
        self._page = page
        self._reports = reports
        self._page_url = page_url
        self._leader = leader

    def collect(self) -> Iterator[Metric]:
        """Every gauge, and the counters that others keep."""
        if self._leader.acts:
            yield from self._calls()
            yield from self._queues()
        yield from self._listeners()
        up = _gauge(names.STORE_UP)
        up.add_metric((), float(self._store.up))
        waiting = _gauge(names.STORE_WAITING)
        waiting.add_metric((), self._store.waiting_facts)
        leader = _gauge(names.LEADER)
        leader.add_metric((), float(self._leader.acts))
        yield from (up, waiting, leader)
        yield from self._told()
        yield from self._scheduled()
        failures = _counter(names.SINK_FAILURES)
        for sink, count in self._sink_failures.items():
            failures.add_metric((sink,), count)
        page = _gauge(names.PAGE_INFO)
        if self._page_url:
            page.add_metric((self._page_url,), 1)
        build = _gauge(names.BUILD_INFO)
        build.add_metric(self._build, 1)
        yield from (failures, page, build)

    def _calls(self) -> Iterator[Metric]:
        places = [(system, line) for system in self._systems for line in self._lines]
        stages = {(*place, stage): 0 for place in places for stage in _LIVE_STAGES} | dict(self._board.stages)
        in_progress = _gauge(names.CALLS_IN_PROGRESS)
        for labels, calls in stages.items():
            in_progress.add_metric(labels, calls)
        past = dict.fromkeys([*places, *((system, line) for system, line, _ in stages)], 0)
        past_limit = _gauge(names.CALLS_RINGING_PAST_LIMIT)
        for place, calls in (past | dict(self._board.past_limit())).items():
            past_limit.add_metric(place, calls)
        oldest = _gauge(names.OLDEST_RINGING)
        for place, since_at in self._board.oldest_ringing().items():
            oldest.add_metric(place, since_at.timestamp())
        waiting = _gauge(names.OLDEST_WAITING)
        for place, since_at in self._board.oldest_waiting().items():
            waiting.add_metric(place, since_at.timestamp())
        yield from (in_progress, past_limit, oldest, waiting)

    def _queues(self) -> Iterator[Metric]:
        callers = _gauge(names.QUEUE_CALLERS)
        for queue, waiting in self._board.queue_callers.items():
            callers.add_metric(queue, waiting)
        agents = _gauge(names.AGENTS)
        for labels, count in self._board.agent_counts.items():
            agents.add_metric(labels, count)
        yield from (callers, agents)

    def _told(self) -> Iterator[Metric]:
        sent = _counter(names.ALERTS_SENT)
        failed = _counter(names.ALERTS_FAILED)
        waiting = _gauge(names.ALERTS_WAITING)
        for target, figures in self._alerts.items():
            sent.add_metric((target,), figures.sent)
            failed.add_metric((target,), figures.failed)
            waiting.add_metric((target,), figures.waiting)
        yield from (sent, failed, waiting)
        if self._page is not None:
            streams = _gauge(names.PAGE_STREAMS)
            streams.add_metric((), self._page.streams)
            dropped = _counter(names.PAGE_STREAMS_DROPPED)
            dropped.add_metric((), self._page.streams_dropped)
            yield from (streams, dropped)

    def _scheduled(self) -> Iterator[Metric]:
        if self._reports is None:
            return
        told = (
            (_counter(names.REPORTS_MADE), self._reports.made),
            (_counter(names.REPORTS_FAILED), self._reports.failed),
            (_gauge(names.REPORTS_OVERDUE), self._reports.overdue),
        )
        for family, counts in told:
            for label, count in counts.items():
                family.add_metric((label,), count)
            yield family

    def _listeners(self) -> Iterator[Metric]:
        up = _gauge(names.AMI_UP)
        events = _counter(names.AMI_EVENTS)
        reconnects = _counter(names.AMI_RECONNECTS)
        last_event = _gauge(names.AMI_LAST_EVENT)
        discarded = _counter(names.AMI_DISCARDED)
        unexpected = _counter(names.UNEXPECTED)
        unobserved = _counter(names.UNOBSERVED)
        for system, figures in self._systems.items():
            up.add_metric((system,), float(figures.up))
            for event, count in _bounded(figures.events):
                events.add_metric((system, event), count)
            reconnects.add_metric((system,), figures.reconnects)
            if figures.last_event_at is not None:
                last_event.add_metric((system,), figures.last_event_at)
            for reason, count in figures.discarded.items():
                discarded.add_metric((system, reason), count)
            for kind, count in figures.unexpected.items():
                unexpected.add_metric((system, kind), count)
            unobserved.add_metric((system,), self._leader.unobserved_us(system, figures.unobserved_us) / _SECOND_US)
        yield from (up, events, reconnects, last_event, discarded, unexpected, unobserved, *self._clocks())

    def _clocks(self) -> Iterator[Metric]:
        offset = _gauge(names.CLOCK_OFFSET)
        steps = _counter(names.CLOCK_STEPS)
        for system, figures in self._systems.items():
            if figures.clock_offset_us is not None:
                offset.add_metric((system,), figures.clock_offset_us / _SECOND_US)
            for clock, count in figures.clock_steps.items():
                steps.add_metric((system, clock), count)
        yield from (offset, steps)


def _bounded(events: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The first `MAX_EVENTS` names with their counts, and the sum of the rest."""
    rest = 0
    for position, (event, count) in enumerate(events.items()):
        if position < MAX_EVENTS:
            yield event, count
        else:
            rest += count
    if rest:
        yield OTHER, rest


def _gauge(name: names.Name) -> GaugeMetricFamily:
    return GaugeMetricFamily(name.name, name.help, labels=name.labels)


def _counter(name: names.Name) -> CounterMetricFamily:
    return CounterMetricFamily(name.name, name.help, labels=name.labels)
