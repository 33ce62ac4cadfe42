"""The pages of reviews: what is to be reviewed and what it came to, and the form of one call.

Who may do what is the desk's to decide (`monitor.reviews.desk`); here it is shown, and told in the viewer's language.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from starlette.responses import RedirectResponse
from starlette.routing import Route

from monitor.calls.formulas import agreement
from monitor.errors import ReviewError, StoreError
from monitor.page.access_forms import NO_WORK, Refusal, told
from monitor.page.calls import LEDGER_AWAY, key_of, target_of
from monitor.page.reviews_form import PAGE_SIZE, UNHEARD, before_marking, read_marks, read_question
from monitor.page.viewer import viewer_of
from monitor.reviews.desk import NOTE_AT_MOST, State

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from monitor.calls.facts import Call, CallKey
    from monitor.ledger.repository import Repository
    from monitor.page.render import Renderer
    from monitor.page.reviews_form import Marked
    from monitor.page.seen import Seen
    from monitor.reviews.desk import ReviewDesk, Sheet

    Handler = Callable[[Request], Awaitable[Response]]

_log = structlog.get_logger(__name__)

READERS = 2
"""Questions put to the ledger at once."""

Answer = TypeVar("Answer")


def _(text: str) -> str:
    """Mark a text for the catalogues; it is put into words where it is told."""
    return text


NOT_SAMPLED = Refusal(
    status=HTTPStatus.NOT_FOUND,
    title=_("Not in a sample"),
    sentence=_("This call was not drawn for review. Choose one of the list."),
)
REFUSED = {
    "nobody": _("Reviews are signed with a name: set up [[web.user]] tables, and sign in. Nothing was saved."),
    "own": _("Your own agents answered this call, so that somebody else reviews it. Nothing was saved."),
    "complete": _("All who are to review this call have. Nothing was saved."),
    "given": _("Somebody else has reviewed this call since, so that yours stays as it is. Nothing was saved."),
    "closed": _("A review can be corrected for 30 days. Nothing was saved."),
}
"""Why the desk refuses a review, in words."""


class ReviewPages:
    """The routes below `/reviews`.

    Args:
        renderer: makes pages.
        desk: keeps reviews, and knows who may.
        repository: the ledger, for what a call's record says.
        seen: is told who saw which calls.
    """

    def __init__(self, renderer: Renderer, desk: ReviewDesk, repository: Repository, seen: Seen) -> None:
        renderer.offered.add("reviews")
        self._renderer = renderer
        self._desk = desk
        self._repository = repository
        self._seen = seen
        self._reading = asyncio.Semaphore(READERS)

    @property
    def routes(self) -> list[BaseRoute]:
        """What an application serves."""
        return [
            Route("/reviews", self._for_supervisors(self.index), methods=["GET"]),
            Route("/reviews/calls/{rest:path}", self._for_supervisors(self.sheet), methods=["GET"]),
            Route("/reviews/calls/{rest:path}", self._for_supervisors(self.give), methods=["POST"]),
        ]

    def _for_supervisors(self, handler: Handler) -> Handler:
        """Refuse those who may not look at single calls, whatever stands before these routes."""

        async def guarded(request: Request) -> Response:
            if not viewer_of(request).sees_calls:
                return told(NO_WORK, request, self._renderer)
            try:
                return await handler(request)
            except StoreError as error:
                _log.warning("ledger_not_read", reason=str(error))
                return told(LEDGER_AWAY, request, self._renderer)

        return guarded

    async def index(self, request: Request) -> Response:
        """The calls of a month's sample, and what their reviews come to."""
        who = viewer_of(request).name
        months = await self._ask(self._desk.months)
        asked = read_question(request.query_params, months)
        found = figures = None
        if asked.query is not None:
            found = await self._ask(self._desk.find, asked.query, who)
            figures = await self._ask(self._desk.figures, asked.query.month)
            self._seen.calls(request, "reviews", asked.values, len(found.sampled))
        return self._renderer.page(
            request,
            "reviews.html",
            status=HTTPStatus.BAD_REQUEST if asked.faults else HTTPStatus.OK,
            chosen=asked,
            months=[f"{month:%Y-%m}" for month in months],
            found=found,
            figures=figures,
            pages=1 if found is None else max(1, -(-found.count // PAGE_SIZE)),
            states=State,
            known=self._desk.may_review(who),
            saved="saved" in request.query_params,
            agreement=agreement,
        )

    async def sheet(self, request: Request) -> Response:
        """One call with its form."""
        key, sheet = await self._sheet(request)
        if key is None or sheet is None:
            return told(NOT_SAMPLED, request, self._renderer)
        return await self._page(request, key, sheet, before_marking(sheet.definition, sheet.mine))

    async def give(self, request: Request) -> Response:
        """Keep what somebody marked."""
        who = viewer_of(request).name
        key, sheet = await self._sheet(request)
        if key is None or sheet is None:
            return told(NOT_SAMPLED, request, self._renderer)
        marked = read_marks(request.state.form, sheet.definition)
        if marked.faults:
            return await self._page(request, key, sheet, marked, status=HTTPStatus.BAD_REQUEST)
        try:
            await self._ask(self._desk.give, key, marked.marks, marked.note, who)
        except ReviewError as error:
            _log.info("review_refused", reason=error.reason, by=who)
            # Somebody may have been faster: it is shown as it is now.
            _key, now = await self._sheet(request)
            refused = REFUSED.get(error.reason, str(error))
            return await self._page(request, key, now or sheet, marked, status=HTTPStatus.CONFLICT, refused=refused)
        _log.info("review_saved", by=who, month=f"{sheet.sampled.month:%Y-%m}")
        return RedirectResponse(f"/reviews?month={sheet.sampled.month:%Y-%m}&saved=1", HTTPStatus.SEE_OTHER)

    # What the pages are made of

    async def _sheet(self, request: Request) -> tuple[CallKey | None, Sheet | None]:
        key = key_of(request.scope)
        if key is None:
            return None, None
        return key, await self._ask(self._desk.get, key, viewer_of(request).name)

    async def _page(
        self,
        request: Request,
        key: CallKey,
        sheet: Sheet,
        marked: Marked,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        refused: str = "",
    ) -> Response:
        call: Call | None = await self._ask(self._repository.call, key)
        viewer = viewer_of(request)
        names = {} if call is None else {attempt.agent: attempt.member for attempt in call.attempts if attempt.member}

        def name_of(agent: str) -> str:
            return names.get(agent) or agent

        self._seen.call(request, "review", key)
        return self._renderer.page(
            request,
            "review.html",
            status=status,
            sheet=sheet,
            call=call,
            marked=marked,
            refused=refused,
            known=self._desk.may_review(viewer.name),
            states=State,
            unheard=UNHEARD,
            note_at_most=NOTE_AT_MOST,
            target_of=lambda transfer: target_of(transfer, viewer, name_of),
        )

    async def _ask(self, question: Callable[..., Answer], *arguments: Any) -> Answer:
        """Put a question to the ledger in a thread."""
        async with self._reading:
            return await asyncio.to_thread(question, *arguments)
