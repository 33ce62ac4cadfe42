"""Where programs may write, and forms that bring a file or people's own words. Over real sockets."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest
from starlette.responses import JSONResponse
from starlette.routing import Route

from monitor.page.access_uploads import FILE_BYTES

from .doors import served, settings, sign_in, user
from .test_access_rights import token

if TYPE_CHECKING:
    import httpx
    from starlette.requests import Request
    from starlette.responses import Response

TOKENS = (token("intake", "cases"), token("archive", "supervisor"), token("screen", "board"))


async def _taken(request: Request) -> Response:
    """What arrived."""
    upload = getattr(request.state, "upload", None)
    return JSONResponse(
        {
            "fields": {name: value for name, value in request.state.form.items() if name != "csrf"},
            "file": None if upload is None else [upload.name, hashlib.sha256(upload.content).hexdigest()],
        }
    )


ROUTES = (
    Route("/api/v1/cases", _taken, methods=["GET", "POST", "PATCH"]),
    Route("/api/v1/cases/{reference}", _taken, methods=["GET", "POST", "PATCH", "DELETE"]),
    Route("/api/v1/casesque", _taken, methods=["POST"]),
    Route("/cases/import", _taken, methods=["POST"]),
    Route("/cases/new", _taken, methods=["POST"]),
)


@pytest.mark.parametrize(
    ("who", "method", "path", "status", "allowed"),
    [
        ("intake", "POST", "/api/v1/cases", 200, None),
        ("intake", "PATCH", "/api/v1/cases/C-1", 200, None),
        ("archive", "POST", "/api/v1/cases", 200, None),
        ("screen", "POST", "/api/v1/cases", 403, None),
        ("screen", "PATCH", "/api/v1/cases/C-1", 403, None),
        ("stranger", "POST", "/api/v1/cases", 401, None),
        (None, "POST", "/api/v1/cases", 401, None),
        ("intake", "PATCH", "/api/v1/cases", 405, "GET, HEAD, POST"),
        ("intake", "DELETE", "/api/v1/cases/C-1", 405, "GET, HEAD, PATCH"),
        ("intake", "POST", "/api/v1/cases/C-1", 405, "GET, HEAD, PATCH"),
        ("archive", "POST", "/api/v1/casesque", 405, "GET, HEAD"),
        ("archive", "POST", "/api/v1/board", 405, "GET, HEAD"),
        ("intake", "GET", "/api/v1/board", 403, None),
        ("intake", "GET", "/api/v1/calls", 403, None),
        ("intake", "GET", "/cases", 303, None),  # pages are for people, who sign in
    ],
)
def test_programs_write_cases_alone(who: str | None, method: str, path: str, status: int, allowed: str | None) -> None:
    async def ask() -> httpx.Response:
        headers = {"authorization": f"Bearer token of {who}"} if who else {}
        async with served(settings(user(), token=TOKENS), routes=ROUTES) as client:
            return await client.request(method, path, headers=headers)

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers.get("allow")) == (status, allowed)


@pytest.mark.parametrize("users", [0, 1])
def test_a_browser_does_not_write_by_the_api(users: int) -> None:
    """Whoever made the page it shows could have it send JSON along with its cookie, and needs no cookie on loopback."""

    async def ask() -> httpx.Response:
        async with served(settings(*[user()] * users), routes=ROUTES) as client:
            if users:
                await sign_in(client)
            return await client.post("/api/v1/cases", json={})

    answer = asyncio.run(ask())
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("Programs write here with a token")


def test_a_form_brings_one_file_of_five_megabytes() -> None:
    """What arrives is what was sent, to the byte: line ends, NULs and all; a name loses its folders."""
    content = bytes(range(256)) * (FILE_BYTES // 256)

    async def ask() -> list[httpx.Response]:
        async with served(settings(user()), routes=ROUTES) as client:
            await sign_in(client)
            csrf = {"csrf": (await client.get("/")).json()["csrf"]}

            async def send(content: bytes, name: str = "C:\\접수\\cases.csv", **fields: str) -> httpx.Response:
                return await client.post("/cases/import", data=csrf | fields, files={"file": (name, content)})

            return [
                await send(content, note="둘"),
                await send(content + b"x"),
                await send(b"a", name=""),
                await send(b"a", csrf="0" * 64),
                await client.post("/cases/import", data=csrf, files=[("file", ("a", b"a")), ("file", ("b", b"b"))]),
                await client.post("/cases/import", data=csrf | {"confirm": "1"}),
                await client.post(
                    "/cases/import", content=b"--x\r\n", headers={"content-type": "multipart/form-data; boundary=x"}
                ),
                await client.post("/cases/import", content=b"x", headers={"content-type": "multipart/form-data"}),
                await client.post("/cases/import", content=b"x", headers={"content-type": "text/csv"}),
                await client.post("/cases/new", data=csrf, files={"file": ("a", b"a")}),
            ]

    answers = asyncio.run(ask())
    assert [answer.status_code for answer in answers] == [200, 413, 200, 403, 400, 200, 403, 400, 415, 415]
    assert answers[0].json() == {
        "fields": {"note": "둘"},
        "file": ["cases.csv", hashlib.sha256(content).hexdigest()],
    }
    assert "larger than 5 MB" in answers[1].text
    assert answers[2].json()["file"] is None
    assert answers[5].json() == {"fields": {"confirm": "1"}, "file": None}


def test_people_write_two_thousand_characters_of_korean_of_a_case_and_no_novel() -> None:
    async def ask() -> list[int]:
        async with served(settings(user()), routes=ROUTES) as client:
            await sign_in(client)
            csrf = {"csrf": (await client.get("/")).json()["csrf"]}
            lengths = (2000, 8000)
            answers = [await client.post("/cases/new", data=csrf | {"result": "가" * length}) for length in lengths]
            return [answer.status_code for answer in answers]

    # A character of Korean is nine bytes of a form: 18 kB, and 72.
    assert asyncio.run(ask()) == [200, 413]
