"""Sink: the facts as Prometheus counters and histograms, and the board as gauges at scrape time.

What is counted is counted here as facts arrive; what is true now is read from the board, the listeners and the store
when somebody asks, so that no gauge can drift. Everything belongs to the event loop's thread.

**Source:** Prometheus' instrumentation guide: the registry is an argument, known label sets start at zero, label
values are bounded and never hold a caller's number, a uniqueid or a linkedid.
"""

from __future__ import annotations

import platform
from types import MappingProxyType
from typing import TYPE_CHECKING

from prometheus_client import Counter, Histogram, disable_created_metrics

from monitor import metrics_names as names
from monitor.calls.facts import (
    AgentState,
    AttemptEnded,
    AttemptResult,
    Call,
    Observed,
    Outcome,
    QueueCallers,
    RingBreach,
    RingWarning,
    Scope,
    TransferEnded,
    TransferKind,
    TransferResult,
    Verdict,
)
from monitor.calls.formulas import left_the_centre
from monitor.calls.rules import Reading
from monitor.metrics_present import OTHER, Alone, PresentCollector
from monitor.metrics_teams import TeamCounters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from prometheus_client import CollectorRegistry

    from monitor.calls.facts import Fact
    from monitor.calls.rules import RingRule
    from monitor.metrics_present import (
        AlertFigures,
        LeaderFigures,
        PageFigures,
        Present,
        ReportFigures,
        StoreFigures,
        SystemFigures,
    )

MAX_QUEUES = 200
"""Queue label values per system; queues first seen after that count as `other`."""
NO_QUEUE = ""

RING_BOUNDS = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30)
WAITING_BOUNDS = (1, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200)
TALKING_BOUNDS = (15, 30, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1200, 1800, 3600)
HOLD_BOUNDS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
CONSENTS = {True: "yes", False: "no", None: "not_reported"}
RECONNECT_BOUNDS = (1, 3, 6, 9, 12, 15, 20, 30, 45, 60, 90, 120, 300)

_SECOND_US = 1_000_000
_ALONE = Alone()


def ringing_bounds(period_us: int) -> tuple[float, ...]:
    """Bucket bounds, in seconds, that part ringing where rings are parted.

    Ring n + 1 begins at exactly n periods, and Prometheus' `le` includes its bound; so the bound of "at most n rings"
    is the last microsecond before: 2.999999, 5.999999, 8.999999 s for Korea. Durations are whole microseconds, hence
    none falls between, and a bucket here always equals the bucket of the same ring in `callcenter_call_rings`.
    """
    return tuple((bound * period_us - 1) / _SECOND_US for bound in RING_BOUNDS)


class Metrics:
    """Counts facts, and collects the rest when scraped.

    Args:
        registry: where the metrics are registered.
        board: what is true now.
        rule: the ring rule in force; its cadence gives the buckets of ringing.
        systems: by name, what each Asterisk's listener tells; may grow.
        store: what the ledger's writer tells.
        lines: names of the configured lines, which start at zero on every system.
        version: the program's version.
        sink_failures: by sink, the facts it failed to take; may grow.
        alerts: by kind of target, what was told at once; none where nobody is told.
        page: who watches it; None where none is served.
        reports: what the schedule of reports tells; None where nothing is made by itself.
        page_url: where people reach the page; empty where that is not known.
        leader: whether this monitor leads; the only one there is does.
        teams: names of the configured teams; calls are counted by them too.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        board: Present,
        rule: RingRule,
        *,
        systems: Mapping[str, SystemFigures],
        store: StoreFigures,
        lines: Iterable[str] = (),
        version: str = "",
        sink_failures: Mapping[str, int] = MappingProxyType({}),
        alerts: Mapping[str, AlertFigures] = MappingProxyType({}),
        page: PageFigures | None = None,
        reports: ReportFigures | None = None,
        page_url: str = "",
        leader: LeaderFigures = _ALONE,
        teams: Iterable[str] = (),
    ) -> None:
        # A second series per counter that says when this process began: process_start_time_seconds says it once.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        self._lines = tuple(lines)
        self._queues: dict[str, set[str]] = {}

        self._families = _Families(registry, rule)
        self._teams = TeamCounters(registry, teams, systems, self._lines)
        self._by_line: dict[tuple[str, str], _LineSeries] = {}
        self._by_queue: dict[tuple[str, str], dict[AttemptResult, Counter]] = {}
        for system in systems:
            self._queue_series(system, NO_QUEUE)
            for line in self._lines:
                self._line_series(system, line)
        build = (version, platform.python_version(), rule.label)
        registry.register(
            PresentCollector(
                board,
                systems,
                store,
                self._lines,
                build,
                sink_failures=sink_failures,
                alerts=alerts,
                page=page,
                reports=reports,
                page_url=page_url,
                leader=leader,
            )
        )
        self._takers: dict[type, Callable[[Any], None]] = {
            Call: self._call,
            AttemptEnded: self._attempt_ended,
            TransferEnded: self._transfer_ended,
            RingWarning: self._ring_warning,
            RingBreach: self._ring_breach,
            AgentState: self._queue_seen,
            QueueCallers: self._queue_seen,
        }

    def record(self, fact: Fact) -> None:
        """Count a fact; facts that only change what is true now are the board's, and tell here of a queue at most."""
        taker = self._takers.get(type(fact))
        if taker is not None:
            taker(fact)

    def _call(self, call: Call) -> None:
        series = self._line_series(call.key.system, call.line)
        queue = NO_QUEUE if call.queue is None else call.queue
        outcomes = series.calls.get(queue)
        if outcomes is None:
            outcomes = self._call_series(series, call.key.system, call.line, queue)
        outcomes[call.outcome].inc()
        self._teams.record(call)
        if call.observed is Observed.PARTLY:
            series.partly_observed.inc()
        for verdict in call.verdicts:
            series.verdicts[verdict].inc()
        if call.rings and call.ringing_us is not None:
            series.rings.observe(call.rings)
            series.ringing.observe(call.ringing_us / _SECOND_US)
        if call.waiting_us is not None:
            series.waiting[call.outcome].observe(call.waiting_us / _SECOND_US)
        if call.outcome is Outcome.ANSWERED:
            if call.talking_us is not None:
                series.talking.observe(call.talking_us / _SECOND_US)
            if left_the_centre(call.transfers):
                series.left_centre.inc()
        if call.holds and call.hold_us is not None:
            series.hold.observe(call.hold_us / _SECOND_US)

    def _attempt_ended(self, fact: AttemptEnded) -> None:
        queue = NO_QUEUE if fact.attempt.queue is None else fact.attempt.queue
        self._queue_series(fact.key.system, queue)[fact.attempt.result].inc()

    def _transfer_ended(self, fact: TransferEnded) -> None:
        series = self._line_series(fact.key.system, fact.line)
        transfer = fact.transfer
        series.transfers[transfer.kind, transfer.scope, transfer.result].inc()
        if transfer.kind is not TransferKind.FORWARD:
            series.consents[transfer.consent].inc()
        if transfer.reconnect_us is not None:
            series.reconnect[transfer.kind].observe(transfer.reconnect_us / _SECOND_US)

    def _ring_warning(self, fact: RingWarning) -> None:
        self._line_series(fact.key.system, fact.line).warnings.inc()

    def _ring_breach(self, fact: RingBreach) -> None:
        self._line_series(fact.key.system, fact.line).breaches.inc()

    def _queue_seen(self, fact: AgentState | QueueCallers) -> None:
        """Let a queue's series begin at zero, before its first call: `increase()` does not see their first value."""
        if fact.queue in self._queues.get(fact.system, ()):
            return
        self._queue_series(fact.system, fact.queue)
        for (system, line), series in self._by_line.items():
            if system == fact.system:
                self._call_series(series, system, line, fact.queue)

    # Series, made once and kept: looking one up by label values costs more than counting does.

    def _line_series(self, system: str, line: str) -> _LineSeries:
        series = self._by_line.get((system, line))
        if series is None:
            series = self._by_line[system, line] = _LineSeries(self._families, system, line)
            self._call_series(series, system, line, NO_QUEUE)
        return series

    def _call_series(self, series: _LineSeries, system: str, line: str, queue: str) -> dict[Outcome, Counter]:
        label = self._queue_label(system, queue)
        outcomes = series.calls.get(label)
        if outcomes is None:
            outcomes = {outcome: self._families.calls.labels(system, line, label, outcome) for outcome in Outcome}
            series.calls[label] = outcomes
        return outcomes

    def _queue_series(self, system: str, queue: str) -> dict[AttemptResult, Counter]:
        results = self._by_queue.get((system, queue))
        if results is None:
            label = self._queue_label(system, queue)
            results = self._by_queue.get((system, label))
            if results is None:
                results = {result: self._families.attempts.labels(system, label, result) for result in AttemptResult}
                self._by_queue[system, label] = results
        return results

    def _queue_label(self, system: str, queue: str) -> str:
        """The queue's name, or `other` once the system has shown too many."""
        known = self._queues.setdefault(system, set())
        if queue == NO_QUEUE or queue in known:
            return queue
        if len(known) >= MAX_QUEUES:
            return OTHER
        known.add(queue)
        return queue


class _Families:
    """The metrics that facts are counted in."""

    __slots__ = (
        "attempts",
        "breaches",
        "calls",
        "consents",
        "hold",
        "left_centre",
        "partly_observed",
        "reconnect",
        "ringing",
        "rings",
        "talking",
        "transfers",
        "verdicts",
        "waiting",
        "warnings",
    )

    def __init__(self, registry: CollectorRegistry, rule: RingRule) -> None:
        def counter(name: names.Name) -> Counter:
            return Counter(name.name, name.help, name.labels, registry=registry)

        def histogram(name: names.Name, bounds: tuple[float, ...]) -> Histogram:
            return Histogram(name.name, name.help, name.labels, registry=registry, buckets=bounds)

        self.calls = counter(names.CALLS)
        self.verdicts = counter(names.RING_VERDICTS)
        self.left_centre = counter(names.CALLS_LEFT_CENTRE)
        self.partly_observed = counter(names.CALLS_PARTLY_OBSERVED)
        self.rings = histogram(names.CALL_RINGS, RING_BOUNDS)
        self.ringing = histogram(names.RINGING, ringing_bounds(rule.period_us))
        self.waiting = histogram(names.WAITING, WAITING_BOUNDS)
        self.talking = histogram(names.TALKING, TALKING_BOUNDS)
        self.hold = histogram(names.HOLD, HOLD_BOUNDS)
        self.warnings = counter(names.RING_WARNINGS)
        self.breaches = counter(names.RING_BREACHES)
        self.attempts = counter(names.RING_ATTEMPTS)
        self.transfers = counter(names.TRANSFERS)
        self.consents = counter(names.TRANSFER_CONSENT)
        self.reconnect = histogram(names.TRANSFER_RECONNECT, RECONNECT_BOUNDS)


class _LineSeries:
    """The series of one line on one system, all of them from zero."""

    __slots__ = (
        "breaches",
        "calls",
        "consents",
        "hold",
        "left_centre",
        "partly_observed",
        "reconnect",
        "ringing",
        "rings",
        "talking",
        "transfers",
        "verdicts",
        "waiting",
        "warnings",
    )

    def __init__(self, families: _Families, system: str, line: str) -> None:
        here = (system, line)
        self.calls: dict[str, dict[Outcome, Counter]] = {}
        self.verdicts: dict[tuple[str, Verdict], Counter] = {
            (reading, verdict): families.verdicts.labels(*here, reading, verdict)
            for reading in Reading
            for verdict in Verdict
        }
        self.left_centre = families.left_centre.labels(*here)
        self.partly_observed = families.partly_observed.labels(*here)
        self.rings = families.rings.labels(*here)
        self.ringing = families.ringing.labels(*here)
        self.waiting = {outcome: families.waiting.labels(*here, outcome) for outcome in Outcome}
        self.talking = families.talking.labels(*here)
        self.hold = families.hold.labels(*here)
        self.warnings = families.warnings.labels(*here)
        self.breaches = families.breaches.labels(*here)
        self.transfers = {
            (kind, scope, result): families.transfers.labels(*here, kind, scope, result)
            for kind in TransferKind
            for scope in Scope
            for result in TransferResult
        }
        self.consents = {consent: families.consents.labels(*here, word) for consent, word in CONSENTS.items()}
        self.reconnect = {kind: families.reconnect.labels(*here, kind) for kind in TransferKind}
