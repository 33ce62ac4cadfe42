"""What the JSON API may be asked of cases, and what programs may do with them, as its OpenAPI document describes it."""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus

from monitor.commitments.cases import Standing
from monitor.ledger.filters import MAX_TEXT
from monitor.page import api_case_models as model
from monitor.page import api_parameters as parameters
from monitor.page.api_document import Operation
from monitor.page.api_parameters import Parameter
from monitor.page.api_problems import close_to
from monitor.page.cases_form import ENDS_DIGITS

_STANDINGS = ("undone", *Standing, "owing")


def _standing(text: str) -> str:
    if text not in _STANDINGS:
        raise ValueError(close_to(text, _STANDINGS))
    return text


def _number(text: str) -> str:
    bare = re.sub(r"[\s().\-]", "", text)
    if not re.fullmatch(rf"[0-9]{{1,{ENDS_DIGITS}}}|\+?[0-9]{{7,15}}", bare):
        raise ValueError(f"give the last 1 to {ENDS_DIGITS} digits of a number, or all of it.")
    return bare


def _plain(text: str) -> str:
    # No database keeps a NUL in a text, and one of them fails when asked for it.
    if len(text) > MAX_TEXT or not text.isprintable():
        raise ValueError(f"give at most {MAX_TEXT} characters, all of them printable.")
    return text


def _text(name: str, description: str, example: str) -> Parameter:
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    return Parameter(name=name, filter_name=name, description=description, schema=schema, read=_plain, example=example)


OF_CASES = (
    Parameter(
        name="standing",
        filter_name="standing",
        description="Where they stand; `undone` are open, due soon and overdue ones, which come by their deadline; "
        "`owing` are those of which something owed was not given yet. Others come the newest first.",
        schema={"type": "string", "enum": list(_STANDINGS)},
        read=_standing,
    ),
    _text("commitment", "Key of the promise.", "voc_simple"),
    _text("assignee", "Assigned to exactly this one.", "kim"),
    Parameter(
        name="number",
        filter_name="number",
        description=f"The person's number, whole, or its last {ENDS_DIGITS} digits at most; where the ledger keeps "
        "hashes, whole.",
        schema={"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
        read=_number,
        example="5678",
    ),
    _text("text", "Stands in the reference; for those who see numbers in full, in the subject too.", "2026"),
    replace(parameters.PERIOD[0], description="Received from this day of the centre on, or this instant."),
    replace(parameters.PERIOD[1], description="Received to the end of this day of the centre, or before this instant."),
    *parameters.PAGING,
)
_WRITING = {
    HTTPStatus.BAD_REQUEST: "What was sent is no JSON object.",
    HTTPStatus.FORBIDDEN: "The token's role does not write cases, or no token was sent.",
    HTTPStatus.REQUEST_TIMEOUT: "What was sent did not arrive in time.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "More than 64 kB were sent.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Something else than JSON was sent.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field is unknown, missing or makes no sense; `field` says which.",
}
_REFERENCE = {"type": "string", "pattern": r"^[A-Za-z0-9./#:_-]*[A-Za-z0-9][A-Za-z0-9./#:_-]*$", "maxLength": 64}
_READING = {HTTPStatus.FORBIDDEN: "The reader's role sees no cases."}
_ETAG = (("ETag", "The case's `changed_at`; send it as `If-Match` to change what was read."),)
CASES = Operation(
    path="/cases",
    name="cases",
    summary="Cases of promises with a clock",
    description="Those that meet everything that is asked for.",
    answer=model.Cases,
    parameters=OF_CASES,
    refusals=_READING,
)
CASE = Operation(
    path="/cases/{reference}",
    name="case",
    summary="One case",
    description="With its audit trail.",
    answer=model.CaseWithTrail,
    what="case",
    path_schema=_REFERENCE,
    refusals=_READING,
    answer_headers=_ETAG,
)
NEW_CASE = Operation(
    method="post",
    path="/cases",
    name="open_case",
    summary="Bring in a case",
    description="Sent again with the same reference it is once. Nothing is written where anything is wrong.",
    answer=model.Case,
    body=model.NewCase,
    answers={
        HTTPStatus.CREATED: "The case was opened.",
        HTTPStatus.OK: "A case of this reference is there already and says the same.",
    },
    refusals={**_WRITING, HTTPStatus.CONFLICT: "A case of this reference is there and says something else."},
    answer_headers=(*_ETAG, ("Location", "Where the case is.")),
)
CHANGE_CASE = Operation(
    method="patch",
    path="/cases/{reference}",
    name="change_case",
    summary="Change a case",
    description="Say which state of it was seen: by `If-Match` with its ETag, or by `changed_at`.",
    answer=model.Case,
    body=model.CaseChange,
    what="case",
    path_schema=_REFERENCE,
    headers=(("If-Match", "The ETag with which the case was read; `*` changes it whatever happened meanwhile."),),
    refusals={
        **_WRITING,
        HTTPStatus.CONFLICT: "Somebody else changed it since `changed_at`.",
        HTTPStatus.PRECONDITION_FAILED: "Somebody else changed it since it had this ETag.",
        HTTPStatus.PRECONDITION_REQUIRED: "Neither `If-Match` nor `changed_at` was sent.",
    },
    answer_headers=_ETAG,
)
CASE_OPERATIONS = (CASES, CASE, NEW_CASE, CHANGE_CASE)
