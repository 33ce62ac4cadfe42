"""The customer service charter: the promises on the telephone, in its own words.

**Source:** the customer service charter of the institution that owns the line 1588-6565. The Korean of the rings, of
answering directly, of asking first and of publishing is the charter's own text; that of greeting and of calling back
says in our words what it promises; English is ours. Promises with a clock are called what the register calls them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.commitments.register import Counting, Every

if TYPE_CHECKING:
    from monitor.commitments.register import Commitment
    from monitor.reports.words import Words

CONTACT = "1588-6565"
"""Where people reach the institution: the line that the charter speaks of."""


def rings(words: Words) -> str:
    """The promise that the ring rule measures."""
    _ = words.text
    return _("We answer before the telephone bell has rung three times.")


def directly(words: Words) -> str:
    """The promise of an answer in the centre itself."""
    _ = words.text
    return _("We answer you in the customer centre itself wherever we can.")


def asks_first(words: Words) -> str:
    """The promise of asking before a transfer."""
    _ = words.text
    return _(
        "Where we have to pass your call on to another member of staff, we ask you first and connect you to the one "
        "in charge."
    )


def publishes(words: Words) -> str:
    """The promise of the record itself."""
    _ = words.text
    return _("We check and assess every half-year how we keep this, and publish it.")


def greets(words: Words) -> str:
    """The promise of a greeting with department and name."""
    _ = words.text
    return _("When we answer the telephone, we tell you our department and our name.")


def calls_back(words: Words) -> str:
    """The promise of calling back."""
    _ = words.text
    return _("Where we promise to call you back, we do so in time.")


def named(words: Words, commitment: Commitment) -> str:
    """What a promise of the register is called."""
    return commitment.ko if words.language == "ko" else commitment.en


def with_a_clock(words: Words, commitment: Commitment) -> str:
    """A promise of the register with its time."""
    _, ngettext = words.text, words.number
    name = named(words, commitment)
    if commitment.every is not None:
        often = {
            Every.YEAR: _("{promise}, at least once a year"),
            Every.HALF: _("{promise}, every half-year"),
        }
        return often[commitment.every].format(promise=name)
    if commitment.days is None:
        return name
    within = (
        ngettext("{promise}, within {days} working day", "{promise}, within {days} working days", commitment.days)
        if commitment.counting is Counting.WORKING
        else ngettext("{promise}, within {days} day", "{promise}, within {days} days", commitment.days)
    )
    return within.format(promise=name, days=commitment.days)


def too_few(words: Words, fewest: int) -> str:
    """What a table's note says of durations that are left out; empty where one of a single case is told."""
    _ = words.text
    if fewest < 2:
        return ""
    return " " + _("Of fewer than {fewest} no duration is told, since it would be that of single people.").format(
        fewest=words.count(fewest)
    )
