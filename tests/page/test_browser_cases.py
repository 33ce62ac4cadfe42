"""The pages of cases in a real browser, on a phone in the dark: a file is sent, a case opened and done."""

from __future__ import annotations

import asyncio
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.web import WebServer, bind

from .case_house import CaseHouse
from .doors import PASSWORD
from .test_browser_calls import PHONE, TOO_WIDE, serious

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("browser_cases")]


@contextmanager
def served(house: CaseHouse) -> Iterator[str]:
    """It on a loop of its own, since the browser's driver has the tests'; gives its URL."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    urls: list[str] = []
    ready = threading.Event()

    async def serve() -> None:
        async with WebServer(house.page.app, bind()) as server:
            urls.append(server.url)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def test_cases_are_worked_on_with_a_thumb(empty_ledger: Path, look: Callable[..., Page], tmp_path: Path) -> None:
    """Nothing is wider than the phone, and axe finds nothing that keeps people out."""
    house = CaseHouse(Path(shutil.copy(empty_ledger, tmp_path / "ledger.sqlite3")))
    house.open(
        received="2026-11-10", subject="ㅋ" * 200, contact="010-1234-5678", assignee="김" * 64, reference="9" * 64
    )
    sheet = tmp_path / "cases.csv"
    sheet.write_text("접수번호,이행표준,접수일시,내용\nA-1,kindness,2026-11-24,언성\n", encoding="utf-8")
    with served(house) as url:
        page = look(f"{url}/login?next=/cases/import", viewport=PHONE, color_scheme="dark")
        page.fill("input[name=name]", "kim")
        page.fill("input[name=password]", PASSWORD)
        page.press("#password", "Enter")
        page.set_input_files("#import-file", sheet)
        page.get_by_role("button", name="Show what would come of it").click()
        assert not page.evaluate(TOO_WIDE)
        assert serious(page) == []
        page.get_by_role("button", name="Write 1 case").click()
        page.get_by_text("1 case was written.").wait_for()

        page.goto(f"{url}/cases")
        assert not page.evaluate(TOO_WIDE)
        assert serious(page) == []
        page.get_by_role("link", name="A-1").click()
        page.get_by_label("Finding").select_option("upheld")
        page.get_by_role("button", name="Write down").first.click()
        page.get_by_text("It is written down.").wait_for()
        assert page.get_by_text("10,000 won to be paid").is_visible()
        assert not page.evaluate(TOO_WIDE)
        assert serious(page) == []
    assert house.sql("select finding, owed_won from cases where reference = 'A-1'") == [("upheld", 10_000)]
    house.repository.close()
