"""The mail that carries a report: what is in it, and that it says the same as text and as HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from monitor.reports.document import Chart, Column, Document, Form, Kind, Notice, Section, Table, Tile, Tiles
from monitor.reports.mail import ATTACHED_BYTES, letter_of, write_letter
from monitor.reports.periods import Period

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.texts import Language

SEOUL = ZoneInfo("Asia/Seoul")
PAGE = "https://calls.example.org"


def document(language: Language = "ko", **changes: Any) -> Document:
    """A month of 200 judged calls, told by hand."""
    table = Table(
        key="rings",
        title="벨 횟수",
        columns=(
            Column(key="rings", heading="벨", kind=Kind.TEXT),
            Column(key="calls", heading="건", kind=Kind.COUNT, summed=True),
        ),
        rows=(("1번", 120), ("2번", 50), ("3번", 21), ("4번", 9)),
    )
    chart = Chart(
        key="calls_by_rings",
        title="벨 횟수별 전화",
        alt="4번 이상 울린 전화는 9건입니다.",
        form=Form.BARS,
        table="rings",
        category="rings",
        values=("calls",),
    )
    tiles = Tiles(
        tiles=(
            Tile(key="compliance", label="준수율", value=0.955, kind=Kind.SHARE, detail=("191 / 200건",), state="good"),
            Tile(key="asa", label="평균 응대 속도", value=6.25, kind=Kind.SECONDS),
            Tile(key="offered", label="인입 <전화>", value=1234, kind=Kind.COUNT),
            Tile(key="none", label="없음", value=None, kind=Kind.SHARE),
        )
    )
    made = Document(
        title="벨울림 월간 보고서 2026년 10월",
        subtitle="1588-6565",
        language=language,
        cover=(("기간", "2026년 10월"), ("기준", "three-rings/1")),
        sections=(
            Section(key="summary", title="요약", blocks=(Notice(text="관측률 99.1% & 일부 제외"), tiles)),
            Section(key="rings", title="벨", blocks=(table, chart, replace(chart, key="again", title="다시"))),
        ),
        footer="",
        period=Period.month("2026-10", SEOUL),
        made_at=datetime(2026, 11, 2, 7, tzinfo=SEOUL),
    )
    return replace(made, **changes)


def sent(letter: EmailMessage) -> EmailMessage:
    """The letter as it is when it has gone over the wire."""
    read = message_from_bytes(letter.as_bytes(), policy=SMTP)
    assert isinstance(read, EmailMessage)
    return read


def content(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert isinstance(part, EmailMessage)
    while part.is_multipart():
        part = next(part.iter_parts())
    text = part.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n")


def attachments(letter: EmailMessage) -> dict[str, bytes]:
    return {part.get_filename() or "": part.get_payload(decode=True) for part in letter.iter_attachments()}  # type: ignore[misc] # bytes where it is no multipart


class Seen(HTMLParser):
    """The words a reader sees, and the pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.pictures: dict[str, str] = {}
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.pictures[told["src"]] = told["alt"]
        self.addresses += [told[name] for name in ("src", "href", "background", "action") if name in told]

    def handle_data(self, data: str) -> None:
        self.words += [data.strip()] if data.strip() else []


def test_a_letter_says_its_title_in_one_line_and_leaves_the_rest_to_who_sends_it() -> None:
    letter = sent(letter_of(document(sections=()), []))
    assert letter["Subject"] == "벨울림 월간 보고서 2026년 10월"
    assert (letter["From"], letter["To"], letter["Date"], letter["Bcc"]) == (None, None, None, None)
    assert letter["Content-Language"] == "ko"


@pytest.mark.parametrize(
    "title", ["보고서\r\nBcc: everybody@example.org", "보고서\nBcc: everybody@example.org\n\nbody"]
)
def test_no_title_forges_a_header(title: str) -> None:
    letter = sent(letter_of(document(title=title, sections=()), []))
    assert letter["Bcc"] is None
    assert letter["Subject"] == " ".join(title.split())


def test_text_and_html_say_the_same() -> None:
    letter = sent(letter_of(document(), [], page_url=PAGE))
    text, html = content(letter, "plain"), content(letter, "html")
    seen = Seen(html)
    # 0.955 and 6.25 as people read them: one decimal, seconds cut and not rounded.
    for said in (
        "95.5%",
        "6.2초",
        "1,234",
        "준수율",
        "191 / 200건",
        "인입 <전화>",
        "관측률 99.1% & 일부 제외",
        "three-rings/1",
    ):
        assert said in text
        assert said in seen.words
    assert re.search(r"^없음: -$", text, re.MULTILINE)
    assert "4번 이상 울린 전화는 9건입니다." in text
    assert f"\n{PAGE}/reports\n" in text
    assert f"{PAGE}/reports" in seen.addresses
    assert "<전화>" not in html


def test_every_picture_is_in_the_letter_and_has_its_words() -> None:
    letter = sent(letter_of(document(), []))
    seen = Seen(content(letter, "html"))
    inside = {f"cid:{part['Content-ID'].strip('<>')}": part for part in letter.walk() if part["Content-ID"]}
    assert seen.pictures == dict.fromkeys(inside, "4번 이상 울린 전화는 9건입니다.")
    assert len(inside) == 2
    for part in inside.values():
        assert part.get_content_type() == "image/png"
        assert part.get_content_disposition() == "inline"
        assert part.get_content().startswith(b"\x89PNG\r\n\x1a\n")
    # Nothing is fetched from elsewhere: a mail program would ask, and tell whoever is asked.
    assert all(address.startswith("cid:") for address in seen.addresses)


def test_it_is_built_as_mail_programs_expect() -> None:
    letter = sent(letter_of(document(), []))
    assert [part.get_content_type() for part in letter.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "image/png",
    ]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = {
        "a.xlsx": b"PK",
        "a.pdf": b"%PDF-1.7",
        "a-calls.csv": b"\xef\xbb\xbf1",
        "a.html": b"<!doctype html>",
        "a.json": b"{}",
    }
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    return sorted(tmp_path.iterdir())


def test_files_are_attached_as_they_are(files: list[Path]) -> None:
    letter = sent(letter_of(document(sections=()), files, page_url=PAGE))
    assert list(attachments(letter)) == ["a.pdf", "a.xlsx", "a.html", "a.json", "a-calls.csv"]
    assert attachments(letter) == {path.name: path.read_bytes() for path in files}
    assert [part.get_content_type() for part in letter.iter_attachments()] == [
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "text/html",
        "application/json",
        "text/csv",
    ]
    assert "첨부 파일: a.pdf, a.xlsx, a.html, a.json, a-calls.csv." in content(letter, "plain")


def test_what_is_too_large_is_named_and_not_attached(files: list[Path]) -> None:
    by_name = {path.name: path for path in files}
    # The PDF takes all but a byte of the room: the two of the sheet do not fit, nor does anything else but nothing.
    with by_name["a.pdf"].open("r+b") as file:
        file.truncate(ATTACHED_BYTES - 1)
    letter = letter_of(document("en", sections=()), [by_name["a.xlsx"], by_name["a.pdf"]], page_url=PAGE)
    assert list(attachments(letter)) == ["a.pdf"]
    text = content(letter, "plain")
    assert "Attached: a.pdf." in text
    assert "Too large to attach: a.xlsx." in text
    assert "All files are on the page of reports." in text
    with by_name["a.pdf"].open("r+b") as file:
        file.truncate(ATTACHED_BYTES - 2)
    assert list(attachments(letter_of(document("en", sections=()), [by_name["a.xlsx"], by_name["a.pdf"]]))) == [
        "a.pdf",
        "a.xlsx",
    ]


@pytest.mark.parametrize("page_url", ["", "javascript:alert(1)"])
def test_without_a_page_nobody_is_sent_to_one(files: list[Path], page_url: str) -> None:
    with files[0].open("r+b") as file:
        file.truncate(ATTACHED_BYTES + 1)
    letter = letter_of(document("en"), files[:1], page_url=page_url)
    assert "kept where the monitor runs" in content(letter, "plain")
    assert Seen(content(letter, "html")).addresses == [f"cid:{key}@callmonitor" for key in ("calls_by_rings", "again")]


BARE = [document(sections=()), document("en", sections=(), cover=(), subtitle="")]


@pytest.mark.parametrize("made", BARE, ids=["ko", "en"])
def test_a_report_of_nothing_is_a_letter_too(made: Document) -> None:
    letter = sent(letter_of(made, []))
    assert made.title in content(letter, "plain")
    assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_it_is_written_beside_the_files(tmp_path: Path) -> None:
    path = write_letter(document("en", sections=()), [], tmp_path, page_url=PAGE)
    assert path == tmp_path / "mail.en.eml"
    read = message_from_bytes(path.read_bytes(), policy=SMTP)
    assert read["Subject"] == "벨울림 월간 보고서 2026년 10월"
