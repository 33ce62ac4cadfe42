"""Who is let in and who is not: people, programs, and those who try otherwise. Over real sockets."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.responses import StreamingResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from monitor.config_web import TokenSettings

from .doors import HASHER, PASSWORD, Clock, served, settings, sign_in, token_in, user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

SESSION = "callmonitor_session"
FORM = "callmonitor_form"


# -- where nobody has to sign in ---------------------------------------------------------------------------------------


def test_on_loopback_without_users_everybody_sees_calls_and_no_number_in_full() -> None:
    async def ask() -> tuple[Any, httpx.Response]:
        async with served() as client:
            return (await client.get("/")).json(), await client.get("/login?next=/calls")

    seen, form = asyncio.run(ask())
    assert seen == {"name": "", "role": "supervisor", "numbers": False, "csrf": ""}
    assert (form.status_code, form.headers["location"]) == (303, "/calls")


def test_where_nobody_signs_in_no_form_is_taken() -> None:
    async def ask() -> list[int]:
        async with served() as client:
            paths = ("/change", "/login", "/logout")
            return [(await client.post(path, data={"csrf": "", "what": "x"})).status_code for path in paths]

    assert asyncio.run(ask()) == [403, 403, 403]


# -- signing in --------------------------------------------------------------------------------------------------------


def test_whoever_has_not_signed_in_is_shown_the_form_and_then_what_they_came_for() -> None:
    async def ask() -> list[httpx.Response]:
        async with served(settings(user())) as client:
            sent_off = await client.get("/calls?number=5678&from=2026-11-25")
            signed_in = await sign_in(client, then="/calls?number=5678&from=2026-11-25")
            return [sent_off, signed_in, await client.get(signed_in.headers["location"])]

    sent_off, signed_in, page = asyncio.run(ask())
    assert sent_off.status_code == 303
    assert sent_off.headers["location"] == "/login?next=%2Fcalls%3Fnumber%3D5678%26from%3D2026-11-25"
    assert signed_in.status_code == 303
    assert signed_in.headers["location"] == "/calls?number=5678&from=2026-11-25"
    assert {key: page.json()[key] for key in ("name", "role", "numbers")} == {
        "name": "kim",
        "role": "supervisor",
        "numbers": True,
    }


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/board", {}),
        ("/api/v1/nowhere", {"accept": "text/html"}),
        ("/stream", {"accept": "text/event-stream"}),
    ],
)
def test_programs_are_told_in_json_to_bring_a_token(path: str, headers: dict[str, str]) -> None:
    async def ask() -> httpx.Response:
        async with served(settings(user())) as client:
            return await client.get(path, headers=headers)

    answer = asyncio.run(ask())
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="callmonitor"'
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Sign in, or send a token as `Authorization: Bearer …`.",
    }


@pytest.mark.parametrize(
    "then",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "\t//evil.example/",
        "/\n/evil.example/",
        " //evil.example/",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/a\\..\\..\\evil",
        "/calls\r\nSet-Cookie: callmonitor_session=x",
        "/calls\x00",
        "/login",
        "/login?next=/login",
        "/logout#x",
        "/" + "a" * 2000,
    ],
)
def test_the_sign_in_leads_nowhere_else(then: str) -> None:
    async def ask() -> tuple[httpx.Response, httpx.Response]:
        async with served(settings(user())) as client:
            signed_in = await sign_in(client, then=then)
            return signed_in, await client.get("/login", params={"next": then})

    for answer in asyncio.run(ask()):
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert not [value for value in answer.headers.get_list("set-cookie") if value.startswith(f"{SESSION}=x")]


@pytest.mark.parametrize(
    ("then", "location"),
    [
        ("/", "/"),
        ("/wall", "/wall"),
        ("/calls?agent=PJSIP/agent1&next=//x", "/calls?agent=PJSIP/agent1&next=//x"),
        ("/calls/pbx1/1764032400.12", "/calls/pbx1/1764032400.12"),
        # What is not ASCII is written so that it can stand in a header: 한 is ED 95 9C in UTF-8.
        ("/calls?queue=한", "/calls?queue=%ED%95%9C"),
        # Escaped line ends stay escaped.
        ("/calls?x=%0d%0aSet-Cookie:y", "/calls?x=%0d%0aSet-Cookie:y"),
    ],
)
def test_the_sign_in_leads_back_to_a_path_of_the_page(then: str, location: str) -> None:
    async def ask() -> httpx.Response:
        async with served(settings(user())) as client:
            return await sign_in(client, then=then)

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers["location"]) == (303, location)


def test_a_path_that_looks_like_another_host_is_not_kept_for_later() -> None:
    async def ask() -> httpx.Response:
        async with served(settings(user())) as client:
            return await client.get(f"{client.base_url}//evil.example/%2e%2e")

    assert asyncio.run(ask()).headers["location"] == "/login"


@pytest.mark.parametrize(("secure", "prefix", "ending"), [(False, "", ""), (True, "__Host-", "; Secure")])
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(secure: bool, prefix: str, ending: str) -> None:
    async def ask() -> tuple[list[str], list[str]]:
        async with served(settings(user(), secure_cookies=secure, session_hours=1.5)) as client:
            form = await client.get("/login")
            # httpx, like a browser, sends no Secure cookie over plain HTTP by itself.
            cookie = form.headers["set-cookie"].partition(";")[0]
            fields = {"name": "kim", "password": PASSWORD, "csrf": token_in(form.text)}
            answer = await client.post("/login", data=fields, headers={"cookie": cookie})
            return form.headers.get_list("set-cookie"), answer.headers.get_list("set-cookie")

    form, answer = asyncio.run(ask())
    name, _, attributes = form[0].partition("; ")
    assert name.startswith(f"{prefix}{FORM}=")
    assert attributes == f"HttpOnly; Max-Age=3600; Path=/; SameSite=lax{ending}"
    name, _, attributes = answer[0].partition("; ")
    assert name.startswith(f"{prefix}{SESSION}=")
    # 1.5 h are 5,400 s.
    assert attributes == f"HttpOnly; Max-Age=5400; Path=/; SameSite=lax{ending}"
    # The form's cookie has done its work.
    assert answer[1].startswith(f'{prefix}{FORM}=""')


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("kim", "wrong"),
        ("kim", ""),
        ("kim", "x" * 2000),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("KIM", PASSWORD),
        ("kim\x00", PASSWORD),
        ("k" * 2000, PASSWORD),
    ],
)
def test_a_wrong_name_and_a_wrong_password_are_told_alike(name: str, password: str) -> None:
    async def ask() -> tuple[httpx.Response, int]:
        async with served(settings(user())) as client:
            answer = await sign_in(client, name, password)
            return answer, (await client.get("/")).status_code

    answer, after = asyncio.run(ask())
    assert answer.status_code == 403
    assert "Name or password is wrong." in answer.text
    assert SESSION not in answer.headers.get("set-cookie", "")
    assert after == 303


def test_a_name_is_known_however_its_hangul_was_typed_and_with_a_space_behind_it() -> None:
    composed, in_parts = "김상담", "\u1100\u1175\u11b7\u1109\u1161\u11bc\u1103\u1161\u11b7"

    async def ask() -> list[str]:
        async with served(settings(user(composed))) as client:
            await sign_in(client, f"{in_parts} ")
            return [(await client.get("/")).json()["name"]]

    assert asyncio.run(ask()) == [composed]


def test_what_was_typed_is_shown_as_text() -> None:
    async def ask() -> str:
        async with served(settings(user())) as client:
            return (await sign_in(client, '"><script>alert(1)</script>', then='/calls?"><b>')).text

    page = asyncio.run(ask())
    assert "<script>alert" not in page
    assert "&#34;&gt;&lt;script&gt;alert(1)" in page
    assert "<b>" not in page


def test_the_form_speaks_both_languages_and_keeps_the_way_back_between_them() -> None:
    async def ask() -> tuple[str, str]:
        async with served(settings(user())) as client:
            english = (await client.get("/login?next=/calls%3Fx=1")).text
            return english, (await client.get("/login?next=/calls%3Fx=1&lang=ko")).text

    english, korean = asyncio.run(ask())
    assert '<label for="password">Password</label>' in english
    assert '<label for="password">비밀번호</label>' in korean
    assert 'href="?next=/calls%3Fx%3D1&amp;lang=ko"' in english
    assert 'href="?next=/calls%3Fx%3D1&amp;lang=en"' in korean
    assert 'name="next" value="/calls?x=1"' in korean


def test_two_tabs_may_both_have_the_form_open() -> None:
    async def ask() -> int:
        async with served(settings(user())) as client:
            first = await client.get("/login")
            await client.get("/login")
            fields = {"name": "kim", "password": PASSWORD, "csrf": token_in(first.text)}
            return (await client.post("/login", data=fields)).status_code

    assert asyncio.run(ask()) == 303


def test_a_form_is_good_for_an_hour() -> None:
    async def ask(minutes: int) -> httpx.Response:
        clock = Clock()
        async with served(settings(user()), clock) as client:
            form = await client.get("/login")
            clock.move(minutes=minutes)
            fields = {"name": "kim", "password": PASSWORD, "csrf": token_in(form.text)}
            return await client.post("/login", data=fields)

    assert asyncio.run(ask(60)).status_code == 303
    late = asyncio.run(ask(61))
    assert late.status_code == 403
    assert "This form is no longer valid" in late.text
    assert 'href="/login"' in late.text


# -- cookies -----------------------------------------------------------------------------------------------------------


async def with_cookie(client: httpx.AsyncClient, cookie: str) -> int:
    """The status of the board for whoever brings this cookie."""
    client.cookies.clear()
    return (await client.get("/", headers={b"cookie": cookie.encode()})).status_code


def test_a_cookie_that_is_not_ours_is_just_nobody() -> None:
    async def ask() -> dict[str, int]:
        async with served(settings(user(), user("lee"))) as client, served(settings(user())) as other:
            await sign_in(client)
            await sign_in(other)
            mine, others = client.cookies[SESSION], other.cookies[SESSION]
            client.cookies.clear()
            await client.get("/login")
            form = client.cookies[FORM]
            payload, stamp, signature = mine.split(".")
            cookies = {
                "mine": mine,
                "another instance's": others,
                "a form's": form,
                "cut off": mine[:-1],
                "cut in half": mine[: len(mine) // 2],
                "no signature": f"{payload}.{stamp}.",
                "another signature": f"{payload}.{stamp}.{'A' * len(signature)}",
                "another day": f"{payload}.{stamp[::-1]}.{signature}",
                "another payload": f"WyJsZWUiXQ.{stamp}.{signature}",
                "longer": mine + "A",
                "empty": "",
                "dots": "...",
                "text": "김상담",
                "huge": mine + "." + "A" * 9000,
                "compressed": f".{payload}.{stamp}.{signature}",
            }
            return {name: await with_cookie(client, f"{SESSION}={cookie}") for name, cookie in cookies.items()}

    found = asyncio.run(ask())
    assert {name for name, status in found.items() if status == 200} == {"mine"}
    assert {status for name, status in found.items() if name != "mine"} == {303}


def test_a_sign_in_ends_when_its_time_is_over() -> None:
    async def ask() -> list[int]:
        clock = Clock()
        found = []
        async with served(settings(user(), session_hours=12), clock) as client:
            await sign_in(client)
            cookie = f"{SESSION}={client.cookies[SESSION]}"
            for seconds in (0, 12 * 3600 - 1, 1, 3600):
                clock.move(seconds=seconds)
                found.append(await with_cookie(client, cookie))
        return found

    # After 0 s, 11:59:59, 12:00:00 and 13:00:00.
    assert asyncio.run(ask()) == [200, 200, 303, 303]


def test_a_key_in_a_file_lets_sign_ins_outlive_a_restart(tmp_path: Path) -> None:
    key = tmp_path / "session.secret"
    key.write_text("32-characters-of-a-key-are-there\n", encoding="utf-8")

    async def ask(**others: Any) -> int:
        async with served(settings(user(), **others)) as client:
            await sign_in(client)
            cookie = f"{SESSION}={client.cookies[SESSION]}"
        async with served(settings(user(), **others)) as client:
            return await with_cookie(client, cookie)

    assert asyncio.run(ask(session_secret_file=key)) == 200
    assert asyncio.run(ask()) == 303


def test_a_removed_user_and_a_changed_role_hold_from_the_restart_on(tmp_path: Path) -> None:
    key = tmp_path / "session.secret"
    key.write_text("32-characters-of-a-key-are-there\n", encoding="utf-8")

    async def ask() -> tuple[int, Any]:
        async with served(settings(user(), session_secret_file=key)) as client:
            await sign_in(client)
            cookie = f"{SESSION}={client.cookies[SESSION]}"
        async with served(settings(user("lee"), session_secret_file=key)) as client:
            removed = await with_cookie(client, cookie)
        async with served(settings(user(role="board"), session_secret_file=key)) as client:
            return removed, (await client.get("/", headers={"cookie": cookie})).json()

    removed, changed = asyncio.run(ask())
    assert removed == 303
    assert (changed["role"], changed["numbers"]) == ("board", False)


def test_a_changed_password_ends_the_sign_ins_made_with_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "kim.hash"
    file.write_text(HASHER.hash("the first of two"), encoding="utf-8")

    async def ask() -> list[int]:
        clock = Clock()
        found = []
        async with served(settings(user(file=file)), clock) as client:
            await sign_in(client, password="the first of two")
            found.append((await client.get("/")).status_code)
            file.write_text(HASHER.hash("the second of two"), encoding="utf-8")
            clock.move(seconds=1)
            found.append((await client.get("/")).status_code)
            found.append((await sign_in(client, password="the first of two")).status_code)
            found.append((await sign_in(client, password="the second of two")).status_code)
            found.append((await client.get("/")).status_code)
            file.unlink()
            clock.move(seconds=1)
            found.append((await client.get("/")).status_code)
            found.append((await sign_in(client, password="the second of two")).status_code)
        return found

    assert asyncio.run(ask()) == [200, 303, 403, 303, 200, 303, 403]


def test_a_copied_cookie_is_worth_nothing_once_its_owner_has_signed_out() -> None:
    async def ask() -> list[int]:
        async with served(settings(user())) as client:
            await sign_in(client)
            first = f"{SESSION}={client.cookies[SESSION]}"
            client.cookies.clear()
            await sign_in(client)
            second = f"{SESSION}={client.cookies[SESSION]}"
            assert first != second
            csrf = (await client.get("/")).json()["csrf"]
            found = [(await client.get("/logout")).status_code, await with_cookie(client, second)]
            signed_out = await client.post("/logout", data={"csrf": csrf}, headers={"cookie": second})
            assert signed_out.headers["location"] == "/login"
            assert signed_out.headers["set-cookie"].startswith(f'{SESSION}=""')
            return [*found, signed_out.status_code, await with_cookie(client, second), await with_cookie(client, first)]

    # Reading /logout changes nothing; and the other sign-in of the same person goes on.
    assert asyncio.run(ask()) == [405, 200, 303, 303, 200]


# -- forms -------------------------------------------------------------------------------------------------------------


async def send(client: httpx.AsyncClient, csrf: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return await client.post("/change", data={"csrf": csrf, "what": "x"}, headers=headers)


def test_a_form_does_something_only_with_the_token_of_its_own_sign_in() -> None:
    async def ask() -> dict[str, int]:
        async with served(settings(user(), user("lee"))) as client:
            await sign_in(client, "lee")
            others = (await client.get("/")).json()["csrf"]
            client.cookies.clear()
            before = token_in((await client.get("/login")).text)
            await sign_in(client)
            mine = (await client.get("/")).json()["csrf"]
            tokens = {"mine": mine, "another's": others, "the sign-in form's": before, "none": "", "cut": mine[:-1]}
            found = {name: (await send(client, token)).status_code for name, token in tokens.items()}
            found["not there"] = (await client.post("/change", data={"what": "x"})).status_code
            found["not ASCII"] = (await send(client, "토큰")).status_code
            client.cookies.clear()
            found["not signed in"] = (await send(client, mine)).status_code
            return found

    found = asyncio.run(ask())
    assert found.pop("mine") == 200
    assert found.pop("not signed in") == 303
    assert set(found.values()) == {403}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"host": "board.example.org", "origin": "https://board.example.org"}, 200),
        ({"host": "Board.example.org:443", "origin": "https://board.example.org"}, 200),
        ({"host": "board.example.org:9158", "origin": "http://board.example.org:9158"}, 200),
        ({"host": "board.example.org:9158", "origin": "http://board.example.org"}, 403),
        ({"host": "board.example.org", "origin": "https://evil.example"}, 403),
        ({"host": "board.example.org", "origin": "https://board.example.org.evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "evil"}, 403),
        ({"origin": "file://"}, 403),
    ],
)
def test_a_form_from_another_site_does_nothing(headers: dict[str, str], status: int) -> None:
    async def ask() -> httpx.Response:
        async with served(settings(user())) as client:
            await sign_in(client)
            csrf = (await client.get("/")).json()["csrf"]
            cookie = {"cookie": f"{SESSION}={client.cookies[SESSION]}"}
            return await send(client, csrf, headers | cookie)

    answer = asyncio.run(ask())
    assert answer.status_code == status
    assert ("sent from another site" in answer.text) == (status == 403)


def test_nobody_can_be_signed_in_by_another_site() -> None:
    """As whoever set the trap, so that what is done afterwards is done in that name."""

    async def ask() -> list[int]:
        async with served(settings(user())) as trap, served(settings(user())) as client:
            theirs = token_in((await trap.get("/login")).text)
            fields = {"name": "kim", "password": PASSWORD, "csrf": theirs}
            without_cookie = (await client.post("/login", data=fields)).status_code
            await client.get("/login")
            return [without_cookie, (await client.post("/login", data=fields)).status_code]

    assert asyncio.run(ask()) == [403, 403]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "PROPFIND"])
def test_nothing_else_than_reading_and_forms_is_known(method: str) -> None:
    async def ask() -> list[tuple[int, str]]:
        async with served(settings(user())) as client:
            await sign_in(client)
            answers = [await client.request(method, path) for path in ("/", "/change", "/api/v1/board")]
            return [(answer.status_code, answer.headers["allow"]) for answer in answers]

    assert asyncio.run(ask()) == [(405, "GET, HEAD")] * 3


URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"name=" + b"x" * 8188, URLENCODED, 413),  # 5 + 8,188 is one byte above 8,192
        (b"x" * 10_000_000, URLENCODED, 413),
        (b'{"name": "kim"}', {"content-type": "application/json"}, 415),
        (b"name=kim", {}, 415),
        (b"--x\r\n\r\n--x--", {"content-type": "multipart/form-data; boundary=x"}, 415),
        (b"name=%ff", URLENCODED, 400),
        (b"name=\xff", URLENCODED, 400),
        (b"&".join(b"a%d=1" % number for number in range(100)), URLENCODED, 400),
        (b"name=" + b"x" * 8187, URLENCODED, 403),  # exactly 8,192: read, and no form of ours
        (b"", URLENCODED, 403),
        (b"&&==&", {"content-type": "Application/X-WWW-Form-Urlencoded; charset=utf-8"}, 403),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_no_form_of_ours_is_refused(
    body: bytes, headers: dict[str, str], status: int, chunked: bool
) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, max(len(body), 1), 4096):
            yield body[start : start + 4096]

    async def ask() -> int:
        async with served(settings(user())) as client:
            try:
                return (await client.post("/login", content=parts() if chunked else body, headers=headers)).status_code
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                return 413  # the server had enough, and closed before all was sent

    assert asyncio.run(ask()) == status


def test_a_form_that_does_not_come_to_an_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.page.access_forms._BODY_SECONDS", 0.1)

    async def ask() -> bytes:
        async with served(settings(user())) as client:
            reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
            writer.write(
                b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname=k"
            )
            async with asyncio.timeout(10):
                answer = await reader.read()  # to the end: the connection is closed
            writer.close()
            return answer

    assert asyncio.run(ask()).startswith(b"HTTP/1.1 408 ")


# -- too many attempts -------------------------------------------------------------------------------------------------


def test_ten_failures_hold_an_address_back_and_nobody_else() -> None:
    async def ask() -> tuple[list[int], httpx.Response, int, int]:
        clock = Clock()
        async with served(settings(user(), user("lee")), clock) as client:
            guesses = []
            for _ in range(10):
                guesses.append((await sign_in(client, "lee", "guess", address="198.51.100.7")).status_code)
                clock.move(seconds=10)
            # Now it is 100 s after the first; the window of 300 s lets the first drop out in 200 s.
            held_back = await sign_in(client, "lee", address="198.51.100.7")
            elsewhere = (await sign_in(client, "lee", address="203.0.113.9")).status_code
            client.cookies.clear()
            clock.move(seconds=200)
            return guesses, held_back, elsewhere, (await sign_in(client, "lee", address="198.51.100.7")).status_code

    guesses, held_back, elsewhere, later = asyncio.run(ask())
    assert guesses == [403] * 10
    assert (held_back.status_code, held_back.headers["retry-after"]) == (429, "200")
    assert "Too many attempts. Try again in 200 s." in held_back.text
    assert (elsewhere, later) == (303, 303)


def test_many_addresses_together_cannot_guess_one_password_without_end() -> None:
    async def ask() -> list[int]:
        async with served(settings(user())) as client:
            found = []
            # Whoever has signed in from an address before is known there.
            found.append((await sign_in(client, address="203.0.113.9")).status_code)
            client.cookies.clear()
            for number in range(30):
                await sign_in(client, password="guess", address=f"198.51.100.{number}")
            for address in ("198.51.100.200", "203.0.113.9"):
                found.append((await sign_in(client, address=address)).status_code)
                client.cookies.clear()
            # The success has cleared what was counted on the name.
            found.append((await sign_in(client, address="198.51.100.200")).status_code)
        return found

    assert asyncio.run(ask()) == [303, 429, 303, 303]


def test_ones_own_password_is_no_licence_to_guess_others() -> None:
    async def ask() -> int:
        async with served(settings(user(), user("lee"))) as client:
            for _ in range(5):
                await sign_in(client, "lee", "guess")
                await sign_in(client, "lee", "guess")
                await sign_in(client, "kim")
                client.cookies.clear()
            return (await sign_in(client, "kim")).status_code

    assert asyncio.run(ask()) == 429


def test_many_guesses_at_once_are_counted_too() -> None:
    async def ask() -> list[int]:
        async with served(settings(user())) as client:
            fields = {"name": "kim", "password": "guess", "csrf": token_in((await client.get("/login")).text)}
            return [
                answer.status_code
                for answer in await asyncio.gather(*[client.post("/login", data=fields) for _ in range(30)])
            ]

    found = asyncio.run(ask())
    assert (found.count(403), found.count(429)) == (10, 20)


# -- programs ----------------------------------------------------------------------------------------------------------


def token(name: str, role: str) -> TokenSettings:
    digest = hashlib.sha256(f"token of {name}".encode()).hexdigest()
    return TokenSettings(name=name, role=role, sha256=SecretStr(digest))  # type: ignore[arg-type] # pydantic checks


def test_a_program_is_known_by_its_token() -> None:
    async def ask() -> list[Any]:
        web = settings(user(), token=(token("wallboard", "board"), token("reports", "supervisor")))
        async with served(web) as client:
            return [
                (await client.get("/api/v1/board", headers={"authorization": f"{scheme} token of {name}"})).json()
                for scheme, name in (("Bearer", "wallboard"), ("bearer", "reports"))
            ]

    assert asyncio.run(ask()) == [
        {"name": "wallboard", "role": "board", "numbers": False, "csrf": ""},
        {"name": "reports", "role": "supervisor", "numbers": True, "csrf": ""},
    ]


@pytest.mark.parametrize("brought", ["token of nobody", "", "토큰", "token of reports x", "x" * 5000])
@pytest.mark.parametrize("users", [0, 1])
def test_a_token_that_is_not_ours_is_told(brought: str, users: int) -> None:
    async def ask() -> httpx.Response:
        web = settings(*[user()] * users, token=(token("reports", "supervisor"),))
        async with served(web) as client:
            if users:
                await sign_in(client)  # and a sign-in does not cover it up
            return await client.get("/api/v1/board", headers={b"authorization": f"Bearer {brought}".strip().encode()})

    answer = asyncio.run(ask())
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="callmonitor", error="invalid_token"'


def test_a_token_opens_the_api_alone_and_for_reading_only() -> None:
    async def ask() -> list[int]:
        headers = {"authorization": "Bearer token of reports"}
        async with served(settings(user(), token=(token("reports", "supervisor"),))) as client:
            return [
                (await client.get("/", headers=headers)).status_code,
                (await client.get("/calls", headers=headers)).status_code,
                (await client.get("/apiary", headers=headers)).status_code,
                (await client.post("/change", headers=headers, data={"what": "x"})).status_code,
                (await client.post("/api/v1/board", headers=headers)).status_code,
                (await client.get("/api/v1/calls", headers=headers)).status_code,
            ]

    assert asyncio.run(ask()) == [303, 303, 303, 303, 405, 200]


def test_a_person_may_read_the_api_too() -> None:
    async def ask() -> Any:
        async with served(settings(user())) as client:
            await sign_in(client)
            # Another scheme is a proxy's, and none of ours.
            return (await client.get("/api/v1/board", headers={"authorization": "Basic eDp5"})).json()

    assert asyncio.run(ask())["name"] == "kim"


# -- roles -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/calls", "/calls?x=1", "/calls.csv", "/calls/pbx1/1764032400.12", "/call%73"])
def test_single_calls_are_for_supervisors(path: str) -> None:
    async def ask() -> tuple[httpx.Response, httpx.Response]:
        async with served(settings(user(role="board"))) as client:
            await sign_in(client)
            return await client.get(path), await client.get(path, params={"lang": "ko"})

    english, korean = asyncio.run(ask())
    assert (english.status_code, korean.status_code) == (403, 403)
    assert "Single calls are shown to supervisors only" in english.text
    assert "개별 전화는 관리자만 볼 수 있습니다" in korean.text


@pytest.mark.parametrize("path", ["/api/v1/calls", "/api/v1/calls/pbx1/1764032400.12", "/api/v1/transfers"])
def test_single_calls_are_for_supervisors_programs(path: str) -> None:
    async def ask() -> httpx.Response:
        async with served(settings(user(), token=(token("wallboard", "board"),))) as client:
            return await client.get(path, headers={"authorization": "Bearer token of wallboard"})

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert answer.json()["detail"].startswith("Single calls are shown to supervisors only")


@pytest.mark.parametrize(
    ("numbers_for", "seen"),
    [
        ((), {"kim": False, "lee": False}),
        (("supervisor",), {"kim": True, "lee": False}),
        (("board", "supervisor"), {"kim": True, "lee": True}),
    ],
)
def test_numbers_in_full_are_for_the_roles_that_are_set(numbers_for: tuple[str, ...], seen: dict[str, bool]) -> None:
    async def ask() -> dict[str, bool]:
        found = {}
        async with served(settings(user("kim"), user("lee", "board"), numbers_for=numbers_for)) as client:
            for name in seen:
                client.cookies.clear()
                await sign_in(client, name)
                found[name] = (await client.get("/")).json()["numbers"]
        return found

    assert asyncio.run(ask()) == seen


# -- streams -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", ["time", "sign-out", "password"])
def test_a_stream_ends_with_the_sign_in_it_came_by(cause: str, tmp_path: Path) -> None:
    file = tmp_path / "kim.hash"
    file.write_text(HASHER.hash(PASSWORD), encoding="utf-8")

    async def ask() -> tuple[list[bytes], int]:
        clock = Clock()
        beats: asyncio.Queue[bytes] = asyncio.Queue()
        stopped = asyncio.Event()

        async def parts() -> AsyncIterator[bytes]:
            while True:
                yield await beats.get()

        class Streaming(StreamingResponse):
            async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
                try:
                    await super().__call__(scope, receive, send)
                finally:
                    stopped.set()

        async def stream(_request: Request) -> Response:
            return Streaming(parts(), media_type="text/event-stream")

        got = []
        web = settings(user(file=file), session_hours=1)
        async with served(web, clock, [Route("/stream", stream)]) as client, asyncio.timeout(20):
            await sign_in(client)
            csrf = (await client.get("/")).json()["csrf"]
            async with client.stream("GET", "/stream") as answer:
                beats.put_nowait(b"data: 1\n\n")
                async for part in answer.aiter_raw():
                    got.append(part)
                    if cause == "time":
                        clock.move(hours=1)
                    elif cause == "sign-out":
                        await client.post("/logout", data={"csrf": csrf})
                    else:
                        file.write_text(HASHER.hash("another password"), encoding="utf-8")
                        clock.move(seconds=1)
                    beats.put_nowait(b"data: secret\n\n")
            # The route is not left running.
            await stopped.wait()
            return got, (await client.get("/stream", headers={"accept": "text/event-stream"})).status_code

    assert asyncio.run(ask()) == ([b"data: 1\n\n"], 401)


# -- the log -----------------------------------------------------------------------------------------------------------


def test_sign_ins_and_failures_are_logged_without_what_is_secret() -> None:
    async def ask() -> str:
        async with served(settings(user())) as client:
            await sign_in(client, "kim", "gue55-of-kim", address="198.51.100.7")
            await sign_in(client, "pa55word-in-the-wrong-field", "kim", address="198.51.100.7")
            await sign_in(client, address="198.51.100.7")
            cookie = client.cookies[SESSION]
            csrf = (await client.get("/")).json()["csrf"]
            await client.post("/logout", data={"csrf": csrf})
            return cookie

    with capture_logs() as logged:
        cookie = asyncio.run(ask())
    assert logged == [
        {"event": "sign_in_failed", "log_level": "info", "user": "kim", "address": "198.51.100.7"},
        {"event": "sign_in_failed", "log_level": "info", "user": None, "address": "198.51.100.7"},
        {
            "event": "signed_in",
            "log_level": "info",
            "user": "kim",
            "role": "supervisor",
            "address": "198.51.100.7",
        },
        {"event": "signed_out", "log_level": "info", "user": "kim"},
    ]
    assert cookie not in str(logged)
