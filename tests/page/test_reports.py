"""Ordering reports on the page, watching them being made, and downloading them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import socket
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from monitor.ledger import Repository, upgrade
from monitor.page.reports import PAGE_SIZE
from monitor.report_work import Problem
from monitor.report_worker import WAITING_AT_MOST, State
from monitor.reports.order import FileFormat
from monitor.reports.periods import Period
from tests.ledger.records import NINE, a_call
from tests.reports.month import SEOUL

from .reported import MONTH, NOW, Office, keep, links_in, text_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from .reported import Desk

NOWHERE = "postgresql://monitor:hush@127.0.0.1:1/ledger"
"""Nobody listens on port 1."""


@pytest.fixture
def office(month_file: Path, tmp_path: Path) -> Office:
    return Office(f"sqlite:///{month_file}", tmp_path / "reports")


def play(office: Office, scene: Callable[[Desk], Awaitable[None]], **whom: Any) -> None:
    """Let somebody sit down at the page."""

    async def sitting() -> None:
        async with office.open(**whom) as desk:
            await scene(desk)

    asyncio.run(sitting())


# -- from the order to the file ----------------------------------------------------------------------------------------


def test_a_report_is_ordered_watched_and_downloaded(office: Office) -> None:
    async def scene(desk: Desk) -> None:
        job = await desk.order(csv="yes", line="1588-6565", queue="support")
        page = await desk.get(f"/reports?job={job}")
        # Without scripts the page asks again by itself.
        assert f'<noscript><meta http-equiv="refresh" content="3; url=/reports?job={job}"></noscript>' in page.text
        assert f'data-again="/reports/work?job={job}"' in page.text

        work = await desk.made(job)
        assert text_of(work).startswith("Report October 2026 1588-6565 support without agents The report is made.")
        (report,) = office.kept.all()
        assert (report.made_by, report.line, report.queue, report.agents) == ("kim", "1588-6565", "support", False)
        sheets, told = links_in(work)

        answer = await desk.get(told)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-disposition"].startswith('attachment; filename="callmonitor-2026-10-')
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert json.loads(answer.text)["language"] == "ko"

        answer = await desk.get(sheets)
        assert answer.headers["content-type"] == "application/zip"
        assert answer.headers["content-disposition"].endswith(".csv.zip")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            assert names == [file.name for file in report.files if file.name.endswith(".csv")]
            assert len(names) > 10
            for name in names:
                assert archive.read(name) == (office.folder / report.id / name).read_bytes()
            assert len(list(csv.reader(io.StringIO(archive.read(names[0]).decode("utf-8-sig"))))) > 1

        page = await desk.get("/reports")
        assert "data-again" not in page.text
        assert "http-equiv" not in page.text
        assert links_in(page.text) == [sheets, told]
        assert "October 2026 1588-6565 support without agents 2026-11-03 09:30 kim" in text_of(page.text)

    play(office, scene)


def test_whoever_sits_at_the_machine_orders_in_no_name_and_others_in_theirs(office: Office) -> None:
    """That others do is shown above, as is that a report is kept as it was ordered."""

    async def scene(desk: Desk) -> None:
        job = desk.workshop.find(await desk.order(span="half", half="2026H1", agents="yes"))
        assert job is not None
        order = job.order
        assert (order.made_by, order.period.name, order.publishable, order.agents) == ("", "2026H1", True, False)
        await desk.workshop.cancel(job)
        keep(office.kept, NOW, period=order.period, publishable=True, agents=False, made_by="")
        assert "2026년 상반기 반기 공개 기록 2026-11-03 09:30 이 컴퓨터" in text_of((await desk.get("/reports")).text)

    play(office, scene, role=None, language="ko")


def test_a_report_that_fails_says_why_and_another_that_is_cancelled_keeps_nothing(tmp_path: Path) -> None:
    office = Office(NOWHERE, tmp_path / "reports")

    async def scene(desk: Desk) -> None:
        failed = await desk.order()
        work = text_of(await desk.made(failed))
        ended = desk.workshop.find(failed)
        assert ended is not None
        assert (ended.state, ended.problem) == (State.FAILED, Problem.LEDGER)
        assert "hush" not in ended.error
        assert "The ledger does not answer. Order the report again once the board no longer says so." in work
        assert "check that the server runs and can be reached" in work
        assert "hush" not in work

        job = await desk.order(queue="support")
        answer = await desk.post(f"/reports/jobs/{job}/cancel", {})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/reports?job={job}#work")
        assert "Cancelled. Nothing was kept." in text_of(await desk.made(job))
        assert (await desk.post("/reports/jobs/unknown/cancel", {})).headers["location"] == "/reports"
        assert office.kept.all() == []

    play(office, scene)


def test_one_too_many_is_refused_with_the_form_as_it_was(tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        # Nobody waits the five seconds in which this ledger would be given up.
        assert (await desk.get("/reports")).elapsed < timedelta(seconds=4)
        await desk.order()
        for number in range(WAITING_AT_MOST):
            await desk.order(queue=f"q{number}")
        answer = await desk.post("/reports", MONTH | {"queue": "one more"})
        assert answer.status_code == 503
        assert "Too many reports wait already." in text_of(answer.text)
        assert 'value="one more"' in answer.text
        assert "Waits; 8 reports are made before it." in text_of(answer.text)

    # It takes connections and says nothing: what asks it is busy for five seconds.
    with socket.create_server(("127.0.0.1", 0)) as server:
        store = f"postgresql://monitor:hush@127.0.0.1:{server.getsockname()[1]}/ledger"
        play(Office(store, tmp_path / "reports"), scene)


# -- the form ----------------------------------------------------------------------------------------------------------

DAYS = {"span": "days", "from": "2026-10-01", "to": "2026-10-31"}


FAULTS: tuple[tuple[dict[str, str], str], ...] = (
    ({"month": "2026-13"}, "There is no such choice."),
    ({"month": "2026-12"}, "This has not begun yet."),
    ({"span": "year"}, "There is no such choice."),
    ({"span": "half", "half": "2027H1"}, "This has not begun yet."),
    ({"span": "half", "half": "2026H3"}, "There is no such choice."),
    (DAYS | {"from": "1 October"}, "Write the day as in 2026-11-25."),
    (DAYS | {"to": ""}, "Write the day as in 2026-11-25."),
    (DAYS | {"to": "2026-09-30"}, "The last day is before the first."),
    (DAYS | {"from": "2024-10-01"}, "A report holds two years at most."),
    (DAYS | {"from": "1999-12-31", "to": "2000-01-02"}, "A report holds two years at most."),
    (DAYS | {"from": "2026-11-04", "to": "2026-11-05"}, "This has not begun yet."),
    ({"line": "1577-9999"}, "There is no such choice."),
    ({"rule": "no such/1"}, "There is no such choice."),
    ({"queue": "a\tb"}, "A name has at most 200 characters"),
    ({"queue": "q" * 201}, "A name has at most 200 characters"),
    ({"json": ""}, "Choose at least one."),
    ({"ko": ""}, "Choose at least one."),
)
"""What is written otherwise than in `MONTH`, and what is said of it."""


def test_what_cannot_be_made_is_said_beside_its_field(office: Office) -> None:
    async def scene(desk: Desk) -> None:
        for fields, fault in FAULTS:
            answer = await desk.post("/reports", MONTH | fields)
            assert answer.status_code == 400, fields
            shown = text_of(answer.text)
            assert "Nothing was ordered. Correct what is marked." in shown
            assert shown.count(fault) == 1, fields
        assert desk.workshop.jobs == ()

    play(office, scene, role=None)


def test_the_form_begins_with_last_month_in_the_viewers_language(office: Office) -> None:
    async def scene(desk: Desk) -> None:
        page = (await desk.get("/reports")).text
        assert '<option value="2026-10" selected>October 2026</option>' in page
        assert '<option value="2026-11">November 2026 · so far</option>' in page
        assert page.count('<option value="20') == 24 + 6
        assert '<option value="2026H1" selected>First half of 2026</option>' in page
        assert [name for name in ("ko", "en", *FileFormat) if f'name="{name}" value="yes" checked' in page] == [
            "en",
            "pdf",
            "xlsx",
        ]
        assert "<option>1577-1000</option>" in page
        assert '<option value="slow-bell/2">Counted again under slow-bell/2</option>' in page
        assert "No report has been made yet." in page
        assert 'name="agents" value="yes" checked' in page

    play(office, scene)

    async def ledger_away(desk: Desk) -> None:
        assert '<option value="2026-10" selected>' in (await desk.get("/reports")).text

    play(Office(NOWHERE, office.folder), ledger_away)
    office.agents = False

    async def without(desk: Desk) -> None:
        assert 'name="agents"' not in (await desk.get("/reports")).text

    play(office, without)


def test_where_the_ledger_has_no_last_month_the_form_begins_with_this_one(tmp_path: Path) -> None:
    """Whoever tries it on the first day gets a report with something in it."""
    path = tmp_path / "young.sqlite3"
    upgrade(path)
    repository = Repository(path)
    repository.record_all([a_call("1.1")])
    repository.close()

    async def scene(desk: Desk) -> None:
        page = (await desk.get("/reports")).text
        assert '<option value="2026-03" selected>March 2026 · so far</option>' in page
        assert '<option value="2026H1" selected>First half of 2026 · so far</option>' in page

    play(Office(f"sqlite:///{path}", tmp_path / "reports", now=NINE + timedelta(days=2)), scene)


# -- what was made -----------------------------------------------------------------------------------------------------


def test_the_history_tells_what_was_made_by_whom_the_newest_first(office: Office) -> None:
    nasty = '<script>alert("1")</script>'
    keep(
        office.kept, NOW - timedelta(days=2), made_by="schedule", languages=("ko", "en"), names=("x.en.pdf", "x.ko.pdf")
    )
    keep(office.kept, NOW - timedelta(days=1), made_by=nasty, rule="two-rings/1")
    days = Period.days_between(NOW.date(), NOW.date(), SEOUL)
    keep(office.kept, NOW, period=days, made_by="lee", agents=False)

    async def scene(desk: Desk) -> None:
        page = (await desk.get("/reports")).text
        shown = text_of(page.partition("<tbody>")[2])
        assert shown.index("3 November 2026 without agents 2026-11-03 09:30 lee") < shown.index("September 2026 two")
        assert "September 2026 2026-11-01 09:30 scheduled Korean PDF 1 kB English PDF 1 kB" in shown
        assert nasty not in page
        assert nasty in shown

    play(office, scene)


def test_many_reports_come_in_pages(office: Office) -> None:
    for number in range(PAGE_SIZE + 3):
        keep(office.kept, NOW - timedelta(hours=number), made_by=f"user{number}")

    async def scene(desk: Desk) -> None:
        counts = {}
        for page in ("", "?page=1", "?page=2", "?page=3", "?page=0", "?page=x", "?page=99999999", "?page=²"):
            answer = await desk.get(f"/reports{page}")
            counts[page] = answer.text.count("<tr>") - 1
        whole, rest = PAGE_SIZE, 3
        assert list(counts.values()) == [whole, whole, rest, rest, whole, whole, rest, whole]
        assert 'rel="next"' in (await desk.get("/reports")).text
        assert 'rel="prev"' in (await desk.get("/reports?page=2")).text

    play(office, scene)


def test_files_are_what_made_json_lists_and_nothing_else(office: Office) -> None:
    korean = "callmonitor-2026-09-상담 1.ko.html"
    keep(office.kept, NOW, names=(korean, "mail.ko.eml", "a.ko.csv"), formats=(FileFormat.HTML, FileFormat.CSV))
    keep(office.kept, NOW - timedelta(hours=1), names=("b.ko.pdf",))
    (office.folder / "secret.pdf").write_text("not a report", encoding="utf-8")
    with_html, with_pdf = office.kept.all()

    async def scene(desk: Desk) -> None:
        page = await desk.get(f"/reports/kept/{with_html.id}/{quote(korean)}")
        # A report's page must not run with the rights of this one.
        assert page.text == korean
        assert page.headers["content-disposition"] == f"attachment; filename*=utf-8''{quote(korean)}"
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["content-security-policy"]

        for path in (
            f"{with_html.id}/made.json",
            f"{with_html.id}/mail.ko.eml",
            f"{with_html.id}/b.ko.pdf",
            f"{with_html.id}/..%2F{with_pdf.id}%2Fb.ko.pdf",
            f"{with_html.id}/%2e%2e%2fsecret.pdf",
            "..%2Freports/secret.pdf",
            "%2e%2e/secret.pdf",
            "./secret.pdf",
            f"{with_pdf.id}.zip",
            "nothing.zip",
            "..%2f.zip",
            f"{with_pdf.id}/b.ko.pdf%00",
            f".making-{with_pdf.id}/b.ko.pdf",
        ):
            answer = await desk.get(f"/reports/kept/{path}")
            assert answer.status_code == 404, path
            assert "secret" not in answer.text
        assert (await desk.get(f"/reports/kept/{with_html.id}.zip")).status_code == 200

        # It was there when the page was shown, and is not any more.
        (office.folder / with_pdf.id / "b.ko.pdf").unlink()
        assert (await desk.get(f"/reports/kept/{with_pdf.id}/b.ko.pdf")).status_code == 404

    play(office, scene)


def test_a_folder_that_cannot_be_read_is_said_so(office: Office) -> None:
    office.folder.write_text("in the way", encoding="utf-8")

    async def scene(desk: Desk) -> None:
        answer = await desk.get("/reports")
        assert answer.status_code == 200
        assert "The folder of reports cannot be read. Tell whoever looks after the monitor." in answer.text
        assert str(office.folder) in answer.text

    play(office, scene)


# -- who may -----------------------------------------------------------------------------------------------------------

PATHS = ("/reports", "/reports/work", "/reports/kept/x/y.pdf", "/reports/kept/x.zip")


def test_reports_are_for_supervisors(office: Office) -> None:
    async def board(desk: Desk) -> None:
        for path in PATHS:
            answer = await desk.get(path)
            assert answer.status_code == 403
            assert "Reports are made and read by supervisors only" in answer.text
        for path in ("/reports", "/reports/jobs/x/cancel"):
            assert (await desk.client.post(path, data={"csrf": "x"})).status_code == 403
        assert desk.workshop.jobs == ()

    play(office, board, role="board")

    async def nobody(desk: Desk) -> None:
        desk.client.cookies.clear()
        for path in PATHS:
            answer = await desk.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={quote(path, safe='')}")

    play(office, nobody)


def test_no_other_site_orders_or_cancels(office: Office) -> None:
    async def scene(desk: Desk) -> None:
        for path in ("/reports", "/reports/jobs/x/cancel"):
            for fields in (MONTH, MONTH | {"csrf": "0" * 64}):
                assert (await desk.client.post(path, data=fields)).status_code == 403
        csrf = {"csrf": (await desk.get("/reports")).text.partition('name="csrf" value="')[2][:64]}
        cross = {"sec-fetch-site": "cross-site"}
        assert (await desk.client.post("/reports", data=MONTH | csrf, headers=cross)).status_code == 403
        assert desk.workshop.jobs == ()

    play(office, scene)
    play(office, scene, role=None)
