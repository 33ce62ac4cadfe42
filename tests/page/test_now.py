"""What the board's page says: order, doubt, masking and escaping; rendered without a server."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.board import Board
from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    CallAnswered,
    CallKey,
    CallStarted,
    Gap,
    GapCause,
    RingBreach,
    RingingCeased,
    Scope,
    Stage,
    StageChanged,
    Transfer,
    TransferEnded,
    TransferKind,
    TransferResult,
)
from monitor.page.board import PARTS, BoardPages
from monitor.page.now import DESK, WALL, Now
from monitor.page.render import Renderer
from monitor.page.stream import Variant

from .ringing import a_phone_rings
from .sources import Source

NOON = datetime(2026, 5, 4, 3, tzinfo=UTC)
"""Noon in Seoul."""
SEOUL = timezone(timedelta(hours=9), "Asia/Seoul")
NUMBER = "01012345678"
PARTS_OF_NOW = ("ringing", "waiting", "talking", "agents", "breaches", "transfers")
FULL = Variant("ko", numbers=True, calls=True)
MASKED = Variant("ko", numbers=False, calls=False)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Centre:
    """A board with what reads it."""

    def __init__(self, *systems: str) -> None:
        self.systems = {name: Source(NOON) for name in systems or ("pbx",)}
        self.store = Source(NOON)
        self.board = Board(systems=self.systems, zone=SEOUL)
        self.board.day.recalled()
        self.pages = BoardPages(Renderer(SEOUL, "ko"), self.board, self.systems, self.store, lambda: NOON)

    def rings(
        self, name: str, seconds_ago: float, *, system: str = "pbx", member: str = "김하나", counting: bool = True
    ) -> CallKey:
        key = CallKey(system=system, linkedid=name)
        began = at(-seconds_ago)
        for fact in a_phone_rings(
            key,
            entered_at=began,
            rang_at=began,
            line="1588-6565",
            caller=NUMBER,
            queue="counsel",
            phone=name,
            member=member,
            counting=counting,
        ):
            self.board.record(fact)
        return key

    def waits(self, name: str, seconds_ago: float) -> None:
        key = CallKey(system="pbx", linkedid=name)
        self.board.record(
            CallStarted(key=key, line="1588-6565", dialled="15886565", caller=None, at=at(-seconds_ago - 5))
        )
        self.board.record(
            StageChanged(key=key, line="1588-6565", stage=Stage.WAITING, at=at(-seconds_ago), queue="counsel")
        )

    @property
    def now(self) -> Now:
        return Now(self.board, self.systems, self.store, NOON)

    def part(self, name: str, variant: Variant = MASKED) -> str:
        return self.pages.paint(variant, frozenset({name})).parts[name]


def test_those_that_have_rung_longest_come_first_and_transfers_last() -> None:
    centre = Centre()
    for name, seconds in (("a", 2), ("b", 10), ("c", 7)):
        centre.rings(name, seconds)
    centre.rings("t", 60, counting=False)

    assert [call.key.linkedid for call in centre.now.ringing.rows] == ["b", "c", "a", "t"]
    # 10 s are ring 4, 7 s ring 3, 2 s ring 1; what rings for a transfer is not judged.
    states = [centre.now.ring_state(call) for call in centre.now.ringing.rows]
    assert states == ["past", "last", "within", "within"]
    assert [centre.now.rings(call) for call in centre.now.ringing.rows] == [4, 3, 1, 21]


def test_more_than_a_person_can_read_is_told_as_a_number() -> None:
    centre = Centre()
    for number in range(DESK.ringing + 5):
        centre.rings(f"n{number}", number)

    html = centre.part("ringing")

    assert html.count('class="ring"') == DESK.ringing
    assert "외 5" in html
    assert f'<span class="count">{DESK.ringing + 5}</span>' in html


def test_a_wall_shows_what_fits_and_says_how_many_more_there_are() -> None:
    centre = Centre()
    for number in range(WALL.ringing + 3):
        centre.rings(f"n{number}", number)

    html = centre.part("ringing", Variant("ko", numbers=False, calls=False, view="wall"))

    assert html.count('class="ring"') == WALL.ringing
    assert "외 3" in html


def test_a_phone_that_rang_when_its_system_was_lost_is_shown_as_it_stood() -> None:
    """7 s are ring 3. Nobody knows whether it rings on, and so neither does the board."""
    centre = Centre()
    key = centre.rings("a", 7)
    for fact in (
        RingingCeased(key=key, channel="PJSIP/a-1", at=NOON),
        StageChanged(key=key, line="1588-6565", stage=Stage.WAITING, at=NOON, queue="counsel"),
        Gap(system="pbx", started_at=NOON, ended_at=None, cause=GapCause.NOT_CONNECTED),
    ):
        centre.board.record(fact)

    ringing, waiting = centre.part("ringing"), centre.part("waiting")

    assert '<span class="count">1</span>' in ringing
    assert "<span data-rings>3</span>" in ringing
    assert 'data-since=""' in ringing
    assert "마지막 상태" in ringing
    # Neither is its caller one for whom no phone rings; and that nobody waits is not known.
    assert '<span class="count">0</span>' in waiting
    assert "알 수 없습니다" in waiting


def test_the_longest_waiting_caller_is_named_first() -> None:
    centre = Centre()
    centre.waits("short", 30)
    centre.waits("long", 125)

    html = centre.part("waiting")

    # 125 s are 2:05, counted from when a person was asked for and not from when the call entered.
    assert html.index("2:05") < html.index("0:30")
    assert "번호 없음" in html


def test_a_person_in_two_queues_is_one_person() -> None:
    centre = Centre()
    for queue, status in (("a", AgentStatus.FREE), ("b", AgentStatus.TALKING)):
        centre.board.record(
            AgentState(system="pbx", queue=queue, agent="PJSIP/1", member="김하나", status=status, at=NOON)
        )

    assert [(agent.member, agent.status) for agent in centre.now.agents.rows] == [("김하나", AgentStatus.TALKING)]
    assert centre.now.agents_by_status[AgentStatus.FREE] == 0


@pytest.mark.parametrize("part", ["ringing", "waiting", "talking"])
def test_numbers_are_masked_unless_the_viewer_may_see_them(part: str) -> None:
    centre = Centre()
    key = centre.rings("a", 2)
    if part == "waiting":
        centre.board.record(StageChanged(key=key, line="1588-6565", stage=Stage.WAITING, at=NOON, queue="counsel"))
    if part == "talking":
        centre.board.record(
            CallAnswered(key=key, line="1588-6565", agent="PJSIP/a", member="김하나", queue="counsel", at=NOON, rings=1)
        )
        centre.board.record(StageChanged(key=key, line="1588-6565", stage=Stage.TALKING, at=NOON, queue="counsel"))

    masked, full = centre.part(part), centre.part(part, FULL)

    assert "010-****-5678" in masked
    assert NUMBER not in masked
    assert "/calls/" not in masked
    assert "010-1234-5678" in full
    assert 'href="/calls/pbx/a"' in full


@pytest.mark.parametrize("to", ["010-1234-5678", "+82 10 1234 5678", "9,01012345678", "PJSIP/01012345678@trunk"])
def test_a_number_is_masked_however_it_is_written(to: str) -> None:
    centre = Centre()
    passed_on = Transfer(
        kind=TransferKind.BLIND,
        at=at(-86_400),
        by="Local/01099998888@mobiles",
        to=to,
        scope=Scope.OUTSIDE,
        result=TransferResult.COMPLETED,
        announced=False,
        consent=None,
        consultation_us=0,
        caller_hold_us=0,
        reconnected_at=None,
        reconnect_us=None,
        reconnect_rings=None,
    )
    key = CallKey(system="pbx", linkedid="t")
    centre.board.record(TransferEnded(key=key, line="1588-6565", transfer=passed_on))

    html = centre.part("transfers")

    assert "5678" in html
    assert "8888" in html
    assert not re.search(r"1234|9999", html)
    # Of yesterday: the day stands beside it.
    assert "05-03 12:00" in html


def test_what_the_network_sends_stays_text() -> None:
    centre = Centre()
    centre.rings("<script>alert(1)</script>", 2, member='"><img src=x onerror=alert(1)>')

    html = centre.part("ringing", FULL)

    assert "<script>" not in html
    assert "<img" not in html
    assert "&#34;&gt;&lt;img src=x onerror=alert(1)&gt;" in html
    assert 'href="/calls/pbx/%3Cscript%3Ealert%281%29%3C%2Fscript%3E"' in html


def test_where_nothing_is_known_there_is_no_figure() -> None:
    """No calls are not 0 %, and not 100 % either."""
    html = Centre().part("today")

    figures = dict(re.findall(r'data-figure="([\w-]+)">([^<]*)<', html))
    assert {name for name, figure in figures.items() if figure == "-"} == {
        "compliance-within",
        "compliance-before",
        "answer-rate",
        "asa",
        "direct-handling",
    }
    assert "%" not in html


def test_one_of_two_systems_that_is_not_heard_greys_its_own_rows_and_the_sums() -> None:
    centre = Centre("seoul", "busan")
    centre.rings("s", 2, system="seoul")
    centre.rings("b", 2, system="busan")
    centre.board.record(Gap(system="busan", started_at=at(-1), ended_at=None, cause=GapCause.NOT_CONNECTED))

    painting = centre.pages.paint(MASKED, frozenset(PARTS))

    assert painting.doubtful == ("today", "chart")
    assert painting.parts["ringing"].count("doubt") == 1
    assert "<b>busan</b>" in painting.parts["status"]
    assert "11:59:59" in painting.parts["status"]


def test_a_system_that_says_nothing_is_told_from_one_that_is_gone() -> None:
    centre = Centre()
    centre.systems["pbx"].quiet = True

    painting = centre.pages.paint(MASKED, frozenset(PARTS))

    assert "<b>pbx</b> 응답이 없습니다" in painting.parts["status"]
    assert painting.doubtful == (*PARTS_OF_NOW, "today", "chart")


def test_the_ledger_being_away_puts_no_figure_of_the_board_in_doubt() -> None:
    centre = Centre()
    centre.store.up = False

    painting = centre.pages.paint(MASKED, frozenset(PARTS))

    assert "원장에 연결할 수 없습니다" in painting.parts["status"]
    assert painting.doubtful == ()


def test_until_the_ledger_has_told_of_today_its_figures_are_in_doubt() -> None:
    centre = Centre()
    centre.board.day._counted = set()

    painting = centre.pages.paint(MASKED, frozenset(PARTS))

    assert "이 프로그램을 시작한 뒤의 것입니다" in painting.parts["status"]
    assert painting.doubtful == ("today", "chart")


def test_a_breach_is_announced_without_the_caller() -> None:
    centre = Centre()
    key = centre.rings("a", 9)
    told: list[object] = []
    centre.pages.hub.announce = lambda event, body: told.append((event, dict(body)))  # type: ignore[method-assign] # to hear it
    breach = RingBreach(
        key=key, line="1588-6565", queue="counsel", at=NOON, rings=4, agents=("PJSIP/a",), rule="three-rings/1"
    )
    centre.board.record(breach)
    centre.pages.record(breach)

    # Noon in Seoul on 4 May 2026 is 1,777,863,600 s after 1970.
    body = {"line": "1588-6565", "queue": "counsel", "rings": 4, "agents": "김하나", "at": 1_777_863_600_000.0}
    assert told == [("breach", body)]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_part_is_painted_in_both_languages(language: str) -> None:
    centre = Centre()
    centre.rings("a", 9)
    centre.waits("w", 3)
    variant = Variant(language, numbers=False, calls=False)  # type: ignore[arg-type] # parametrised

    parts = centre.pages.paint(variant, frozenset(PARTS)).parts

    assert list(parts) == list(PARTS)
    assert ("울리는" in parts["ringing"]) is (language == "ko")


def test_midnight_in_the_centre_paints_every_part_anew() -> None:
    """No fact says that a day is over: without this, yesterday's figures would stand until the first call."""
    midnight = datetime(2026, 5, 4, 15, tzinfo=UTC)
    centre = Centre()

    def trust_at(now: datetime) -> object:
        return BoardPages(Renderer(SEOUL, "ko"), centre.board, centre.systems, centre.store, lambda: now).trust()

    assert trust_at(midnight) != trust_at(midnight - timedelta(microseconds=1))
    assert trust_at(midnight) == trust_at(midnight + timedelta(hours=23))
