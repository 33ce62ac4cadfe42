"""The board on queues and staffing: how long callers wait, how many there are, and how many agents meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import panels as p
from dashboards import sources as q
from dashboards.frame import beside, board, heading, with_marks, with_variables
from dashboards.words import outcomes

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

    from dashboards.words import Words

WAITING = "callcenter_waiting_seconds"
ANSWERED = f'{q.LINE},outcome="answered"'
BUSY_STATES = 'state=~"ringing|talking|wrap_up"'
PRESENT_STATES = 'state!~"paused|away"'


def queues(words: Words) -> Dashboard:
    """The board `queues`."""
    _ = words.say
    made = board(
        words,
        "queues",
        words.term("board", "Queues and staffing"),
        _("How long callers wait and how many leave, and whether enough agents are there for the calls that come."),
        span=q.TODAY,
        refresh="30s",
    )
    with_variables(made, words, "prometheus", "ledger", "system", "line", "queue")
    with_marks(made, words)
    _figures(made, words)
    heading(made, _("Waiting"))
    _waiting(made, words)
    heading(made, _("Staffing"))
    _staffing(made, words)
    heading(made, _("From the ledger"))
    _ledger(made, words)
    return made


def _figures(made: Dashboard, words: Words) -> None:
    _ = words.say
    beside(
        made,
        5,
        (
            4,
            p.one(
                _("Callers in the queues now"),
                _("Callers waiting in the chosen queues, as the queues count them."),
                p.COUNT,
                q.instant(f"sum(callcenter_queue_callers{{{q.QUEUE}}})"),
                steps=((None, p.GOOD), (3.0, p.WATCH), (6.0, p.BAD)),
            ),
        ),
        (
            4,
            p.one(
                _("Longest wait now"),
                _("Since when the longest-waiting caller has waited for a person; nothing while nobody waits."),
                p.SECONDS,
                q.instant(f"time() - min(callcenter_oldest_waiting_since_timestamp_seconds{{{q.LINE}}})"),
                steps=((None, p.GOOD), (60.0, p.WATCH), (120.0, p.BAD)),
                decimals=0,
            ),
        ),
        (
            4,
            p.one(
                _("SL, 20 s"),
                _("Answered within 20 s of waiting / answered, in the period."),
                p.PERCENT,
                q.instant(q.service_level()),
                steps=((None, p.BAD), (0.7, p.WATCH), (0.8, p.GOOD)),
                decimals=1,
            ),
        ),
        (
            4,
            p.one(
                _("ASA"),
                _("Mean waiting of answered calls, from asking for a person to the answer, in the period."),
                p.SECONDS,
                q.instant(q.speed_of_answer()),
                steps=((None, p.GOOD), (20.0, p.WATCH), (40.0, p.BAD)),
                decimals=1,
            ),
        ),
        (
            4,
            p.one(
                _("Abandon rate"),
                _("Callers who left before a person answered / offered, in the period; short ones included."),
                p.PERCENT,
                q.instant(q.abandon_rate()),
                steps=((None, p.GOOD), (0.05, p.WATCH), (0.10, p.BAD)),
                decimals=1,
            ),
        ),
        (
            4,
            p.one(
                _("Answer rate"),
                _("Answered / offered, in the period."),
                p.PERCENT,
                q.instant(q.answer_rate()),
                steps=((None, p.BAD), (0.85, p.WATCH), (0.95, p.GOOD)),
                decimals=1,
            ),
        ),
    )


def _waiting(made: Dashboard, words: Words) -> None:
    _ = words.say
    shares = ((0.5, "p50"), (0.9, "p90"), (0.95, "p95"))
    beside(
        made,
        8,
        (
            8,
            p.chart(
                _("Callers in the queues"),
                _("Callers waiting in each queue, as the queue counts them."),
                p.COUNT,
                q.over_time(f"sum by (queue) (callcenter_queue_callers{{{q.QUEUE}}})", "{{queue}}"),
            ),
        ),
        (
            8,
            p.chart(
                _("Waiting of answered calls"),
                _("Mean, median, nine of ten and 19 of 20, each over the hour before the point."),
                p.SECONDS,
                q.over_time(q.speed_of_answer("1h"), _("ASA")),
                *(q.over_time(q.quantile(share, WAITING, ANSWERED, "1h"), name) for share, name in shares),
            ),
        ),
        (
            8,
            p.heat(
                _("Waiting by half-hour"),
                _("How long callers waited before a person answered or they left: the darker, the more calls."),
                p.COUNT,
                q.buckets(f"sum by (le) (increase({WAITING}_bucket{{{q.LINE}}}[$__interval]))"),
                every="30m",
                axis=_("seconds"),
            ),
        ),
    )


def _staffing(made: Dashboard, words: Words) -> None:
    _ = words.say
    agents = "sum(callcenter_agents{%s,%s})"
    queue_calls = f'callcenter_calls_total{{{q.LINE},queue=~"$queue"}}'
    beside(
        made,
        8,
        (
            8,
            p.bars(
                _("Calls by half-hour"),
                _("Calls that ended in each half-hour, by outcome, in the chosen queues."),
                p.COUNT,
                q.over_time(f"sum by (outcome) (increase({queue_calls}[$__interval]))", "{{outcome}}"),
                every="30m",
                names=outcomes(words),
            ),
        ),
        (
            8,
            p.chart(
                _("Load and agents"),
                _("Calls in conversation at a time (Erlang), and agents who are neither paused nor away."),
                p.COUNT,
                q.over_time(f"sum(rate(callcenter_talking_seconds_sum{{{q.LINE}}}[15m]))", _("Load in Erlang")),
                q.over_time(agents % (q.QUEUE, PRESENT_STATES), _("Agents on duty")),
            ),
        ),
        (
            8,
            p.chart(
                _("Occupancy"),
                _("Agents ringing, talking or in wrap-up / agents who are neither paused nor away."),
                p.PERCENT,
                q.over_time(
                    q.ratio(agents % (q.QUEUE, BUSY_STATES), agents % (q.QUEUE, PRESENT_STATES)), _("Occupancy")
                ),
            ).max(1),
        ),
    )


def _ledger(made: Dashboard, words: Words) -> None:
    _ = words.say
    beside(
        made,
        11,
        (
            24,
            p.rows_of(
                _("Half-hour by half-hour"),
                _("What each half-hour brought, counted in the ledger to the last call."),
                q.SqlQuery("half_hours"),
                [
                    p.Column("time", _("Half-hour"), unit="dateTimeAsLocal", width=160),
                    p.Column("offered", _("Offered"), unit=p.COUNT),
                    p.Column("answered", words.term("outcome", "answered"), unit=p.COUNT),
                    p.Column("abandoned", _("Abandoned"), unit=p.COUNT),
                    p.Column("answer_rate", _("Answer rate"), unit=p.PERCENT, decimals=1),
                    p.Column("asa", _("ASA"), unit=p.SECONDS, decimals=1),
                    p.Column("longest_wait", _("Longest wait"), unit=p.SECONDS, decimals=0),
                    p.Column("talking", _("Talking, mean"), unit=p.SECONDS, decimals=0),
                    p.Column("within", words.term("reading", "within 3"), unit=p.PERCENT, decimals=1),
                ],
            ),
        ),
    )
