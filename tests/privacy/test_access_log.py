"""Who saw which call: written down by every page, answer and file that shows calls, and lost by nobody in silence."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from monitor.board import Board
from monitor.calls.facts import CallKey
from monitor.cli import app
from monitor.config_web import WebSettings
from monitor.ledger import Repository, upgrade
from monitor.ledger.access_log import WAITING_AT_MOST, Access, AccessLog, accesses
from monitor.ledger.store import Store
from monitor.numbers import Numbers
from monitor.page.app import Page, Sources
from monitor.page.seen import in_words
from tests.ledger.records import a_call, after
from tests.page.sources import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
NUMBER = "01098765432"
KEY = b"0123456789abcdef0123456789abcdef"
PERIOD = {"from": "2026-03-02", "to": "2026-03-02"}
API = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}


def access(**changes: Any) -> Access:
    fields: dict[str, Any] = {"at": AT, "who": "kim", "role": "supervisor", "address": "192.0.2.7", "action": "call"}
    return Access(**(fields | changes))


class Written:
    """Takes what is seen, as the access log does."""

    def __init__(self) -> None:
        self.all: list[Access] = []

    def record(self, access: Access) -> None:
        self.all.append(access)


class House:
    """The whole page over a real ledger of two calls, hashed where a key is given, and whoever asks it on loopback."""

    def __init__(self, path: Path, numbers: Numbers) -> None:
        upgrade(path)
        self.repository = Repository(path, numbers=numbers)
        self.repository.record_all([a_call("1.1", caller=NUMBER), a_call("1.2", caller="+82 10-9876-5432")])
        self.board = Board()
        self.written = Written()
        sources = Sources(
            board=self.board,
            systems={},
            store=Source(AT),
            clock=lambda: after(3600),
            zone=UTC,
            repository=self.repository,
            lines=("main",),
            accesses=self.written,
        )
        self.app = Page(WebSettings(), "en", sources).app

    def get(self, path: str, **asked: str) -> httpx.Response:
        """Ask as a browser on this machine does."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.get(path, params=asked)

        return asyncio.run(ask())

    def seen(self, path: str, **asked: str) -> list[tuple[str, str | None, str, int]]:
        """What a request writes down: action, call, what was asked for, and how many calls."""
        self.written.all.clear()
        assert self.get(path, **asked).status_code == 200
        return [(each.action, each.linkedid, each.detail, each.calls) for each in self.written.all]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "ledger.sqlite3", Numbers())
    yield house
    house.repository.close()


def test_each_way_to_see_calls_is_written_down(house: House) -> None:
    asked = "from=2026-03-02 to=2026-03-02 number=… reading=within"
    assert house.seen("/calls", **PERIOD, number="5432") == [("calls", None, asked, 2)]
    assert house.seen("/calls.csv", **PERIOD, number="5432") == [("calls_csv", None, asked, 2)]
    assert house.seen("/calls/pbx1/1.1") == [("call", "1.1", "", 1)]
    ((action, call, detail, calls),) = house.seen("/api/v1/calls", **API, number="5432")
    assert (action, call, calls) == ("api_calls", None, 2)
    assert "number=…" in detail
    assert house.seen("/api/v1/calls/pbx1/1.2") == [("api_call", "1.2", "", 1)]
    assert [each[0] for each in house.seen("/api/v1/transfers", **API)] == ["api_transfers"]
    # Figures and the board of the room show nobody's call.
    assert house.seen("/") + house.seen("/api/v1/statistics", **API) + house.seen("/api/v1/board") == []


def test_it_says_who_and_never_a_number(house: House) -> None:
    house.seen("/calls/pbx1/1.1")
    (seen,) = house.written.all
    assert (seen.who, seen.role, seen.system) == ("-", "supervisor", "pbx1")
    assert in_words({"agent": "Local/01098765432@m", "number": NUMBER}) == "agent=Local/010-****-5432@m number=…"


def test_a_whole_number_finds_a_hashed_caller_and_is_written_nowhere(tmp_path: Path) -> None:
    """Both calls are of one caller, whose number two trunks wrote in two ways. The last digits find nobody."""
    house = House(tmp_path / "ledger.sqlite3", Numbers(KEY))
    mark = f"#{str(Numbers(KEY).stored(NUMBER))[5:9]}"
    for number in ("010-9876-5432", "+821098765432", mark, mark.lower()):
        page = house.get("/calls", **PERIOD, number=number).text
        assert page.count('data-label="caller"') == 2, number
        assert page.count(mark) >= 2
        # Links of the list and of its CSV have the hash or mark.
        assert not re.findall(r'(?:href="/calls|value=")[^"]*9876', page)
        assert house.get("/api/v1/calls", **API, number=number).json()["calls"] != []
    told = house.get("/calls", **PERIOD, number="5432")
    assert told.status_code == 400
    assert "no last digits can be found" in told.text
    refused = house.get("/api/v1/calls", **API, number="5432")
    assert refused.status_code == 400
    assert "hashes" in refused.json()["detail"]
    assert house.get("/api/v1/calls", **API, number="01011112222").json()["calls"] == []
    assert "98765432" not in repr(house.written.all)
    house.repository.close()


def test_it_is_written_and_read_back_in_both_stores(store: str) -> None:
    upgrade(store)
    log = AccessLog(Store(store))
    log.start()
    many = [access(at=AT + timedelta(seconds=number), system="pbx1", linkedid=f"1.{number}") for number in range(1201)]
    for each in many:
        log.record(each)
    log.close(20.0)
    opened = Store(store)
    assert list(accesses(opened)) == many
    assert log.lost == 0
    assert list(accesses(opened, since=AT + timedelta(seconds=1199))) == many[1199:]
    assert list(accesses(opened, until=AT + timedelta(seconds=1), system="pbx1")) == many[:1]
    assert list(accesses(opened, linkedid="1.7")) == [many[7]]
    opened.close()


def test_what_waits_while_the_ledger_is_away_is_written_when_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    path.rename(tmp_path / "elsewhere")
    log = AccessLog(Store(path))
    log.start()
    log.record(access())
    (tmp_path / "elsewhere").rename(path)
    log.close(20.0)
    opened = Store(path)
    assert list(accesses(opened)) == [access()]
    opened.close()


def test_what_is_lost_is_counted_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was never started, so that nothing is taken; one more than may wait, and all of them at the stop."""
    log = AccessLog(Store(tmp_path / "missing.sqlite3"))
    for _ in range(WAITING_AT_MOST + 1):
        log.record(access())
    assert log.lost == 1
    log.close(0.0)
    assert log.lost == WAITING_AT_MOST + 1
    assert capsys.readouterr().out.count("access_log_lost") == 2


def test_the_command_prints_it_for_a_person_and_a_spreadsheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    log = AccessLog(Store(path))
    log.start()
    key = CallKey(system="pbx1", linkedid="1.1")
    log.record(access(system=key.system, linkedid=key.linkedid))
    log.record(access(at=AT + timedelta(days=1), action="calls", detail="=1+1", calls=9))
    log.close(20.0)

    def run(*arguments: str) -> str:
        capsys.readouterr()
        app(["access-log", "--store", str(path), *arguments], standalone_mode=False)
        return capsys.readouterr().out

    # Ten in London is seven in the evening in Seoul.
    assert run("--call", "pbx1/1.1") == "2026-03-02 19:00:00  kim  supervisor  192.0.2.7  call  pbx1  1.1  1\n"
    (heading, row) = csv.reader(io.StringIO(run("--csv", "--from", "2026-03-03", "--to", "2026-03-03")))
    assert heading[0] == "at"
    # A cell that begins like a formula is text.
    assert row == ["2026-03-03 19:00:00", "kim", "supervisor", "192.0.2.7", "calls", "", "", "9", "'=1+1"]
