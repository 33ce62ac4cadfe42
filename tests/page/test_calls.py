"""The list of calls over real sockets: search, pages, and what must never come out of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from monitor.calls.facts import AgentState, AgentStatus, AttemptResult, Outcome, Verdict, VerdictReason
from monitor.page.calls import PAGE_SIZE
from tests.ledger.records import a_call, partly, ring

from .centre import Centre, at, linked, text_of

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
    assert "010-1234-5678" in centre.page("/calls", role="supervisor")
    assert "1234" not in text_of(centre.page("/calls"))


def test_who_answered_is_called_as_the_board_calls_them(centre: Centre) -> None:
    """The record of a call that went by no queue knows the phone only; the board has the member's name from a queue."""
    centre.repository.record_all([a_call(member=None), at(1, "unknown", agent="PJSIP/agent9", member=None)])
    centre.board.record(
        AgentState(
            system="pbx1",
            queue="support",
            agent="PJSIP/agent2",
            member="김하나",
            status=AgentStatus.FREE,
            at=centre.clock.at,
        )
    )
    assert [row[2] for row in centre.rows("/calls")] == ["PJSIP/agent9 support", "김하나 support"]


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
        ("observed=partly", ["partly"]),
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
