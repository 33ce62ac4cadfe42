"""Tells the access log who saw which calls: each page that shows them, and each answer and file that holds them."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from monitor.addresses import is_loopback
from monitor.ledger.access_log import Access
from monitor.masking import masked_within
from monitor.page.viewer import viewer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request

    from monitor.calls.facts import CallKey

AGAIN = timedelta(minutes=30)
"""A page of a call in progress asks for itself again every few seconds; so long it is seen once."""
_REMEMBERED = 1_000
_DETAIL_AT_MOST = 500
_DAYS = frozenset({"from", "to"})
_UNSAID = frozenset({"after", "lang"})
"""Where a page of the list goes on from, and in which language, is nothing that was asked for."""
NOBODY = "-"
"""Who looks where nobody need sign in."""


class Accesses(Protocol):
    """Takes what was seen; `monitor.ledger.access_log.AccessLog` is one."""

    def record(self, access: Access) -> None:
        """Take an access; returns at once and never raises."""
        ...


class Seen:
    """Tells of what was seen. Belongs to the event loop's thread.

    Args:
        log: where it is written down; None for nowhere.
        clock: the present, aware.
    """

    def __init__(self, log: Accesses | None, clock: Callable[[], datetime]) -> None:
        self._log = log
        self._clock = clock
        self._lately: OrderedDict[tuple[str, str, CallKey], datetime] = OrderedDict()

    def call(self, request: Request, action: str, key: CallKey) -> None:
        """One call was shown."""
        self._record(request, action, key=key)

    def call_in_progress(self, request: Request, key: CallKey) -> None:
        """A call in progress was shown, on a page that shows it anew every few seconds."""
        now = self._clock()
        who = (viewer_of(request).name, _address(request), key)
        last_at = self._lately.get(who)
        if last_at is not None and last_at <= now < last_at + AGAIN:
            return
        self._lately[who] = now
        self._lately.move_to_end(who)
        while len(self._lately) > _REMEMBERED:
            self._lately.popitem(last=False)
        self._record(request, "call_now", key=key)

    def calls(self, request: Request, action: str, asked: Mapping[str, object], calls: int) -> None:
        """Many calls were shown.

        Args:
            request: who asked.
            action: in which form, as in `calls_csv`.
            asked: for which, by field.
            calls: how many.
        """
        self._record(request, action, detail=in_words(asked), calls=calls)

    def case(self, request: Request, action: str, reference: str) -> None:
        """One case of a promise was shown, which may come from no call."""
        self._record(request, action, detail=reference, calls=0)

    def file(self, request: Request, name: str) -> None:
        """A file was given out that lists calls."""
        self._record(request, "report", detail=name, calls=0)

    def _record(
        self, request: Request, action: str, *, key: CallKey | None = None, detail: str = "", calls: int = 1
    ) -> None:
        if self._log is None:
            return
        viewer = viewer_of(request)
        self._log.record(
            Access(
                at=self._clock(),
                who=viewer.name or NOBODY,
                role=viewer.role,
                address=_address(request),
                action=action,
                system=None if key is None else key.system,
                linkedid=None if key is None else key.linkedid,
                detail=detail[:_DETAIL_AT_MOST],
                calls=calls,
            )
        )


def in_words(asked: Mapping[str, object]) -> str:
    """What was asked for, as in `from=2026-11-25 queue=support number=…`: of a number only that one was given."""
    said = ((name, _said(name, str(value))) for name, value in asked.items() if value and name not in _UNSAID)
    return " ".join(f"{name}={value}" for name, value in said)


def _said(name: str, value: str) -> str:
    if name == "number":
        return "…"
    # A day has as many digits as a number, and is told.
    return value if name in _DAYS else masked_within(value)


def _address(request: Request) -> str:
    host = request.client.host if request.client else ""
    return "" if is_loopback(host) else host
