"""The settings of working time, reports and their mail, and one bad file for each exact message."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.config import Settings, load
from monitor.errors import ConfigError
from monitor.report_setup import basis_of, house_of, post_of, standing_of, what_is_made
from monitor.reports.order import FileFormat
from monitor.worktime import Hours, Shift

SEOUL = ZoneInfo("Asia/Seoul")
MAIL = '[reports.mail]\nhost = "mail.example.org"\nsender = "centre@example.org"\nto = ["head@example.org"]\n'


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "callmonitor.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ={"HOME": "/home/centre"})


def test_nothing_set_is_an_office_in_korea_that_judges_every_call() -> None:
    settings = load(environ={"HOME": "/home/centre"})
    basis, house, standing = basis_of(settings), house_of(settings), standing_of(settings)
    office = Shift.read("09:00-18:00")
    assert basis.work_time.week == (office,) * 5 + (None, None)
    assert basis.work_time.hours_at(datetime(2026, 10, 1, 12, 30, tzinfo=SEOUL)) is Hours.LUNCH
    assert basis.work_time.day_off(date(2026, 10, 9))
    assert (basis.judged_on, basis.within_us, basis.short_us, basis.agents) == ("all", 20_000_000, 5_000_000, True)
    assert (house.institution, house.target, house.page_url) == ("", None, "")
    assert (standing.at, standing.languages, standing.formats) == (time(7), ("ko",), (FileFormat.PDF, FileFormat.XLSX))
    assert standing.post is None
    assert settings.reports.folder == Path("/home/centre/.local/state/callmonitor/reports")


def test_everything_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n", encoding="utf-8")
    settings = loaded(
        tmp_path,
        f"""
[working_time]
monday = "00:00-24:00"
saturday = "09:30-13:00"
lunch = ""
holidays = ""
closed = [2026-12-31]
judged_on = "working_time"
[reports]
folder = "{tmp_path}/reports"
at = "06:15"
languages = ["en", "ko"]
formats = ["html", "csv"]
agents = false
target = 0.95
within_seconds = 12.5
[alerts]
page_url = "https://board.example.org"
{MAIL}
username = "centre"
password_file = "{tmp_path}/password"
""",
    )
    basis, standing, post = basis_of(settings), standing_of(settings), post_of(settings)
    assert basis.work_time.week[0] == Shift(begin=0, end=1440)
    assert basis.work_time.shift_on(date(2026, 10, 3)) == Shift(
        begin=570, end=780
    )  # a Saturday, and a holiday elsewhere
    assert basis.work_time.day_off(date(2026, 12, 31))
    assert (basis.judged_on, basis.within_us, basis.agents) == ("working_time", 12_500_000, False)
    assert (standing.at, standing.agents, standing.formats) == (time(6, 15), False, (FileFormat.HTML, FileFormat.CSV))
    assert house_of(settings).page_url == "https://board.example.org"
    assert post is not None
    assert (post.host, post.port, post.security, post.to) == (
        "mail.example.org",
        587,
        "starttls",
        ("head@example.org",),
    )
    assert post.password() == "s3cret"
    # It is read anew each time, and stands in nothing that is printed.
    (tmp_path / "password").write_text("other\n", encoding="utf-8")
    assert post.password() == "other"
    assert "s3cret" not in repr(settings) + repr(post)


def test_the_pages_address_for_reports_wins_over_that_of_alerts(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[reports]\npage_url = "https://a.example"\n[alerts]\npage_url = "https://b.example"\n')
    assert house_of(settings).page_url == "https://a.example"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[working_time]\nmonday = "9-18"\n', "line 2: working_time.monday must be written as in 09:00-18:00."),
        (
            '[working_time]\nfriday = "18:00-09:00"\n',
            "line 2: working_time.friday ends before it begins; write it as in 09:00-18:00.",
        ),
        ('[working_time]\nlunch = "noon"\n', "line 2: working_time.lunch must be written as in 09:00-18:00."),
        (
            '[working_time]\nholidays = "Korea"\n',
            (
                "line 2: working_time.holidays is no country whose holidays are known; "
                "write a code such as KR, or leave it empty."
            ),
        ),
        (
            "[working_time]\nclosed = [2026-12-31, 31]\n",
            "line 2: working_time.closed[1] is 31 but must be a date such as 2026-01-31; correct it.",
        ),
        (
            "[working_time]\nopened = [2026-05-01, 2026-10-03]\n",
            (
                "line 1: working_time opened names 2026-10-03, a Saturday, which has no hours; "
                "give that weekday hours, or take the day out."
            ),
        ),
        (
            '[working_time]\njudged_on = "office"\n',
            "line 2: working_time.judged_on is 'office' but must be 'all' or 'working_time'; correct it.",
        ),
        (
            '[reports]\nat = "7 pm"\n',
            "line 2: reports.at is '7 pm' but must be a time of day such as 07:00; correct it.",
        ),
        ("[reports]\nat = 7\n", 'line 2: reports.at must be a time of day such as "07:00".'),
        (
            '[reports]\nat = "07:00Z"\n',
            "line 2: reports.at is in a time zone of its own; write the centre's local time, as in 07:00.",
        ),
        (
            '[reports]\nformats = ["pdf", "pdf"]\n',
            "line 2: reports.formats needs at least one entry, and each once; correct it.",
        ),
        (
            "[reports]\nlanguages = []\n",
            "line 2: reports.languages needs at least one entry, and each once; correct it.",
        ),
        ("[reports]\ntarget = 95\n", "line 2: reports.target is 95 but must be at most 1; correct it."),
        ('[reports]\nfolder = "reports"\n', "line 2: reports.folder is a relative path; write it from / on."),
        (
            '[reports.mail]\nto = ["head@example.org"]\n',
            "line 1: reports.mail names whom to mail and not how; set host and sender too.",
        ),
        (
            MAIL.replace("head@", "Head <head@"),
            "line 4: reports.mail.to must hold mail addresses such as reports@example.org; correct it.",
        ),
        (
            MAIL.replace("head@example.org", ""),
            "line 4: reports.mail.to must hold mail addresses such as reports@example.org; correct it.",
        ),
        (
            MAIL.replace("centre@example.org", "centre@example.org\\nBcc: x@example.org"),
            "line 3: reports.mail.sender must hold mail addresses such as reports@example.org; correct it.",
        ),
        (
            MAIL + 'username = "centre"\n',
            "line 1: reports.mail needs username and password_file together; give both or neither.",
        ),
        (
            MAIL + 'username = "centre"\npassword_file = "/etc/hostname"\nsecurity = "none"\n',
            "line 1: reports.mail would send a password in plain text; set security to starttls or tls.",
        ),
        (
            '[[web.user]]\nname = "schedule"\npassword_hash_file = "/etc/hostname"\n',
            "line 2: web.user[0].name stands for reports that are made by themselves; choose another name.",
        ),
        ("[reports.mail]\nport = 0\n", "line 2: reports.mail.port is 0 but must be at least 1; correct it."),
    ],
)
def test_a_fault_is_told_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/callmonitor.toml, {message}"


def test_a_password_that_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f'{MAIL}username = "centre"\npassword_file = "{tmp_path}/none"\n')
    assert str(caught.value) == (
        f"{tmp_path}/none: password_file of [reports.mail] cannot be read (No such file or directory); "
        "let the user that runs callmonitor read it."
    )


def test_what_is_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    """As `check-config` prints it: folder, when, for whom, and what the promise is judged on."""
    assert what_is_made(loaded(tmp_path, MAIL)) == (
        "kept in /home/centre/.local/state/callmonitor/reports, made on the first working day of each month at 07:00, "
        "mailed to 1 address by mail.example.org:587; the promise is judged on all calls"
    )
    assert what_is_made(loaded(tmp_path, "")).endswith("at 07:00, mailed to nobody; the promise is judged on all calls")
    alone = loaded(tmp_path, '[reports]\nschedule = false\n[working_time]\njudged_on = "working_time"\n')
    assert what_is_made(alone) == (
        "kept in /home/centre/.local/state/callmonitor/reports, none made by itself; "
        "the promise is judged on the calls of working time"
    )
