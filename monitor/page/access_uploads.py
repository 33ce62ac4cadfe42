"""A form that brings one file.

The file is held in memory, since it is small and read twice: first to show what it would do, then to do it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from monitor.page.access_forms import (
    FORM_LIMITS,
    NO_FORM,
    TOO_LARGE,
    UNREADABLE,
    Refusal,
    Refused,
    read_body,
    read_form,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request

FILE_BYTES = 5 * 1024 * 1024
_AROUND_BYTES = 16 * 1024
"""What the parts of a form have around them, and its other fields."""
_BODY_SECONDS = 60
_NAME_AT_MOST = 200


def _(text: str) -> str:
    """Mark a text for the catalogues; it is put into words where it is told."""
    return text


FILE_TOO_LARGE = Refusal(
    status=TOO_LARGE.status,
    sentence=_(
        "The file is larger than 5 MB and was not read. Bring it in with `callmonitor cases import`, or in parts."
    ),
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sent."""

    name: str
    """As their machine calls it, without folders."""
    content: bytes


async def read_upload(request: Request) -> dict[str, str]:
    """The fields of a form that may bring a file, which `request.state.upload` has then; None where it brings none.

    A form without a file is taken in the usual way too.

    Raises:
        Refused: it is no form, too large, too slow, or broken.
    """
    request.state.upload = None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return await read_form(request)
    if kind != "multipart/form-data":
        raise Refused(NO_FORM)
    body = await read_body(request, FILE_BYTES + _AROUND_BYTES, _BODY_SECONDS, too_large=FILE_TOO_LARGE)
    parser = MultiPartParser(
        request.headers,
        _once(body),
        max_files=1,
        max_fields=FORM_LIMITS.fields,
        max_part_size=FORM_LIMITS.size,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, UnicodeError):
        raise Refused(UNREADABLE) from None
    fields: dict[str, str] = {}
    try:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                fields[name] = value
            elif value.filename:
                content = await value.read()
                if len(content) > FILE_BYTES:
                    raise Refused(FILE_TOO_LARGE)
                request.state.upload = Upload(_bare(value.filename), content)
    finally:
        await form.close()
    return fields


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _bare(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2][-_NAME_AT_MOST:]
