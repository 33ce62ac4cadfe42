"""The pages of calls over real sockets: search, list, CSV, one call, and what must never come out of them."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import count
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.applications import Starlette

from monitor.board import Board
from monitor.calls.facts import (
    AttemptResult,
    CallAnswered,
    CallKey,
    CallStarted,
    Outcome,
    RingingStarted,
    Scope,
    Stage,
    StageChanged,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import RingRule
from monitor.ledger import Repository, upgrade
from monitor.ledger.search import Search
from monitor.page.access import Access
from monitor.page.calls import PAGE_SIZE, WAITS_AT_MOST, CallPages, key_of
from monitor.page.csv_out import as_text, csv_chunks
from monitor.page.render import Renderer, call_path
from monitor.web import WebServer, bind
from tests.ledger.records import NINE, a_call, partly, ring

from .doors import Clock, settings, sign_in, user
from .recordings import NAMES, recorded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from monitor.calls.facts import Call

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""Nine in the evening in Seoul, on the day whose calls the tests write."""
HTML = '<script>alert("1")</script>'


@dataclass
class Centre:
    """A ledger and a board to look at."""

    repository: Repository
    board: Board
    clock: Clock

    @asynccontextmanager
    async def open(self, *, role: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A browser in front of the pages: of whoever sits at the machine, or of a user with a role."""
        renderer = Renderer(SEOUL, "en")
        search = Search(self.repository.store)
        pages = CallPages(renderer, self.board, search, self.repository, self.clock, lines=("main", "night"))
        access = Access(settings(user(role=role)) if role is not None else settings(), renderer, self.clock)
        app = Starlette(routes=[*pages.routes, *access.routes], middleware=access.middleware)
        async with WebServer(app, bind()) as server, httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            if role is not None:
                await sign_in(client)
            yield client

    def get(self, *paths: str, role: str | None = None, language: str = "en") -> list[httpx.Response]:
        async def ask() -> list[httpx.Response]:
            async with self.open(role=role) as client:
                client.cookies.set("callmonitor_language", language)
                return [await client.get(path) for path in paths]

        return asyncio.run(ask())

    def page(self, path: str, **how: Any) -> str:
        (answer,) = self.get(path, **how)
        assert answer.status_code == 200, answer.text
        return answer.text

    def rows(self, path: str, **how: Any) -> list[list[str]]:
        """The cells of the list."""
        body = self.page(path, **how).partition("<tbody>")[2].partition("</tbody>")[0]
        return [
            [text_of(cell) for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL)]
            for row in body.split("<tr>")[1:]
        ]

    def csv(self, path: str, **how: Any) -> list[list[str]]:
        (answer,) = self.get(path, **how)
        assert answer.status_code == 200
        assert answer.content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    """One without calls, at noon."""
    path = tmp_path / "ledger.sqlite3"
    upgrade(path)
    repository = Repository(path)
    yield Centre(repository, Board(zone=SEOUL), Clock(NOW))
    repository.close()


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def linked(page: str) -> list[str]:
    """The linkedids a list leads to, in its order."""
    return re.findall(r'<th scope="row"[^>]*><a href="/calls/pbx1/([^"]+)"', page)


def at(seconds: float, linkedid: str, **changes: Any) -> Call:
    """A call that entered so long after nine."""
    by = timedelta(seconds=seconds)
    moved = a_call(linkedid, **changes)
    return replace(moved, entered_at=NINE + by, ended_at=NINE + by + timedelta(seconds=60))


# -- the list ----------------------------------------------------------------------------------------------------------


def test_a_call_is_one_row_with_everything_that_is_asked_of_it(centre: Centre) -> None:
    """Nine o'clock UTC is six in the evening in Seoul. T = 6 s is ring 3: kept within three, broken before three."""
    centre.repository.record_all([a_call()])
    assert centre.rows("/calls") == [
        [
            "18:00:00",
            "010-****-5678 main",
            "Agent2 support",
            "3 rings",
            "6.0 s",
            "0:08",
            "0:40",
            "answered",
            "kept within 3 answered within the rule before 3: broken",
            "blind inside · completed",
        ]
    ]


def test_korean_is_spoken_to_whoever_wants_it(centre: Centre) -> None:
    centre.repository.record_all([a_call()])
    (row,) = centre.rows("/calls", language="ko")
    assert row[3:] == [
        "3번",
        "6.0초",
        "0:08",
        "0:40",
        "응대",
        "준수 3번까지 기준 안에 응대 3번 전: 위반",
        "바로 연결 센터 안 · 연결됨",
    ]


def test_a_number_is_whole_for_a_supervisor_who_signed_in_and_masked_for_who_did_not(centre: Centre) -> None:
    centre.repository.record_all([a_call()])
    assert "01012345678" in centre.page("/calls", role="supervisor")
    assert "01012345678" not in centre.page("/calls")


def test_the_newest_call_comes_first(centre: Centre) -> None:
    centre.repository.record_all([at(10, "b"), at(0, "a"), at(20, "c")])
    assert linked(centre.page("/calls")) == ["c", "b", "a"]


def test_the_day_shown_is_today_in_the_centre(centre: Centre) -> None:
    """15:30 UTC is half past midnight in Seoul: the day has changed there, and yesterday's call is of yesterday."""
    centre.repository.record_all([a_call()])
    centre.clock.at = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
    page = centre.page("/calls")
    assert linked(page) == []
    assert 'name="from" value="2026-03-03"' in page
    assert "No call came in on these days." in page
    assert len(linked(centre.page("/calls?from=2026-03-02"))) == 1


def test_a_day_ends_at_midnight_in_the_centre(centre: Centre) -> None:
    """Six hours after nine o'clock UTC it is midnight in Seoul: the third of March begins."""
    centre.repository.record_all([at(6 * 3600 - 1, "before"), at(6 * 3600, "after")])
    assert linked(centre.page("/calls?from=2026-03-02&to=2026-03-02")) == ["before"]
    assert linked(centre.page("/calls?from=2026-03-03&to=2026-03-03")) == ["after"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["plain", "night", "lost", "partly"]),
        ("line=night", ["night"]),
        ("queue=billing", ["lost"]),
        ("agent=Agent1", ["plain", "night", "partly"]),
        ("agent=PJSIP/agent9", ["lost"]),
        ("agent=Agent%25", []),
        ("number=4321", ["night"]),
        ("number=5678", ["plain", "lost", "partly"]),
        ("outcome=no_answer", ["lost"]),
        ("verdict=broken", ["lost"]),
        ("verdict=broken&reading=before", ["plain", "night", "lost"]),
        ("verdict=excluded", ["partly"]),
        ("line=night&verdict=broken", []),
    ],
)
def test_each_field_narrows_the_list(centre: Centre, query: str, found: list[str]) -> None:
    broken = (("within", Verdict.BROKEN), ("before", Verdict.BROKEN))
    centre.repository.record_all(
        [
            at(3, "plain"),
            at(2, "night", line="night", caller="01087654321"),
            at(
                1,
                "lost",
                queue="billing",
                agent=None,
                member=None,
                answered_at=None,
                outcome=Outcome.NO_ANSWER,
                verdicts=broken,
                verdict_reason=VerdictReason.RANG_PAST_RULE,
                attempts=(ring("agent9", 2, 13, AttemptResult.NO_ANSWER),),
                transfers=(),
            ),
            partly(at(0, "partly")),
        ]
    )
    page = centre.page(f"/calls?{query}")
    assert linked(page) == found
    assert f"<strong>{len(found)}</strong>" in page


def test_pages_follow_each_other_whatever_comes_in_meanwhile(centre: Centre) -> None:
    """120 calls: pages of 50, 50 and 20; a call that enters after the first was read shifts none of them."""
    centre.repository.record_all([at(number, f"{number:03}") for number in range(120)])
    seen = []
    path: str | None = "/calls"
    sizes = []
    while path is not None:
        page = centre.page(path)
        seen += linked(page)
        sizes.append(len(linked(page)))
        older = re.search(r'<a href="(/calls\?[^"]+)" rel="next">Older</a>', page)
        path = unescape(older[1]) if older is not None else None
        centre.repository.record_all([at(1000 + len(seen), f"late{len(seen)}")])
    assert sizes == [PAGE_SIZE, PAGE_SIZE, 20]
    assert seen == [f"{number:03}" for number in reversed(range(120))]


def test_a_page_further_back_leads_to_the_newest(centre: Centre) -> None:
    centre.repository.record_all([at(number, f"{number:03}") for number in range(60)])
    older = re.search(r'href="(/calls\?[^"]+)" rel="next"', centre.page("/calls?queue=support"))
    assert older is not None
    page = centre.page(unescape(older[1]))
    assert 'href="/calls?from=2026-03-02&amp;to=2026-03-02&amp;queue=support&amp;reading=within">Newest</a>' in page


def test_the_language_is_switched_without_losing_the_search(centre: Centre) -> None:
    page = centre.page("/calls?number=5678&line=night")
    assert 'href="?number=5678&amp;line=night&amp;lang=ko"' in page


def test_the_names_that_are_known_are_offered(centre: Centre) -> None:
    centre.board.queue_callers["pbx1", "support"] = 0
    page = centre.page("/calls?line=old")
    assert '<option value="support">' in page
    assert re.findall(r"<option(?: selected)?>(\w+)</option>", page) == ["main", "night", "old"]


# -- what makes no sense -----------------------------------------------------------------------------------------------

BAD = [
    ("from=yesterday", "Write the day as in 2026-11-25."),
    ("from=2026-02-30", "Write the day as in 2026-11-25."),
    ("to=0001-01-01", "Write the day as in 2026-11-25."),
    ("to=9999-12-31", "Write the day as in 2026-11-25."),
    ("from=2026-03-03&to=2026-03-02", "The last day is before the first. Exchange the two."),
    ("number=12345", "Write the last one to four digits of the number, as in 5678."),
    ("number=%EF%BC%91", "Write the last one to four digits of the number, as in 5678."),
    ("number=%25", "Write the last one to four digits of the number, as in 5678."),
    ("queue=" + "q" * 201, "A name has at most 200 characters, all of them printable. Shorten it."),
    ("agent=a%00b", "A name has at most 200 characters, all of them printable. Shorten it."),
    ("line=a%0Ab", "A name has at most 200 characters, all of them printable. Shorten it."),
    ("outcome=gone", "There is no such choice. Choose one of the list."),
    ("verdict=%3Cb%3E", "There is no such choice. Choose one of the list."),
    ("reading=between", "There is no such choice. Choose one of the list."),
]


@pytest.mark.parametrize(("query", "sentence"), BAD)
@pytest.mark.parametrize("path", ["/calls", "/calls.csv"])
def test_what_cannot_be_used_is_said_beside_its_field_and_nothing_is_asked(
    centre: Centre, path: str, query: str, sentence: str
) -> None:
    """The ledger is away: a question put to it would be answered by 503."""
    assert centre.repository.store.path is not None
    centre.repository.store.path.unlink()
    (answer,) = centre.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert sentence in answer.text
    name = query.rpartition("&")[2].partition("=")[0]
    assert re.search(
        rf'<(input|select) [^>]*name="{name}" aria-invalid="true" aria-describedby="{name}-fault"', answer.text
    )
    assert "<b>" not in answer.text


@pytest.mark.parametrize("after", ["x", "AAAA", "%00", "'", "e30", "a" * 3000])
def test_a_place_in_the_list_that_nobody_gave_is_refused(centre: Centre, after: str) -> None:
    (answer,) = centre.get(f"/calls?after={after}")
    assert answer.status_code == 400
    assert "This place in the list is not known." in answer.text


@pytest.mark.parametrize("path", ["/calls", "/calls.csv", "/calls/pbx1/1772442000.1"])
def test_a_ledger_that_is_away_is_told_with_when_to_try_again(centre: Centre, path: str) -> None:
    assert centre.repository.store.path is not None
    centre.repository.store.path.unlink()
    (answer,) = centre.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "The ledger does not answer." in answer.text
    assert str(centre.repository.store.path) not in answer.text


@pytest.mark.parametrize("path", ["/calls", "/calls.csv", "/calls/pbx1/1772442000.1"])
def test_who_sees_the_board_alone_sees_no_call(centre: Centre, path: str) -> None:
    centre.repository.record_all([a_call()])
    (answer,) = centre.get(path, role="board")
    assert answer.status_code == 403
    assert "5678" not in answer.text


# -- CSV ---------------------------------------------------------------------------------------------------------------


def test_the_csv_says_what_the_list_says(centre: Centre) -> None:
    centre.repository.record_all([a_call()])
    headings, row = centre.csv("/calls.csv")
    assert dict(zip(headings, row, strict=True)) == {
        "entered": "2026-03-02 18:00:00",
        "system": "pbx1",
        "linkedid": "1772442000.1",
        "line": "main",
        "dialled": "15886565",
        "caller": "010-****-5678",
        "queue": "support",
        "phone": "PJSIP/agent2",
        "agent": "Agent2",
        "rings": "3",
        "ringing (s)": "6.000000",
        "waiting (s)": "8.000000",
        "talking (s)": "40.000000",
        "on hold (s)": "5.000000",
        "outcome": "answered",
        "verdict: within 3": "kept",
        "verdict: before 3": "broken",
        "reason": "answered within the rule",
        "rule": "three-rings/1",
        "observed": "whole",
        "transfers": "blind inside completed",
    }


def test_the_csv_speaks_the_viewers_language_and_masks_as_the_list_does(centre: Centre) -> None:
    centre.repository.record_all([a_call()])
    headings, row = centre.csv("/calls.csv", role="supervisor", language="ko")
    assert headings[:6] == ["들어온 시각", "교환기", "연결 식별자", "회선", "누른 번호", "고객 번호"]
    assert headings[15:17] == ["판정: 3번까지", "판정: 3번 전"]
    assert (row[5], row[14]) == ("01012345678", "응대")


def test_the_csv_is_named_after_its_days_and_its_lines_end_as_spreadsheets_want(centre: Centre) -> None:
    centre.repository.record_all([a_call()])
    one, two = centre.get("/calls.csv", "/calls.csv?from=2026-03-01&to=2026-03-02")
    assert one.headers["content-type"] == "text/csv; charset=utf-8"
    assert one.headers["content-disposition"] == 'attachment; filename="calls-2026-03-02.csv"'
    assert two.headers["content-disposition"] == 'attachment; filename="calls-2026-03-01--2026-03-02.csv"'
    assert one.content.count(b"\r\n") == one.content.count(b"\n") == 2


def test_the_csv_holds_every_page_of_the_list(centre: Centre) -> None:
    centre.repository.record_all([at(number, f"{number:04}") for number in range(1203)])
    rows = centre.csv("/calls.csv?queue=support")[1:]
    assert [row[2] for row in rows] == [f"{number:04}" for number in reversed(range(1203))]


def test_only_a_piece_of_the_csv_is_in_memory(centre: Centre) -> None:
    """Of calls without end the first piece comes after 200."""
    taken = []

    def endless() -> Iterator[Call]:
        for number in count():
            taken.append(number)
            yield a_call()

    chunks = csv_chunks(["heading"], endless(), lambda call: [call.line])
    assert next(chunks) == "\ufeffheading\r\n".encode() + b"main\r\n" * 200
    assert len(taken) == 200


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_begins_like_a_formula_is_text(centre: Centre, start: str) -> None:
    name = f"{start}cmd|' /C calc'!A0"
    assert as_text(name) == f"'{name}"
    call = a_call(f"{start}1", member=name, queue=name, line=name, caller=f"{start}{name}", dialled=name, agent=name)
    centre.repository.record_all([call])
    _, row = centre.csv("/calls.csv", role="supervisor")
    assert [row[n] for n in (2, 3, 4, 5, 6, 7, 8)] == [
        f"'{start}1",
        f"'{name}",
        f"'{name}",
        f"'{start}{name}",
        *[f"'{name}"] * 3,
    ]


def test_what_does_not_begin_like_a_formula_stays_as_it_is() -> None:
    assert [as_text(text) for text in ("010-1234", "a=b", "", None, "'quoted")] == [
        "010-1234",
        "a=b",
        "",
        "",
        "'quoted",
    ]


# -- one call ----------------------------------------------------------------------------------------------------------


def test_a_call_is_told_in_words_figures_and_a_drawing(centre: Centre) -> None:
    centre.repository.record_all([a_call()])
    page = centre.page("/calls/pbx1/1772442000.1")
    words = text_of(page)
    assert "Agent2 answered at ring 3, after 6.0 s of ringing." in words
    assert "within 3 kept answered within the rule before 3 broken" in words
    assert "Rule three-rings/1 Observed whole System pbx1 Linkedid 1772442000.1" in words
    # Ring attempts: from, after, agent, phone, queue, length, rings, result.
    assert "18:00:02 2.0 s Agent1 PJSIP/agent1 support 4.0 s 2 no answer" in words
    assert "18:00:07 7.0 s Agent2 PJSIP/agent2 support 2.0 s 1 answered" in words
    # Transfers: number, at, by and to, kind, scope, result, asked first, consent, consultation, hold, reconnection.
    assert "1 18:00:50 Agent2 → 201 blind inside completed no not reported - 5.0 s 4.0 s 2 rings" in words
    # Holds: from, length, by.
    assert "18:00:45 5.0 s Agent2" in words
    assert '<svg class="course"' in page
    assert 'aria-labelledby="drawing-title drawing-words"' in page
    # The same course as a table: from, after, length, stage.
    assert "18:00:50 50.0 s 4.0 s being transferred" in words


@pytest.mark.parametrize(
    ("scope", "to", "masked", "whole"),
    [
        (Scope.OUTSIDE, "01098765432", "010-****-5432", "01098765432"),
        (Scope.UNKNOWN, "01098765432", "010-****-5432", "01098765432"),
        (Scope.INSIDE, "01098765432", "01098765432", "01098765432"),
        (Scope.UNKNOWN, "PJSIP/desk7", "PJSIP/desk7", "PJSIP/desk7"),
        (Scope.UNKNOWN, "202", "202", "202"),
    ],
)
def test_a_number_outside_the_centre_is_masked_like_a_callers(
    centre: Centre, scope: Scope, to: str, masked: str, whole: str
) -> None:
    (transfer,) = a_call().transfers
    centre.repository.record_all([a_call(transfers=(replace(transfer, scope=scope, to=to),))])
    path = "/calls/pbx1/1772442000.1"
    assert f"Agent2 → {masked} blind" in text_of(centre.page(path))
    assert f"Agent2 → {whole} blind" in text_of(centre.page(path, role="supervisor"))


def test_what_was_not_seen_is_said(centre: Centre) -> None:
    centre.repository.record_all([partly(a_call(entered_at=None, ended_at=None))])
    words = text_of(centre.page("/calls/pbx1/1772442000.1"))
    assert "Part of this call was not seen." in words
    assert "the beginning was not seen · the end was not seen" in words
    assert "Entered not seen Ended not seen" in words


def test_a_call_of_a_rule_that_is_not_configured_is_drawn_by_it(centre: Centre) -> None:
    """Two rings of the British 3 s are the limit, so the line stands at 6 s of ringing: at the answer, after nine."""
    centre.repository.record_rule(RingRule(name="two-rings", version=2, country="GB", limit=2))
    centre.repository.record_all([a_call(rule="two-rings/2")])
    words = text_of(centre.page("/calls/pbx1/1772442000.1"))
    assert "within 2 kept" in words
    assert "ring 3: past the rule" in words


def test_a_rule_nobody_knows_is_named_with_the_one_that_draws(centre: Centre) -> None:
    centre.repository.record_all([a_call(rule="lost/7")])
    assert "lost/7 not known here; drawn by three-rings/1" in text_of(centre.page("/calls/pbx1/1772442000.1"))


@pytest.mark.parametrize("odd", ["a/b", "..x", "a?b#c", "100%", "%2F", "한글 1", "a\\b", HTML, "a//b/", " ", "a\tb"])
def test_a_linkedid_may_hold_anything(centre: Centre, odd: str) -> None:
    call = a_call(odd, key=CallKey(system=f"pbx/{odd}", linkedid=odd))
    centre.repository.record_all([call])
    listed, shown = centre.get("/calls", call_path(call.key))
    assert f'href="{call_path(call.key)}"' in listed.text
    assert shown.status_code == 200
    assert HTML not in listed.text + shown.text


def test_an_address_is_taken_apart_before_it_is_decoded() -> None:
    def key(raw: bytes) -> CallKey | None:
        return key_of({"type": "http", "path": "", "raw_path": raw})

    assert key(b"/calls/pbx%2F1/a%2Fb?x=/calls/y/z") == CallKey(system="pbx/1", linkedid="a/b")
    assert key(b"/calls/pbx1/a/b") == CallKey(system="pbx1", linkedid="a/b")
    assert key_of({"type": "http", "path": "/calls/pbx1/한"}) == CallKey(system="pbx1", linkedid="한")
    assert [key(raw) for raw in (b"/calls/pbx1", b"/calls/", b"/other/pbx1/1", b"/calls/pbx1/a%00")] == [None] * 4


@pytest.mark.parametrize(
    "path", ["/calls/pbx1/nothing", "/calls/pbx1", "/calls/", "/calls/pbx1/a%00b", "/calls/%ff/%fe"]
)
def test_a_call_nobody_knows_is_not_found(centre: Centre, path: str) -> None:
    (answer,) = centre.get(path)
    assert answer.status_code == 404
    assert "The ledger has no call under this address." in answer.text


def test_every_recording_has_its_page_in_both_languages(centre: Centre) -> None:
    calls = [call for name in NAMES for call in (recorded(name) if name != "hundred" else recorded(name)[:5])]
    centre.repository.record_all(calls)
    paths = [call_path(call.key) for call in calls]
    for language in ("ko", "en"):
        answers = centre.get(*paths, language=language)
        assert [answer.status_code for answer in answers] == [200] * len(calls)
        # The page's policy lets no style and no script of its own be run.
        assert not [
            path
            for path, answer in zip(paths, answers, strict=True)
            if re.search("<script(?! src)|style=| on[a-z]+=", answer.text)
        ]


def test_html_in_names_is_text(centre: Centre) -> None:
    attempt = replace(ring("agent1", 2, 6, AttemptResult.NO_ANSWER), agent=HTML, member=HTML, queue=HTML)
    (transfer,) = a_call().transfers
    call = a_call(
        line=HTML,
        dialled=HTML,
        caller=HTML,
        queue=HTML,
        agent=HTML,
        member=HTML,
        rule=HTML,
        attempts=(attempt,),
        transfers=(replace(transfer, by=HTML, to=HTML),),
        holds=(replace(a_call().holds[0], by=HTML),),
    )
    centre.repository.record_all([call])
    centre.board.queue_callers["pbx1", HTML] = 0
    for answer in centre.get("/calls", f"/calls?queue={HTML}", "/calls/pbx1/1772442000.1", role="supervisor"):
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;alert" in answer.text


# -- a call in progress ------------------------------------------------------------------------------------------------

LIVE = CallKey(system="pbx1", linkedid="live/1")


def ringing(centre: Centre, caller: str = "01012345678") -> None:
    """A call that entered 12 s ago, and for which a phone has rung for 10."""
    begun_at = NOW - timedelta(seconds=10)
    board = centre.board
    board.record(CallStarted(key=LIVE, line="main", dialled="15886565", caller=caller, at=NOW - timedelta(seconds=12)))
    board.record(StageChanged(key=LIVE, line="main", stage=Stage.RINGING, at=begun_at, queue="support"))
    board.record(
        RingingStarted(
            key=LIVE,
            line="main",
            channel="PJSIP/agent1-1",
            agent="PJSIP/agent1",
            member="Agent1",
            queue="support",
            at=begun_at,
            before_us=0,
            counting=True,
        )
    )


def test_a_call_in_progress_shows_what_is_known_and_asks_for_itself_again(centre: Centre) -> None:
    """10 s of ringing are ring floor(10 / 3) + 1 = 4."""
    ringing(centre)
    page = centre.page(call_path(LIVE))
    assert '<meta http-equiv="refresh" content="3; url=?waited=0">' in page
    words = text_of(page)
    assert "010-****-5678 main" in words
    assert "This call is in progress. The page is complete once it has ended." in words
    assert "Stage ringing since 20:59:50 Rings so far 4 rings 10.0 s" in words
    assert "Agent1 PJSIP/agent1 support 20:59:50" in words


def test_a_call_in_progress_needs_no_ledger(centre: Centre) -> None:
    assert centre.repository.store.path is not None
    centre.repository.store.path.unlink()
    ringing(centre, caller=HTML)
    assert "<script>alert" not in centre.page(call_path(LIVE), role="supervisor")


def test_after_the_answer_the_count_stands_still(centre: Centre) -> None:
    ringing(centre)
    centre.board.record(
        CallAnswered(key=LIVE, line="main", agent="PJSIP/agent1", member="Agent1", queue="support", at=NOW, rings=4)
    )
    centre.clock.move(seconds=60)
    assert "Rings so far 4 rings at the answer" in text_of(centre.page(call_path(LIVE)))


def test_between_its_end_and_its_record_the_page_waits(centre: Centre) -> None:
    path = call_path(CallKey(system="pbx1", linkedid="1772442000.1"))
    waiting, waited_out = centre.get(f"{path}?waited=0", f"{path}?waited={WAITS_AT_MOST}")
    assert waiting.status_code == 200
    assert '<meta http-equiv="refresh" content="3; url=?waited=1">' in waiting.text
    assert waited_out.status_code == 404
    centre.repository.record_all([a_call()])
    assert "data-again" not in centre.page(f"{path}?waited=1")


@pytest.mark.parametrize("waited", ["-1", "x", "٣", "1e3", "9" * 5000])
def test_a_count_of_waiting_that_is_none_is_no_reason_to_wait(centre: Centre, waited: str) -> None:
    (answer,) = centre.get(f"/calls/pbx1/nothing?waited={waited}")
    assert answer.status_code == 404
