"""Signing in over real sockets: the form, where it leads, what it sets, and what the log says of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from .doors import FORM, PASSWORD, SESSION, Clock, served, settings, sign_in, token_in, user

if TYPE_CHECKING:
    import httpx


# -- where nobody has to sign in ---------------------------------------------------------------------------------------


def test_on_loopback_without_users_everybody_sees_calls_and_no_number_in_full() -> None:
    async def ask() -> tuple[Any, httpx.Response]:
        async with served() as client:
            return (await client.get("/")).json(), await client.get("/login?next=/calls")

    seen, form = asyncio.run(ask())
    assert len(seen.pop("csrf")) == 64
    assert seen == {"name": "", "role": "supervisor", "numbers": False}
    assert (form.status_code, form.headers["location"]) == (303, "/calls")


def test_where_nobody_signs_in_forms_of_this_page_alone_are_taken() -> None:
    """A page from elsewhere, open in the same browser, can send a form here, and cannot read what belongs into it."""

    async def ask() -> dict[str, int]:
        async with served() as client, served() as other:
            csrf = (await client.get("/")).json()["csrf"]
            of_another_start = (await other.get("/")).json()["csrf"]
            sent = {
                "ours": ("/change", csrf, {}),
                "from another site": ("/change", csrf, {"sec-fetch-site": "cross-site"}),
                "another start's": ("/change", of_another_start, {}),
                "without": ("/change", "", {}),
                "sign in": ("/login", csrf, {}),
                "sign out": ("/logout", csrf, {}),
            }
            return {
                name: (await client.post(path, data={"csrf": token, "what": "x"}, headers=headers)).status_code
                for name, (path, token, headers) in sent.items()
            }

    found = asyncio.run(ask())
    assert found == {
        "ours": 200,
        "from another site": 403,
        "another start's": 403,
        "without": 403,
        "sign in": 403,
        "sign out": 303,
    }


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
