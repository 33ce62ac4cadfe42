"""Fixtures: a ledger with what reads it, and a real Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from monitor.board import Board
from monitor.ledger import Repository, upgrade
from tests.programs import required

from .asking import Asking
from .case_house import CaseHouse
from .centre import NOW, SEOUL, Centre
from .doors import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
NETWORK = "Failed to load resource"
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: each test gets a copy."""
    path = tmp_path_factory.mktemp("ledger") / "empty.sqlite3"
    upgrade(path)
    return path


@pytest.fixture
def ledger(empty_ledger: Path, tmp_path: Path) -> Path:
    """A ledger without calls."""
    return Path(shutil.copy(empty_ledger, tmp_path / "ledger.sqlite3"))


@pytest.fixture
def centre(ledger: Path) -> Iterator[Centre]:
    """One without calls, at nine in the evening."""
    repository = Repository(ledger)
    yield Centre(repository, Board(zone=SEOUL), Clock(NOW))
    repository.close()


@pytest.fixture
def asking(ledger: Path) -> Iterator[Asking]:
    """An API over a ledger without calls."""
    asking = Asking(ledger)
    yield asking
    asking.repository.close()


@pytest.fixture
def house(ledger: Path) -> Iterator[CaseHouse]:
    """The pages and the API of cases over a ledger without any."""
    house = CaseHouse(ledger)
    yield house
    house.repository.close()


@pytest.fixture(scope="module")
def still(empty_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseHouse]:
    """One in which nothing changes, for all tests that only look or are refused: it has four cases."""
    house = CaseHouse(Path(shutil.copy(empty_ledger, tmp_path_factory.mktemp("still") / "ledger.sqlite3")))
    house.open(reference="A", received="2026-11-10", assignee="김", contact="+82 10-1234-5678")
    house.open(reference="B", received="2026-11-23")
    house.open("kindness", "2026-11-24", reference="C", subject="b")
    house.open(reference="D", received="2026-11-25", done_at=house.clock())
    yield house
    house.repository.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; skipped where it is not installed, and an error where `CI` is set.

    Its driver keeps an event loop running in the tests' thread, in which `asyncio.run` of other modules would fail.
    """
    program = required("chromium")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page in a fresh profile; what it complained of in its console is a failure of the test.

    What the browser says of an answer that was no, or that did not come, is what the test asked for.
    """
    complaints: list[str] = []
    contexts = []

    def look_at(url: str, **options: object) -> Page:
        context = browser.new_context(**({"viewport": DESK, "locale": "ko-KR"} | options))  # type: ignore[arg-type] # Playwright's many options
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda told: complaints.append(told.text) if told.type == "error" and NETWORK not in told.text else None,
        )
        page.goto(url)
        return page

    yield look_at
    for context in contexts:
        context.close()
    assert complaints == []
