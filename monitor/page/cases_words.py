"""How the pages of cases name promises, days that are left, and what was done, in the viewer's language."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.commitments.cases import Standing
from monitor.commitments.register import Counting, Every, Finding
from monitor.forms import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date
    from gettext import NullTranslations
    from zoneinfo import ZoneInfo

    from monitor.commitments.cases import Case, CaseError, TrailEntry
    from monitor.commitments.register import Commitment
    from monitor.page.viewer import Viewer
    from monitor.texts import Language

_MOMENT = timedelta(microseconds=1)
_UNTOLD = "changed"
"""What the trail says of a text in place of its words."""


class CaseWords:
    """The words of one language.

    Args:
        catalogue: of the language.
        language: itself.
        register: the promises.
        zone: the centre's.
    """

    def __init__(
        self, catalogue: NullTranslations, language: Language, register: Iterable[Commitment], zone: ZoneInfo
    ) -> None:
        self._words = catalogue
        self._zone = zone
        self._promises = {one.key: one for one in register}
        self._names = {one.key: one.ko if language == "ko" else one.en for one in register}
        _c = catalogue.pgettext
        self.standings: Mapping[str, str] = {
            Standing.OPEN: _c("case", "open"),
            Standing.DUE_SOON: _c("case", "due soon"),
            Standing.OVERDUE: _c("case", "overdue"),
            Standing.DONE: _c("case", "done"),
            Standing.WITHDRAWN: _c("case", "withdrawn"),
        }
        self.findings: Mapping[str, str] = {
            Finding.UPHELD: _c("case", "the person was right"),
            Finding.NOT_UPHELD: _c("case", "not so"),
        }
        self.sources: Mapping[str, str] = {
            "page": _c("case", "the page"),
            "import": _c("case", "a file"),
            "api": _c("case", "a program"),
            "register": _c("case", "the register itself"),
        }
        self.actions: Mapping[str, str] = {
            "opened": _c("case", "opened"),
            "changed": _c("case", "changed"),
            "done": _c("case", "done"),
            "reopened": _c("case", "opened again"),
            "withdrawn": _c("case", "withdrawn"),
            "erased": _c("case", "personal data erased"),
        }
        self.fields: Mapping[str, str] = {
            "commitment": _c("case", "Promise"),
            "received_at": _c("case", "Received"),
            "due_at": _c("case", "Due"),
            "done_at": _c("case", "Done"),
            "state": _c("case", "State"),
            "assignee": _c("case", "Assigned to"),
            "subject": _c("case", "Subject"),
            "contact": _c("case", "Contact"),
            "system": _c("case", "System of the call"),
            "linkedid": _c("case", "Call"),
            "finding": _c("case", "Finding"),
            "visits": _c("case", "Visits"),
            "missed_appointment": _c("case", "Appointment missed"),
            "owed_won": _c("case", "Owed"),
            "owed_apology": _c("case", "Apology owed"),
            "owed_training": _c("case", "Training owed"),
            "paid_won": _c("case", "Paid"),
            "paid_at": _c("case", "Paid on"),
            "apology_at": _c("case", "Apology sent on"),
            "training_at": _c("case", "Training held on"),
            "result": _c("case", "Result"),
            "reference": _c("case", "Reference"),
            "source": _c("case", "Came in by"),
        }

    @property
    def left_heading(self) -> str:
        """Above the days that are left."""
        return self._words.pgettext("case", "Days left")

    def yes(self, said: object) -> str:
        """The word for what is so; empty for what is not."""
        return self._words.gettext("yes") if said else ""

    def promise(self, key: str) -> str:
        """A promise's name; its key where it was taken out of the register."""
        return self._names.get(key, key)

    def fault(self, error: CaseError) -> str:
        """What is wrong and what to do."""
        return self._words.gettext(error.sentence).format(**error.values)

    def won(self, amount: int) -> str:
        """An amount of money."""
        return self._words.gettext("{amount} won").format(amount=f"{amount:,}")

    def clock_of(self, key: str) -> str:
        """Within which time a promise is kept."""
        promise = self._promises.get(key)
        if promise is None:
            return ""
        if promise.every is Every.YEAR:
            return self._words.gettext("once a year")
        if promise.every is Every.HALF:
            return self._words.gettext("once every half-year")
        if promise.days is None:
            return self._words.gettext("no time is promised")
        if promise.counting is Counting.WORKING:
            said = self._words.ngettext("{days} working day", "{days} working days", promise.days)
        else:
            said = self._words.ngettext("{days} calendar day", "{days} calendar days", promise.days)
        return said.format(days=promise.days)

    def day(self, at: datetime) -> date:
        """The local day of an instant."""
        return at.astimezone(self._zone).date()

    def last_day(self, due_at: datetime) -> date:
        """The last day on which a case is in time."""
        return self.day(due_at - _MOMENT)

    def left(self, case: Case, now: datetime) -> str:
        """How many days are left, or have gone since: 3 days left, until today, 2 days over.

        Of a done case: how long before its last day it was done, or after it. Empty where no time is promised.
        """
        if case.due_at is None or case.standing is Standing.WITHDRAWN:
            return ""
        then = case.done_at or now
        days = (self.last_day(case.due_at) - self.day(then)).days
        words = self._words
        if case.done_at is not None:
            if days >= 0:
                return words.gettext("in time")
            return words.ngettext("{days} day late", "{days} days late", -days).format(days=-days)
        if days == 0:
            return words.gettext("until today")
        if days > 0:
            return words.ngettext("{days} day left", "{days} days left", days).format(days=days)
        return words.ngettext("{days} day over", "{days} days over", -days).format(days=-days)

    def changes(self, entry: TrailEntry, viewer: Viewer) -> list[tuple[str, str]]:
        """What an entry of the trail says that became different, by field.

        Args:
            entry: of the trail.
            viewer: who looks; numbers in what people are called are masked for whoever sees none.
        """
        told = []
        for name in self.fields:
            if name not in entry.detail:
                continue
            said = entry.detail[name]
            if isinstance(said, list) and len(said) == 2:
                old, new = (self._value(name, value) for value in said)
                text = f"{old} → {new or NOTHING}" if old else new
            elif said == _UNTOLD:
                text = self._words.gettext("written anew")
            else:
                text = self._value(name, said)
            if text:
                told.append((self.fields[name], viewer.shown(text) if name == "assignee" else text))
        return told

    def _value(self, name: str, value: Any) -> str:
        if value is None or value is False or value in ("", 0):
            return ""
        if value is True:
            return self.yes(said=True)
        text = str(value)
        named: Mapping[str, Callable[[str], str]] = {
            "commitment": self.promise,
            "finding": lambda key: self.findings.get(key, key),
            "state": lambda key: self.standings.get(key, key),
            "source": lambda key: self.sources.get(key, key),
        }
        if name in named:
            return named[name](text)
        if name.endswith("_won") and text.isdecimal():
            return self.won(int(text))
        return self._instant(name, text) if name.endswith("_at") else text

    def _instant(self, name: str, text: str) -> str:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return text
        if name == "due_at":
            return self.last_day(at).isoformat()
        local = at.astimezone(self._zone)
        return f"{local:%Y-%m-%d %H:%M}" if (local.hour, local.minute) != (0, 0) else f"{local:%Y-%m-%d}"
