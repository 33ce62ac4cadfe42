"""The page of one call over real sockets: what it tells, ended or in progress, and under which address."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.calls.facts import AttemptResult, CallAnswered, CallKey, Scope, Source
from monitor.calls.rules import RingRule
from monitor.page.calls import WAITS_AT_MOST, key_of
from monitor.page.render import call_path
from tests.imports.logs import CALLID, call_in
from tests.ledger.records import a_call, partly, ring

from .centre import HTML, NOW, Centre, text_of
from .recordings import NAMES, recorded
from .ringing import a_phone_rings

# -- one call ----------------------------------------------------------------------------------------------------------


def test_a_call_is_told_in_words_figures_and_a_drawing(centre: Centre) -> None:
    centre.repository.record_all([a_call()])
    page = centre.page("/calls/pbx1/1772442000.1")
    words = text_of(page)
    assert "Agent2 answered at ring 3, after 6.0 s of ringing." in words
    assert "Verdict: within 3 kept answered within the rule Verdict: before 3 broken" in words
    assert (
        "Rule three-rings/1 Observed whole Source followed by this monitor System pbx1 Linkedid 1772442000.1" in words
    )
    # Ring attempts: from, after, agent, phone, queue, length, rings, result.
    assert "18:00:02 2.0 s Agent1 PJSIP/agent1 support 4.0 s 2 no answer" in words
    assert "18:00:07 7.0 s Agent2 PJSIP/agent2 support 2.0 s 1 answered" in words
    # Transfers: number, at, by and to, kind, scope, result, announced, consent, consultation, hold, reconnection.
    assert "1 18:00:50 Agent2 → 201 blind inside completed no not reported - 5.0 s 4.0 s 2 rings" in words
    # Holds: from, length, by.
    assert "18:00:45 5.0 s Agent2" in words
    assert '<svg class="course"' in page
    assert 'aria-labelledby="drawing-title drawing-words"' in page
    # The same course as a table: from, after, length, stage.
    assert "18:00:50 50.0 s 4.0 s being transferred" in words


def test_a_call_that_was_brought_in_says_so_and_shows_no_rings(centre: Centre) -> None:
    """Kim's phone is known to have been called from 0 to 15 s; how often it rang is not, nor what Lee's holds were."""
    call = call_in(
        "0 NONE ENTERQUEUE  01012345678 1",
        "15 Kim RINGNOANSWER 15000",
        "27 Lee CONNECT 27 x 9",
        "95 Lee ATTENDEDTRANSFER BRIDGE b 27 68 1",
    )
    centre.repository.record_all([call])
    page = centre.page(f"/calls/pbx1/{CALLID}")
    words = text_of(page)
    assert "Lee answered; how long the phone rang is not known." in words
    assert "This record was not made by this monitor: brought in from the queue log (queue_log)." in words
    assert "Part of this call was not seen" not in words
    assert "within 3 excluded how long it rang is not known" in words
    assert "Rings - Waiting 27.0 s Talking - On hold - Answered by Lee Queue support Dialled - " in words
    # Ring attempts: from, after, agent, phone, queue, length, rings, result.
    assert "10:00:00 0.0 s Kim - support - - no answer" in words
    # Transfers: number, at, by and to, kind, scope, result, announced, consent, consultation, hold, reconnection.
    assert "1 10:01:35 Lee → - attended unknown completed yes not reported - - -" in words
    assert "ring-mark" not in page
    (row,) = centre.rows("/calls?from=2026-03-02&to=2026-03-02")
    assert row[3:7] == ["-", "-", "0:27", "-"]
    assert "통화 기록(queue_log)에서 가져옴" in text_of(centre.page(f"/calls/pbx1/{CALLID}", language="ko"))


def test_a_call_that_was_filled_in_says_what_it_cannot_know(centre: Centre) -> None:
    """Of the channel event log: who talked with whom, and no ringing."""
    centre.repository.record_all([replace(call_in("0 NONE ENTERQUEUE  01012345678 1"), source=Source.CEL)])
    words = text_of(centre.page(f"/calls/pbx1/{CALLID}"))
    assert "brought in from the channel event log (CEL). It tells who talked with whom, and neither ringing" in words
    assert "whole seconds" not in words
    korean = text_of(centre.page(f"/calls/pbx1/{CALLID}", language="ko"))
    assert "채널 이벤트 기록(CEL)에서 가져옴" in korean


@pytest.mark.parametrize(
    ("scope", "to", "masked", "whole"),
    [
        (Scope.OUTSIDE, "01098765432", "010-****-5432", "010-9876-5432"),
        (Scope.UNKNOWN, "01098765432", "010-****-5432", "010-9876-5432"),
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
    assert "Verdict: within 2 kept" in words
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
    entered_at, rang_at = NOW - timedelta(seconds=12), NOW - timedelta(seconds=10)
    for fact in a_phone_rings(LIVE, entered_at=entered_at, rang_at=rang_at, caller=caller):
        centre.board.record(fact)


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
