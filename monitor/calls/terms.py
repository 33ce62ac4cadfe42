"""The words of the facts: one word for one thing, as docs/glossary.md has them in both languages."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """Where a call in progress stands. The moves between stages are the table in `monitor.calls.stages`."""

    ANNOUNCEMENT = "announcement"
    """In the dialplan: greeting, menu. No person has been asked for."""
    WAITING = "waiting"
    """A person was asked for and no phone rings: queue, music, retry."""
    RINGING = "ringing"
    """A phone of the centre rings for this caller."""
    TALKING = "talking"
    """The caller and a person are bridged."""
    HELD = "held"
    """A person has answered, and has put the caller on hold or in a parking place."""
    TRANSFERRING = "transferring"
    """A person let go of the caller towards somebody else, who has not answered."""
    GIVEN_UP = "given_up"
    """The centre stopped trying (queue or dial timeout, all busy) and the caller is still there."""
    RELEASED = "released"
    """The conversation is over and the caller is still in the dialplan (survey, voicemail)."""
    ENDED = "ended"


class Outcome(StrEnum):
    """How a call ended; one per call."""

    ANSWERED = "answered"
    ABANDONED_ANNOUNCEMENT = "abandoned_announcement"
    ABANDONED_WAITING = "abandoned_waiting"
    ABANDONED_RINGING = "abandoned_ringing"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    UNOBSERVED = "unobserved"


class Verdict(StrEnum):
    """What one reading of the ring rule says of a call."""

    KEPT = "kept"
    BROKEN = "broken"
    EXCLUDED = "excluded"


class VerdictReason(StrEnum):
    """Why the headline verdict is what it is."""

    ANSWERED_WITHIN_RULE = "answered_within_rule"
    RANG_PAST_RULE = "rang_past_rule"
    CENTRE_GAVE_UP = "centre_gave_up"
    CALLER_LEFT_WITHIN_RULE = "caller_left_within_rule"
    NO_PHONE_RANG = "no_phone_rang"
    PARTLY_UNOBSERVED = "partly_unobserved"
    RINGING_UNKNOWN = "ringing_unknown"
    """The record comes from a source that does not tell how long a phone rang."""


class Observed(StrEnum):
    """Whether the whole call was seen."""

    WHOLE = "whole"
    PARTLY = "partly"


class Source(StrEnum):
    """Where the record of a call comes from."""

    AMI = "ami"
    """Followed by this monitor, event by event."""
    QUEUE_LOG = "queue_log"
    """Brought in from Asterisk's queue log: seconds and agents, but no phone's exact ringing."""
    CDR = "cdr"
    """Brought in from call detail records."""
    CEL = "cel"
    """Brought in from the channel event log: who talked with whom and when, to the microsecond, but no ringing."""


class AttemptResult(StrEnum):
    """How one phone's ringing ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CALLER_LEFT = "caller_left"
    REJECTED = "rejected"
    FORWARDED = "forwarded"
    FAILED = "failed"
    DECLINED_BY_PERSON = "declined_by_person"
    UNOBSERVED = "unobserved"


class TransferKind(StrEnum):
    """How a caller was passed on."""

    BLIND = "blind"
    ATTENDED = "attended"
    BLONDE = "blonde"
    FORWARD = "forward"


class TransferResult(StrEnum):
    """What became of a transfer."""

    COMPLETED = "completed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    RETURNED = "returned"
    CALLER_LEFT = "caller_left"
    FAILED = "failed"
    UNOBSERVED = "unobserved"


class Scope(StrEnum):
    """Whether a transfer stays in the centre, by the configured patterns."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


class AgentStatus(StrEnum):
    """What a queue member is doing."""

    FREE = "free"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    AWAY = "away"


class GapCause(StrEnum):
    """Why a system could not be observed for a while."""

    NOT_CONNECTED = "not_connected"
    NOT_BOOTED = "not_booted"
    RESTARTED = "restarted"
    MONITOR_DOWN = "monitor_down"
    CLOCK_STEP = "clock_step"
    OVERFLOW = "overflow"
    CAPTURE_BREAK = "capture_break"
