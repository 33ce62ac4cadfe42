"""The API's OpenAPI document, made from its table of routes and its models."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from monitor import __version__
from monitor.page.api_problems import PROBLEM_TYPE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic import BaseModel

    from monitor.page.api_models import Answer
    from monitor.page.api_parameters import Parameter

PREFIX = "/api/v1"
_DESCRIPTION = """\
What the monitor knows, for programs to read. Cases of promises with a clock alone are written here, with a token.

Instants are RFC 3339 in UTC to the microsecond, durations are seconds, shares are numbers from 0 to 1 and null where
their denominator is 0. Callers' numbers are masked unless the reader's role sees them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One question that the API answers, or one thing that it does."""

    method: str = "get"
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
    path_schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    """What the parts of the path in braces may be."""
    what: str = "call"
    """What a path with a name in it is one of."""
    body: type[BaseModel] | None = None
    """What is sent along, as JSON."""
    headers: Sequence[tuple[str, str]] = ()
    """What may stand in a header, and what it is for."""
    answers: Mapping[HTTPStatus, str] = field(default_factory=lambda: {HTTPStatus.OK: "The answer."})
    """The statuses with which it is answered."""
    refusals: Mapping[HTTPStatus, str] = field(default_factory=dict)
    """Those with which it is refused, beside the ones that follow from the rest."""
    answer_headers: Sequence[tuple[str, str]] = ()
    """What an answer's headers tell."""


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """The document of these operations.

    **Source:** OpenAPI Specification 3.1.
    """
    table = list(operations)
    models: list[type[Answer]] = [*dict.fromkeys(operation.answer for operation in table), Problem]
    bodies = dict.fromkeys(operation.body for operation in table if operation.body is not None)
    _, schemas = models_json_schema(
        [*((model, "serialization") for model in models), *((body, "validation") for body in bodies)],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in table:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
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
        "paths": paths,
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
        refusals[HTTPStatus.NOT_FOUND] = f"There is no such {operation.what}."
    if operation.ledger:
        refusals[HTTPStatus.SERVICE_UNAVAILABLE] = "The ledger is away or busy; `Retry-After` says when to ask again."
    path_parameters = [
        {"name": name, "in": "path", "required": True, "schema": dict(operation.path_schema)}
        for name in _names_in(operation.path)
    ]
    headers = [
        {"name": name, "in": "header", "description": why, "schema": {"type": "string"}}
        for name, why in operation.headers
    ]
    told = {name: {"description": why, "schema": {"type": "string"}} for name, why in operation.answer_headers}
    described = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [*path_parameters, *headers, *(_parameter(parameter) for parameter in operation.parameters)],
        "responses": {
            **{
                str(int(status)): {
                    "description": when,
                    "content": {"application/json": {"schema": _ref(operation.answer)}},
                    **({"headers": told} if told else {}),
                }
                for status, when in operation.answers.items()
            },
            **{
                str(int(status)): {"description": why, "content": {PROBLEM_TYPE: {"schema": _ref(Problem)}}}
                for status, why in (refusals | dict(operation.refusals)).items()
            },
        },
    }
    if operation.body is None:
        return described
    return described | {
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(operation.body)}}},
        # A browser's sign-in is sent along whoever wrote the page: it changes nothing here.
        "security": [{"token": []}],
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


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
