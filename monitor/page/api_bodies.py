"""What programs send to the JSON API: read within bounds, and checked field by field."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from monitor.page.access_forms import Refused, read_body
from monitor.page.api_problems import ProblemError, close_to

if TYPE_CHECKING:
    from starlette.requests import Request

BODY_BYTES = 64 * 1024
_BODY_SECONDS = 10
_SHOWN = 40
"""How much of an unknown field's name an answer repeats."""
_SENTENCES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"This is larger than {BODY_BYTES // 1024} kB and was not read.",
    HTTPStatus.REQUEST_TIMEOUT: "It did not arrive in time: send it once more.",
}

Body = TypeVar("Body", bound=BaseModel)


async def read(request: Request, model: type[Body]) -> Body:
    """What was sent, as the model has it.

    Raises:
        ProblemError: it is no JSON, too large, too slow, or says something that the model has no place for.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Only JSON is taken here: send application/json.")
    try:
        body = await read_body(request, BODY_BYTES, _BODY_SECONDS)
    except Refused as refused:
        status = refused.refusal.status
        raise ProblemError(
            status, _SENTENCES.get(status, "It broke off: send it once more."), headers={"connection": "close"}
        ) from None
    try:
        said = json.loads(body, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise ProblemError(
            HTTPStatus.BAD_REQUEST,
            "This is no JSON object in UTF-8 with each field once: correct it and send it again.",
        )
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise _fault(error, model) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _value in pairs}) < len(pairs):
        raise ValueError("a field is there twice")
    return dict(pairs)


def _no_number(text: str) -> None:
    raise ValueError(text)


def _fault(error: ValidationError, model: type[BaseModel]) -> ProblemError:
    """The first thing that is wrong, without what was sent: it may be a person's."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = str(first["loc"][0])[:_SHOWN] if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        detail = f"There is no field {name!r}: {close_to(name, model.model_fields)}"
    elif first["type"] == "missing":
        detail = f"The field {name!r} is missing: give it."
    else:
        said = first["msg"]
        detail = f"The field {name!r} cannot be used: {said[:1].lower()}{said[1:]}."
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, detail, field=name or None)
