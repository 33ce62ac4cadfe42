"""Whether what is said of a case makes sense: each field by itself, then together. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.commitments.cases import CaseError, CaseState
from monitor.commitments.register import Finding
from monitor.masking import is_number
from monitor.numbers import normal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from zoneinfo import ZoneInfo

    from monitor.commitments.register import Commitment

LENGTHS = {"reference": 64, "subject": 500, "result": 2000, "assignee": 64, "system": 128, "linkedid": 128}
"""Characters a text may have."""
MOST_WON = 100_000_000
"""Nothing that is owed a single person comes near it: a number above it is a slip."""
MOST_VISITS = 1000
FIRST_YEAR = 2000
_LINES = ("subject", "result")
"""Texts that may have several lines."""
_INSTANTS = ("received_at", "done_at", "paid_at", "apology_at", "training_at")
_REFERENCE = re.compile(r"[\w./#:-]*\w[\w./#:-]*")
"""With a letter or digit in it: dots alone lead elsewhere in an address."""
_ADDRESSES = frozenset({"new", "import", "template.csv"})
"""What stands below `/cases` on the page, beside the cases."""
_TELEPHONE = re.compile(r"0[1-9][0-9]{7,9}|\+[0-9]{9,14}")
_REFUSED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}


def _(sentence: str) -> str:
    """Marks a message identifier for the catalogue; the page looks its Korean up."""
    return sentence


def cleaned(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values with their texts trimmed, empty ones None, and the words of the domain as such.

    Raises:
        CaseError: a text is too long, holds what no text holds, or is no word of the domain.
    """
    # Most fields of most cases are empty.
    return {name: None if value is None and name != "state" else _cleaned(name, value) for name, value in given.items()}


def _cleaned(name: str, value: Any) -> Any:
    if name == "finding" and value not in (None, ""):
        if value not in list(Finding):
            raise CaseError(_("What looking into it came to is upheld or not_upheld: give one of them."), name)
        return Finding(value)
    if name == "state" and value not in list(CaseState):
        raise CaseError(_("A case is open, done or withdrawn: give one of them."), name)
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n") if name in _LINES else value
    text = text.strip()
    in_one_line = text.replace("\n", " ").replace("\t", " ") if name in _LINES else text
    # The first says no of little, and of that little for rare characters that are let in; the second takes long.
    if not in_one_line.isprintable() and any(unicodedata.category(one) in _REFUSED_CATEGORIES for one in in_one_line):
        raise CaseError(_("It holds characters that cannot be written: type it anew."), name)
    most = LENGTHS.get(name)
    if most is not None and len(text) > most:
        raise CaseError(_("It has more than {most} characters: shorten it."), name, most=most)
    if name == "reference" and text:
        _check_reference(text)
    return text or None


def _check_reference(text: str) -> None:
    if not _REFERENCE.fullmatch(text):
        raise CaseError(
            _("A reference has letters, digits and . / # : _ - alone, with no space: write it so."), "reference"
        )
    if text in _ADDRESSES:
        raise CaseError(_("It cannot be a reference, since a page is called so: choose another one."), "reference")
    if is_number(text) and _TELEPHONE.fullmatch(normal(text)):
        raise CaseError(
            _("A reference stays for good and cannot be erased: do not take a telephone number for one."), "reference"
        )


def check(
    case: Mapping[str, Any], given: Collection[str], commitment: Commitment | None, now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """Check a case as it would be.

    Args:
        case: every field, cleaned.
        given: those that are said anew; the others were checked before.
        commitment: its promise; None where it was taken out of the register.
        now: the present.
        zone: the centre's, in which days begin.

    Returns:
        The case, with instants in UTC that are told of a day alone put at the earliest it can have been.

    Raises:
        CaseError: something in it makes no sense.
    """
    checked = dict(case)
    for name in _INSTANTS:
        if name in given and checked[name] is not None:
            checked[name] = _instant(name, checked[name], now)
    received_at: datetime = checked["received_at"]
    for name in _INSTANTS[1:]:
        if checked[name] is not None and not {name, "received_at"}.isdisjoint(given):
            checked[name] = _after(name, checked[name], received_at, zone)
    _check_counts(checked, given)
    _check_together(checked, given, commitment)
    return checked


def _instant(name: str, at: datetime, now: datetime) -> datetime:
    if at.tzinfo is None:
        raise CaseError(_("The time has no time zone: give one, as in +09:00."), name)
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        at = datetime.min.replace(tzinfo=UTC)
    if at > now:
        raise CaseError(_("It lies in the future: give when it was."), name)
    if at.year < FIRST_YEAR:
        raise CaseError(_("It lies before the year {year}: write the year with four digits."), name, year=FIRST_YEAR)
    return at


def _after(name: str, at: datetime, received_at: datetime, zone: ZoneInfo) -> datetime:
    if at >= received_at:
        return at
    local = at.astimezone(zone)
    same_day = local.date() == received_at.astimezone(zone).date()
    if same_day and local - local.replace(hour=0, minute=0, second=0, microsecond=0) == timedelta():
        # Told of a day alone: it was some time after the case came in.
        return received_at
    raise CaseError(_("It lies before the case came in: correct one of the two."), name)


def _check_counts(case: Mapping[str, Any], given: Collection[str]) -> None:
    won, visits = case["paid_won"], case["visits"]
    if "paid_won" in given and not 0 <= won <= MOST_WON:
        raise CaseError(_("Give an amount in won from 0 to {most}."), "paid_won", most=f"{MOST_WON:,}")
    if "visits" in given and visits is not None and not 1 <= visits <= MOST_VISITS:
        raise CaseError(_("Give a number of visits from 1 to {most}."), "visits", most=f"{MOST_VISITS:,}")


def _check_together(case: Mapping[str, Any], given: Collection[str], commitment: Commitment | None) -> None:
    if case["paid_at"] is not None and not case["paid_won"]:
        raise CaseError(_("A day of payment needs the amount that was paid: give both."), "paid_won")
    if case["done_at"] is not None and case["state"] != CaseState.DONE:
        raise CaseError(_("Only a case that is done has a day on which it was: leave one of the two out."), "done_at")
    if (case["system"] is None) != (case["linkedid"] is None) and not {"system", "linkedid"}.isdisjoint(given):
        raise CaseError(_("A call is named by its system and its linkedid: give both, or neither."), "linkedid")
    if (
        commitment is not None
        and commitment.every is not None
        and case["state"] == CaseState.DONE
        and case["result"] is None
    ):
        raise CaseError(_("Say what came of it, or where its result is published."), "result")
