"""The page of reports in a real browser: ordering by keyboard, watching, saving, with and without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .live import Live
from .test_browser_calls import PHONE, TOO_WIDE, serious

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("browser_reports")]

PATIENCE_MS = 120_000
"""The process steps back behind all others, and a test machine is busy."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A centre in which some calls have ended."""
    with Live(tmp_path_factory.mktemp("centre"), speed=8.0) as running:
        yield running


def test_a_report_is_ordered_by_keyboard_and_saved_as_pdf(
    live: Live, look: Callable[..., Page], tmp_path: Path
) -> None:
    page = look(f"{live.url}/reports")
    page.evaluate("window.stayed = true")
    assert page.get_by_text("아직 만든 보고서가 없습니다.").is_visible()
    assert serious(page) == []

    # This month: the first of the list. Choosing one of another kind chooses that kind.
    page.get_by_label("반기", exact=True).select_option(index=0)
    assert page.get_by_role("radio", name="반기 공개 기록").is_checked()
    assert page.get_by_label("상담원별 수치 포함").is_hidden()
    page.get_by_role("combobox", name="월간").select_option(index=0)
    assert page.get_by_role("radio", name="월간").is_checked()
    page.get_by_label("XLSX").uncheck()
    page.get_by_role("button", name="보고서 만들기").focus()
    page.keyboard.press("Enter")

    page.wait_for_selector(".job progress")
    page.evaluate("window.stayed = true")
    assert serious(page) == []
    page.wait_for_selector(".job.done", timeout=PATIENCE_MS)
    assert page.evaluate("window.stayed")
    # A screen reader is told, and the list has it.
    assert "보고서를 만들었습니다." in (page.locator("#told").text_content() or "")
    row = page.locator("#kept tbody tr")
    row.wait_for()
    assert "이 컴퓨터" in row.inner_text()
    assert serious(page) == []

    with page.expect_download() as download:
        row.get_by_role("link", name="PDF").click()
    saved = tmp_path / "saved.pdf"
    download.value.save_as(saved)
    assert saved.read_bytes().startswith(b"%PDF-")
    assert download.value.suggested_filename.endswith(".ko.pdf")


def test_a_report_can_be_cancelled_and_nothing_is_wider_than_a_phone(live: Live, look: Callable[..., Page]) -> None:
    page = look(f"{live.url}/reports?lang=en", viewport=PHONE, color_scheme="dark")
    assert not page.evaluate(TOO_WIDE)
    page.get_by_role("button", name="Make the report").click()
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector(".job.cancelled", timeout=PATIENCE_MS)
    assert page.get_by_text("Cancelled. Nothing was kept.").is_visible()
    assert not page.evaluate(TOO_WIDE)
    assert serious(page) == []


def test_without_scripts_the_page_reloads_until_the_report_is_there(live: Live, look: Callable[..., Page]) -> None:
    page = look(f"{live.url}/reports?lang=en", java_script_enabled=False)
    page.get_by_label("PDF").uncheck()
    page.get_by_label("XLSX").uncheck()
    page.get_by_label("JSON").check()
    page.get_by_role("button", name="Make the report").click()
    page.wait_for_selector(".job")
    page.wait_for_selector(".job.done", timeout=PATIENCE_MS)
    assert page.locator("#kept").get_by_role("link", name="JSON").count() == 1
