"""The board on transfers: how callers are passed on, to where, and how long until a person answers them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import panels as p
from dashboards import sources as q
from dashboards.frame import beside, board, heading, with_marks, with_variables
from dashboards.now import BY_A_PERSON
from dashboards.tables import destinations, recent_transfers
from dashboards.words import consents, kinds, scopes, transfer_results

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard
    from grafana_foundation_sdk.builders.stat import Panel

    from dashboards.words import Words


def transfers(words: Words) -> Dashboard:
    """The board `transfers`."""
    _ = words.say
    made = board(
        words,
        "transfers",
        words.term("board", "Transfers"),
        _("How callers are passed on: kinds, where to, what became of it, and how long until a person answers again."),
        span=q.TODAY,
        refresh="1m",
    )
    with_variables(made, words, "prometheus", "ledger", "system", "line", "page")
    with_marks(made, words)
    _figures(made, words)
    _sorts(made, words)
    heading(made, _("Reconnection"))
    _reconnection(made, words)
    heading(made, _("From the ledger"))
    beside(made, 11, (16, recent_transfers(words)), (8, destinations(words)))
    return made


def _figures(made: Dashboard, words: Words) -> None:
    _ = words.say
    counted = "callcenter_transfers_total"
    by_a_person = q.increase(counted, q.LINE + BY_A_PERSON)
    completed = q.increase(counted, q.LINE + BY_A_PERSON + ',result="completed"')
    reconnect = "callcenter_transfer_reconnect_seconds"
    mean = q.ratio(q.increase(f"{reconnect}_sum", q.LINE), q.increase(f"{reconnect}_count", q.LINE))
    beside(
        made,
        5,
        (
            4,
            p.one(
                _("Transfers"),
                _("Callers passed on by a person in the period; a phone's own forwarding is not among them."),
                p.COUNT,
                q.instant(f"round({by_a_person})"),
            ),
        ),
        (
            4,
            p.one(
                _("Handled directly"),
                _("Answered calls with no transfer out of the centre / answered calls."),
                p.PERCENT,
                q.instant(q.direct_handling()),
                steps=((None, p.BAD), (0.7, p.WATCH), (0.8, p.GOOD)),
                decimals=1,
            ),
        ),
        (
            4,
            p.one(
                _("Left the centre"),
                _("Answered calls that a person passed on to somebody outside the centre."),
                p.COUNT,
                q.instant(f"round({q.increase('callcenter_calls_left_centre_total', q.LINE)})"),
            ),
        ),
        (
            4,
            p.one(
                _("Transfers completed"),
                _("Transfers by a person after which somebody was with the caller / all of them."),
                p.PERCENT,
                q.instant(q.ratio(completed, by_a_person)),
                steps=((None, p.BAD), (0.7, p.WATCH), (0.85, p.GOOD)),
                decimals=0,
            ),
        ),
        (
            4,
            p.one(
                _("Reconnection, mean"),
                _("From a transfer to the answer of the person the caller was passed to, where somebody answered."),
                p.SECONDS,
                q.instant(mean),
                steps=((None, p.GOOD), (9.0, p.WATCH), (20.0, p.BAD)),
                decimals=1,
            ),
        ),
        (4, _asked_first(words)),
    )


def _asked_first(words: Words) -> Panel:
    _ = words.say
    panel = p.one(
        _("Asked first"),
        _(
            "Transfers with the caller's consent / those for which the dialplan reports consent; and transfers before "
            "which the agent spoke with the target. From the ledger."
        ),
        p.PERCENT,
        q.SqlQuery("asked_first"),
        decimals=0,
    )
    panel.override_by_name("asked_first", p.named(_("consent"), p.GOOD))
    panel.override_by_name("announced", p.named(_("announced"), p.WATCH))
    return panel


def _sorts(made: Dashboard, words: Words) -> None:
    _ = words.say
    by = "sum by (%s) (increase(callcenter_transfers_total{%s}[%s]))"
    beside(
        made,
        8,
        (
            8,
            p.bars(
                _("Transfers by kind"),
                _("Transfers and forwards in each half-hour, by kind."),
                p.COUNT,
                q.over_time(by % ("kind", q.LINE, "$__interval"), "{{kind}}"),
                every="30m",
                names=kinds(words),
            ),
        ),
        (
            4,
            p.levels(
                _("By kind"),
                _("Transfers and forwards of the period, by kind."),
                p.COUNT,
                q.instant(by % ("kind", q.LINE, "$__range"), "{{kind}}"),
                names=kinds(words),
            ).decimals(0),
        ),
        (
            4,
            p.levels(
                _("By scope"),
                _("Transfers of the period by where they went: inside the centre, or out to another department."),
                p.COUNT,
                q.instant(by % ("scope", q.LINE, "$__range"), "{{scope}}"),
                names=scopes(words),
            ).decimals(0),
        ),
        (
            4,
            p.levels(
                _("By result"),
                _("Transfers of the period by what became of them."),
                p.COUNT,
                q.instant(by % ("result", q.LINE, "$__range"), "{{result}}"),
                names=transfer_results(words),
            ).decimals(0),
        ),
        (
            4,
            p.levels(
                _("By consent"),
                _("Transfers of the period by a person, by what was reported of the caller's consent."),
                p.COUNT,
                q.instant(
                    f"sum by (consent) (increase(callcenter_transfer_consent_total{{{q.LINE}}}[$__range]))",
                    "{{consent}}",
                ),
                names=consents(words),
            ).decimals(0),
        ),
    )


def _reconnection(made: Dashboard, words: Words) -> None:
    _ = words.say
    metric = "callcenter_transfer_reconnect_seconds"
    beside(
        made,
        8,
        (
            8,
            p.chart(
                _("Reconnection time"),
                _("From a transfer to a person's answer, over the hour before each point: median, and nine of ten."),
                p.SECONDS,
                q.over_time(q.quantile(0.5, metric, q.LINE, "1h"), "p50"),
                q.over_time(q.quantile(0.9, metric, q.LINE, "1h"), "p90"),
            ),
        ),
        (
            8,
            p.levels(
                _("Reconnection by kind, nine of ten"),
                _("Within which time nine of ten transfers of the period were answered, by kind."),
                p.SECONDS,
                q.instant(q.quantile(0.9, metric, q.LINE, "$__range", by="kind"), "{{kind}}"),
                names=kinds(words),
            ).decimals(1),
        ),
        (
            8,
            p.chart(
                _("Handled directly over time"),
                _("Answered calls with no transfer out of the centre / answered calls, each over the hour before."),
                p.PERCENT,
                q.over_time(q.direct_handling("1h"), _("Handled directly")),
            )
            .max(1)
            .decimals(1),
        ),
    )
