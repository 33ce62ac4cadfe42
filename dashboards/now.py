"""The board for the wall: what happens now, and today so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import panels as p
from dashboards import sources as q
from dashboards.frame import beside, board, heading, with_marks, with_variables
from dashboards.tables import recent_breaches, recent_transfers
from dashboards.words import agent_states, outcomes, readings, stages

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

    from dashboards.words import Words


def now(words: Words) -> Dashboard:
    """The board `now`."""
    _ = words.say
    made = board(
        words,
        "now",
        words.term("board", "Now"),
        _("For the wall: calls, agents and queues as they are now, and the figures of today so far."),
        span=q.TODAY,
        refresh="5s",
    )
    with_variables(made, words, "prometheus", "ledger", "system", "line", "queue", "page")
    with_marks(made, words)
    _present(made, words)
    heading(made, _("Today"))
    _today(made, words)
    _lists(made, words)
    return made


def _present(made: Dashboard, words: Words) -> None:
    _ = words.say
    in_progress = "sum(callcenter_calls_in_progress{%s,stage=~%s}) or vector(0)"
    connection = {"0": (_("not connected"), p.BAD), "1": (_("receiving"), p.GOOD)}
    beside(
        made,
        5,
        (
            4,
            p.one(
                _("Ringing past the rule"),
                _("Unanswered calls whose phone rings now and has rung past the promise."),
                p.COUNT,
                q.instant(f"sum(callcenter_calls_ringing_past_limit{{{q.LINE}}})"),
                steps=p.ANY_IS_BAD,
            ),
        ),
        (
            4,
            p.one(
                _("Longest ringing now"),
                _("How long the longest-ringing caller has been listening to a bell; nothing while none rings."),
                p.SECONDS,
                q.instant(f"time() - min(callcenter_oldest_ringing_since_timestamp_seconds{{{q.LINE}}})"),
                steps=p.RING_SECONDS,
                decimals=0,
            ),
        ),
        (
            4,
            p.one(
                _("Ringing now"),
                _("Calls for which a phone of the centre rings."),
                p.COUNT,
                q.instant(in_progress % (q.LINE, '"ringing"')),
            ),
        ),
        (
            4,
            p.one(
                _("Callers waiting"),
                _("Calls that have asked for a person while no phone rings for them."),
                p.COUNT,
                q.instant(in_progress % (q.LINE, '"waiting"')),
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
                _("Listening"),
                _("Whether every Asterisk is heard. Where it is not, the figures beside it are not to be trusted."),
                p.NONE,
                q.instant(f"min(callcenter_ami_up{{{q.SYSTEM}}}) or vector(0)"),
                mapping=connection,
                steps=((None, p.BAD), (1.0, p.GOOD)),
            ),
        ),
    )
    beside(
        made,
        7,
        (
            8,
            p.levels(
                _("Calls in progress"),
                _("Calls in progress, by stage."),
                p.COUNT,
                q.instant(f"sum by (stage) (callcenter_calls_in_progress{{{q.LINE}}})", "{{stage}}"),
                names=stages(words),
            ),
        ),
        (
            8,
            p.levels(
                _("Agents"),
                _("Members of the chosen queues, by what they do; a member of two queues counts in both."),
                p.COUNT,
                q.instant(f"sum by (state) (callcenter_agents{{{q.QUEUE}}})", "{{state}}"),
                names=agent_states(words),
            ),
        ),
        (
            8,
            p.levels(
                _("Callers in the queues"),
                _("Callers waiting in each queue, as the queue counts them."),
                p.COUNT,
                q.instant(f"sum by (queue) (callcenter_queue_callers{{{q.QUEUE}}})", "{{queue}}"),
                steps=((None, p.GOOD), (3.0, p.WATCH), (6.0, p.BAD)),
            ),
        ),
    )


def _today(made: Dashboard, words: Words) -> None:
    _ = words.say
    both = [q.instant(q.compliance(reading), text) for reading, text in readings(words).items()]
    beside(
        made,
        5,
        (
            6,
            p.one(
                _("Compliance"),
                _(
                    "Kept / (kept + broken) today, in both readings of the charter: answered within three rings, and "
                    "before the third. Excluded calls are in neither number."
                ),
                p.PERCENT,
                *both,
                steps=p.COMPLIANCE,
                period=q.TODAY,
                decimals=1,
            ),
        ),
        (
            3,
            p.one(
                _("Answer rate"),
                _("Answered / offered, today."),
                p.PERCENT,
                q.instant(q.answer_rate()),
                steps=((None, p.BAD), (0.85, p.WATCH), (0.95, p.GOOD)),
                period=q.TODAY,
                decimals=1,
            ),
        ),
        (
            3,
            p.one(
                _("ASA"),
                _("Mean waiting of answered calls, from asking for a person to the answer, today."),
                p.SECONDS,
                q.instant(q.speed_of_answer()),
                steps=((None, p.GOOD), (20.0, p.WATCH), (40.0, p.BAD)),
                period=q.TODAY,
                decimals=1,
            ),
        ),
        (
            3,
            p.one(
                _("Breaches"),
                _("Calls that rang past the promise, today."),
                p.COUNT,
                q.instant(f"round({q.increase('callcenter_ring_breaches_total', q.LINE)})"),
                steps=p.ANY_IS_BAD,
                period=q.TODAY,
            ),
        ),
        (
            3,
            p.one(
                _("Abandoned"),
                _("Callers who left before a person answered, today."),
                p.COUNT,
                q.instant(f"round({q.increase('callcenter_calls_total', q.LINE + ABANDONED)})"),
                period=q.TODAY,
            ),
        ),
        (
            3,
            p.one(
                _("Transfers"),
                _("Callers passed on by a person, today; a phone's own forwarding is not among them."),
                p.COUNT,
                q.instant(f"round({q.increase('callcenter_transfers_total', q.LINE + BY_A_PERSON)})"),
                period=q.TODAY,
            ),
        ),
        (
            3,
            p.one(
                _("Handled directly"),
                _("Answered calls with no transfer out of the centre / answered calls, today."),
                p.PERCENT,
                q.instant(q.direct_handling()),
                steps=((None, p.BAD), (0.7, p.WATCH), (0.8, p.GOOD)),
                period=q.TODAY,
                decimals=1,
            ),
        ),
    )


def _lists(made: Dashboard, words: Words) -> None:
    _ = words.say
    beside(
        made,
        8,
        (
            19,
            p.bars(
                _("Calls by half-hour"),
                _("Calls that ended in each half-hour, by outcome."),
                p.COUNT,
                q.over_time(
                    f"sum by (outcome) (increase(callcenter_calls_total{{{q.LINE}}}[$__interval]))", "{{outcome}}"
                ),
                every="30m",
                names=outcomes(words),
            ),
        ),
        (
            5,
            p.levels(
                _("Calls by team"),
                _("Calls of today by the team whose they are; -: no team. Nothing where no team is configured."),
                p.COUNT,
                q.instant(
                    q.team_named(f"round(sum by (team) (increase(callcenter_team_calls_total{{{q.LINE}}}[$__range])))"),
                    "{{team}}",
                ),
                steps=((None, p.CALM),),
            ).decimals(0),
        ),
    )
    beside(made, 9, (12, recent_breaches(words)), (12, recent_transfers(words)))


ABANDONED = ',outcome=~"abandoned_.+"'
BY_A_PERSON = ',kind!="forward"'
