"""The JSON API under `/api/v1`: what the page shows, for programs. It only reads.

Questions to the ledger run in threads, a few at a time, so that neither the board nor the following of calls waits for
them; who finds all of them taken for too long is told when to ask again.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.errors import SearchError, StoreError
from monitor.ledger.filters import CallFilter, TransferFilter, hashed_caller
from monitor.ledger.statistics import period_statistics
from monitor.page import api_answers as answers
from monitor.page import api_models as model
from monitor.page import api_models_statistics as period_model
from monitor.page import api_parameters as parameters
from monitor.page.api_document import PREFIX, Operation, document
from monitor.page.api_problems import ProblemError, close_to
from monitor.page.calls import key_of
from monitor.page.now import Now
from monitor.page.seen import Seen
from monitor.page.viewer import viewer_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from monitor.board import Board
    from monitor.ledger.repository import Repository
    from monitor.ledger.search import Search
    from monitor.page.api_parameters import Asked
    from monitor.page.now import Source, SystemSource
    from monitor.page.viewer import Viewer

    Handler = Callable[[Request, Asked], Awaitable[model.Answer]]

_log = structlog.get_logger(__name__)

READERS = 2
"""Questions put to the ledger at once."""
WAIT_SECONDS = 10.0
"""How long a question waits for those before it."""
TRY_AGAIN_SECONDS = 10
MASKED_DIGITS = 4
"""Of a number, all that those may search by who see it masked: with more they could find the hidden ones by trying."""
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

Result = TypeVar("Result")

BOARD = Operation(
    path="/board",
    name="board",
    summary="What is true now",
    description="Calls that go on, agents, systems, today's figures, the last breaches and transfers.",
    answer=model.Board,
    ledger=False,
)
STATISTICS = Operation(
    path="/statistics",
    name="statistics",
    summary="The figures of a period",
    description="Counted by the ledger over the calls that are filed under the period.",
    answer=period_model.Statistics,
    parameters=parameters.OF_STATISTICS,
)
CALLS = Operation(
    path="/calls",
    name="calls",
    summary="Calls of a period",
    description="Those that meet everything that is asked for, the newest first.",
    answer=model.Calls,
    parameters=(*parameters.OF_CALLS, *parameters.PAGING),
    supervisors=True,
)
CALL = Operation(
    path="/calls/{system}/{linkedid}",
    name="call",
    summary="One call",
    description="A call that has ended. One that goes on is on the board.",
    answer=model.Call,
    supervisors=True,
)
TRANSFERS = Operation(
    path="/transfers",
    name="transfers",
    summary="Transfers of a period",
    description="By the instant they were made, the newest first.",
    answer=model.Transfers,
    parameters=(*parameters.OF_TRANSFERS, *parameters.PAGING),
    supervisors=True,
)
OPERATIONS = (BOARD, STATISTICS, CALLS, CALL, TRANSFERS)


class Api:
    """The routes below `/api/v1`.

    Args:
        board: what is true now.
        systems: each Asterisk by name; may grow.
        source: the ledger, as far as its health goes.
        search: of the ledger.
        repository: the same ledger, for one call.
        clock: the time in the centre.
        seen: is told who saw which call.
        further: operations of other routes, which the document is to name too.
    """

    def __init__(
        self,
        *,
        board: Board,
        systems: Mapping[str, SystemSource],
        source: Source,
        search: Search,
        repository: Repository,
        clock: Callable[[], datetime],
        seen: Seen | None = None,
        further: Sequence[Operation] = (),
    ) -> None:
        self._seen = seen or Seen(None, clock)
        self._board = board
        self._systems = systems
        self._source = source
        self._search = search
        self._repository = repository
        self._clock = clock
        self._reading = asyncio.Semaphore(READERS)
        self._operations = (*OPERATIONS, *further)
        self._document = document(self._operations)

    @property
    def routes(self) -> list[BaseRoute]:
        """What an application serves."""
        return [
            self._route(PREFIX + BOARD.path, BOARD, self._answer_board),
            self._route(PREFIX + STATISTICS.path, STATISTICS, self._answer_statistics),
            self._route(PREFIX + CALLS.path, CALLS, self._answer_calls),
            self._route(PREFIX + TRANSFERS.path, TRANSFERS, self._answer_transfers),
            # A system's name and a linkedid may hold a slash, which the address has as %2F.
            self._route(f"{PREFIX}/calls/{{rest:path}}", CALL, self._answer_call),
            Route(f"{PREFIX}/openapi.json", self._openapi),
            Route(PREFIX, self._unknown, methods=_METHODS),
            Route(f"{PREFIX}/{{rest:path}}", self._unknown, methods=_METHODS),
        ]

    def _route(self, path: str, operation: Operation, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                _only_reads(request)
                _may_ask(request, operation)
                asked = parameters.read(request.query_params.multi_items(), operation.parameters)
                answer = await handler(request, asked)
            except ProblemError as problem:
                return problem.answer()
            except SearchError as error:
                return _as_problem(error, operation).answer()
            return Response(answer.model_dump_json(), media_type="application/json")

        return Route(path, endpoint, methods=_METHODS, name=operation.name)

    # Answers

    async def _answer_board(self, request: Request, _asked: Asked) -> model.Board:
        now = Now(self._board, self._systems, self._source, self._clock())
        return answers.board(now, self._systems, viewer_of(request))

    async def _answer_statistics(self, _request: Request, asked: Asked) -> period_model.Statistics:
        now = self._clock()
        since, until = asked.period(now, self._board.zone)
        chosen = CallFilter(since=since, until=until, **asked.others("within_seconds", "by"))
        within = {name: value for name, value in asked.values.items() if name == "within_seconds"}
        within["by_team"] = "by" in asked.values
        figures = await self._ask(
            lambda: period_statistics(self._search.store, chosen, now=now, systems=tuple(self._systems), **within)
        )
        return answers.statistics(figures, chosen)

    async def _answer_calls(self, request: Request, asked: Asked) -> model.Calls:
        viewer = viewer_of(request)
        since, until = asked.period(self._clock(), self._board.zone)
        others = asked.others("limit", "after")
        numbers = self._repository.numbers
        if numbers.hashed and "number_ends" in others:
            others |= hashed_caller(others.pop("number_ends"), numbers)
        chosen = CallFilter(since=since, until=until, **others)
        _guesses_nothing(chosen, viewer)

        def find() -> model.Calls:
            found = self._search.calls(chosen, **_page(asked))
            return model.Calls(calls=[answers.call(call, viewer) for call in found.calls], next=found.next)

        answer = await self._ask(find)
        self._seen.calls(request, "api_calls", request.query_params, len(answer.calls))
        return answer

    async def _answer_call(self, request: Request, _asked: Asked) -> model.Call:
        viewer = viewer_of(request)
        key = key_of(request.scope)
        call = await self._ask(lambda: self._repository.call(key)) if key is not None else None
        if key is not None and call is not None:
            self._seen.call(request, "api_call", key)
            return answers.call(call, viewer)
        if key is not None and key in self._board.calls:
            raise ProblemError(
                HTTPStatus.NOT_FOUND, f"This call goes on: read {PREFIX}/board, or ask when it has ended."
            )
        raise ProblemError(
            HTTPStatus.NOT_FOUND, f"There is no such call: give system and linkedid as {PREFIX}/calls tells them."
        )

    async def _answer_transfers(self, request: Request, asked: Asked) -> model.Transfers:
        viewer = viewer_of(request)
        since, until = asked.period(self._clock(), self._board.zone)
        chosen = TransferFilter(since=since, until=until, **asked.others("limit", "after"))

        def find() -> model.Transfers:
            found = self._search.transfers(chosen, **_page(asked))
            transfers = [answers.transfer(transfer, viewer) for transfer in found.transfers]
            return model.Transfers(transfers=transfers, next=found.next)

        answer = await self._ask(find)
        self._seen.calls(request, "api_transfers", request.query_params, len(answer.transfers))
        return answer

    async def _openapi(self, _request: Request) -> Response:
        return JSONResponse(self._document)

    async def _unknown(self, request: Request) -> Response:
        path = request.url.path.removeprefix(PREFIX)
        known = [*dict.fromkeys(operation.path for operation in self._operations), "/openapi.json"]
        return ProblemError(HTTPStatus.NOT_FOUND, f"Nothing is here: {close_to(path, known)}").answer()

    # The ledger

    async def _ask(self, question: Callable[[], Result]) -> Result:
        """Put a question to the ledger in a thread.

        Raises:
            ProblemError: the ledger is away, or too many ask.
        """
        async with self._turn():
            try:
                return await asyncio.to_thread(question)
            except StoreError as error:
                _log.warning("ledger_not_read", reason=str(error))
                raise _later("The ledger cannot be read now; the monitor's log says why.") from error

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._reading.acquire()
        except TimeoutError:
            raise _later("Others ask the ledger for much at this moment: ask again, or for a shorter period.") from None
        try:
            yield
        finally:
            self._reading.release()


def _only_reads(request: Request) -> None:
    if request.method not in ("GET", "HEAD"):
        raise ProblemError(
            HTTPStatus.METHOD_NOT_ALLOWED, "Nothing can be changed here: read with GET.", headers={"allow": "GET, HEAD"}
        )


def _may_ask(request: Request, operation: Operation) -> None:
    if operation.supervisors and not viewer_of(request).sees_calls:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "Your role sees figures: single calls are shown to supervisors only.",
        )


def _guesses_nothing(chosen: CallFilter, viewer: Viewer) -> None:
    if not viewer.numbers and len(chosen.number_ends or "") > MASKED_DIGITS:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            f"Your role sees numbers masked and may search by their last {MASKED_DIGITS} digits: give no more.",
            parameter="number",
        )


def _page(asked: Asked) -> dict[str, Any]:
    return {"limit": asked.values.get("limit", parameters.LIMIT), "after": asked.values.get("after")}


def _as_problem(error: SearchError, operation: Operation) -> ProblemError:
    """What the ledger's filters find wrong, by the parameter's own name."""
    names = {parameter.filter_name: parameter.name for parameter in operation.parameters}
    return ProblemError(HTTPStatus.BAD_REQUEST, str(error), parameter=names.get(error.field))


def _later(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"retry-after": str(TRY_AGAIN_SECONDS)})
