"""The pages of cases: the list by due date, a case with its clock and all that can be done about it, and a new one."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from starlette.responses import RedirectResponse, StreamingResponse
from starlette.routing import Route

from monitor.calls.facts import CallKey
from monitor.commitments.cases import CaseError
from monitor.commitments.contacts import shown
from monitor.page.access_forms import NO_WORK, Refusal, Refused, told
from monitor.page.cases_asking import Asking, actor_of
from monitor.page.cases_clock import clock_of
from monitor.page.cases_csv import CaseCells, case_chunks
from monitor.page.cases_form import (
    LIST_FIELDS,
    NEW_FIELDS,
    STEPS,
    Typed,
    read_list,
    read_new,
    read_step,
    seen_mark,
    values_of,
)
from monitor.page.cases_words import CaseWords
from monitor.page.render import case_path
from monitor.page.viewer import viewer_of
from monitor.texts import catalogue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from monitor.calls.facts import Call
    from monitor.commitments.cases import Case
    from monitor.commitments.desk import CaseDesk
    from monitor.page.cases_form import ListForm
    from monitor.page.render import Renderer
    from monitor.page.seen import Seen
    from monitor.texts import Language

    Handler = Callable[[Request], Awaitable[Response]]

_log = structlog.get_logger(__name__)

PAGE_SIZE = 50
"""Cases on one page of the list."""


def _(text: str) -> str:
    """Mark a text for the catalogues; it is put into words where it is told."""
    return text


UNKNOWN_CASE = Refusal(
    status=HTTPStatus.NOT_FOUND,
    title=_("No such case"),
    sentence=_("There is no case under this reference. Look for it in the list of cases."),
)


class CasePages:
    """The routes below `/cases`, without the one that brings in a file.

    Args:
        renderer: makes pages.
        desk: where cases are kept.
        call_of: finds a call of the ledger. May block, and raise a `StoreError`.
        seen: is told who saw which cases.
        asking: takes turns at the ledger.
    """

    def __init__(
        self,
        renderer: Renderer,
        desk: CaseDesk,
        *,
        call_of: Callable[[CallKey], Call | None],
        seen: Seen,
        asking: Asking,
    ) -> None:
        self._renderer = renderer
        self._desk = desk
        self._call_of = call_of
        self._seen = seen
        self._ask = asking

    @property
    def routes(self) -> list[BaseRoute]:
        """What an application serves; a reference may hold a slash."""
        guarded = self.for_supervisors
        return [
            Route("/cases", guarded(self.index), methods=["GET"]),
            Route("/cases.csv", guarded(self.csv), methods=["GET"]),
            Route("/cases/new", guarded(self.blank), methods=["GET"]),
            Route("/cases/new", guarded(self.open), methods=["POST"]),
            Route("/cases/{reference:path}", guarded(self.case), methods=["GET"]),
            Route("/cases/{reference:path}", guarded(self.step), methods=["POST"]),
        ]

    def for_supervisors(self, handler: Handler) -> Handler:
        """Refuse those who may not look at cases, whatever stands before these routes; tell a ledger that is away."""

        async def guarded(request: Request) -> Response:
            if not viewer_of(request).sees_cases:
                return told(NO_WORK, request, self._renderer)
            try:
                return await handler(request)
            except Refused as refused:
                return told(refused.refusal, request, self._renderer)

        return guarded

    # -- the list ------------------------------------------------------------------------------------------------------

    async def index(self, request: Request) -> Response:
        """The tiles, the form, and the cases it asks for."""
        form = self._form(request)
        totals = await self._ask(self._desk.totals)
        if form.query is None:
            return self._list(request, form, totals=totals, status=HTTPStatus.BAD_REQUEST)
        try:
            found = await self._ask(self._desk.find, form.query)
            count = await self._ask(self._desk.count, form.query)
        except CaseError as error:
            return self._list(request, form, totals=totals, error=error, status=HTTPStatus.BAD_REQUEST)
        self._seen.calls(request, "cases", form.values, len(found.cases))
        return self._list(request, form, totals=totals, cases=found.cases, count=count, following=found.next)

    async def csv(self, request: Request) -> Response:
        """What the list shows, all pages of it."""
        form = self._form(request)
        if form.query is None:
            totals = await self._ask(self._desk.totals)
            return self._list(request, form, totals=totals, status=HTTPStatus.BAD_REQUEST)
        # From the first page on, whichever of them was looked at.
        query = replace(form.query, after=None)
        count = await self._ask(self._desk.count, query)
        cells = CaseCells(viewer_of(request), self._words(request), self._zone, self._desk.clock())
        chunks = case_chunks(self._desk.each(query), cells)
        # Before anything is sent, so that a ledger that is away is told as such, and who sees how much is known.
        first = await self._ask(_next, chunks)
        self._seen.calls(request, "cases_csv", form.values, count)
        today = self._desk.clock().astimezone(self._zone).date()
        return StreamingResponse(
            self._chunks(first, chunks),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="cases-{today}.csv"'},
        )

    async def _chunks(self, first: bytes | None, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        chunk = first
        while chunk is not None:
            yield chunk
            chunk = await self._ask(_next, chunks)

    def _form(self, request: Request) -> ListForm:
        return read_list(
            request.query_params,
            self._zone,
            {one.key for one in self._desk.register},
            hashed=self._desk.numbers.hashed,
            in_subject=viewer_of(request).numbers,
            limit=PAGE_SIZE,
        )

    def _list(
        self,
        request: Request,
        form: ListForm,
        *,
        totals: Sequence[Any],
        cases: Sequence[Case] = (),
        count: int | None = None,
        following: str | None = None,
        error: CaseError | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        faults = dict(form.faults)
        if error is not None and error.field in LIST_FIELDS:
            faults[error.field] = error
        return self.page(
            request,
            "cases.html",
            status=status,
            form=form,
            faults=faults,
            error=error if error is not None and error.field not in LIST_FIELDS else None,
            totals=totals,
            cases=cases,
            count=count,
            following=following,
        )

    # -- a new case ----------------------------------------------------------------------------------------------------

    async def blank(self, request: Request) -> Response:
        """The form of a new case, filled in as far as a call tells it."""
        asked = request.query_params
        values = dict.fromkeys(NEW_FIELDS, "")
        values["received_at"] = self._today()
        if asked.get("commitment", "") in {one.key for one in self._desk.register}:
            values["commitment"] = asked["commitment"]
        call = await self._call(asked.get("system", ""), asked.get("linkedid", ""))
        if call is not None:
            self._seen.call(request, "case_new", call.key)
            values |= {
                "system": call.key.system,
                "linkedid": call.key.linkedid,
                "received_at": call.filed_at.astimezone(self._zone).date().isoformat(),
                "contact": viewer_of(request).number(call.caller),
            }
        return self._new(request, Typed(values=values, faults={}))

    async def open(self, request: Request) -> Response:
        """Open the case that the form tells of, and show it."""
        typed = read_new(request.state.form, self._zone, numbers_of=await self._known(request))
        if typed.made is None:
            return self._new(request, typed, HTTPStatus.BAD_REQUEST)
        try:
            case = await self._ask(self._desk.open, typed.made, actor_of(viewer_of(request)))
        except CaseError as error:
            return self._new(request, typed, HTTPStatus.BAD_REQUEST, error)
        _log.info("case_opened", commitment=case.commitment, by=actor_of(viewer_of(request)).name)
        return _see(case_path(case.reference))

    def _new(
        self, request: Request, typed: Typed, status: HTTPStatus = HTTPStatus.OK, error: CaseError | None = None
    ) -> Response:
        faults = dict(typed.faults) | ({error.field if error.field in NEW_FIELDS else "": error} if error else {})
        return self.page(request, "case_new.html", status=status, values=typed.values, faults=faults)

    async def _call(self, system: str, linkedid: str) -> Call | None:
        if not system or not linkedid or "\0" in system + linkedid:
            return None
        return await self._ask(self._call_of, CallKey(system=system, linkedid=linkedid))

    async def _known(self, request: Request) -> dict[str, str]:
        """The number of the call that a form names, by how its page showed it: who saw it masked sends it so."""
        form = request.state.form
        call = await self._call(form.get("system", ""), form.get("linkedid", ""))
        return {} if call is None or not call.caller else {viewer_of(request).number(call.caller): call.caller}

    # -- one case ------------------------------------------------------------------------------------------------------

    async def case(self, request: Request) -> Response:
        """Everything of one case."""
        case = await self._found(request)
        self._seen.case(request, "case", case.reference)
        return await self._one(request, case)

    async def step(self, request: Request) -> Response:
        """Do what one of its forms says, and show the case as it is then."""
        viewer = viewer_of(request)
        case = await self._found(request)
        typed = read_step(request.state.form, case, viewer, self._zone, self._desk.clock())
        if typed is None:
            return await self._one(request, case, status=HTTPStatus.BAD_REQUEST)
        if typed.made is None:
            return await self._one(request, case, typed, status=HTTPStatus.BAD_REQUEST)
        try:
            await self._ask(self._desk.change, case.reference, typed.made, actor_of(viewer))
        except CaseError as error:
            late = error.field == "seen_at"
            faults = {"" if late or error.field not in typed.values else error.field: error}
            typed = Typed(values=typed.values, faults=faults, step=typed.step)
            case = await self._found(request)
            status = HTTPStatus.CONFLICT if late else HTTPStatus.BAD_REQUEST
            return await self._one(request, case, typed, status=status, late=late)
        _log.info("case_changed", step=typed.step, by=actor_of(viewer).name)
        return _see(f"{case_path(case.reference)}?did={typed.step}#steps")

    async def _found(self, request: Request) -> Case:
        reference = request.path_params["reference"]
        # No database keeps a NUL in a text, so no case has one in its reference.
        case = None if "\0" in reference else await self._ask(self._desk.get, reference)
        if case is None:
            raise Refused(UNKNOWN_CASE)
        return case

    async def _one(
        self,
        request: Request,
        case: Case,
        typed: Typed | None = None,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        late: bool = False,
    ) -> Response:
        viewer = viewer_of(request)
        trail = await self._ask(self._desk.trail, case.reference)
        values = values_of(case, viewer, self._zone)
        return self.page(
            request,
            "case.html",
            status=status,
            case=case,
            trail=trail,
            newest=trail[-1] if trail else None,
            values={step: {**values, **(typed.values if typed and typed.step == step else {})} for step in STEPS},
            faults={step: typed.faults if typed and typed.step == step else {} for step in STEPS},
            failed=typed.step if typed else "",
            late=late,
            did=request.query_params.get("did", ""),
            seen=seen_mark(case),
            drawing=clock_of(case, self._desk.clock(), self._desk.filing.work_time),
            contact=shown(case.contact, full=viewer.numbers),
        )

    # -- what the pages share ------------------------------------------------------------------------------------------

    @property
    def _zone(self) -> ZoneInfo:
        return self._desk.filing.work_time.zone

    def _today(self) -> str:
        return self._desk.clock().astimezone(self._zone).date().isoformat()

    def language_of(self, request: Request) -> Language:
        """The viewer's language."""
        return self._renderer.language_of(request)

    def _words(self, request: Request) -> CaseWords:
        language = self.language_of(request)
        return CaseWords(catalogue(language), language, self._desk.register, self._zone)

    def page(self, request: Request, template: str, *, status: HTTPStatus = HTTPStatus.OK, **context: Any) -> Response:
        """A page with what every page of cases needs."""
        return self._renderer.page(
            request,
            template,
            status=status,
            words=self._words(request),
            register=self._desk.register,
            now=self._desk.clock(),
            today=self._today(),
            hashed=self._desk.numbers.hashed,
            shown=shown,
            **context,
        )


def _next(chunks: Iterator[bytes]) -> bytes | None:
    return next(chunks, None)


def _see(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
