"""How the JSON API says no.

**Source:** RFC 9457, problem details for HTTP APIs.
"""

from __future__ import annotations

import difflib
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from starlette.responses import Response

from monitor.page.api_models import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PROBLEM_TYPE = "application/problem+json"


class Problem(Answer):
    """Why there is no other answer, as RFC 9457 has it."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    """What is wrong and what to do, in a sentence."""
    parameter: str | None = None
    """The parameter at fault, where one is."""
    field: str | None = None
    """The field of what was sent that is at fault, where one is."""


class ProblemError(Exception):
    """A question that is not answered.

    Args:
        status: of the answer.
        detail: what is wrong and what to do, in a sentence.
        parameter: the parameter at fault, where one is.
        field: the field of what was sent that is at fault, where one is.
        headers: further ones of the answer.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        parameter: str | None = None,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.parameter = parameter
        self.field = field
        self.headers = headers

    def answer(self) -> Response:
        """The response that tells it."""
        problem = Problem(
            type="about:blank",
            title=self.status.phrase,
            status=self.status,
            detail=self.detail,
            parameter=self.parameter,
            field=self.field,
        )
        body = problem.model_dump_json(exclude_none=True)
        return Response(body, self.status, self.headers, media_type=PROBLEM_TYPE)


def wrong(parameter: str, detail: str) -> ProblemError:
    """A parameter makes no sense."""
    return ProblemError(HTTPStatus.BAD_REQUEST, detail, parameter=parameter)


def close_to(name: str, known: Iterable[str]) -> str:
    """A sentence's end that names what was probably meant, or all there is."""
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are {', '.join(names)}." if names else "there are none."
