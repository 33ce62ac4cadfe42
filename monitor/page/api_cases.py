"""Cases of promises with a clock, for programs: read by whoever may see them, written with a token alone.

Who lets them in is `monitor.page.access`; here each field is checked, and what the desk says no to is told by field.
"""

from __future__ import annotations

from dataclasses import fields
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from starlette.responses import Response
from starlette.routing import Route

from monitor.commitments import cases
from monitor.commitments.cases import CaseError, CaseQuery
from monitor.commitments.contacts import shown
from monitor.page import api_bodies
from monitor.page import api_case_models as model
from monitor.page import api_parameters as parameters
from monitor.page.access_forms import NO_WORK, Refused
from monitor.page.api_case_operations import OF_CASES
from monitor.page.api_document import PREFIX
from monitor.page.api_problems import ProblemError, wrong
from monitor.page.cases_asking import Asking, actor_of
from monitor.page.cases_form import ENDS_DIGITS
from monitor.page.render import case_path
from monitor.page.viewer import viewer_of
from monitor.replay_json import at_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from pydantic import BaseModel
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from monitor.commitments.cases import Case
    from monitor.commitments.desk import CaseDesk
    from monitor.page.seen import Seen
    from monitor.page.viewer import Viewer

    Handler = Callable[[Request], Awaitable[Response]]

_log = structlog.get_logger(__name__)

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_MOMENT = parameters.PERIOD[0].read
_INSTANTS = ("received_at", "done_at", "paid_at", "apology_at", "training_at")


_MASKED = ("subject", "result", "assignee", "contact")
"""Fields in which numbers are masked for those who may not see them."""


class CaseApi:
    """The routes below `/api/v1/cases`.

    Args:
        desk: where cases are kept.
        seen: is told who saw which cases.
        asking: takes turns at the ledger.
    """

    def __init__(self, desk: CaseDesk, *, seen: Seen, asking: Asking) -> None:
        self._desk = desk
        self._seen = seen
        self._ask = asking

    @property
    def routes(self) -> list[BaseRoute]:
        """What an application serves; they stand before those of `monitor.page.api`."""
        many = {"GET": self._answer_cases, "POST": self._open}
        one = {"GET": self._answer_case, "PATCH": self._change}
        return [
            self._route(f"{PREFIX}/cases", many, "cases"),
            self._route(f"{PREFIX}/cases/{{reference:path}}", one, "case"),
        ]

    def _route(self, path: str, handlers: Mapping[str, Handler], name: str) -> Route:
        async def endpoint(request: Request) -> Response:
            if not viewer_of(request).sees_cases:
                return ProblemError(NO_WORK.status, NO_WORK.sentence).answer()
            handler = handlers.get("GET" if request.method == "HEAD" else request.method)
            if handler is None:
                sentence = f"This is not done here: there are {', '.join(handlers)}."
                allowed = {"allow": ", ".join(["HEAD", *handlers])}
                return ProblemError(HTTPStatus.METHOD_NOT_ALLOWED, sentence, headers=allowed).answer()
            try:
                return await handler(request)
            except ProblemError as problem:
                return problem.answer()
            except Refused as refused:
                told = refused.refusal
                return ProblemError(told.status, told.sentence, headers=told.headers).answer()

        return Route(path, endpoint, methods=_METHODS, name=name)

    @property
    def _zone(self) -> ZoneInfo:
        return self._desk.filing.work_time.zone

    # -- reading -------------------------------------------------------------------------------------------------------

    async def _answer_cases(self, request: Request) -> Response:
        viewer = viewer_of(request)
        asked = parameters.read(request.query_params.multi_items(), OF_CASES)
        said = asked.others()
        number = said.pop("number", None)
        if number is not None:
            whole = len(number) > ENDS_DIGITS
            if self._desk.numbers.hashed and not whole:
                raise wrong("number", "Numbers are kept as keyed hashes: give the whole number.")
            said |= {"number" if whole else "number_ends": number}
        since, until = (asked.values.get(name) for name in ("since", "until"))
        try:
            query = CaseQuery(
                since=since and since.begins_at(self._zone),
                until=until and until.ends_at(self._zone),
                in_subject=viewer.numbers,
                **{"limit": parameters.LIMIT, **said},
            )
            found = await self._ask(self._desk.find, query)
        except CaseError as error:
            raise ProblemError(HTTPStatus.BAD_REQUEST, str(error), parameter=error.field or None) from None
        self._seen.calls(request, "api_cases", request.query_params, len(found.cases))
        answer = model.Cases(cases=[model.Case(**_said(case, viewer)) for case in found.cases], next=found.next)
        return _json(answer)

    async def _answer_case(self, request: Request) -> Response:
        parameters.read(request.query_params.multi_items(), ())
        viewer = viewer_of(request)
        case = await self._found(request)
        trail = await self._ask(self._desk.trail, case.reference)
        self._seen.case(request, "api_case", case.reference)
        told = [
            model.CaseEvent(
                at=at_json(entry.at),
                who=entry.who,
                role=entry.role,
                action=entry.action,
                detail=_detail(entry.detail, viewer),
                chain=entry.chain,
            )
            for entry in trail
        ]
        return _json(model.CaseWithTrail(**_said(case, viewer), trail=told), case)

    async def _found(self, request: Request) -> Case:
        reference = request.path_params["reference"]
        # No database keeps a NUL in a text, so no case has one in its reference.
        case = None if "\0" in reference else await self._ask(self._desk.get, reference)
        if case is None:
            raise ProblemError(
                HTTPStatus.NOT_FOUND, f"There is no such case: give its reference as {PREFIX}/cases tells it."
            )
        return case

    # -- writing -------------------------------------------------------------------------------------------------------

    async def _open(self, request: Request) -> Response:
        viewer = viewer_of(request)
        body = await api_bodies.read(request, model.NewCase)
        said = {name: getattr(body, name) for name in model.NewCase.model_fields}
        new = cases.NewCase(**self._instants(said), source="api")
        try:
            opened = await self._ask(self._desk.opened, new, actor_of(viewer))
        except CaseError as error:
            reference = (body.reference or "").strip()
            there = (
                error.field == "reference"
                and "\0" not in reference
                and await self._ask(self._desk.get, reference) is not None
            )
            raise _fault(error, HTTPStatus.CONFLICT if there else HTTPStatus.UNPROCESSABLE_ENTITY) from None
        case = opened.case
        if opened.new:
            _log.info("case_opened", commitment=case.commitment, by=viewer.name)
        answer = _json(model.Case(**_said(case, viewer)), case)
        answer.status_code = HTTPStatus.CREATED if opened.new else HTTPStatus.OK
        answer.headers["location"] = f"{PREFIX}{case_path(case.reference)}"
        return answer

    async def _change(self, request: Request) -> Response:
        viewer = viewer_of(request)
        body = await api_bodies.read(request, model.CaseChange)
        case = await self._found(request)
        shown_as = _said(case, viewer)
        # What is sent back as it was shown stays, so that nothing is lost of what was masked.
        said = {
            name: value
            for name in body.model_fields_set
            if (value := getattr(body, name)) is None or name not in _MASKED or value != shown_as[name]
        }
        seen_at, by_header = self._seen_state(request, case, said.pop("changed_at", None))
        for name in ("state", "commitment", "received_at", "missed_appointment", "paid_won"):
            if name in said and said[name] is None:
                raise ProblemError(
                    HTTPStatus.UNPROCESSABLE_ENTITY, f"The field {name!r} cannot be emptied: leave it out.", field=name
                )
        change = cases.Change(seen_at=seen_at, **self._instants(said))
        try:
            changed = await self._ask(self._desk.change, case.reference, change, actor_of(viewer))
        except CaseError as error:
            late = HTTPStatus.PRECONDITION_FAILED if by_header else HTTPStatus.CONFLICT
            raise _fault(error, late if error.field == "seen_at" else HTTPStatus.UNPROCESSABLE_ENTITY) from None
        if changed.changed_at != case.changed_at:
            _log.info("case_changed", by=viewer.name)
        return _json(model.Case(**_said(changed, viewer)), changed)

    def _seen_state(self, request: Request, case: Case, changed_at: str | None) -> tuple[datetime | None, bool]:
        """Which state of a case was seen, and whether a header says so.

        Raises:
            ProblemError: nothing says so, or another state was.
        """
        marks = request.headers.get("if-match")
        if marks is None:
            if changed_at is None:
                raise ProblemError(
                    HTTPStatus.PRECONDITION_REQUIRED,
                    "Say which state of the case you saw: send its ETag as If-Match, or its changed_at.",
                )
            return self._instants({"changed_at": changed_at}, ("changed_at",))["changed_at"], False
        if marks.strip() == "*":
            return None, True
        if _etag(case) not in [mark.strip() for mark in marks.split(",")]:
            raise ProblemError(
                HTTPStatus.PRECONDITION_FAILED,
                "Somebody else changed this case meanwhile: read it anew, then change it.",
            )
        return case.changed_at, True

    def _instants(self, said: dict[str, Any], names: tuple[str, ...] = _INSTANTS) -> dict[str, Any]:
        """The fields, with days and instants read.

        Raises:
            ProblemError: one of them is neither.
        """
        told = dict(said)
        for name in names:
            if told.get(name) is not None:
                try:
                    told[name] = _MOMENT(told[name]).begins_at(self._zone)
                except ValueError:
                    raise ProblemError(
                        HTTPStatus.UNPROCESSABLE_ENTITY,
                        "Write a day as 2026-03-02, or an instant as 2026-03-02T09:00:00+09:00.",
                        field=name,
                    ) from None
        return told


def _said(case: Case, viewer: Viewer) -> dict[str, Any]:
    """A case as a viewer may see it."""
    names = {one.name for one in fields(case)} & set(model.Case.model_fields)
    told = {name: getattr(case, name) for name in names}
    for name in (*_INSTANTS, "due_at", "created_at", "changed_at", "erased_at"):
        told[name] = None if told[name] is None else at_json(told[name])
    for name in ("subject", "result", "assignee"):
        told[name] = None if told[name] is None else viewer.words(told[name])
    if case.contact is not None and not (viewer.numbers and "hmac:" not in case.contact):
        told["contact"] = shown(case.contact, full=viewer.numbers)
    return told


def _detail(detail: Mapping[str, Any], viewer: Viewer) -> dict[str, Any]:
    """What an entry of the trail says; whoever a case was assigned to may be called by a number."""
    told = dict(detail)
    if "assignee" in told:
        told["assignee"] = [value and viewer.shown(value) for value in told["assignee"]]
    return told


def _etag(case: Case) -> str:
    return f'"{at_json(case.changed_at)}"'


def _json(answer: BaseModel, case: Case | None = None) -> Response:
    headers = {} if case is None else {"etag": _etag(case)}
    return Response(answer.model_dump_json(), media_type="application/json", headers=headers)


def _fault(error: CaseError, status: HTTPStatus) -> ProblemError:
    return ProblemError(status, str(error), field="changed_at" if error.field == "seen_at" else error.field or None)
