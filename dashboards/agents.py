"""The board on agents: who is free, and what becomes of the phones that ring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import panels as p
from dashboards import sources as q
from dashboards.frame import beside, board, heading, with_marks, with_variables
from dashboards.words import agent_states, attempt_results

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

    from dashboards.words import Words

DECIDED = 'result=~"answered|no_answer|rejected|declined_by_person"'
"""Ring attempts at which it lay with the phone's person; the others were ended by somebody else."""


def agents(words: Words) -> Dashboard:
    """The board `agents`."""
    _ = words.say
    made = board(
        words,
        "agents",
        words.term("board", "Agents"),
        _("What agents do, queue by queue, and what becomes of the phones that ring. Names come from the ledger."),
        span=q.TODAY,
        refresh="30s",
    )
    with_variables(made, words, "prometheus", "ledger", "system", "queue")
    with_marks(made, words, breaches=False)
    _now(made, words)
    heading(made, _("Ring attempts"))
    _attempts(made, words)
    heading(made, _("From the ledger"))
    _ledger(made, words)
    return made


def _now(made: Dashboard, words: Words) -> None:
    _ = words.say
    by_state = f"sum by (state) (callcenter_agents{{{q.QUEUE}}})"
    free = f'sum by (queue) (callcenter_agents{{{q.QUEUE},state="free"}})'
    beside(
        made,
        8,
        (
            6,
            p.levels(
                _("Agents now"),
                _("Members of the chosen queues, by what they do; a member of two queues counts in both."),
                p.COUNT,
                q.instant(by_state, "{{state}}"),
                names=agent_states(words),
            ),
        ),
        (
            6,
            p.levels(
                _("Free agents by queue"),
                _("Members that can be called now."),
                p.COUNT,
                q.instant(free, "{{queue}}"),
                steps=((None, p.BAD), (1.0, p.WATCH), (2.0, p.GOOD)),
            ),
        ),
        (
            12,
            p.chart(
                _("Agents over time"),
                _("Members of the chosen queues by what they do, one on top of the other."),
                p.COUNT,
                q.over_time(by_state, "{{state}}"),
                names=agent_states(words),
            )
            .stacking(p.stacked())
            .fill_opacity(50)
            .line_width(1),
        ),
    )


def _attempts(made: Dashboard, words: Words) -> None:
    _ = words.say
    in_queue = f'{q.QUEUE},queue!=""'
    answered = "sum by (queue) (increase(callcenter_ring_attempts_total{%s,%s}[$__range]))"
    beside(
        made,
        8,
        (
            10,
            p.bars(
                _("Ring attempts by result"),
                _("Phones that rang for a caller, by what became of it, in each half-hour."),
                p.COUNT,
                q.over_time(
                    f"sum by (result) (increase(callcenter_ring_attempts_total{{{q.QUEUE}}}[$__interval]))",
                    "{{result}}",
                ),
                every="30m",
                names=attempt_results(words),
            ),
        ),
        (
            7,
            p.levels(
                _("Answered of those that rang"),
                _(
                    "Ring attempts answered / those that the phone's person answered, let ring, rejected or declined, "
                    "by queue. Attempts that a colleague or the caller ended are in neither number."
                ),
                p.PERCENT,
                q.instant(
                    q.ratio(answered % (in_queue, 'result="answered"'), answered % (in_queue, DECIDED)), "{{queue}}"
                ),
                steps=((None, p.BAD), (0.7, p.WATCH), (0.85, p.GOOD)),
            )
            .max(1)
            .decimals(0),
        ),
        (
            7,
            p.chart(
                _("Left ringing"),
                _("Phones that rang without being answered, an hour."),
                p.COUNT,
                q.over_time(
                    "3600 * sum by (queue) "
                    f'(rate(callcenter_ring_attempts_total{{{in_queue},result="no_answer"}}[$__rate_interval]))',
                    "{{queue}}",
                ),
            ),
        ),
    )


def _ledger(made: Dashboard, words: Words) -> None:
    _ = words.say
    states = agent_states(words)
    beside(
        made,
        12,
        (
            14,
            p.rows_of(
                _("By agent"),
                _("What each phone did with the calls that rang at it, in the period."),
                q.SqlQuery("agents"),
                [
                    p.Column("agent", _("Agent")),
                    p.Column("rung", _("Rang"), unit=p.COUNT),
                    p.Column("answered", words.term("attempt", "answered"), unit=p.COUNT),
                    p.Column("unanswered", _("Not answered"), unit=p.COUNT),
                    p.Column("answer_share", _("Answered of those that rang"), unit=p.PERCENT, decimals=0),
                    p.Column("ringing", _("Ringing to the answer"), unit=p.SECONDS, decimals=1),
                    p.Column("past_three", _("Rang past three"), unit=p.COUNT),
                    p.Column("talking", _("Talking, mean"), unit=p.SECONDS, decimals=0),
                    p.Column("transfers", _("Transfers"), unit=p.COUNT),
                ],
            ),
        ),
        (
            10,
            p.rows_of(
                _("Time by state"),
                _("How long each member of a queue was in each state, in the period."),
                q.SqlQuery("agent_time"),
                [
                    p.Column("queue", _("Queue")),
                    p.Column("agent", _("Agent")),
                    *(p.Column(state, text, unit=p.SECONDS, decimals=1) for state, text in states.items()),
                ],
            ),
        ),
    )
