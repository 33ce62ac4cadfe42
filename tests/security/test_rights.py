"""Every address there is, asked by everybody there is: a new one without a decision here fails the test."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from starlette.routing import Mount

from monitor.web import bind
from tests.page.doors import token_in

from .house import CALL, CASE, NAME, House, as_person, routes_in

if TYPE_CHECKING:
    from pathlib import Path

    import httpx


class Right(Enum):
    """Who may use an address."""

    ALL = auto()
    """Whoever reaches it."""
    BOARD = auto()
    """People and programs of both roles."""
    SUPERVISOR = auto()
    """People and programs with the role supervisor."""
    CASES = auto()
    """People and programs with the role supervisor, and programs that bring cases."""
    TOKEN = auto()
    """Of these the programs alone: people write on the page."""
    FORM = auto()
    """A form of a supervisor's, with its token."""
    OWN_FORM = auto()
    """A form of anybody's who has the token of its page."""


CASE_AT = f"/cases/{quote(CASE, safe='')}"
DECIDED: dict[tuple[str, str], tuple[Right, str]] = {
    # (method, address): who may, and an address of the kind that there is
    ("GET", "/metrics"): (Right.ALL, "/metrics"),  # no caller in it; a token and an address of its own can be set
    ("GET", "/healthz"): (Right.ALL, "/healthz"),
    ("GET", "/readyz"): (Right.ALL, "/readyz"),
    ("GET", "/static/{path}"): (Right.ALL, "/static/page.css"),
    ("GET", "/login"): (Right.ALL, "/login"),
    ("GET", "/"): (Right.BOARD, "/"),
    ("GET", "/wall"): (Right.BOARD, "/wall"),
    ("GET", "/stream"): (Right.BOARD, "/stream"),
    ("GET", "/calls"): (Right.SUPERVISOR, "/calls"),
    ("GET", "/calls.csv"): (Right.SUPERVISOR, "/calls.csv?day=2026-03-02"),
    ("GET", "/calls/{rest:path}"): (Right.SUPERVISOR, f"/calls/pbx1/{CALL}"),
    ("GET", "/reports"): (Right.SUPERVISOR, "/reports"),
    ("GET", "/reports/work"): (Right.SUPERVISOR, "/reports/work"),
    ("GET", "/reports/kept/{report}.zip"): (Right.SUPERVISOR, "/reports/kept/REPORT.zip"),
    ("GET", "/reports/kept/{report}/{name}"): (Right.SUPERVISOR, f"/reports/kept/REPORT/{NAME}"),
    ("GET", "/cases"): (Right.SUPERVISOR, "/cases"),
    ("GET", "/cases.csv"): (Right.SUPERVISOR, "/cases.csv"),
    ("GET", "/cases/new"): (Right.SUPERVISOR, f"/cases/new?system=pbx1&linkedid={CALL}"),
    ("GET", "/cases/import"): (Right.SUPERVISOR, "/cases/import"),
    ("GET", "/cases/template.csv"): (Right.SUPERVISOR, "/cases/template.csv"),
    ("GET", "/cases/{reference:path}"): (Right.SUPERVISOR, CASE_AT),
    ("POST", "/cases/new"): (Right.FORM, "/cases/new"),
    ("POST", "/cases/import"): (Right.FORM, "/cases/import"),
    ("POST", "/cases/{reference:path}"): (Right.FORM, CASE_AT),
    ("GET", "/callbacks"): (Right.SUPERVISOR, "/callbacks"),
    ("GET", "/callbacks/{rest:path}"): (Right.SUPERVISOR, f"/callbacks/pbx1/{CALL}"),
    ("POST", "/callbacks/{rest:path}"): (Right.FORM, f"/callbacks/pbx1/{CALL}"),
    ("GET", "/reviews"): (Right.SUPERVISOR, "/reviews"),
    ("GET", "/reviews/calls/{rest:path}"): (Right.SUPERVISOR, f"/reviews/calls/pbx1/{CALL}"),
    ("POST", "/reviews/calls/{rest:path}"): (Right.FORM, f"/reviews/calls/pbx1/{CALL}"),
    ("POST", "/reports"): (Right.FORM, "/reports"),
    ("POST", "/reports/jobs/{job}/cancel"): (Right.FORM, "/reports/jobs/none/cancel"),
    ("POST", "/login"): (Right.OWN_FORM, "/login"),
    ("POST", "/logout"): (Right.OWN_FORM, "/logout"),
    ("GET", "/api/v1/board"): (Right.BOARD, "/api/v1/board"),
    ("GET", "/api/v1/statistics"): (Right.BOARD, "/api/v1/statistics?from=2026-03-02&to=2026-03-02"),
    ("GET", "/api/v1/calls"): (Right.SUPERVISOR, "/api/v1/calls?from=2026-03-02&to=2026-03-02"),
    ("GET", "/api/v1/transfers"): (Right.SUPERVISOR, "/api/v1/transfers?from=2026-03-02&to=2026-03-02"),
    ("GET", "/api/v1/calls/{rest:path}"): (Right.SUPERVISOR, f"/api/v1/calls/pbx1/{CALL}"),
    ("GET", "/api/v1/callbacks"): (Right.SUPERVISOR, "/api/v1/callbacks"),
    ("GET", "/api/v1/cases"): (Right.CASES, "/api/v1/cases"),
    ("GET", "/api/v1/cases/{reference:path}"): (Right.CASES, f"/api/v1{CASE_AT}"),
    ("POST", "/api/v1/cases"): (Right.TOKEN, "/api/v1/cases"),
    ("PATCH", "/api/v1/cases/{reference:path}"): (Right.TOKEN, f"/api/v1{CASE_AT}"),
    ("GET", "/api/v1/openapi.json"): (Right.BOARD, "/api/v1/openapi.json"),
    ("GET", "/api/v1"): (Right.BOARD, "/api/v1"),
    ("GET", "/api/v1/{rest:path}"): (Right.BOARD, "/api/v1/nothing"),
}
NOTHING_THERE = {"/api/v1", "/api/v1/nothing", "/reports/kept/REPORT.zip", "/reports/jobs/none/cancel"}
"""Where whoever may ask is told that nothing is there: the report has no CSV, and no such job is known."""
FURTHER = ("PUT", "PATCH", "DELETE", "OPTIONS")
"""Tried by those who may do most."""


@dataclass(frozen=True)
class Who:
    """Somebody who asks."""

    name: str
    person: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    role: str | None = None


EVERYBODY = (
    Who("nobody"),
    Who("a person of the board", person="wall", role="board"),
    Who("a supervisor", person="kim", role="supervisor"),
    Who("a program of the board", headers=(("authorization", "Bearer token of screen"),), role="board"),
    Who("a program of a supervisor", headers=(("authorization", "Bearer token of archive"),), role="supervisor"),
    Who("a program that brings cases", headers=(("authorization", "Bearer token of intake"),), role="cases"),
    Who("a program of another house", headers=(("authorization", "Bearer token of stranger"),)),
    Who("a forged cookie", headers=(("cookie", "callmonitor_session=WyJraW0iLCJ4IiwieCJd.aaaa.bbbb"),)),
)


def expected(right: Right, address: str, who: Who) -> int:
    """What is answered, by the decision alone."""
    api = address.startswith("/api/")
    program = who.name.startswith("a program")
    let_in = who.role is not None and (api or not program)
    if right is Right.ALL:
        # Whoever has signed in needs no form for it.
        return 303 if address == "/login" and who.person else 200
    if not let_in:
        return 401 if api or address == "/stream" else 303
    if right in (Right.CASES, Right.TOKEN):
        refused = who.role == "board" or (right is Right.TOKEN and not program)
        # Who writes sends nothing here: what is no JSON is refused once they were let in.
        return 403 if refused else 415 if right is Right.TOKEN else 200
    if who.role == "cases" or (right is Right.SUPERVISOR and who.role != "supervisor"):
        return 403
    return 404 if address in NOTHING_THERE else 200


async def status(browser: httpx.AsyncClient, method: str, address: str, who: Who) -> int:
    headers = dict(who.headers)
    if address == "/stream":
        headers["accept"] = "text/event-stream"
    async with browser.stream(method, address, headers=headers) as answer:
        return answer.status_code


def test_everybody_gets_what_was_decided_and_every_address_is_decided(ledger: Path, tmp_path: Path) -> None:
    async def ask() -> tuple[set[tuple[str, str]], list[str], list[str]]:
        house = House(tmp_path, ledger)
        app = house.serving._app(taken := bind(), metrics=True, routes=[Mount("/", house.page.app)])
        taken.close()
        known = set(routes_in(app.routes))
        wrong, changed = [], []
        async with house.open() as browser:
            for who in EVERYBODY:
                browser.cookies.clear()
                if who.person:
                    await as_person(browser, who.person)
                for (method, _), (right, address) in DECIDED.items():
                    place = address.replace("REPORT", house.report)
                    if method == "GET" or right is Right.TOKEN:
                        got, wanted = await status(browser, method, place, who), expected(right, address, who)
                        if got != wanted:
                            wrong.append(f"{method} {place} by {who.name}: {got} in place of {wanted}")
                    # Without its form's token nobody gets anywhere, whoever they are.
                    changed += [
                        f"{other} {place} by {who.name}: {got}"
                        for other in ("POST", *(FURTHER if who.role in ("supervisor", "cases") else ()))
                        if (got := await status(browser, other, place, who)) not in {303, 401, 403, 404, 405, 415}
                        or (got == 303 and who.person)
                    ]
        return known, wrong, changed

    known, wrong, changed = asyncio.run(ask())
    undecided = {(method, path) for method, path in known if method == "GET" or not path.startswith("/api/")}
    assert undecided - set(DECIDED) == set(), "decide in DECIDED who may use it"
    assert set(DECIDED) - known == set(), "no longer there"
    assert wrong == []
    assert changed == []


@pytest.mark.parametrize(
    ("person", "form", "status_wanted"),
    [("kim", {"span": "month", "month": "nonsense"}, 400), ("wall", {"span": "month", "month": "2026-02"}, 403)],
)
def test_a_form_with_its_token_reaches_only_those_who_may(
    ledger: Path, tmp_path: Path, person: str, form: dict[str, str], status_wanted: int
) -> None:
    """A supervisor's order is read, and found to be none; that of the board's user is not even read."""

    async def ask() -> int:
        async with House(tmp_path, ledger).open() as browser:
            await as_person(browser, person)
            csrf = token_in((await browser.get("/")).text)
            return (await browser.post("/reports", data={"csrf": csrf} | form)).status_code

    assert asyncio.run(ask()) == status_wanted


def test_everybody_may_sign_out_and_nobody_else_for_them(ledger: Path, tmp_path: Path) -> None:
    async def ask() -> list[int]:
        async with House(tmp_path, ledger).open() as browser:
            await as_person(browser, "kim")
            of_kim = token_in((await browser.get("/")).text)
            await as_person(browser, "wall")
            statuses = [(await browser.post("/logout", data={"csrf": of_kim})).status_code]
            statuses.append((await browser.get("/")).status_code)
            own = token_in((await browser.get("/")).text)
            statuses.append((await browser.post("/logout", data={"csrf": own})).status_code)
            statuses.append((await browser.get("/")).status_code)
            return statuses

    assert asyncio.run(ask()) == [403, 200, 303, 303]
