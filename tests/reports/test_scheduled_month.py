"""From a ledger to a mailbox: the schedule, the workshop's own process, the letter, and a real mail server."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from typing import TYPE_CHECKING

from openpyxl import load_workbook

from monitor.config import load
from monitor.ledger.beginning import first_call_at
from monitor.ledger.repository import Repository
from monitor.ledger.schema import upgrade
from monitor.report_setup import basis_of, house_of, schedule_of
from monitor.report_worker import Workshop
from monitor.reports.kept import Kept
from tests.ledger.records import a_call, after

from .mailing import PASSWORD, USERNAME, mail_server, make_certificate
from .scheduled import seoul

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.config import Settings

SETTINGS = """
[reports]
folder = "{folder}/reports"
formats = ["xlsx"]
page_url = "https://calls.example.org"
[reports.mail]
host = "localhost"
port = {port}
tls_ca = "{certificate}"
username = "{username}"
password_file = "{folder}/password"
sender = "centre@example.org"
to = ["head@example.org"]
"""


def settings_in(folder: Path, port: int, certificate: Path) -> Settings:
    (folder / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    path = folder / "callmonitor.toml"
    told = SETTINGS.format(folder=folder, port=port, certificate=certificate, username=USERNAME)
    path.write_text(told, encoding="utf-8")
    return load(path, environ={"HOME": str(folder)})


def test_last_months_report_lies_in_the_mailbox_on_the_first_working_day(tmp_path: Path) -> None:
    ledger = f"sqlite:///{tmp_path}/ledger.sqlite3"
    upgrade(ledger)
    repository = Repository(ledger)
    # Two calls of Monday 2 March 2026, 18:00 in Korea.
    repository.record_all([a_call("1772442000.1"), a_call("1772442060.2", entered_at=after(60))])
    certificate, key = make_certificate(tmp_path)
    now = seoul("2026-04-01 07:00")

    async def look_twice(settings: Settings) -> None:
        kept = Kept(settings.reports.folder)
        workshop = Workshop(lambda: ledger, basis_of(settings), house_of(settings), kept, lambda: now)
        for _ in range(2):
            schedule = schedule_of(
                settings,
                workshop,
                kept,
                clock=lambda: now + timedelta(seconds=5),
                first_call_at=lambda: first_call_at(repository.store),
                settled=lambda: True,
            )
            assert schedule is not None
            await schedule.look()
        await workshop.close()

    with mail_server(certificate, key) as (inbox, port):
        settings = settings_in(tmp_path, port, certificate)
        asyncio.run(look_twice(settings))
    repository.close()
    (report,) = Kept(settings.reports.folder).all()
    assert (report.period, report.made_by) == ("2026-03", "schedule")
    (letter,) = inbox.letters
    assert "2026년 3월" in letter["Subject"]
    (attached,) = letter.iter_attachments()
    sheet = attached.get_content()
    (file,) = report.files
    assert attached.get_filename() == file.name
    # What is mailed is the file that is kept, to the byte; the letter is gone, and remembered.
    folder = Kept(settings.reports.folder).folder_of(report)
    assert (folder / file.name).read_bytes() == sheet
    assert {path.name for path in folder.iterdir()} == {file.name, "made.json", "mailed.json"}
    assert len([part for part in letter.walk() if part.get_content_type() == "image/png"]) >= 3
    # No caller of the ledger in full, as text, as HTML or in the sheets.
    caller = a_call().caller
    assert caller is not None
    texts = [part.get_content() for part in letter.walk() if part.get_content_maintype() == "text"]
    cells = [
        str(cell) for book in [load_workbook(io.BytesIO(sheet))] for rows in book for row in rows.values for cell in row
    ]
    assert len(texts) == 2
    assert [text for text in [*texts, *cells] if caller in text.replace("-", "")] == []
