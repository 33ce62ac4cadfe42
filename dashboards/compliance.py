"""The board on the promise: compliance today, this week and this month, in both readings, and its error budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import panels as p
from dashboards import sources as q
from dashboards.frame import beside, board, heading, with_marks, with_variables
from dashboards.tables import recent_breaches
from dashboards.words import readings, reasons, verdicts

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard
    from grafana_foundation_sdk.builders.stat import Panel

    from dashboards.words import Words

BURN_WINDOWS = ("1h", "6h", "1d", "3d")


def compliance(words: Words) -> Dashboard:
    """The board `compliance`."""
    _ = words.say
    made = board(
        words,
        "compliance",
        words.term("board", "Compliance"),
        _(
            "How far the charter's promise is kept: a person answers before the bell has rung three times. Both "
            "readings of the sentence stand side by side, with the calls that are excluded."
        ),
        span="now-7d",
        refresh="1m",
    )
    with_variables(made, words, "prometheus", "ledger", "system", "line", "page", "target", "zone")
    with_marks(made, words)
    periods = ((_("Today"), q.TODAY), (_("This week"), q.WEEK), (_("This month"), q.MONTH))
    beside(made, 5, *((8, _rate(words, title, period)) for title, period in periods))
    beside(made, 4, *((8, _counts(words, title, period)) for title, period in periods))
    heading(made, _("Error budget"))
    _budget(made, words)
    heading(made, _("Rings"))
    _rings(made, words)
    heading(made, _("By team"))
    _teams(made, words)
    heading(made, _("From the ledger"))
    _ledger(made, words)
    return made


def _rate(words: Words, title: str, period: str) -> Panel:
    targets = [q.instant(q.compliance(reading), text) for reading, text in readings(words).items()]
    return p.one(
        title,
        words.say("Compliance in both readings: kept / (kept + broken). Excluded calls are in neither number."),
        p.PERCENT,
        *targets,
        steps=p.COMPLIANCE,
        period=period,
        decimals=1,
    )


def _counts(words: Words, title: str, period: str) -> Panel:
    """How many calls stand behind the rate."""
    chosen = f'callcenter_ring_verdicts_total{{{q.LINE},reading="within"}}'
    panel = p.one(
        title,
        words.say("Calls kept, broken and excluded in the reading of at most three rings."),
        p.COUNT,
        q.instant(f"round(sum by (verdict) (increase({chosen}[$__range])))", "{{verdict}}"),
        period=period,
    )
    for (verdict, text), hue in zip(verdicts(words).items(), (p.GOOD, p.BAD, p.CALM), strict=True):
        panel.override_by_name(verdict, p.named(text, hue))
    return panel


def _budget(made: Dashboard, words: Words) -> None:
    _ = words.say
    left = f"1 - {q.budget_burn('within', '$__range')}"
    beside(
        made,
        8,
        (
            6,
            p.one(
                _("Budget left this month"),
                _(
                    "The target allows a share of calls to be broken. How much of that is left this month, in the "
                    "reading of at most three rings; below 0 % the month's target is missed so far."
                ),
                p.PERCENT,
                q.instant(left),
                steps=((None, p.BAD), (0.0, p.WATCH), (0.25, p.GOOD)),
                period=q.MONTH,
                decimals=0,
            ),
        ),
        (
            18,
            p.chart(
                _("Budget burn"),
                _(
                    "How fast the allowed share of broken calls is used up, over windows of an hour to three days. "
                    "At 1 it is used up exactly; above 1 the target will be missed."
                ),
                p.NONE,
                *(q.over_time(q.budget_burn("within", window), window) for window in BURN_WINDOWS),
            )
            .decimals(2)
            .thresholds(p.thresholds(((None, p.CALM), (1.0, p.BAD))))
            .thresholds_style(p.dashed()),
        ),
    )


def _rings(made: Dashboard, words: Words) -> None:
    _ = words.say
    beside(
        made,
        9,
        (
            16,
            p.heat(
                _("Rings by hour"),
                _("How often the bell rang, by hour: the darker, the more calls. Past three, the promise is broken."),
                p.COUNT,
                q.buckets(f"sum by (le) (increase(callcenter_call_rings_bucket{{{q.LINE}}}[$__interval]))"),
                every="1h",
                axis=_("rings"),
            ),
        ),
        (
            8,
            p.levels(
                _("Calls by rings"),
                _("Calls of the period by how often the bell rang; up to the number at the bar, from the one before."),
                p.COUNT,
                q.buckets_now(f"sum by (le) (increase(callcenter_call_rings_bucket{{{q.LINE}}}[$__range]))"),
                steps=((None, p.GOOD),),
            ).decimals(0),
        ),
    )
    beside(
        made,
        8,
        (
            12,
            p.chart(
                _("Compliance over time"),
                _("Compliance in both readings, each point over the hour before it."),
                p.PERCENT,
                *(q.over_time(q.compliance(reading, "1h"), text) for reading, text in readings(words).items()),
                q.over_time("vector($target)", _("Target")),
            )
            .max(1)
            .decimals(1),
        ),
        (
            12,
            p.chart(
                _("Warnings and breaches"),
                _("Calls an hour whose third ring (warning) and whose fourth (breach) begins without an answer."),
                p.COUNT,
                q.over_time(
                    f"3600 * sum(rate(callcenter_ring_warnings_total{{{q.LINE}}}[$__rate_interval]))",
                    words.term("mark", "Warnings"),
                ),
                q.over_time(
                    f"3600 * sum(rate(callcenter_ring_breaches_total{{{q.LINE}}}[$__rate_interval]))",
                    words.term("mark", "Breaches"),
                ),
            ),
        ),
    )


def _teams(made: Dashboard, words: Words) -> None:
    """Empty where no team is configured."""
    _ = words.say
    beside(
        made,
        8,
        (
            11,
            p.chart(
                _("Compliance by team"),
                _(
                    "Compliance of each team in the reading of at most three rings, each point over the hour before "
                    "it; -: no team."
                ),
                p.PERCENT,
                q.over_time(q.team_named(q.compliance_by_team("within", "1h")), "{{team}}"),
            )
            .max(1)
            .decimals(1),
        ),
        (
            13,
            p.rows_of(
                _("Teams"),
                _("Calls of the period by team, counted in the ledger to the last call; -: no team."),
                q.SqlQuery("teams"),
                [
                    p.Column("team", _("Team")),
                    p.Column("offered", _("Offered"), unit=p.COUNT),
                    p.Column("answer_rate", _("Answer rate"), unit=p.PERCENT, decimals=1),
                    p.Column("asa", _("ASA"), unit=p.SECONDS, decimals=1),
                    p.Column("within", words.term("reading", "within 3"), unit=p.PERCENT, decimals=1),
                    p.Column("before", words.term("reading", "before 3"), unit=p.PERCENT, decimals=1),
                    p.Column("broken", words.term("verdict", "broken"), unit=p.COUNT),
                ],
            ),
        ),
    )


def _ledger(made: Dashboard, words: Words) -> None:
    _ = words.say
    within, before = words.term("reading", "within 3"), words.term("reading", "before 3")
    beside(
        made,
        9,
        (
            16,
            p.rows_of(
                _("Day by day"),
                _("Compliance of each day, counted in the ledger to the last call."),
                q.SqlQuery("days"),
                [
                    p.Column("time", _("Day"), unit="time:YYYY-MM-DD", width=170),
                    p.Column("offered", _("Offered"), unit=p.COUNT),
                    p.Column("answer_rate", _("Answer rate"), unit=p.PERCENT, decimals=1),
                    p.Column("within", within, unit=p.PERCENT, decimals=1),
                    p.Column("before", before, unit=p.PERCENT, decimals=1),
                    p.Column("broken", words.term("verdict", "broken"), unit=p.COUNT),
                    p.Column("excluded", words.term("verdict", "excluded"), unit=p.COUNT),
                ],
            ),
        ),
        (
            8,
            p.rows_of(
                _("Verdicts by reason"),
                _("Why calls were kept, broken or excluded, under the headline reading."),
                q.SqlQuery("reasons"),
                [
                    p.Column("reason", _("Reason"), words=reasons(words)),
                    p.Column("calls", _("Calls"), unit=p.COUNT),
                    p.Column("share", _("Share"), unit=p.PERCENT, decimals=1),
                ],
            ),
        ),
    )
    beside(made, 11, (24, recent_breaches(words)))
