"""The customer service charter: the promises on the telephone, in its own words.

**Source:** the customer service charter of the institution that owns the line 1588-6565. The Korean is the charter's
own text; its English stands in the catalogue's place and is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
