"""Every sentence a person reads, in Korean and in English, from one source: the gettext catalogues in `monitor/locale`.

The message identifiers are the English sentences, so that only Korean needs a catalogue. `Texts` are those that the
terminal and the page share, field by field, so that the type checker refuses a missing one; templates ask the catalogue
itself. `{…}` are filled in by whoever shows the text.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from monitor.calls.facts import (
    AgentStatus,
    AttemptResult,
    GapCause,
    Observed,
    Outcome,
    Scope,
    Source,
    Stage,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")
"""The default first."""
LOCALE = Path(__file__).parent / "locale"
DOMAIN = "callmonitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """One language."""

    title: str
    ringing_now: str
    waiting_now: str
    agents: str
    breaches: str
    transfers: str
    today: str
    rings: str
    seconds: str
    phone: str
    queue: str
    caller: str
    line: str
    time: str
    outcome: str
    passed_on: str
    kind: str
    scope: str
    result: str
    reconnection: str
    nobody_rings: str
    nobody_waits: str
    no_agents: str
    no_breaches: str
    no_transfers: str
    more: str
    no_caller: str
    goes_on: str
    calls_in_progress: str
    offered: str
    answered: str
    abandoned: str
    answer_rate: str
    compliance: str
    kept: str
    excluded: str
    direct_handling: str
    store: str
    observed: str
    not_heard_yet: str
    quit_hint: str
    readings: Mapping[Reading, str]
    agent_statuses: Mapping[AgentStatus, str]
    stages: Mapping[Stage, str]
    attempt_results: Mapping[AttemptResult, str]
    observations: Mapping[Observed, str]
    sources: Mapping[Source, str]
    outcomes: Mapping[Outcome, str]
    verdicts: Mapping[Verdict, str]
    verdict_reasons: Mapping[VerdictReason, str]
    transfer_kinds: Mapping[TransferKind, str]
    transfer_results: Mapping[TransferResult, str]
    scopes: Mapping[Scope, str]
    gap_causes: Mapping[GapCause, str]
    plain_warning: str
    plain_breach: str
    plain_transfer: str
    plain_end: str
    plain_down: str
    plain_up: str
    plain_status: str
    plain_seconds: str
    summary: str
    summary_calls: str
    summary_verdicts: str
    summary_transfers: str


@cache
def catalogue(language: Language, domain: str = DOMAIN) -> gettext.NullTranslations:
    """The catalogue of a language: English texts to theirs.

    Args:
        language: English needs no file, since the identifiers are its texts.
        domain: which of the catalogues in `monitor/locale`.
    """
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(domain, LOCALE, [language])


@cache
def texts_in(language: Language) -> Texts:
    """The shared texts in one language."""
    words = catalogue(language)
    _, _c = words.gettext, words.pgettext
    return Texts(
        title=_("Ring board"),
        ringing_now=_("Ringing now"),
        waiting_now=_("Callers waiting"),
        agents=_("Agents"),
        breaches=_("Rang too long"),
        transfers=_("Transfers"),
        today=_("Today"),
        rings=_("rings"),
        seconds=_("s"),
        phone=_("phones ringing"),
        queue=_("queue"),
        caller=_("caller"),
        line=_("line"),
        time=_("time"),
        outcome=_("outcome"),
        passed_on=_("by → to"),
        kind=_("kind"),
        scope=_("scope"),
        result=_("result"),
        reconnection=_c("reconnection", "s"),
        nobody_rings=_("no phone is ringing"),
        nobody_waits=_("nobody is waiting"),
        no_agents=_("no agents known yet"),
        no_breaches=_("no call has rung too long"),
        no_transfers=_("no transfers"),
        more=_("and {count} more"),
        no_caller=_("no number"),
        goes_on=_("goes on"),
        calls_in_progress=_("in progress"),
        offered=_("offered"),
        answered=_("answered"),
        abandoned=_("abandoned"),
        answer_rate=_("answer rate"),
        compliance=_("compliance"),
        kept=_("kept/broken"),
        excluded=_("excluded"),
        direct_handling=_("handled directly"),
        store=_("ledger"),
        observed=_("listening"),
        not_heard_yet=_("not connected yet"),
        quit_hint=_("Ctrl+C ends"),
        readings={
            Reading.WITHIN: _c("reading", "within {limit}"),
            Reading.BEFORE: _c("reading", "before {limit}"),
        },
        agent_statuses={
            AgentStatus.FREE: _c("agent", "free"),
            AgentStatus.RINGING: _c("agent", "ringing"),
            AgentStatus.TALKING: _c("agent", "talking"),
            AgentStatus.WRAP_UP: _c("agent", "wrap-up"),
            AgentStatus.PAUSED: _c("agent", "paused"),
            AgentStatus.AWAY: _c("agent", "away"),
        },
        stages={
            Stage.ANNOUNCEMENT: _c("stage", "announcement"),
            Stage.WAITING: _c("stage", "waiting"),
            Stage.RINGING: _c("stage", "ringing"),
            Stage.TALKING: _c("stage", "talking"),
            Stage.HELD: _c("stage", "on hold"),
            Stage.TRANSFERRING: _c("stage", "being transferred"),
            Stage.GIVEN_UP: _c("stage", "given up"),
            Stage.RELEASED: _c("stage", "after the conversation"),
            Stage.ENDED: _c("stage", "ended"),
        },
        attempt_results={
            AttemptResult.ANSWERED: _c("attempt", "answered"),
            AttemptResult.NO_ANSWER: _c("attempt", "no answer"),
            AttemptResult.ANSWERED_ELSEWHERE: _c("attempt", "answered elsewhere"),
            AttemptResult.CALLER_LEFT: _c("attempt", "caller left"),
            AttemptResult.REJECTED: _c("attempt", "rejected"),
            AttemptResult.FORWARDED: _c("attempt", "forwarded"),
            AttemptResult.FAILED: _c("attempt", "failed"),
            AttemptResult.DECLINED_BY_PERSON: _c("attempt", "picked up, not connected"),
            AttemptResult.UNOBSERVED: _c("attempt", "unobserved"),
        },
        observations={
            Observed.WHOLE: _c("observed", "whole"),
            Observed.PARTLY: _c("observed", "partly"),
        },
        sources={
            Source.AMI: _c("source", "followed by this monitor"),
            Source.QUEUE_LOG: _c("source", "brought in from the queue log (queue_log)"),
            Source.CDR: _c("source", "brought in from call detail records (CDR)"),
            Source.CEL: _c("source", "brought in from the channel event log (CEL)"),
        },
        outcomes={
            Outcome.ANSWERED: _c("outcome", "answered"),
            Outcome.ABANDONED_ANNOUNCEMENT: _c("outcome", "left in menu"),
            Outcome.ABANDONED_WAITING: _c("outcome", "left waiting"),
            Outcome.ABANDONED_RINGING: _c("outcome", "left ringing"),
            Outcome.NO_ANSWER: _c("outcome", "no answer"),
            Outcome.BUSY: _c("outcome", "busy"),
            Outcome.FAILED: _c("outcome", "failed"),
            Outcome.UNOBSERVED: _c("outcome", "unobserved"),
        },
        verdicts={
            Verdict.KEPT: _c("verdict", "kept"),
            Verdict.BROKEN: _c("verdict", "broken"),
            Verdict.EXCLUDED: _c("verdict", "excluded"),
        },
        verdict_reasons={
            VerdictReason.ANSWERED_WITHIN_RULE: _c("reason", "answered within the rule"),
            VerdictReason.RANG_PAST_RULE: _c("reason", "rang past the rule"),
            VerdictReason.CENTRE_GAVE_UP: _c("reason", "the centre gave up"),
            VerdictReason.CALLER_LEFT_WITHIN_RULE: _c("reason", "caller left within the rule"),
            VerdictReason.NO_PHONE_RANG: _c("reason", "no phone rang"),
            VerdictReason.PARTLY_UNOBSERVED: _c("reason", "partly unobserved"),
            VerdictReason.RINGING_UNKNOWN: _c("reason", "how long it rang is not known"),
        },
        transfer_kinds={
            TransferKind.BLIND: _c("transfer", "blind"),
            TransferKind.ATTENDED: _c("transfer", "attended"),
            TransferKind.BLONDE: _c("transfer", "blonde"),
            TransferKind.FORWARD: _c("transfer", "forward"),
        },
        transfer_results={
            TransferResult.COMPLETED: _c("transfer result", "completed"),
            TransferResult.NO_ANSWER: _c("transfer result", "no answer"),
            TransferResult.BUSY: _c("transfer result", "busy"),
            TransferResult.RETURNED: _c("transfer result", "returned"),
            TransferResult.CALLER_LEFT: _c("transfer result", "caller left"),
            TransferResult.FAILED: _c("transfer result", "failed"),
            TransferResult.UNOBSERVED: _c("transfer result", "unobserved"),
        },
        scopes={
            Scope.INSIDE: _c("scope", "inside"),
            Scope.OUTSIDE: _c("scope", "outside"),
            Scope.UNKNOWN: _c("scope", "unknown"),
        },
        gap_causes={
            GapCause.NOT_CONNECTED: _c("gap", "not connected"),
            GapCause.NOT_BOOTED: _c("gap", "starting up"),
            GapCause.RESTARTED: _c("gap", "restarted"),
            GapCause.MONITOR_DOWN: _c("gap", "monitor was down"),
            GapCause.CLOCK_STEP: _c("gap", "clock stepped"),
            GapCause.OVERFLOW: _c("gap", "events overflowed"),
            GapCause.CAPTURE_BREAK: _c("gap", "recording broken off"),
        },
        plain_warning=_("{time} warning    {line} · ring {rings} · {agents} · caller {caller}"),
        plain_breach=_("{time} BREACH     {line} · ring {rings} · {agents} · caller {caller}"),
        plain_transfer=_("{time} transfer   {line} · {by} → {to} ({scope}) · {kind} · {result} {reconnection}"),
        plain_end=_(
            "{time} call ended {line} · {outcome} · rings {rings}, {seconds} s · {verdict} ({reason}) · caller {caller}"
        ),
        plain_down=_("{time} not heard  {system} · {cause}"),
        plain_up=_("{time} heard anew {system} · {cause} {seconds} s"),
        plain_status=_(
            "{time} now        ringing {ringing} · waiting {waiting} · talking {talking} · offered today {offered} · "
            "answer rate {answer_rate} · compliance {compliance}"
        ),
        plain_seconds=_("{seconds} s"),
        summary=_("Summary"),
        summary_calls=_("{offered} calls: {outcomes}"),
        summary_verdicts=_("compliance {reading} {rate}: {verdicts}"),
        summary_transfers=_("{count} transfers: {kinds}"),
    )


KOREAN = texts_in("ko")
ENGLISH = texts_in("en")
TEXTS: Mapping[Language, Texts] = {"ko": KOREAN, "en": ENGLISH}
