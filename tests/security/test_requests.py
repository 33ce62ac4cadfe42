"""Requests that no browser makes, byte for byte: paths that climb, line ends in headers, two lengths, odd methods."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from tests.page.doors import sign_in

from .house import NAME, House, as_person

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

PASSWD = "root:x:0"
LINE_END = "%0d%0aSet-Cookie:%20planted=1"


async def raw(browser: httpx.AsyncClient, request: bytes) -> tuple[int, str]:
    """Status and whole answer of a request as it stands."""
    reader, writer = await asyncio.open_connection("127.0.0.1", browser.base_url.port)
    writer.write(request)
    async with asyncio.timeout(5):
        answer = (await reader.read()).decode("utf-8", "replace")
    writer.close()
    await writer.wait_closed()
    return int(answer.split(" ", 2)[1]), answer


def get(path: str, *headers: str, method: str = "GET", host: str = "127.0.0.1") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def cookie_of(browser: httpx.AsyncClient, name: str) -> str:
    await as_person(browser, name)
    return "Cookie: " + "; ".join(f"{key}={value}" for key, value in browser.cookies.items())


def test_no_path_climbs_out_of_what_is_served(ledger: Path, tmp_path: Path) -> None:
    """By a supervisor, who may read every report: of the machine's files not one, however it is written."""
    up = ("..", "%2e%2e", "..%2f..", "%2e%2e%2f%2e%2e", "..%5c..", "....//", "%c0%ae%c0%ae", "..%00")
    folders = ("/static", "/reports/kept", "/reports/kept/REPORT", "/calls/pbx1", "/api/v1/calls/pbx1")
    ends = ("etc/passwd", "app.py", "made.json", "ledger.sqlite3")

    async def ask() -> list[str]:
        house = House(tmp_path, ledger)
        async with house.open() as browser:
            cookie = await cookie_of(browser, "kim")
            wrong = []
            for folder in folders:
                for climb in up:
                    for end in ends:
                        path = f"{folder.replace('REPORT', house.report)}/{climb}/{climb}/{climb}/{end}"
                        status, answer = await raw(browser, get(path, cookie))
                        if status == 200 or PASSWD in answer or "SQLite format" in answer or "def __init__" in answer:
                            wrong.append(f"{status} {path}")
            kept, _ = await raw(browser, get(f"/reports/kept/{house.report}/{NAME}", cookie))
            # What is kept beside a report's own files is none of them.
            beside, _ = await raw(browser, get(f"/reports/kept/{house.report}/made.json", cookie))
            assert (kept, beside) == (200, 404)
            return wrong

    assert asyncio.run(ask()) == []


PLANTED = (
    f"/login?next=/{LINE_END}",
    f"/calls?lang=en{LINE_END}",
    f"/{LINE_END}",
    f"/?lang={LINE_END}",
    f"/reports/kept/x{LINE_END}/y.pdf",
    f"/calls.csv?day=2026-03-02{LINE_END}",
    f"/calls/pbx1/{LINE_END}",
    f"/static/{LINE_END}",
    f"/api/v1/calls?from={LINE_END}",
)


def test_no_line_end_reaches_a_header(ledger: Path, tmp_path: Path) -> None:
    async def ask() -> dict[str, tuple[int, str]]:
        async with House(tmp_path, ledger).open() as browser:
            kim = await cookie_of(browser, "kim")
            return {
                f"{path} {bool(cookie)}": await raw(browser, get(path, *cookie))
                for path in PLANTED
                for cookie in ([], [kim])
            }

    for path, (status, answer) in asyncio.run(ask()).items():
        head = answer.partition("\r\n\r\n")[0]
        assert status in {200, 303, 400, 401, 404}, path
        assert not re.search(r"(?im)^set-cookie: *planted", head), path


def test_a_path_with_a_line_end_comes_to_the_door_as_any_other(ledger: Path, tmp_path: Path) -> None:
    async def ask() -> list[httpx.Response]:
        async with House(tmp_path, ledger).open() as browser:
            headers = {"authorization": "Bearer token of archive"}
            paths = ("/api/v1/cases/a%0Ab", "/api/v1/calls/pbx1/a%0Ab", "/a%0Ab")
            return [await browser.get(path, headers=headers) for path in paths]

    case, call, page = asyncio.run(ask())
    assert (case.status_code, call.status_code, page.status_code) == (404, 404, 303)
    assert case.headers["content-type"] == call.headers["content-type"] == "application/problem+json"
    assert page.headers["location"] == "/login?next=%2Fa%250Ab"
    assert "content-security-policy" in case.headers


def test_requests_that_two_readers_would_read_in_two_ways_are_refused(ledger: Path, tmp_path: Path) -> None:
    """A proxy in front might see one request where this sees two.

    **Source:** RFC 9112, sections 5.1, 6.1 and 6.3.
    """
    body = b"csrf=x"
    requests = {
        "two lengths": b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nContent-Length: 5\r\n\r\n" + body,
        "length of letters": b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 6x\r\n\r\n" + body,
        "a coding that is none": b"POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n" + body,
        "space before the colon": b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length : 6\r\n\r\n" + body,
        "a line without a name": b"GET /login HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
        "no host": b"GET /login HTTP/1.1\r\n\r\n",
        "two hosts": b"GET /login HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "a null": b"GET /login\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    }

    async def ask() -> dict[str, int]:
        async with House(tmp_path, ledger).open() as browser:
            return {name: (await raw(browser, request))[0] for name, request in requests.items()}

    found = asyncio.run(ask())
    assert {name for name, status in found.items() if status not in {400, 501}} == set()


def test_no_redirect_and_no_page_repeats_the_host_that_was_asked_for(ledger: Path, tmp_path: Path) -> None:
    async def ask() -> list[str]:
        async with House(tmp_path, ledger).open() as browser:
            return [
                (await raw(browser, get(path, host="evil.example")))[1]
                for path in ("/", "/login", "/calls", "/static/page.css", "/nowhere", "/static", "//evil.example/x")
            ]

    for answer in asyncio.run(ask()):
        head, _, page = answer.partition("\r\n\r\n")
        location = re.search(r"(?im)^location: (.*)$", head)
        assert location is None or location[1].startswith("/login"), answer[:200]
        assert "evil.example" not in page.replace("%2F%2Fevil.example", "")


def test_methods_that_nobody_needs_are_refused(ledger: Path, tmp_path: Path) -> None:
    """Those who may do most ask, and see nothing of what they sent come back."""
    methods = ("TRACE", "CONNECT", "TRACK", "DEBUG", "PROPFIND", "get", "X" * 40)
    paths = ("/", "/api/v1/board", "/metrics", "/static/page.css")

    async def ask() -> dict[str, tuple[int, str]]:
        async with House(tmp_path, ledger).open() as browser:
            kim = await cookie_of(browser, "kim")
            return {
                f"{method} {path}": await raw(browser, get(path, kim, "X-Echo: comes-back", method=method))
                for method in methods
                for path in paths
            }

    for asked, (status, answer) in asyncio.run(ask()).items():
        assert status in {400, 405}, asked
        assert "comes-back" not in answer, asked


def test_a_session_that_somebody_planted_becomes_nobodys(ledger: Path, tmp_path: Path) -> None:
    """Session fixation: a cookie known before the sign-in is worth nothing after it, though it was a good one once."""

    async def ask() -> tuple[bool, int, int]:
        async with House(tmp_path, ledger).open() as browser:
            await as_person(browser, "wall")
            planted = browser.cookies["callmonitor_session"]
            browser.cookies.clear()
            browser.cookies.set("callmonitor_session", planted, domain="127.0.0.1", path="/")
            # The victim's browser has the attacker's session, and its owner signs in over it.
            form = await browser.get("/login")
            assert form.status_code == 303, "whoever is signed in has to sign out first"
            browser.cookies.clear()
            await sign_in(browser, "kim")
            own = browser.cookies["callmonitor_session"]
            of_wall = await raw(browser, get("/calls", f"Cookie: callmonitor_session={planted}"))
            of_kim = await raw(browser, get("/calls", f"Cookie: callmonitor_session={own}"))
            return own != planted, of_wall[0], of_kim[0]

    assert asyncio.run(ask()) == (True, 403, 200)
