"""What may be told otherwise of a call, and the likely reasons, with the sentence that explains each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class What(StrEnum):
    """What is told otherwise."""

    OUTCOME = "outcome"
    AGENT = "agent"
    WAITING = "waiting"
    TALKING = "talking"
    MISSING = "missing"
    """One of the two knows nothing of the call."""


class Reason(StrEnum):
    """Why that may be."""

    GAP = "gap"
    BEFORE_MONITOR = "before_monitor"
    NO_GAP = "no_gap"
    PICKUP = "pickup"
    FORWARDED = "forwarded"
    PASSED_ON = "passed_on"
    MENU_ANSWERED = "menu_answered"
    HOLD_COUNTED = "hold_counted"
    QUEUE_GAVE_UP = "queue_gave_up"
    UNANSWERED_NOT_WRITTEN = "unanswered_not_written"
    NOTHING_WRITTEN = "nothing_written"
    NOT_WRITTEN = "not_written"
    UNEXPLAINED = "unexplained"


SENTENCES: Mapping[Reason, str] = {
    Reason.GAP: "the monitor could not see this system then",
    Reason.BEFORE_MONITOR: "the monitor did not watch this system yet",
    Reason.NO_GAP: "the monitor watched then; nothing tells why it has no record: keep the journal of that time",
    Reason.PICKUP: "another person picked the call up, and the source names the phone that rang",
    Reason.FORWARDED: "the phone sent the call on, and the source names the one that was called first",
    Reason.PASSED_ON: "the caller was passed on by the phone itself, which the source does not follow",
    Reason.MENU_ANSWERED: "what answered may have been a menu or an announcement, which the source takes for a person",
    Reason.HOLD_COUNTED: "the source counts hold and consultation as talking",
    Reason.QUEUE_GAVE_UP: "the queue gave the call up, and the queue log does not follow it any further",
    Reason.UNANSWERED_NOT_WRITTEN: "records of unanswered calls are not written (unanswered=no in cdr.conf)",
    Reason.NOTHING_WRITTEN: "the sources hold no call of this period at all: see that they are written, and are these",
    Reason.NOT_WRITTEN: "the sources hold other calls of this time and not this one",
    Reason.UNEXPLAINED: "nothing known explains it; the call's page and the source's own lines show more",
}


class LeftOut(StrEnum):
    """Why a call is in no figure."""

    STILL_GOING = "still_going"
    JUST_ENDED = "just_ended"
    OF_NO_LINE = "of_no_line"
    LINE_UNTOLD = "line_untold"
    NOT_MISSED = "not_missed"
    NO_QUEUE = "no_queue"


LEFT_OUT: Mapping[LeftOut, str] = {
    LeftOut.STILL_GOING: "whose end Asterisk had not written when it was read",
    LeftOut.JUST_ENDED: "that ended within the last five minutes, which Asterisk may write later",
    LeftOut.OF_NO_LINE: "of the queue log that came to no line, as the channel event log tells",
    LeftOut.LINE_UNTOLD: "of the queue log alone, which does not tell to which of the lines they came",
    LeftOut.NOT_MISSED: "of the queue log alone, which the monitor watched and took for none of a line's",
    LeftOut.NO_QUEUE: "of the ledger that entered no queue, of which the queue log tells nothing",
}
