"""The pages of calls back: the list to work from, and one of them with all that is known of its person.

What became of one by telephone is seen, and nobody enters it; the forms here are for what a telephone cannot tell.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from starlette.responses import RedirectResponse
from starlette.routing import Route

from monitor.callbacks.desk import NAME_AT_MOST, NOTE_AT_MOST, CallbackError
from monitor.callbacks.entries import ASKED
from monitor.errors import SearchError, StoreError
from monitor.page.access_forms import NO_WORK, Refusal, told
from monitor.page.callbacks_form import PAGE_SIZE, back_to, callback_path, key_below, read_list
from monitor.page.calls import TRY_AGAIN_SECONDS
from monitor.page.seen import NOBODY
from monitor.page.viewer import viewer_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from monitor.board import Board
    from monitor.callbacks.desk import CallbackDesk
    from monitor.callbacks.entries import Callback, Found
    from monitor.page.callbacks_form import ListForm
    from monitor.page.render import Renderer
    from monitor.page.seen import Seen

    Handler = Callable[[Request], Awaitable[Response]]

READERS = 2
"""Questions put to the ledger at once."""
_STEPS = ("assign", "note", "drop", "reopen")

Answer = TypeVar("Answer")

_log = structlog.get_logger(__name__)


def _(text: str) -> str:
    """Mark a text for the catalogues; it is put into words where it is told."""
    return text


UNKNOWN = Refusal(
    status=HTTPStatus.NOT_FOUND,
    title=_("No such call back"),
    sentence=_("Nobody is owed a call back for this call. Look for it in the list."),
)
LEDGER_AWAY = Refusal(
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    title=_("Calls back cannot be looked up now"),
    sentence=_("The ledger does not answer, and nothing was changed. Try again in a moment."),
    headers={"retry-after": str(TRY_AGAIN_SECONDS)},
)
_CONFLICTS = ("changed", "done", "not_dropped")
"""Faults that are nobody's: somebody was quicker, or the telephone was."""


class CallbackPages:
    """The routes below `/callbacks`.

    Args:
        renderer: makes pages, and offers these in its navigation from now on.
        desk: works on calls back.
        board: knows the names of agents and teams.
        clock: what time it is in the centre.
        lines: names of the configured lines.
        seen: is told who saw which calls.
    """

    def __init__(
        self,
        renderer: Renderer,
        desk: CallbackDesk,
        board: Board,
        clock: Callable[[], datetime],
        *,
        lines: Sequence[str],
        seen: Seen,
    ) -> None:
        renderer.offered.add("callbacks")
        self._renderer = renderer
        self._desk = desk
        self._board = board
        self._clock = clock
        self._lines = tuple(lines)
        self._seen = seen
        self._turn = asyncio.Semaphore(READERS)

    @property
    def routes(self) -> list[BaseRoute]:
        """What an application serves."""
        guarded = self._for_supervisors
        return [
            Route("/callbacks", guarded(self.index), methods=["GET"]),
            Route("/callbacks/{rest:path}", guarded(self.one), methods=["GET"]),
            Route("/callbacks/{rest:path}", guarded(self.step), methods=["POST"]),
        ]

    def _for_supervisors(self, handler: Handler) -> Handler:
        """Refuse those who may not look at single calls, whatever stands before these routes; tell of a ledger away."""

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
        """The list to work from."""
        viewer = viewer_of(request)
        form = read_list(request.query_params, who=viewer.name, lines=self._lines, teams=tuple(self._board.teams))
        if form.query is None:
            return self._list(request, form, status=HTTPStatus.BAD_REQUEST)
        try:
            found = await self._ask(self._desk.find, form.query)
        except SearchError:
            # The form holds nothing that the search does not take: what is left is where to go on from.
            return self._list(request, form, status=HTTPStatus.BAD_REQUEST, place_lost=True)
        self._seen.calls(request, "callbacks", form.values, len(found.callbacks))
        return self._list(request, form, found=found)

    async def one(self, request: Request) -> Response:
        """One call back, with both histories and what people wrote."""
        callback = await self._found(request)
        if callback is None:
            return told(UNKNOWN, request, self._renderer)
        return await self._page(request, callback)

    async def step(self, request: Request) -> Response:
        """Do what a form says with one call back."""
        key = key_below(request.scope)
        form: Mapping[str, str] = request.state.form
        step = form.get("step", "")
        if key is None or step not in _STEPS:
            return told(UNKNOWN, request, self._renderer)
        by = viewer_of(request).name or NOBODY
        text, seen = form.get("text", ""), form.get("seen")
        try:
            if step == "assign":
                await self._ask(self._desk.assign, key, form.get("assignee"), by, seen=seen)
            elif step == "note":
                await self._ask(self._desk.note, key, text, by)
            elif step == "drop":
                await self._ask(self._desk.drop, key, text, by, seen=seen)
            else:
                await self._ask(self._desk.reopen, key, text, by, seen=seen)
        except CallbackError as error:
            return await self._not_done(request, error, form)
        _log.info("callback_worked_on", step=step, by=by)
        return RedirectResponse(back_to(form.get("back", "")) or callback_path(key), HTTPStatus.SEE_OTHER)

    async def _not_done(self, request: Request, error: CallbackError, form: Mapping[str, str]) -> Response:
        """Show how it stands now, with what was written kept."""
        callback = await self._found(request)
        if callback is None:
            return told(UNKNOWN, request, self._renderer)
        status = HTTPStatus.CONFLICT if error.fault in _CONFLICTS else HTTPStatus.BAD_REQUEST
        return await self._page(request, callback, status=status, error=error, typed=form)

    # What the pages are made of

    async def _found(self, request: Request) -> Callback | None:
        key = key_below(request.scope)
        return None if key is None else await self._ask(self._desk.get, key)

    async def _page(
        self,
        request: Request,
        callback: Callback,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        error: CallbackError | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        history = await self._ask(self._desk.history, callback)
        notes = await self._ask(self._desk.notes, callback.key)
        self._seen.call(request, "callback", callback.key)
        typed = typed or {}
        return self._renderer.page(
            request,
            "callback.html",
            status=status,
            callback=callback,
            history=history,
            notes=notes,
            error=error,
            step=typed.get("step", ""),
            typed=typed,
            note_at_most=NOTE_AT_MOST,
            name_at_most=NAME_AT_MOST,
            agents=self._names(),
            **self._words(),
        )

    def _list(
        self,
        request: Request,
        form: ListForm,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        found: Found | None = None,
        place_lost: bool = False,
    ) -> Response:
        lines = dict.fromkeys([*self._lines, *([form.values["line"]] if form.values["line"] else [])])
        teams = dict.fromkeys([*self._board.teams, *([form.values["team"]] if form.values["team"] else [])])
        return self._renderer.page(
            request,
            "callbacks.html",
            status=status,
            form=form,
            found=found,
            place_lost=place_lost,
            states=ASKED,
            lines=list(lines),
            teams=list(teams),
            page_size=PAGE_SIZE,
            **self._words(),
        )

    def _words(self) -> dict[str, Any]:
        now = self._clock()
        return {
            "now": now,
            "today": self._renderer.day(now),
            "name_of": self._name_of,
            "callback_path": callback_path,
        }

    def _name_of(self, system: str, agent: str) -> str:
        """What people call an interface; a call out may have been made on another system than the call in."""
        for one in dict.fromkeys((system, *sorted({key[0] for key in self._board.agents}))):
            name = self._board.name_of(one, agent)
            if name != agent:
                return name
        return agent

    def _names(self) -> list[str]:
        return sorted({agent.member or agent.agent for agent in self._board.agents.values()})

    async def _ask(self, question: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
        """Put a question to the ledger in a thread."""
        async with self._turn:
            return await asyncio.to_thread(question, *arguments, **named)
