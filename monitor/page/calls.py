"""The pages of calls: the search, its list as CSV, and one call with its drawing.

Every answer from the ledger is read in a thread, a few at a time, so that a slow ledger holds up neither the board nor
the following of calls.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote

import structlog
from starlette.responses import StreamingResponse
from starlette.routing import Route

from monitor.calls.facts import CallKey, Scope, instant
from monitor.calls.rules import Reading, RingRule, rule_on
from monitor.errors import SearchError, StoreError
from monitor.page.access_forms import NO_CALLS, Refusal, message, told
from monitor.page.callbacks_form import callback_path
from monitor.page.calls_form import read_form
from monitor.page.course import LONGEST_US, may_be_unseen, seen
from monitor.page.csv_out import Cells, csv_chunks, headings
from monitor.page.seen import Seen
from monitor.page.timeline import draw
from monitor.page.viewer import viewer_of
from monitor.texts import TEXTS, catalogue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import Scope as AsgiScope

    from monitor.board import Board
    from monitor.board_records import CallNow
    from monitor.calls.facts import Call, Gap, Transfer
    from monitor.ledger.repository import Repository
    from monitor.ledger.rows import StoredRule
    from monitor.ledger.search import Search
    from monitor.page.calls_form import Form
    from monitor.page.now import SystemSource
    from monitor.page.render import Renderer
    from monitor.page.viewer import Viewer
    from monitor.texts import Language

    Handler = Callable[[Request], Awaitable[Response]]

_log = structlog.get_logger(__name__)

PAGE_SIZE = 50
"""Calls on one page of the list."""
READERS = 2
"""Questions put to the ledger at once."""
TRY_AGAIN_SECONDS = 10
REFRESH_SECONDS = 3
"""After which the page of a call in progress is asked for again."""
WAITS_AT_MOST = 40
"""How often a page is asked for again that waits for a call's record: two minutes, then the call is not known."""
_UNUSUAL = frozenset("+-.() ")

Answer = TypeVar("Answer")


def _(text: str) -> str:
    """Mark a text for the catalogues; it is put into words where it is told."""
    return text


UNKNOWN_CALL = Refusal(
    status=HTTPStatus.NOT_FOUND,
    title=_("No such call"),
    sentence=_("The ledger has no call under this address. Look for it by day and number."),
)
LEDGER_AWAY = Refusal(
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    title=_("Calls cannot be looked up now"),
    sentence=_("The ledger does not answer. The board goes on, and no call is lost; try again in a moment."),
    headers={"retry-after": str(TRY_AGAIN_SECONDS)},
)


class CallPages:
    """The routes below `/calls`.

    Args:
        renderer: makes pages.
        board: what is true now: calls in progress, and the names of queues and agents.
        search: of the ledger.
        repository: the same ledger, for one call and its rules.
        clock: what time it is in the centre.
        lines: names of the configured lines.
        systems: each Asterisk by name, with the clock that its calls in progress are timed by; may grow.
        seen: is told who saw which call.
        callback_of: finds the call back that a call left owed, and may block; None where nobody is called back.
    """

    def __init__(
        self,
        renderer: Renderer,
        board: Board,
        search: Search,
        repository: Repository,
        clock: Callable[[], datetime],
        *,
        lines: Sequence[str] = (),
        systems: Mapping[str, SystemSource] = MappingProxyType({}),
        seen: Seen | None = None,
        callback_of: Callable[[CallKey], object | None] | None = None,
    ) -> None:
        self._seen = seen or Seen(None, clock)
        self._renderer = renderer
        self._board = board
        self._search = search
        self._repository = repository
        self._clock = clock
        self._lines = tuple(lines)
        self._systems = systems
        self._callback_of = callback_of
        self._reading = asyncio.Semaphore(READERS)
        self._rules: dict[str, RingRule | StoredRule] = {rule.label: rule for rule in board.rules}

    @property
    def routes(self) -> list[BaseRoute]:
        """What an application serves."""
        return [
            Route("/calls", self._for_supervisors(self.calls)),
            Route("/calls.csv", self._for_supervisors(self.csv)),
            Route("/calls/{rest:path}", self._for_supervisors(self.call)),
        ]

    def _for_supervisors(self, handler: Handler) -> Handler:
        """Refuse those who may not look at single calls, whatever stands before these routes."""

        async def guarded(request: Request) -> Response:
            if not viewer_of(request).sees_calls:
                return told(NO_CALLS, request, self._renderer)
            return await handler(request)

        return guarded

    async def calls(self, request: Request) -> Response:
        """The form, and the calls it asks for."""
        form = self._form(request)
        chosen = form.chosen
        if chosen is None:
            return self._list(request, form, status=400)
        try:
            found = await self._ask(self._search.calls, chosen, limit=PAGE_SIZE, after=form.after)
            count = await self._ask(self._search.count, chosen)
            await self._know_rules({call.rule for call in found.calls})
        except SearchError:
            # The form holds nothing that the search does not take: what is left is where to go on from.
            return self._list(request, form, status=400, place_lost=True)
        except StoreError as error:
            return self._ledger_away(request, error)
        self._seen.calls(request, "calls", form.values, len(found.calls))
        return self._list(request, form, calls=found.calls, count=count, following=found.next)

    async def csv(self, request: Request) -> Response:
        """What the list shows, all pages of it."""
        form = self._form(request)
        if form.chosen is None:
            return self._list(request, form, status=400)
        language = self._renderer.language_of(request)
        cells = Cells(self._renderer.zone, viewer_of(request), TEXTS[language])
        chunks = csv_chunks(self._headings(language), self._search.stream(form.chosen), cells.row)
        try:
            # Before anything is sent, so that a ledger that is away is told as such, and who sees how much is known.
            count = await self._ask(self._search.count, form.chosen)
            first = await self._ask(_next, chunks)
        except StoreError as error:
            return self._ledger_away(request, error)
        self._seen.calls(request, "calls_csv", form.values, count)
        days = "--".join(dict.fromkeys(form.days))
        return StreamingResponse(
            self._chunks(first, chunks),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="calls-{days}.csv"'},
        )

    async def call(self, request: Request) -> Response:
        """One call: in progress from the board, else from the ledger."""
        key = key_of(request.scope)
        if key is None:
            return told(UNKNOWN_CALL, request, self._renderer)
        live = self._board.calls.get(key)
        if live is not None:
            self._seen.call_in_progress(request, key)
            return self._in_progress(request, live)
        try:
            call = await self._ask(self._repository.call, key)
            await self._know_rules({call.rule} if call is not None else set())
            gaps = await self._gaps(call) if call is not None else []
            calls_back = self._callback_of if call is not None else None
            owed = None if calls_back is None else await self._ask(calls_back, key)
        except StoreError as error:
            return self._ledger_away(request, error)
        if call is not None:
            self._seen.call(request, "call", key)
            return self._finished(request, call, gaps, called_back=owed is not None)
        waited = request.query_params.get("waited", "")
        if waited.isascii() and waited.isdigit() and int(waited[:4]) < WAITS_AT_MOST:
            # It was in progress a moment ago, and its record is on its way into the ledger.
            return message(
                request,
                self._renderer,
                _("The call has ended"),
                _("Its record is being written. This page shows it as soon as it is there."),
                again=f"?waited={int(waited[:4]) + 1}",
                seconds=REFRESH_SECONDS,
            )
        return told(UNKNOWN_CALL, request, self._renderer)

    # What the pages are made of

    def _form(self, request: Request) -> Form:
        now = self._clock()
        headline = self._board.rule_at(now).headline
        return read_form(
            request.query_params,
            now=now,
            zone=self._renderer.zone,
            headline=headline,
            numbers=self._repository.numbers,
        )

    def _list(
        self,
        request: Request,
        form: Form,
        *,
        status: int = 200,
        calls: Sequence[Call] = (),
        count: int | None = None,
        following: str | None = None,
        place_lost: bool = False,
    ) -> Response:
        board = self._board
        agents = {agent.member or agent.agent for agent in board.agents.values()}
        queues = {queue for _, queue in board.queue_callers}
        lines = dict.fromkeys([*self._lines, *([form.values["line"]] if form.values["line"] else [])])
        return self._renderer.page(
            request,
            "calls.html",
            status=status,
            form=form,
            calls=calls,
            count=count,
            following=following,
            place_lost=place_lost,
            lines=list(lines),
            teams=list(dict.fromkeys([*board.teams, *([form.values["team"]] if form.values["team"] else [])])),
            queues=sorted(queues),
            agents=sorted(agents),
            limit=board.rule_at(self._clock()).limit,
            limit_of=lambda call: self._rule_of(call).limit,
            name_of=board.name_of,
        )

    def _in_progress(self, request: Request, call: CallNow) -> Response:
        system = self._systems.get(call.key.system)
        # Its instants are those of its Asterisk's clock, which may go otherwise than the centre's.
        now = self._clock() if system is None else system.now()
        return self._renderer.page(
            request,
            "call_now.html",
            call=call,
            now=now,
            again="?waited=0",
            seconds=REFRESH_SECONDS,
            name_of=lambda agent: self._board.name_of(call.key.system, agent),
        )

    def _finished(self, request: Request, call: Call, gaps: Sequence[Gap], *, called_back: bool) -> Response:
        rule = self._rule_of(call)
        names = {attempt.agent: attempt.member for attempt in call.attempts if attempt.member}
        viewer = viewer_of(request)

        def name_of(agent: str) -> str:
            return names.get(agent) or self._board.name_of(call.key.system, agent)

        return self._renderer.page(
            request,
            "call.html",
            call=call,
            rule=rule,
            rule_known=call.rule in self._rules,
            teams=bool(self._board.teams),
            callback=callback_path(call.key) if called_back else "",
            drawing=draw(call, period_us=rule.period_us, limit=rule.limit, gaps=gaps),
            name_of=name_of,
            target_of=lambda transfer: target_of(transfer, viewer, name_of),
        )

    def _ledger_away(self, request: Request, error: StoreError) -> Response:
        _log.warning("ledger_not_read", reason=str(error))
        return told(LEDGER_AWAY, request, self._renderer)

    def _rule_of(self, call: Call) -> RingRule | StoredRule:
        """The rule that judged a call; where nobody knows it any more, the configured one of its day."""
        known = self._rules.get(call.rule)
        return known or rule_on(self._board.rules, call.filed_at.astimezone(self._renderer.zone).date())

    def _headings(self, language: Language) -> list[str]:
        """The first line of the CSV."""
        limit = self._board.rule_at(self._clock()).limit
        readings = [TEXTS[language].readings[reading].format(limit=limit) for reading in Reading]
        return headings(catalogue(language), readings)

    # The ledger

    async def _ask(self, question: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
        """Put a question to the ledger in a thread."""
        async with self._reading:
            return await asyncio.to_thread(question, *arguments, **named)

    async def _gaps(self, call: Call) -> list[Gap]:
        """When the system of a call was not observed while it lasted."""
        if not may_be_unseen(call):
            return []
        begin_us, end_us = seen(call)
        system = call.key.system
        # What was found going on may have begun long before the first instant that its record holds.
        since_us = begin_us - LONGEST_US
        return await self._ask(self._repository.gaps, instant(since_us), instant(end_us), system=system)

    async def _know_rules(self, labels: set[str]) -> None:
        """Read the ledger's rules where a call was judged by one that is not known here yet."""
        if not labels <= self._rules.keys():
            for rule in await self._ask(self._repository.rules):
                self._rules.setdefault(rule.label, rule)

    async def _chunks(self, first: bytes | None, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        chunk = first
        while chunk is not None:
            yield chunk
            chunk = await self._ask(_next, chunks)


def _next(chunks: Iterator[bytes]) -> bytes | None:
    return next(chunks, None)


def key_of(scope: AsgiScope) -> CallKey | None:
    """The call whose page is asked for; None where the address names none.

    System and linkedid may hold anything, a slash too: an address is taken apart before it is decoded.

    Args:
        scope: of the request; its `raw_path` is what the browser sent.
    """
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    _, found, rest = raw.partition(b"?")[0].decode("ascii", "replace").partition("/calls/")
    system, parted, linkedid = rest.partition("/")
    if not (found and parted):
        return None
    key = CallKey(system=unquote(system), linkedid=unquote(linkedid))
    # No database keeps a NUL in a text, so no call has one in its key.
    return None if "\0" in key.system + key.linkedid else key


def target_of(transfer: Transfer, viewer: Viewer, name_of: Callable[[str], str]) -> str:
    """Whom a caller was passed to: a name, or a number as the viewer may see it.

    Inside the centre a number is an extension; elsewhere it may be somebody's own.
    """
    to = transfer.to
    if transfer.scope is Scope.INSIDE:
        return name_of(to)
    if not (set(to) - _UNUSUAL).issubset("0123456789"):
        return viewer.shown(name_of(to))
    return viewer.number(to)
