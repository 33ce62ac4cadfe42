"""How the pages of cases put questions to the ledger: in threads, a few at a time, so that the board never waits."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from monitor.commitments.cases import Actor
from monitor.errors import StoreError
from monitor.page.access_forms import Refusal, Refused
from monitor.page.seen import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.page.viewer import Viewer

READERS = 2
"""Questions put to the ledger at once."""
TRY_AGAIN_SECONDS = 10
Answer = TypeVar("Answer")

_log = structlog.get_logger(__name__)


def _(text: str) -> str:
    """Mark a text for the catalogues; it is put into words where it is told."""
    return text


LEDGER_AWAY = Refusal(
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    title=_("Cases cannot be looked up now"),
    sentence=_("The ledger does not answer, and nothing was changed. Try again in a moment."),
    headers={"retry-after": str(TRY_AGAIN_SECONDS)},
)


class Asking:
    """Takes turns at the ledger."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(READERS)

    async def __call__(self, question: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
        """Put a question to the ledger in a thread.

        Raises:
            Refused: the ledger is away.
        """
        async with self._turn:
            try:
                return await asyncio.to_thread(question, *arguments, **named)
            except StoreError as error:
                _log.warning("ledger_not_read", reason=str(error))
                raise Refused(LEDGER_AWAY) from error


def actor_of(viewer: Viewer) -> Actor:
    """Who does something, as the audit trail has it."""
    return Actor(viewer.name or NOBODY, viewer.role)
