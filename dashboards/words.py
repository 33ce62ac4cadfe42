"""The dashboards' words: English is written in the code, Korean comes from the catalogue.

Every text goes through `_`, or through `term` where one English word stands for two things (`talking` is a stage of a
call and the state of an agent). Babel finds both in the source, and a test refuses what has no Korean.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from monitor.calls.facts import (
    AgentStatus,
    AttemptResult,
    GapCause,
    Outcome,
    Scope,
    Stage,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

DOMAIN = "dashboards"
LOCALE = Path(__file__).parents[1] / "monitor" / "locale"
LANGUAGES = ("ko", "en")


class Say(Protocol):
    """Gives the text for an English one."""

    def __call__(self, message: str, /) -> str:
        """Translate."""
        ...


class Term(Protocol):
    """Gives the word for an English one in a given sense."""

    def __call__(self, sense: str, message: str, /) -> str:
        """Translate."""
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """One language.

    Attributes:
        language: `ko` or `en`.
        say: for texts.
        term: for words of the domain that have more than one sense.
    """

    language: str
    say: Say
    term: Term


def words_in(language: str) -> Words:
    """The words of a language.

    Raises:
        FileNotFoundError: there is no compiled catalogue of it.
    """
    catalogue = gettext.NullTranslations() if language == "en" else gettext.translation(DOMAIN, LOCALE, [language])
    return Words(language, catalogue.gettext, catalogue.pgettext)


def outcomes(words: Words) -> Mapping[str, str]:
    """How a call ended."""
    term = words.term
    return {
        Outcome.ANSWERED: term("outcome", "answered"),
        Outcome.ABANDONED_ANNOUNCEMENT: term("outcome", "left in the announcement"),
        Outcome.ABANDONED_WAITING: term("outcome", "left waiting"),
        Outcome.ABANDONED_RINGING: term("outcome", "left ringing"),
        Outcome.NO_ANSWER: term("outcome", "no answer"),
        Outcome.BUSY: term("outcome", "busy"),
        Outcome.FAILED: term("outcome", "failed"),
        Outcome.UNOBSERVED: term("outcome", "unobserved"),
    }


def stages(words: Words) -> Mapping[str, str]:
    """Where a call in progress stands."""
    term = words.term
    return {
        Stage.ANNOUNCEMENT: term("stage", "announcement"),
        Stage.WAITING: term("stage", "waiting"),
        Stage.RINGING: term("stage", "ringing"),
        Stage.TALKING: term("stage", "talking"),
        Stage.HELD: term("stage", "held"),
        Stage.TRANSFERRING: term("stage", "transferring"),
        Stage.GIVEN_UP: term("stage", "given up"),
        Stage.RELEASED: term("stage", "released"),
        Stage.ENDED: term("stage", "ended"),
    }


def verdicts(words: Words) -> Mapping[str, str]:
    """What a reading says of a call."""
    term = words.term
    return {
        Verdict.KEPT: term("verdict", "kept"),
        Verdict.BROKEN: term("verdict", "broken"),
        Verdict.EXCLUDED: term("verdict", "excluded"),
    }


def readings(words: Words) -> Mapping[str, str]:
    """How the charter's sentence is read."""
    term = words.term
    return {Reading.WITHIN: term("reading", "within 3"), Reading.BEFORE: term("reading", "before 3")}


def reasons(words: Words) -> Mapping[str, str]:
    """Why a verdict is what it is."""
    term = words.term
    return {
        VerdictReason.ANSWERED_WITHIN_RULE: term("reason", "answered within the rule"),
        VerdictReason.RANG_PAST_RULE: term("reason", "rang past the rule"),
        VerdictReason.CENTRE_GAVE_UP: term("reason", "the centre gave up"),
        VerdictReason.CALLER_LEFT_WITHIN_RULE: term("reason", "caller left within the rule"),
        VerdictReason.NO_PHONE_RANG: term("reason", "no phone rang"),
        VerdictReason.PARTLY_UNOBSERVED: term("reason", "partly unobserved"),
        VerdictReason.RINGING_UNKNOWN: term("reason", "ringing not known"),
    }


def attempt_results(words: Words) -> Mapping[str, str]:
    """What became of one phone's ringing."""
    term = words.term
    return {
        AttemptResult.ANSWERED: term("attempt", "answered"),
        AttemptResult.NO_ANSWER: term("attempt", "no answer"),
        AttemptResult.ANSWERED_ELSEWHERE: term("attempt", "answered elsewhere"),
        AttemptResult.CALLER_LEFT: term("attempt", "caller left"),
        AttemptResult.REJECTED: term("attempt", "rejected"),
        AttemptResult.FORWARDED: term("attempt", "forwarded"),
        AttemptResult.FAILED: term("attempt", "failed"),
        AttemptResult.DECLINED_BY_PERSON: term("attempt", "declined by a person"),
        AttemptResult.UNOBSERVED: term("attempt", "unobserved"),
    }


def kinds(words: Words) -> Mapping[str, str]:
    """How a caller was passed on."""
    term = words.term
    return {
        TransferKind.BLIND: term("kind", "blind"),
        TransferKind.ATTENDED: term("kind", "attended"),
        TransferKind.BLONDE: term("kind", "blonde"),
        TransferKind.FORWARD: term("kind", "forward"),
    }


def consents(words: Words) -> Mapping[str, str]:
    """What was reported of the caller's consent to a transfer, by the metric's words."""
    term = words.term
    return {
        "yes": term("consent", "agreed"),
        "no": term("consent", "not agreed"),
        "not_reported": term("consent", "not reported"),
    }


def transfer_results(words: Words) -> Mapping[str, str]:
    """What became of a transfer."""
    term = words.term
    return {
        TransferResult.COMPLETED: term("transfer", "completed"),
        TransferResult.NO_ANSWER: term("transfer", "no answer"),
        TransferResult.BUSY: term("transfer", "busy"),
        TransferResult.RETURNED: term("transfer", "returned"),
        TransferResult.CALLER_LEFT: term("transfer", "caller left"),
        TransferResult.FAILED: term("transfer", "failed"),
        TransferResult.UNOBSERVED: term("transfer", "unobserved"),
    }


def scopes(words: Words) -> Mapping[str, str]:
    """Where a transfer went."""
    term = words.term
    return {
        Scope.INSIDE: term("scope", "inside"),
        Scope.OUTSIDE: term("scope", "outside"),
        Scope.UNKNOWN: term("scope", "unknown"),
    }


def agent_states(words: Words) -> Mapping[str, str]:
    """What an agent does."""
    term = words.term
    return {
        AgentStatus.FREE: term("agent", "free"),
        AgentStatus.RINGING: term("agent", "ringing"),
        AgentStatus.TALKING: term("agent", "talking"),
        AgentStatus.WRAP_UP: term("agent", "wrap-up"),
        AgentStatus.PAUSED: term("agent", "paused"),
        AgentStatus.AWAY: term("agent", "away"),
    }


def gap_causes(words: Words) -> Mapping[str, str]:
    """Why a system could not be observed."""
    term = words.term
    return {
        GapCause.NOT_CONNECTED: term("gap", "not connected"),
        GapCause.NOT_BOOTED: term("gap", "not booted"),
        GapCause.RESTARTED: term("gap", "restarted"),
        GapCause.MONITOR_DOWN: term("gap", "monitor down"),
        GapCause.CLOCK_STEP: term("gap", "clock step"),
        GapCause.OVERFLOW: term("gap", "overflow"),
        GapCause.CAPTURE_BREAK: term("gap", "recording broken off"),
    }


ALL = {
    Outcome: outcomes,
    Stage: stages,
    Verdict: verdicts,
    Reading: readings,
    VerdictReason: reasons,
    AttemptResult: attempt_results,
    TransferKind: kinds,
    TransferResult: transfer_results,
    Scope: scopes,
    AgentStatus: agent_states,
    GapCause: gap_causes,
}
"""The words of every kind that a dashboard shows."""
