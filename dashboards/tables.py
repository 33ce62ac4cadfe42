"""The tables from the ledger that more than one board shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.panels import COUNT, PERCENT, SECONDS, Column, rows_of
from dashboards.sources import SqlQuery
from dashboards.words import consents, gap_causes, kinds, outcomes, scopes, transfer_results, verdicts

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.table import Panel

    from dashboards.words import Words

ADDRESS = "${page:raw}/calls/${__data.fields.system}/${__data.fields.linkedid}"
"""Of a call's page."""
INSTANT = "dateTimeAsLocal"


def _call(words: Words) -> list[Column]:
    """The last columns of a row about one call: the way to its page."""
    _ = words.say
    return [Column("system", None), Column("linkedid", _("Call"), link=(_("Open the call's page"), ADDRESS), width=170)]


def _time(words: Words) -> Column:
    return Column("time", words.say("Time"), unit=INSTANT, width=160)


def recent_breaches(words: Words) -> Panel:
    """Calls that rang past the rule."""
    _ = words.say
    return rows_of(
        _("Recent breaches"),
        _("Calls that rang past the rule, from the ledger, the newest first. A click leads to the call's page."),
        SqlQuery("breaches"),
        [
            _time(words),
            Column("line", _("Line")),
            Column("queue", _("Queue")),
            Column("phones", _("Phones that rang")),
            Column("rings", _("Rings"), unit=COUNT, width=60),
            Column("ringing", _("Ringing"), unit=SECONDS, decimals=1),
            Column("outcome", _("Outcome"), words=outcomes(words)),
            Column("verdict_within", words.term("reading", "within 3"), words=verdicts(words)),
            Column("verdict_before", words.term("reading", "before 3"), words=verdicts(words)),
            *_call(words),
        ],
    )


def recent_transfers(words: Words) -> Panel:
    """Callers passed on."""
    _ = words.say
    consent = consents(words)
    return rows_of(
        _("Recent transfers"),
        _("Callers passed on, from the ledger, the newest first. A click leads to the call's page."),
        SqlQuery("transfers"),
        [
            _time(words),
            Column("line", _("Line")),
            Column("passed_by", _("By")),
            Column("passed_to", _("To")),
            Column("kind", _("Kind"), words=kinds(words)),
            Column("scope", _("Scope"), words=scopes(words)),
            Column("result", _("Result"), words=transfer_results(words)),
            Column("consent", _("Consent"), words={"true": consent["yes"], "false": consent["no"]}),
            Column("hold", _("On hold"), unit=SECONDS, decimals=0),
            Column("reconnection", _("Reconnection"), unit=SECONDS, decimals=1),
            Column("rings", _("Rings"), unit=COUNT, width=60),
            *_call(words),
        ],
    )


def destinations(words: Words) -> Panel:
    """Where callers are passed on to."""
    _ = words.say
    return rows_of(
        _("Where callers are passed on to"),
        _("Targets of transfers in the period, from the ledger; of long numbers the last digits are shown."),
        SqlQuery("destinations"),
        [
            Column("passed_to", _("To")),
            Column("scope", _("Scope"), words=scopes(words)),
            Column("transfers", _("Transfers"), unit=COUNT),
            Column("completed", words.term("transfer", "completed"), unit=PERCENT, decimals=0),
            Column("reconnection", _("Reconnection"), unit=SECONDS, decimals=1),
        ],
    )


def gaps(words: Words) -> Panel:
    """What was not seen."""
    _ = words.say
    return rows_of(
        _("Gaps"),
        _("Intervals in which an Asterisk could not be observed, from the ledger. Calls that touch one are marked."),
        SqlQuery("gaps"),
        [
            _time(words),
            Column("ended_at", _("Until"), unit=INSTANT),
            Column("system", _("System")),
            Column("cause", _("Cause"), words=gap_causes(words)),
            Column("seconds", _("Duration"), unit=SECONDS),
        ],
    )
