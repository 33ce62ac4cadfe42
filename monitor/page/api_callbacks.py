"""What the JSON API answers about calls back: its operation, its models, and its route."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from starlette.responses import Response
from starlette.routing import Route

from monitor.callbacks.entries import ASKED, CallbackQuery, Standing
from monitor.callbacks.settling import Kind, State
from monitor.errors import SearchError, StoreError
from monitor.ledger.filters import MAX_TEXT
from monitor.page import api_parameters as parameters
from monitor.page.access_forms import NO_WORK
from monitor.page.api_document import PREFIX, Operation
from monitor.page.api_models import Answer, Count, Instant
from monitor.page.api_parameters import Parameter
from monitor.page.api_problems import ProblemError, close_to
from monitor.page.viewer import viewer_of
from monitor.replay_json import at_json

if TYPE_CHECKING:
    from starlette.requests import Request

    from monitor.callbacks import entries
    from monitor.callbacks.desk import CallbackDesk
    from monitor.page.seen import Seen
    from monitor.page.viewer import Viewer

_log = structlog.get_logger(__name__)

READERS = 2
"""Questions put to the ledger at once."""
TRY_AGAIN_SECONDS = 10
_INSTANTS = ("owed_at", "due_at", "first_try_at", "last_try_at", "reached_at", "came_again_at", "dropped_at")
_PHONES = ("promised_by", "first_try_by", "last_try_by")
_AS_THEY_ARE = ("kind", "line", "queue", "team", "state", "standing", "tries", "assignee", "others", "notes")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Callback(Answer):
    """A call back that somebody is owed."""

    system: str
    linkedid: str
    """Of the call in which it was promised or which was left, with `system`."""
    kind: Kind
    line: str
    queue: str | None
    team: str | None
    person: str | None
    """Whom to call: a number's normal form, masked unless the reader's role sees numbers; where
    the ledger keeps hashes, the hash, or its mark."""
    owed_at: Instant
    due_at: Instant
    promised_by: str | None
    """The interface of the phone that promised it."""
    state: State
    standing: Standing
    """The state, and of one not called yet how near its deadline is."""
    tries: Count
    first_try_at: Instant | None
    first_try_by: str | None
    last_try_at: Instant | None
    last_try_by: str | None
    reached_at: Instant | None
    came_again_at: Instant | None
    assignee: str | None
    dropped_at: Instant | None
    others: Count
    """How many more calls back this person is owed."""
    notes: Count


class Callbacks(Answer):
    """A page of calls back."""

    callbacks: list[Callback]
    count: Count
    """How many there are on all pages."""
    next: str | None
    """Give it as `after` for the next page; null where this is the last one."""


def _word(name: str, words: tuple[str, ...], description: str) -> Parameter:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(close_to(text, words))
        return text

    schema = {"type": "string", "enum": list(words)}
    return Parameter(name=name, filter_name=name, description=description, schema=schema, read=read)


def _text(name: str, description: str, example: str) -> Parameter:
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    return Parameter(name=name, filter_name=name, description=description, schema=schema, example=example)


OF_CALLBACKS = (
    _word(
        "state",
        ASKED,
        "Where they stand. `to_do`, which is meant where nothing is said, and what is due come the oldest due first, "
        "and a person who left several times once; others come the newest first.",
    ),
    _word("kind", tuple(Kind), "Why the person is to be called."),
    _text("line", "Only this line's.", "1588-6565"),
    _text("team", "Only this team's.", "원격응대팀"),
    _text("assignee", "Only those that this person is to do.", "kim"),
    *parameters.PAGING,
)
CALLBACKS = Operation(
    path="/callbacks",
    name="callbacks",
    summary="Calls back",
    description="Whom the centre owes a call, and what came of it.",
    answer=Callbacks,
    parameters=OF_CALLBACKS,
    supervisors=True,
)
CALLBACK_OPERATIONS = (CALLBACKS,)


class CallbackApi:
    """The route of calls back below `/api/v1`; it stands before those of `monitor.page.api`.

    Args:
        desk: finds them.
        seen: is told who saw how many.
    """

    def __init__(self, desk: CallbackDesk, seen: Seen) -> None:
        self._desk = desk
        self._seen = seen
        self._turn = asyncio.Semaphore(READERS)

    @property
    def routes(self) -> list[Route]:
        """What an application serves."""
        return [Route(f"{PREFIX}{CALLBACKS.path}", self._endpoint, methods=_METHODS, name=CALLBACKS.name)]

    async def _endpoint(self, request: Request) -> Response:
        try:
            answer = await self._answer(request)
        except ProblemError as problem:
            return problem.answer()
        return Response(answer.model_dump_json(), media_type="application/json")

    async def _answer(self, request: Request) -> Callbacks:
        viewer = viewer_of(request)
        if request.method not in ("GET", "HEAD"):
            sentence, allowed = "Nothing can be changed here: read with GET.", {"allow": "GET, HEAD"}
            raise ProblemError(HTTPStatus.METHOD_NOT_ALLOWED, sentence, headers=allowed)
        if not viewer.sees_calls:
            raise ProblemError(NO_WORK.status, NO_WORK.sentence)
        asked = dict(parameters.read(request.query_params.multi_items(), OF_CALLBACKS).values)
        if "kind" in asked:
            asked["kind"] = Kind(asked["kind"])
        try:
            query = CallbackQuery(**{"limit": parameters.LIMIT, **asked})
            async with self._turn:
                found = await asyncio.to_thread(self._desk.find, query)
        except SearchError as error:
            raise ProblemError(HTTPStatus.BAD_REQUEST, str(error), parameter=error.field) from None
        except StoreError as error:
            _log.warning("ledger_not_read", reason=str(error))
            sentence = "The ledger cannot be read now; the monitor's log says why."
            later = {"retry-after": str(TRY_AGAIN_SECONDS)}
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, sentence, headers=later) from error
        self._seen.calls(request, "api_callbacks", request.query_params, len(found.callbacks))
        told = [_told(one, viewer) for one in found.callbacks]
        return Callbacks(callbacks=told, count=found.count, next=found.next)


def _told(one: entries.Callback, viewer: Viewer) -> Callback:
    said: dict[str, Any] = {
        "system": one.key.system,
        "linkedid": one.key.linkedid,
        "person": None if one.person is None else viewer.number_as_stored(one.person),
    }
    said |= {name: getattr(one, name) for name in _AS_THEY_ARE}
    said |= {name: None if (at := getattr(one, name)) is None else at_json(at) for name in _INSTANTS}
    said |= {name: None if (phone := getattr(one, name)) is None else viewer.shown(phone) for name in _PHONES}
    return Callback(**said)
