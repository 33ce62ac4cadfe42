"""What programs may ask with a token, and what each role may see. Over real sockets."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from monitor.config_web import TokenSettings

from .doors import served, settings, sign_in, user

if TYPE_CHECKING:
    import httpx


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
