"""Letters on their way to a real mail server: encrypted, logged in, remembered, and told where they fail."""

from __future__ import annotations

import asyncio
import json
import socket
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from monitor.errors import ConfigError, MailError
from monitor.reports.mail import letter_of, write_letter
from monitor.reports.post import MAILED, Letter, Post, deliver, send, waiting_in

from .mailing import PASSWORD, REFUSED, USERNAME, Inbox, mail_server, make_certificate
from .scheduled import Turned, seoul
from .test_mail import PAGE, document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 2, 7, 0, 5, tzinfo=ZoneInfo("Asia/Seoul"))
TO = ("head@example.org", "audit@example.org")
Certificate = tuple["Path", "Path"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def served(certificate: Certificate) -> Iterator[tuple[Inbox, int]]:
    with mail_server(*certificate) as server:
        yield server


def post_to(port: int, certificate: Certificate, **changes: Any) -> Post:
    given: dict[str, Any] = {
        "host": "localhost",
        "port": port,
        "tls_ca": certificate[0],
        "username": USERNAME,
        "password": lambda: PASSWORD,
        "sender": "centre@example.org",
        "to": TO,
    }
    return Post(**given | changes)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A letter with its pictures and a file, drawn once."""
    folder = tmp_path_factory.mktemp("letter")
    (folder / "callmonitor-2026-10.ko.pdf").write_bytes(b"%PDF-1.7")
    return write_letter(document(), [folder / "callmonitor-2026-10.ko.pdf"], folder, page_url=PAGE).read_bytes()


@pytest.fixture
def folder(tmp_path: Path, written: bytes) -> Path:
    """A report's, with a letter that waits."""
    report = tmp_path / "20261102T070000Z-2026-10-abcdef"
    report.mkdir()
    (report / "mail.ko.eml").write_bytes(written)
    return report


def test_a_letter_goes_out_encrypted_and_arrives_whole(
    served: tuple[Inbox, int], certificate: Certificate, folder: Path
) -> None:
    inbox, port = served
    post = post_to(port, certificate)
    (letter,) = waiting_in(folder, post.to)
    assert letter == Letter(path=folder / "mail.ko.eml", missing=TO)
    deliver(post, letter, NOW)
    (arrived,) = inbox.letters
    assert inbox.encrypted == [True]
    assert inbox.users == [USERNAME.encode()]
    assert inbox.envelopes == [("centre@example.org", TO)]
    assert arrived["Subject"] == "벨울림 월간 보고서 2026년 10월"
    assert (arrived["From"], arrived["To"]) == ("centre@example.org", "head@example.org, audit@example.org")
    assert parsedate_to_datetime(arrived["Date"]) == NOW
    assert arrived["Message-ID"] == f"<{folder.name}.mail.ko@example.org>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    body = arrived.get_body(("plain",))
    assert body is not None
    assert "준수율: 95.5%" in body.get_content()
    (attached,) = arrived.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("callmonitor-2026-10.ko.pdf", b"%PDF-1.7")
    assert len([part for part in arrived.walk() if part.get_content_type() == "image/png"]) == 2
    # It is gone, and who got it when is remembered.
    assert not (folder / "mail.ko.eml").exists()
    assert waiting_in(folder, post.to) == []
    assert json.loads((folder / MAILED).read_text()) == {"mail.ko.eml": dict.fromkeys(TO, "2026-11-02T07:00:05+09:00")}


@pytest.mark.parametrize("tls", ["tls", "none"])
def test_other_ways_to_speak_to_a_server(certificate: Certificate, tls: str) -> None:
    with mail_server(*certificate, tls=tls) as (inbox, port):
        post = post_to(port, certificate, security=tls, username="")
        send(post, letter_of(document(sections=()), []), to=TO, message_id="<1@example.org>", now=NOW)
        assert inbox.encrypted == [tls == "tls"]


def test_one_refused_address_keeps_the_report_from_nobody_else(
    served: tuple[Inbox, int], certificate: Certificate, folder: Path
) -> None:
    inbox, port = served
    post = post_to(port, certificate, to=("head@example.org", REFUSED))
    (letter,) = waiting_in(folder, post.to)
    with pytest.raises(MailError) as caught:
        deliver(post, letter, NOW)
    assert str(caught.value) == (
        "The mail server took the report for 1 of 2 addresses and refused the rest (550): correct `to` of "
        "[reports.mail]. It is tried again by itself."
    )
    # The next try, after a restart or not, is for the other alone.
    assert [left.missing for left in waiting_in(folder, post.to)] == [(REFUSED,)]
    with pytest.raises(MailError, match=r"refused every address \(550\)"):
        deliver(post, waiting_in(folder, post.to)[0], NOW)
    assert len(inbox.letters) == 1
    # Once the settings are corrected, the new address gets it.
    mended = post_to(port, certificate, to=("head@example.org", "new@example.org"))
    deliver(mended, waiting_in(folder, mended.to)[0], NOW)
    assert [to for _, to in inbox.envelopes] == [("head@example.org",), ("new@example.org",)]
    assert waiting_in(folder, mended.to) == []


def failing(post: Post, folder: Path) -> str:
    """The sentence in which a letter fails; it waits on, and no secret is in it."""
    (letter,) = waiting_in(folder, post.to)
    with pytest.raises(MailError) as caught:
        deliver(post, letter, NOW)
    assert waiting_in(folder, post.to) == [letter]
    assert PASSWORD not in f"{caught.value} {caught.value.__cause__}"
    return str(caught.value)


def test_a_wrong_password_is_told_without_it(served: tuple[Inbox, int], certificate: Certificate, folder: Path) -> None:
    inbox, port = served
    assert failing(post_to(port, certificate, password=lambda: "wrong"), folder) == (
        f"The mail server localhost:{port} refused the login (535): see username and password_file of [reports.mail]. "
        "It is tried again by itself."
    )
    assert inbox.letters == []


def test_a_server_that_takes_no_letter_is_told(
    served: tuple[Inbox, int], certificate: Certificate, folder: Path
) -> None:
    inbox, port = served
    inbox.answer = "552 5.3.4 too large, said to centre@example.org"
    assert f"localhost:{port} refused the mail (552): ask whoever runs it." in failing(
        post_to(port, certificate), folder
    )


def test_a_stranger_gets_neither_password_nor_letter(certificate: Certificate, folder: Path) -> None:
    """A server whose certificate nobody signed, and one that will not encrypt."""
    with mail_server(*certificate) as (inbox, port):
        said = failing(post_to(port, certificate, tls_ca=None), folder)
        assert "shows a certificate that cannot be trusted (self-signed certificate): set tls_ca, or host." in said
        said = failing(post_to(port, certificate, host="127.0.0.1"), folder)
        assert "certificate that cannot be trusted (IP address mismatch" in said
    with mail_server(*certificate, tls="none") as (other, port):
        said = failing(post_to(port, certificate), folder)
        assert "offers no STARTTLS, or no login: see security of [reports.mail]." in said
        said = failing(post_to(port, certificate, security="tls"), folder)
        assert "does not speak TLS as set (" in said
    assert inbox.letters + other.letters == []
    assert inbox.users == []


def test_a_server_that_is_not_there_is_told(certificate: Certificate, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert f"localhost:{port} cannot be reached (Connection refused)" in failing(post_to(port, certificate), folder)


def test_certificates_that_are_none_are_told(certificate: Certificate, folder: Path, tmp_path: Path) -> None:
    post = post_to(1, certificate, tls_ca=tmp_path / "none.pem")
    with pytest.raises(MailError, match=r"none.pem: tls_ca of \[reports.mail\] holds no certificates \(No such file"):
        deliver(post, waiting_in(folder, post.to)[0], NOW)


def test_a_password_that_cannot_be_read_is_told(certificate: Certificate, folder: Path) -> None:
    def unreadable() -> str:
        raise ConfigError("/etc/callmonitor/mail.password: cannot be read.")

    post = post_to(1, certificate, password=unreadable)
    with pytest.raises(ConfigError, match="cannot be read"):
        deliver(post, waiting_in(folder, post.to)[0], NOW)


def test_what_cannot_be_remembered_is_not_sent(
    served: tuple[Inbox, int], certificate: Certificate, folder: Path
) -> None:
    """Or it would go out again and again, each hour."""
    inbox, port = served
    (folder / "mailed.new").mkdir()
    assert "cannot be written (Is a directory), so the report is not mailed" in failing(
        post_to(port, certificate), folder
    )
    assert inbox.letters == []
    (folder / "mailed.new").rmdir()
    (folder / MAILED).write_text("[1]")
    with pytest.raises(MailError, match=r"mailed.json cannot be read \(it is not what was written\)"):
        waiting_in(folder, TO)


def turned_with(post: Post, folder: Path) -> Turned:
    return Turned(folder, seoul("2026-06-01 07:00"), post=post)


def test_the_schedule_mails_what_it_made_in_each_language_once(
    served: tuple[Inbox, int], certificate: Certificate, tmp_path: Path
) -> None:
    inbox, port = served
    turned = turned_with(post_to(port, certificate), tmp_path)
    asyncio.run(turned.schedule.look())
    (report,) = turned.kept.all()
    assert sorted(letter["Message-ID"] for letter in inbox.letters) == [
        f"<{report.id}.mail.{language}@example.org>" for language in ("en", "ko")
    ]
    assert [file.name for file in report.files] == ["report.en.html", "report.ko.html"]
    for _ in range(2):
        turned.restart()
        turned.now += timedelta(minutes=1)
        asyncio.run(turned.schedule.look())
    assert len(inbox.letters) == 2
    assert turned.schedule.overdue == {"report": 0, "mail": 0}
    # What was mailed is a whole report still.
    assert turned.kept.all() == [report]


def test_a_letter_that_cannot_be_sent_waits_over_restarts(certificate: Certificate, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    turned = turned_with(post_to(port, certificate), tmp_path)
    with capture_logs() as logs:
        asyncio.run(turned.look_until(seoul("2026-06-01 08:00"), timedelta(minutes=1)))
    told = [(log["event"], log["period"]) for log in logs]
    assert told == [("report_not_mailed", "2026-05")] * 2  # once for each language
    # 07:00 and after 1, 2, 4, 8 and 16 minutes: 07:01, :03, :07, :15, :31; two letters at each.
    assert turned.schedule.failed == {"report": 0, "mail": 12, "passed_over": 0}
    assert turned.schedule.overdue == {"report": 0, "mail": 2}
    assert len(turned.kept.all()) == 1
    with mail_server(*certificate) as (inbox, new_port):
        turned.post = post_to(new_port, certificate)
        turned.restart()
        asyncio.run(turned.schedule.look())
        assert len(inbox.letters) == 2
    assert turned.made == ["2026-05"]


def test_after_a_week_a_letter_is_given_up_and_said(certificate: Certificate, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    turned = turned_with(post_to(port, certificate), tmp_path)
    asyncio.run(turned.schedule.look())
    turned.now = seoul("2026-06-08 07:00:01")
    with capture_logs() as logs:
        for _ in range(3):
            asyncio.run(turned.schedule.look())
    assert [log["event"] for log in logs] == ["report_mail_given_up"] * 2
    assert turned.schedule.overdue["mail"] == 0
    (report,) = turned.kept.all()
    assert sorted(path.name for path in turned.kept.folder_of(report).glob("*.eml")) == ["mail.en.eml", "mail.ko.eml"]


def test_a_server_that_says_nothing_holds_up_no_stop(certificate: Certificate, tmp_path: Path) -> None:
    async def stop_meanwhile(turned: Turned, server: socket.socket) -> None:
        looking = asyncio.create_task(turned.schedule.look())
        connection, _ = await asyncio.to_thread(server.accept)
        with connection:
            looking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await looking

    with socket.create_server(("127.0.0.1", 0)) as server:
        turned = turned_with(post_to(server.getsockname()[1], certificate), tmp_path)
        asyncio.run(stop_meanwhile(turned, server))
