"""The pages of reviews, from the door to the ledger: what is shown, what is refused, and what is written down."""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from monitor.ledger.access_log import AccessLog, accesses
from monitor.ledger.tables import REVIEW_DRAWS, REVIEWS
from monitor.page.access import Access
from monitor.page.render import Renderer
from monitor.page.reviews import ReviewPages
from monitor.page.seen import Seen
from monitor.reviews.definition import Item, Mark
from monitor.reviews.desk import ReviewDesk
from monitor.reviews.draws import Draws
from tests.reviews.test_draw import DEFINITION, SEED
from tests.reviews.test_draws import APRIL_FIRST, MARCH, SEOUL, call

from .centre import HTML, text_of
from .doors import PASSWORD, Clock, settings, token_in, user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from monitor.ledger import Repository

FORM = replace(
    DEFINITION,
    per_agent=200,
    second_share=0.5,
    items=(Item(key="greeting", ko="첫인사", en="Greeting"), Item(key="name", ko="성명 안내", en="Name given")),
)
MARKS = {"mark-greeting": "1", "mark-name": "0"}
OWN = {"kim": ("PJSIP/agent1",), "lee": (), "park": ()}


@dataclass
class Browser:
    """A browser in front of the application itself, with a loop of its own."""

    client: httpx.AsyncClient
    loop: asyncio.AbstractEventLoop

    def get(self, path: str) -> httpx.Response:
        return self.loop.run_until_complete(self.client.get(path))

    def post(self, path: str, form: dict[str, str]) -> httpx.Response:
        return self.loop.run_until_complete(self.client.post(path, data=form))


@dataclass
class Desk:
    """Four calls, of which all are drawn, two of them for two people."""

    repository: Repository
    log: AccessLog
    clock: Clock

    @contextmanager
    def open(
        self, name: str | None, *, role: str = "supervisor", language: str = "en", numbers: bool = True
    ) -> Iterator[Browser]:
        """A browser in which somebody has signed in; None where nobody need."""
        renderer = Renderer(SEOUL, "ko")
        desk = ReviewDesk(self.repository.store, OWN.get if name else lambda _name: None, self.clock)
        pages = ReviewPages(renderer, desk, self.repository, Seen(self.log, self.clock))
        users = () if name is None else tuple(user(one, role if one == name else "supervisor") for one in OWN)
        seen_by = ("supervisor",) if numbers else ()
        access = Access(settings(*users, numbers_for=seen_by), renderer, self.clock)
        app = Starlette(routes=[*pages.routes, *access.routes], middleware=access.middleware)
        loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
        browser = Browser(httpx.AsyncClient(transport=transport, base_url="http://localhost"), loop)
        browser.client.cookies.set("callmonitor_language", language)
        if name is not None:
            form = {"name": name, "password": PASSWORD, "next": "/", "csrf": token_in(browser.get("/login").text)}
            assert browser.post("/login", form).status_code == 303
        yield browser
        loop.run_until_complete(browser.client.aclose())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger, made once."""
    from monitor.ledger import upgrade  # noqa: PLC0415 - what makes a ledger loads Alembic

    path = tmp_path_factory.mktemp("reviews") / "ledger.sqlite3"
    upgrade(path)
    repository = Repository(path)
    repository.record_all(
        [
            call(0, agent="PJSIP/agent1", member="Agent1"),
            call(1, recordings=("/var/spool/monitor/q-01012345678-1.wav",)),
            call(2, queue=HTML),
            call(3, caller=None, transfers=()),
        ]
    )
    Draws(repository.store).make(MARCH, FORM, seed=SEED, by="kim", now=APRIL_FIRST)
    repository.close()
    return path


@pytest.fixture
def desk(drawn: Path, tmp_path: Path) -> Iterator[Desk]:
    """A desk over a copy of it."""
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(drawn.read_bytes())
    repository = Repository(path)
    log = AccessLog(repository.store)
    log.start()
    yield Desk(repository, log, Clock(APRIL_FIRST + timedelta(days=1)))
    log.close()
    repository.close()


def address(number: int) -> str:
    return f"/reviews/calls/pbx1/{number:04}.1"


def give(browser: Browser, number: int, csrf: str | None = None, **changes: str) -> httpx.Response:
    """Send the form of a call, as a browser that was given it does."""
    page = browser.get("/reviews")
    # Whoever sees no form has the token of the page's own: that of signing out.
    form = {"csrf": csrf if csrf is not None else token_in(page.text)} | MARKS | changes
    return browser.post(address(number), form)


def rows(page: str) -> list[list[str]]:
    body = page.partition('<table class="list sampled">')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [text_of(cell) for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL)]
        for row in body.split("<tr>")[1:]
    ]


def test_the_list_tells_what_is_to_be_done_by_whom(desk: Desk) -> None:
    with desk.open("kim") as browser:
        listed = rows(browser.get("/reviews?state=").text)
        to_do = rows(browser.get("/reviews").text)
    # By agent, then time; 3:00 in the morning UTC is noon in Seoul.
    assert [row[:2] + row[-1:] for row in listed] == [
        ["Agent1", "2026-03-10 12:00", "Own agent"],
        ["Agent2", "2026-03-10 12:01", "To review"],
        ["Agent2", "2026-03-10 12:02", "To review"],
        ["Agent2", "2026-03-10 12:03", "To review"],
    ]
    assert [row[1] for row in to_do] == [row[1] for row in listed[1:]]
    # 40 s of talking; of the recording its name, in which a supervisor may read a number.
    assert listed[1][2:5] == ["support", "0:40", "q-01012345678-1.wav"]
    assert listed[2][2] == HTML


def test_numbers_are_masked_where_they_are_not_to_be_seen(desk: Desk) -> None:
    with desk.open("lee", numbers=False) as browser:
        pages = browser.get("/reviews?state=").text + browser.get(address(1)).text
    assert "q-010-****-5678-1.wav" in pages
    assert re.search("0?10-?1234-?5678", pages) is None


def test_a_review_goes_from_the_form_to_the_figures(desk: Desk) -> None:
    with desk.open("kim") as kim, desk.open("lee") as lee:
        form = kim.get(address(1)).text
        assert re.findall(r'name="(mark-\w+)" value="(\w+)"', form) == [
            *(("mark-greeting", value) for value in ("1", "0", "unheard")),
            *(("mark-name", value) for value in ("1", "0", "unheard")),
        ]
        assert "010-1234-5678" in form
        for browser in (kim, lee):
            for number in (1, 2, 3):
                answer = give(browser, number, note="잘 들림")
                assert answer.status_code in {303, 409}
        assert answer.headers.get("location", "/reviews?month=2026-03&saved=1") == "/reviews?month=2026-03&saved=1"
        page = text_of(lee.get("/reviews?month=2026-03&saved=1").text)
    assert "Your review was saved." in page
    # Three of four are done; greeting always, name never, and so greeted with both never (department was not asked).
    assert "3 of 4 reviewed" in page
    assert "Greeting 100.0%" in page
    assert "Name given 0.0%" in page


def test_the_servers_word_is_what_refuses(desk: Desk) -> None:
    with desk.open("kim") as browser:
        shown = browser.get(address(0)).text
        assert "Your own agents answered this call" in shown
        assert '<form class="panel marks"' not in shown
        answer = give(browser, 0, note="typed")
        assert answer.status_code == 409
        assert "Your own agents answered this call, so that somebody else reviews it. Nothing was saved." in answer.text
        # What was typed is kept, and cannot be sent again from there.
        assert "typed" in answer.text
        assert '<button class="main">' not in answer.text
    with desk.repository.store.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM reviews").scalar() == 0


def test_a_second_reviewer_does_not_see_the_first_ones_marks(desk: Desk) -> None:
    with desk.repository.store.reading() as connection:
        twice = connection.exec_driver_sql(
            "SELECT linkedid FROM review_samples WHERE reviewers = 2 AND agent <> 'PJSIP/agent1'"
        )
        number = int(str(twice.scalars().first())[:4])
    with desk.open("kim") as kim, desk.open("lee") as lee:
        assert give(kim, number, note="kim heard no name").status_code == 303
        before = lee.get(address(number)).text
        assert "kim heard no name" not in before
        assert "Given reviews" not in before
        assert "Somebody else has reviewed this call already." in before
        assert give(lee, number).status_code == 303
        assert "kim heard no name" in lee.get(address(number)).text
        # And now the first one's stays as it is.
        changed = give(kim, number, note="after all")
        assert changed.status_code == 409
        assert "Somebody else has reviewed this call since" in changed.text


def test_what_is_missing_is_told_beside_it_and_what_was_typed_stays(desk: Desk) -> None:
    with desk.open("lee") as browser:
        answer = give(browser, 1, note="so far", **{"mark-name": "7", "mark-greeting": "0"})
        assert answer.status_code == 400
        assert 'id="name-fault">Choose one.' in answer.text
        assert "greeting-fault" not in answer.text
        assert re.search(r'name="mark-greeting" value="0" checked', answer.text)
        assert "so far</textarea>" in answer.text
        long = give(browser, 1, note="n" * 501)
        assert long.status_code == 400
        assert "The note is too long. Shorten it." in long.text


def test_a_form_of_many_items_and_a_long_note_is_taken(desk: Desk) -> None:
    """Twenty items, as many as may be set, and 500 syllables, of which a browser makes nine bytes each."""
    items = tuple(Item(key=f"item{number}", ko=str(number), en=str(number)) for number in range(20))
    with desk.repository.store.writing() as connection:
        connection.execute(update(REVIEW_DRAWS).values(definition=replace(FORM, items=items).as_json()))
    note = "가" * 500
    with desk.open("lee") as browser:
        assert give(browser, 1, note=note, **{f"mark-item{number}": "1" for number in range(20)}).status_code == 303
    with desk.repository.store.reading() as connection:
        assert connection.execute(select(REVIEWS.c.note, REVIEWS.c.marks)).one() == (
            note,
            {f"item{number}": 1 for number in range(20)},
        )


@pytest.mark.parametrize("language", ["ko", "en"])
def test_nobody_without_a_name_reviews(desk: Desk, language: str) -> None:
    told = {"ko": "평가에는 평가자 이름이 남아야 합니다.", "en": "Reviews are signed with a name"}[language]
    with desk.open(None, language=language) as browser:
        page = browser.get("/reviews").text
        assert told in text_of(page)
        form = browser.get(address(1)).text
        assert "panel marks" not in form
        # No form of the page has a token here: it is the one that the page of reports would have.
        assert browser.post(address(1), {"csrf": "0" * 64} | MARKS).status_code == 403


def test_a_form_from_elsewhere_and_the_boards_user_change_nothing(desk: Desk) -> None:
    with desk.open("lee") as browser:
        assert give(browser, 1, csrf="0" * 64).status_code == 403
    with desk.open("kim", role="board") as browser:
        assert browser.get("/reviews").status_code == 403
        assert browser.get(address(1)).status_code == 403
    with desk.repository.store.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM reviews").scalar() == 0


@pytest.mark.parametrize("path", ["/reviews/calls/pbx1/9", "/reviews/calls/pbx1", "/reviews/calls/%00/9"])
def test_a_call_that_was_not_drawn_is_told(desk: Desk, path: str) -> None:
    with desk.open("lee") as browser:
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "This call was not drawn for review." in answer.text


@pytest.mark.parametrize(("query", "field"), [("month=2026-02", "month"), ("month=x", "month"), ("state=odd", "state")])
def test_a_question_that_makes_no_sense_is_told_beside_its_field(desk: Desk, query: str, field: str) -> None:
    with desk.open("lee") as browser:
        answer = browser.get(f"/reviews?{query}")
        assert answer.status_code == 400
        assert f'id="{field}-fault"' in answer.text


def test_without_a_draw_the_page_says_how_one_is_made(desk: Desk) -> None:
    with desk.repository.store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM review_draws")
    with desk.open("lee", language="ko") as browser:
        page = text_of(browser.get("/reviews").text)
    assert "아직 표본을 뽑지 않았습니다." in page
    assert "callmonitor reviews draw" in page


def test_who_saw_which_call_is_written_down(desk: Desk) -> None:
    with desk.open("lee") as browser:
        browser.get("/reviews?state=&agent=Agent2")
        browser.get(address(1))
        give(browser, 2, **{"mark-name": ""})
    desk.log.close()
    told = [(one.who, one.action, one.linkedid, one.calls) for one in accesses(desk.repository.store)]
    assert told == [
        ("lee", "reviews", None, 3),
        ("lee", "review", "0001.1", 1),
        # The form is sent from the page of the list; what is wrong with it is shown with the call.
        ("lee", "reviews", None, 4),
        ("lee", "review", "0002.1", 1),
    ]


def test_the_words_of_the_draw_are_those_of_the_form(desk: Desk) -> None:
    """Whatever is set since."""
    assert FORM.scale[0] == Mark(value=1, ko="이행", en="Met")
    with desk.open("lee", language="ko") as browser:
        words = text_of(browser.get(address(1)).text)
    assert "첫인사 이행 미이행 들을 수 없음" in words


def test_a_ledger_that_is_away_is_told(desk: Desk, tmp_path: Path) -> None:
    with desk.open("lee") as browser:
        for file in tmp_path.glob("ledger.sqlite3*"):
            file.unlink()
        answer = browser.get("/reviews")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "10"
