"""Tells the addresses of apprise what is due soon and what is overdue, in one message for all that is new.

Alertmanager hears of the same by the rules of Prometheus, which repeat it for as long as it lasts.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from monitor.errors import ConfigError
from monitor.texts import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from monitor.ledger.reminders import Due
    from monitor.texts import Language

_log = structlog.get_logger(__name__)


class Reminders:
    """Writes the messages, and sends them. `send` blocks for as long as the messengers take.

    Args:
        addresses: URLs of apprise, which may hold passwords and are never shown.
        language: of the messages.
        zone: the centre's.
        page_url: where people reach the page; empty for nowhere.
        names: of each promise with a clock, by its key, in that language.

    Raises:
        ConfigError: apprise does not know an address.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        language: Language,
        zone: tzinfo,
        page_url: str,
        names: Mapping[str, str],
    ) -> None:
        self._text = _ = catalogue(language).gettext
        self._callbacks, self._cases = _("Calls back, {name}: {count}"), _("{name}: {count}")
        self._when = {
            ("overdue", False): _("{what}, overdue since {when}"),
            ("overdue", True): _("{what}, the first overdue since {when}"),
            ("due_soon", False): _("{what}, due by {when}"),
            ("due_soon", True): _("{what}, the first due by {when}"),
        }
        self._zone = zone
        self._page_url = page_url
        self._names = names
        self._addresses = tuple(addresses)
        self._left: dict[int, list[Due]] = {}
        """By address, what it could not be told yet."""
        self._away: set[int] = set()
        """Addresses that could not be reached, of which the log has been told."""
        self._messengers = list(map(_messenger, range(1, len(addresses) + 1), addresses))
        self.sent = 0
        """Messages that were taken."""
        self.failed = 0
        """Tries that failed."""

    def send(self, due: Sequence[Due]) -> bool:
        """Tell what is new, and to each address also what it could not be told before.

        Returns:
            Whether anybody has it now; where nobody has, it is to be tried again.
        """
        before, self._left = self._left, {}
        reached = False
        for number, messenger in enumerate(self._messengers, 1):
            wanted = [*before.get(number, ()), *due]
            if not wanted:
                continue
            if messenger(*self._message(wanted)):
                self.sent += 1
                reached = True
                self._away.discard(number)
            else:
                self.failed += 1
                self._left[number] = wanted
                if number not in self._away:
                    _log.warning("reminder_failed", target=f"apprise {number}", step="It is tried again and again.")
                self._away.add(number)
        if not reached:
            # Whoever asks tries again what is new; the rest is still to be told.
            self._left = before
        return reached

    def go_on_from(self, before: Reminders) -> None:
        """Tell addresses that are still told what they could not be told before."""
        numbers = {address: number for number, address in enumerate(self._addresses, 1)}
        for number, left in before._left.items():
            address = before._addresses[number - 1]
            if address in numbers:
                self._left[numbers[address]] = left

    @property
    def left(self) -> bool:
        """Whether an address is still to be told what others have been told."""
        return bool(self._left)

    # -- words

    def _message(self, due: Sequence[Due]) -> tuple[str, str]:
        """Title and text; nobody's number is in them, and no case's subject."""
        _ = self._text
        counts = Counter(one.level for one in due)
        if len(counts) > 1:
            title = _("Overdue: {overdue}, due soon: {soon}")
        else:
            title = _("Overdue: {overdue}") if counts["overdue"] else _("Due soon: {soon}")
        lines = list(self._lines(due))
        if self._page_url:
            kinds = {one.kind for one in due}
            pages = {"callback": "callbacks", "case": "cases"}
            lines += [f"{self._page_url}/{page}" for kind, page in pages.items() if kind in kinds]
        return title.format(overdue=counts["overdue"], soon=counts["due_soon"]), "\n".join(lines)

    def _lines(self, due: Sequence[Due]) -> Iterator[str]:
        """A line for each line of the centre and each promise: how many, and the earliest deadline; earliest first."""
        counts = Counter((one.level, one.kind, one.of) for one in due)
        first: dict[tuple[str, str, str], datetime] = {}
        for one in due:
            key = (one.level, one.kind, one.of)
            first[key] = min(one.due_at, first.get(key, one.due_at))
        for key in sorted(counts, key=first.__getitem__):
            level, kind, of = key
            text = self._callbacks if kind == "callback" else self._cases
            what = text.format(name=of if kind == "callback" else self._names.get(of, of), count=counts[key])
            when = self._when[level, counts[key] > 1]
            yield when.format(what=what, when=f"{first[key].astimezone(self._zone):%Y-%m-%d %H:%M}")


def _messenger(number: int, address: str) -> Callable[[str, str], bool]:
    from apprise import Apprise, NotifyFormat, NotifyType  # noqa: PLC0415 - takes half a second, and most need none

    # It writes addresses into the log, and passwords with them.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    apprise = Apprise()
    if not apprise.add(address):
        raise ConfigError(
            f"[alerts] apprise: address {number} is none that apprise knows; see https://appriseit.com/services/."
        )

    def send(title: str, body: str) -> bool:
        try:
            return bool(
                apprise.notify(title=title, body=body, notify_type=NotifyType.WARNING, body_format=NotifyFormat.TEXT)
            )
        except Exception as error:  # noqa: BLE001 - whatever a messenger raises, the next message is tried
            _log.debug("reminder_failed", target=f"apprise {number}", exc_info=error)
            return False

    return send
