"""The API's OpenAPI document, made from its table of routes and its models."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from monitor import __version__
from monitor.page.api_models import Problem
from monitor.page.api_problems import PROBLEM_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.page.api_models import Answer
    from monitor.page.api_parameters import Parameter

PREFIX = "/api/v1"
_DESCRIPTION = """\
What the monitor knows, for programs to read. Nothing can be changed here.

Instants are RFC 3339 in UTC to the microsecond, durations are seconds, shares are numbers from 0 to 1 and null where
their denominator is 0. Callers' numbers are masked unless the reader's role sees them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One question that the API answers."""

    path: str
    """Below `/api/v1`; names in braces are parts of it."""
    name: str
    summary: str
    description: str
    answer: type[Answer]
    parameters: Sequence[Parameter] = ()
    supervisors: bool = False
    """Only those who may look at single calls are answered."""
    ledger: bool = True
    """It is answered from the ledger, which may be away."""


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """The document of these operations.

    **Source:** OpenAPI Specification 3.1.
    """
    table = list(operations)
    models: list[type[Answer]] = [*dict.fromkeys(operation.answer for operation in table), Problem]
    _, schemas = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "callmonitor",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}, {"cookie": []}],
        "paths": {operation.path: {"get": _operation(operation)} for operation in table},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "The token of a [[web.token]] table."},
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "callmonitor_session",
                    "description": "Of somebody who has signed in to the page.",
                },
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    refusals = {
        HTTPStatus.BAD_REQUEST: "A parameter is unknown or makes no sense.",
        HTTPStatus.UNAUTHORIZED: "Nobody has signed in, or the token is not known.",
    }
    if operation.supervisors:
        refusals[HTTPStatus.FORBIDDEN] = "The reader's role sees figures, and no single calls."
    if "{" in operation.path:
        refusals[HTTPStatus.NOT_FOUND] = "There is no such call."
    if operation.ledger:
        refusals[HTTPStatus.SERVICE_UNAVAILABLE] = "The ledger is away or busy; `Retry-After` says when to ask again."
    path_parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _names_in(operation.path)
    ]
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [*path_parameters, *(_parameter(parameter) for parameter in operation.parameters)],
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": _ref(operation.answer)}}},
            **{
                str(int(status)): {"description": why, "content": {PROBLEM_TYPE: {"schema": _ref(Problem)}}}
                for status, why in refusals.items()
            },
        },
    }


def _names_in(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{")]


def _parameter(parameter: Parameter) -> dict[str, Any]:
    said = {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }
    return said if parameter.example is None else said | {"example": parameter.example}


def _ref(model: type[Answer]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
