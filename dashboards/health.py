"""The board on the monitor itself: whether the figures can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.models.common import BigValueTextMode

from dashboards import panels as p
from dashboards import sources as q
from dashboards.frame import beside, board, heading, with_marks, with_variables
from dashboards.tables import gaps

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

    from dashboards.words import Words

JOB = 'job="callmonitor"'


def health(words: Words) -> Dashboard:
    """The board `health`."""
    _ = words.say
    made = board(
        words,
        "health",
        words.term("board", "Monitor health"),
        _("Whether every Asterisk is heard, the ledger is written and alerts go out: what all other figures rest on."),
        span="now-6h",
        refresh="30s",
    )
    with_variables(made, words, "prometheus", "ledger", "system")
    with_marks(made, words, breaches=False)
    _figures(made, words)
    heading(made, "AMI")
    _listening(made, words)
    heading(made, _("Ledger, alerts and page"))
    _sinks(made, words)
    heading(made, _("Process"))
    _process(made, words)
    return made


def _figures(made: Dashboard, words: Words) -> None:
    _ = words.say
    up = {"0": (_("down"), p.BAD), "1": (_("up"), p.GOOD)}
    lowest = ((None, p.BAD), (1.0, p.GOOD))
    unobserved = f"max(increase(callcenter_unobserved_seconds_total{{{q.SYSTEM}}}[$__range]))"
    beside(
        made,
        5,
        (
            4,
            p.one(
                _("Monitor"),
                _("Whether Prometheus reaches the monitor."),
                p.NONE,
                q.instant(f"min(up{{{JOB}}}) or vector(0)"),
                steps=lowest,
                mapping=up,
            ),
        ),
        (
            4,
            p.one(
                "AMI",
                _("Whether every Asterisk is logged in to and followed."),
                p.NONE,
                q.instant(f"min(callcenter_ami_up{{{q.SYSTEM}}}) or vector(0)"),
                steps=lowest,
                mapping=up,
            ),
        ),
        (
            4,
            p.one(
                _("Ledger"),
                _("Whether the ledger can be written."),
                p.NONE,
                q.instant("min(callcenter_store_up) or vector(0)"),
                steps=lowest,
                mapping=up,
            ),
        ),
        (
            4,
            p.one(
                _("Coverage"),
                _("Share of the period in which the Asterisk that was seen least could be observed."),
                p.PERCENT,
                q.instant(f"1 - {unobserved} / $__range_s"),
                steps=((None, p.BAD), (0.99, p.WATCH), (0.999, p.GOOD)),
                decimals=2,
            ),
        ),
        (
            4,
            p.one(
                _("Last event"),
                _("How long ago the quietest Asterisk sent its last event."),
                p.SECONDS,
                q.instant(f"time() - min(callcenter_ami_last_event_timestamp_seconds{{{q.SYSTEM}}})"),
                steps=((None, p.GOOD), (60.0, p.WATCH), (600.0, p.BAD)),
                decimals=0,
            ),
        ),
        (
            4,
            p.one(
                _("Facts lost on the way"),
                _("Facts that board, metrics, ledger or screen failed to take in the period; the log names the first."),
                p.COUNT,
                q.instant("round(sum(increase(callcenter_sink_failures_total[$__range])))"),
                steps=p.ANY_IS_BAD,
            ),
        ),
    )


def _listening(made: Dashboard, words: Words) -> None:
    _ = words.say
    beside(
        made,
        8,
        (
            8,
            p.chart(
                _("Events a second"),
                _("AMI events received, by system."),
                "eps",
                q.over_time(
                    f"sum by (system) (rate(callcenter_ami_events_total{{{q.SYSTEM}}}[$__rate_interval]))", "{{system}}"
                ),
            ),
        ),
        (
            8,
            p.chart(
                _("Not observed"),
                _("Share of the time in which an Asterisk could not be observed."),
                p.PERCENT,
                q.over_time(
                    f"sum by (system) (rate(callcenter_unobserved_seconds_total{{{q.SYSTEM}}}[$__rate_interval]))",
                    "{{system}}",
                ),
            ).max(1),
        ),
        (
            8,
            p.chart(
                _("What did not fit"),
                _("Packets dropped unread, and events that did not fit, a minute. A steady rate is worth a look."),
                p.COUNT,
                q.over_time(
                    "60 * sum by (reason) "
                    f"(rate(callcenter_ami_discarded_packets_total{{{q.SYSTEM}}}[$__rate_interval]))",
                    "{{reason}}",
                ),
                q.over_time(
                    f"60 * sum by (kind) (rate(callcenter_unexpected_events_total{{{q.SYSTEM}}}[$__rate_interval]))",
                    "{{kind}}",
                ),
            ),
        ),
    )
    beside(
        made,
        8,
        (
            8,
            p.chart(
                _("Connections made anew"),
                _("Connections to Asterisk made after one was lost, in the hour before each point."),
                p.COUNT,
                q.over_time(
                    f"sum by (system) (increase(callcenter_ami_reconnects_total{{{q.SYSTEM}}}[1h]))", "{{system}}"
                ),
            ),
        ),
        (16, gaps(words)),
    )


def _sinks(made: Dashboard, words: Words) -> None:
    _ = words.say
    beside(
        made,
        8,
        (
            8,
            p.chart(
                _("Facts waiting for the ledger"),
                _("Facts not yet written, in memory and on disk; they wait while the ledger is away."),
                p.COUNT,
                q.over_time("sum(callcenter_store_waiting_facts)", _("Waiting")),
            ),
        ),
        (
            8,
            p.chart(
                _("Ring alerts"),
                _("Alerts told at once, a minute: sent, failed (they are tried again), and waiting now."),
                p.COUNT,
                q.over_time("60 * sum(rate(callcenter_alerts_sent_total[$__rate_interval]))", _("Sent")),
                q.over_time("60 * sum(rate(callcenter_alerts_failed_total[$__rate_interval]))", _("Failed")),
                q.over_time("sum(callcenter_alerts_waiting)", _("Waiting")),
            ),
        ),
        (
            8,
            p.chart(
                _("Browsers on the page"),
                _("Browsers that follow the live page, and those dropped in the last hour as they read too slowly."),
                p.COUNT,
                q.over_time("sum(callcenter_page_streams)", _("Following")),
                q.over_time("sum(increase(callcenter_page_streams_dropped_total[1h]))", _("Dropped")),
            ),
        ),
    )


def _process(made: Dashboard, words: Words) -> None:
    _ = words.say
    running = (
        f"time() - min(process_start_time_seconds{{{JOB}}})",
        f"count by (version, python, rule) (callcenter_build_info{{{JOB}}})",
    )
    beside(
        made,
        7,
        (
            6,
            p.one(
                _("Running since"),
                _("How long the monitor has been running; its counters began at zero then."),
                p.SECONDS,
                q.instant(running[0]),
                decimals=0,
            ),
        ),
        (
            6,
            p.one(
                _("Version"),
                _("callmonitor's version, its Python and the ring rule in force."),
                p.NONE,
                q.instant(running[1], "{{version}} · Python {{python}} · {{rule}}"),
            ).text_mode(BigValueTextMode.NAME),
        ),
        (
            6,
            p.chart(
                _("Memory"),
                _("Memory that the monitor's process holds."),
                "bytes",
                q.over_time(f"process_resident_memory_bytes{{{JOB}}}", "{{instance}}"),
            ),
        ),
        (
            6,
            p.chart(
                _("Processor"),
                _("Processor time that the monitor uses; 100 % is one core."),
                p.PERCENT,
                q.over_time(f"rate(process_cpu_seconds_total{{{JOB}}}[$__rate_interval])", "{{instance}}"),
            ),
        ),
    )
