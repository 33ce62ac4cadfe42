"""Searching the ledger, on both kinds of store: what is found is what a plain reading of every call finds."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from monitor.calls.facts import (
    AttemptResult,
    Call,
    CallKey,
    Observed,
    Outcome,
    Scope,
    Transfer,
    TransferKind,
    TransferResult,
    Verdict,
)
from monitor.calls.rules import Reading
from monitor.errors import SearchError, StoreError
from monitor.ledger import Repository, Store
from monitor.ledger.search import MAX_LIMIT, CallFilter, LedgerTransfer, Search, TransferFilter

from .records import NINE, a_call, after, ring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CALLERS = ("01012345678", "010-9999-5678", "+82 10 1234 5678", "02-2133-5670", "+8221335678", "anonymous", None)
OUTCOMES = (Outcome.ANSWERED, Outcome.ABANDONED_RINGING, Outcome.NO_ANSWER)


def many(count: int = 60) -> list[Call]:
    """Calls that differ in what is searched by; three enter at each second, so that order needs the key too."""
    calls = []
    for number in range(count):
        outcome = OUTCOMES[number % 3]
        first, second = f"agent{number % 4}", f"agent{number % 5}"
        answered = outcome is Outcome.ANSWERED
        calls.append(
            a_call(
                f"1772442000.{number:02}",
                key=CallKey(system=f"pbx{number % 2}", linkedid=f"1772442000.{number:02}"),
                entered_at=after(number // 3),
                line=("main", "second")[number % 7 == 0],
                queue=(None, "support", "100%_queue")[number % 3],
                caller=CALLERS[number % len(CALLERS)],
                outcome=outcome,
                agent=f"PJSIP/{second}" if answered else None,
                member=second.title() if answered else None,
                verdicts=(("within", (Verdict.KEPT, Verdict.BROKEN)[number % 4 == 0]), ("before", Verdict.BROKEN)),
                observed=(Observed.WHOLE, Observed.PARTLY)[number % 8 == 3],
                attempts=(
                    ring(first, 2, 6, AttemptResult.NO_ANSWER),
                    ring(second, 7, 9, AttemptResult.ANSWERED if answered else AttemptResult.NO_ANSWER),
                ),
                transfers=a_call().transfers if number % 6 == 0 else (),
            )
        )
    return calls


def order(call: Call) -> tuple[datetime, str, str]:
    return call.filed_at, call.key.system, call.key.linkedid


def asked(**changes: Any) -> CallFilter:
    return CallFilter(**{"since": NINE, "until": after(3600)} | changes)


@pytest.fixture
def calls(repository: Repository) -> list[Call]:
    """What the ledger holds, the newest first."""
    recorded = many()
    repository.record_all(recorded)
    return sorted(recorded, key=order, reverse=True)


@pytest.fixture
def search(repository: Repository) -> Search:
    return Search(repository.store)


def served(call: Call, agent: str) -> bool:
    """The agent's phone answered or rang."""
    return agent in {call.agent, call.member} | {name for each in call.attempts for name in (each.agent, each.member)}


@pytest.mark.parametrize(
    ("chosen", "meets"),
    [
        (asked(), lambda call: True),
        (asked(since=after(3), until=after(5)), lambda call: after(3) <= call.entered_at < after(5)),
        (asked(system="pbx1"), lambda call: call.key.system == "pbx1"),
        (asked(line="second"), lambda call: call.line == "second"),
        (asked(queue="support"), lambda call: call.queue == "support"),
        (asked(agent="PJSIP/agent3"), lambda call: served(call, "PJSIP/agent3")),
        (asked(agent="Agent4"), lambda call: served(call, "Agent4")),
        (asked(outcome=Outcome.NO_ANSWER), lambda call: call.outcome is Outcome.NO_ANSWER),
        (asked(observed=Observed.PARTLY), lambda call: call.observed is Observed.PARTLY),
        (asked(verdict=Verdict.BROKEN), lambda call: dict(call.verdicts)["within"] is Verdict.BROKEN),
        (asked(verdict=Verdict.KEPT, reading=Reading.BEFORE), lambda call: False),
        (
            asked(line="main", agent="Agent2", outcome=Outcome.ANSWERED, verdict=Verdict.KEPT, number_ends="8"),
            lambda call: (
                call.line == "main"
                and served(call, "Agent2")
                and call.outcome is Outcome.ANSWERED
                and dict(call.verdicts)["within"] is Verdict.KEPT
                and (call.caller or "").endswith("8")
            ),
        ),
    ],
)
def test_a_search_finds_what_a_reading_of_every_call_finds(
    search: Search, calls: list[Call], chosen: CallFilter, meets: Callable[[Call], bool]
) -> None:
    expected = [call for call in calls if meets(call)]
    assert search.calls(chosen, limit=MAX_LIMIT).calls == expected
    assert search.count(chosen) == len(expected)
    assert list(search.stream(chosen)) == expected


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        # 5678 also where a separator stands among the digits of the ledger, or of the question.
        ("5678", {CALLERS[0], CALLERS[1], CALLERS[2], CALLERS[4]}),
        ("56-78", {CALLERS[0], CALLERS[1], CALLERS[2], CALLERS[4]}),
        ("345678", {CALLERS[0], CALLERS[2]}),
        ("95678", {CALLERS[1]}),
        # A whole national number is found as the trunk may deliver it, too: +82 takes the place of its first 0.
        ("010-1234-5678", {CALLERS[0], CALLERS[2]}),
        ("0221335678", set()),
        ("021335678", {CALLERS[4]}),
        ("0", {CALLERS[3]}),
        ("1234", set()),
    ],
)
def test_a_number_is_found_by_its_end(search: Search, calls: list[Call], ends: str, found: set[str | None]) -> None:
    assert {call.caller for call in search.calls(asked(number_ends=ends), limit=MAX_LIMIT).calls} == found


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        ("3", {"123", "0123", "0-1-23"}),
        ("23", {"123", "0123", "0-1-23"}),
        ("123", {"123", "0123", "0-1-23"}),
        # A number of three digits does not end with four.
        ("0123", {"0123", "0-1-23"}),
        ("00123", set()),
        # What is no digit ends the digits.
        ("9", {"a9", "45a9"}),
        ("59", set()),
    ],
)
def test_a_short_number_is_found_by_as_many_digits_as_it_has(
    repository: Repository, search: Search, ends: str, found: set[str]
) -> None:
    callers = ("123", "0123", "0-1-23", "a9", "45a9", "", None)
    repository.record_all([a_call(f"1.{number}", caller=caller) for number, caller in enumerate(callers)])
    chosen = asked(number_ends=ends)
    assert {call.caller for call in search.calls(chosen, limit=MAX_LIMIT).calls} == found
    assert search.count(chosen) == len(found)


@pytest.mark.parametrize("text", ["%", "100%", "100__queue", "_", "100%_queue' OR '1'='1"])
def test_what_sql_would_read_as_a_wildcard_is_a_character(search: Search, calls: list[Call], text: str) -> None:
    assert search.count(asked(queue=text)) == search.count(asked(agent=text)) == search.count(asked(line=text)) == 0
    assert search.count(asked(queue="100%_queue")) == 20  # each third of 60


@pytest.mark.parametrize("limit", [1, 7, 59, 60, 61])
def test_pages_hold_each_call_once_in_order(search: Search, calls: list[Call], limit: int) -> None:
    seen: list[Call] = []
    after_cursor = None
    while True:
        found = search.calls(asked(), limit=limit, after=after_cursor)
        seen += found.calls
        assert len(found.calls) <= limit
        if found.next is None:
            break
        assert len(found.calls) == limit
        after_cursor = found.next
    assert seen == calls


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"system": "pbx1"},
        {"line": "main"},
        {"outcome": Outcome.ABANDONED_RINGING, "verdict": Verdict.KEPT},
        {"number_ends": "8"},
        {"number_ends": "78"},
        {"number_ends": "5678", "queue": "support"},
    ],
)
@pytest.mark.parametrize("agent", ["PJSIP/agent1", "Agent1", "Nobody"])
@pytest.mark.parametrize("limit", [1, 7])
def test_pages_of_an_agent_hold_each_call_once_in_order_however_it_became_theirs(
    repository: Repository, search: Search, limit: int, agent: str, changes: dict[str, Any]
) -> None:
    """Also a call that rang at the phone twice, one picked up by it without ringing, and those of one instant."""
    recorded = many()
    recorded[5] = replace(recorded[5], attempts=(ring("agent1", 2, 6, AttemptResult.NO_ANSWER),) * 3)
    recorded[6] = replace(recorded[6], agent="PJSIP/agent1", member=None, answered_by_pickup=True, attempts=())
    recorded[7] = replace(recorded[7], agent="SIP/9", member="Agent1", attempts=())
    repository.record_all(recorded)
    chosen = asked(agent=agent, **changes)
    everyone = search.calls(asked(**changes), limit=MAX_LIMIT).calls
    expected = [call for call in everyone if served(call, agent)]
    assert list(pages(search, chosen, limit)) == expected
    assert search.count(chosen) == len(expected)


def pages(search: Search, chosen: CallFilter, limit: int) -> Iterator[Call]:
    cursor = None
    while True:
        found = search.calls(chosen, limit=limit, after=cursor)
        yield from found.calls
        if found.next is None:
            return
        assert len(found.calls) == limit
        cursor = found.next


def test_calls_that_arrive_meanwhile_shift_nothing(repository: Repository, search: Search, calls: list[Call]) -> None:
    first = search.calls(asked(), limit=10)
    repository.record_all([a_call("1772442000.99", entered_at=after(1000))])
    assert search.calls(asked(), limit=10, after=first.next).calls == calls[10:20]


def forged(said: bytes) -> str:
    """A cursor whose sum is right, as somebody would make it who has read the source."""
    check = hashlib.sha256(b"callmonitor cursor 1\n" + said).digest()[:6]
    return base64.urlsafe_b64encode(check + said).decode().rstrip("=")


def test_a_cursor_that_was_made_up_is_refused(search: Search, calls: list[Call]) -> None:
    ours = search.calls(asked(), limit=10).next
    of_transfers = search.transfers(TransferFilter(since=NINE, until=after(3600)), limit=1).next
    assert ours is not None
    assert of_transfers is not None
    place = [1772442000000000, "pbx1", "1772442000.1"]
    assert search.calls(asked(), limit=1, after=forged(json.dumps(place, separators=(",", ":")).encode())).calls
    for cursor in (
        "",
        "10",
        "가나다",
        ours[:-1],
        ours + "A",
        ours + "=",
        ours.swapcase(),
        of_transfers,
        "A" * 100_000,
        forged(b"[]"),
        forged(b"{}"),
        forged(b"[" * 100_000),
        forged(b'[1,"pbx1","1","1"]'),
        forged(b"[1,2,3]"),
        forged(b'[1.5,"pbx1","1"]'),
        forged(b'[99999999999999999999999,"pbx1","1"]'),
        forged(b'[1,"pbx1","\\ud800"]'),
        forged(b'[1, "pbx1", "1"]'),
        forged(b"\xff"),
    ):
        with pytest.raises(SearchError, match="not one that this ledger has given: begin again") as refused:
            search.calls(asked(), limit=10, after=cursor)
        assert refused.value.field == "after"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"since": datetime(2026, 3, 2)}, "since", "has no time zone: give one"),  # noqa: DTZ001 - that is the fault
        ({"until": NINE}, "until", "ends before it begins"),
        ({"line": ""}, "line", "must have 1 to 200 characters"),
        ({"queue": "q" * 201}, "queue", "must have 1 to 200 characters"),
        ({"agent": "a\0b"}, "agent", "characters that no name has"),
        ({"system": "\ud800"}, "system", "characters that no name has"),
        ({"number_ends": ""}, "number_ends", "1 to 11 digits, as in 5678"),
        ({"number_ends": "%"}, "number_ends", "1 to 11 digits"),
        ({"number_ends": "56_8"}, "number_ends", "1 to 11 digits"),
        ({"number_ends": "123456789012"}, "number_ends", "1 to 11 digits"),
        ({"number_ends": "５６７８"}, "number_ends", "1 to 11 digits"),  # noqa: RUF001 - wide digits, as an input method writes them
    ],
)
def test_a_question_that_makes_no_sense_is_told_what_is_wrong(
    changes: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(SearchError, match=sentence) as refused:
        asked(**changes)
    assert refused.value.field == field


@pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1])
def test_a_page_has_a_size(tmp_path: Path, limit: int) -> None:
    search = Search(Store(tmp_path / "ledger.sqlite3"))
    with pytest.raises(SearchError, match=f"1 to {MAX_LIMIT} rows"):
        search.calls(asked(), limit=limit)
    with pytest.raises(SearchError, match=f"1 to {MAX_LIMIT} rows"):
        search.transfers(TransferFilter(since=NINE, until=after(1)), limit=limit)


def test_a_ledger_that_is_away_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not there: put it back"):
        Search(Store(tmp_path / "gone.sqlite3")).calls(asked(), limit=1)


def test_calls_are_streamed_a_page_at_a_time(repository: Repository, search: Search) -> None:
    """What is held in memory is a page: after the first call no more than one page has been read."""
    repository.record_all([a_call(f"2.{number:04}", entered_at=after(number)) for number in range(MAX_LIMIT + 20)])
    read: list[int] = []
    whole = search.calls

    def counted(*args: Any, **named: Any) -> Any:
        found = whole(*args, **named)
        read.append(len(found.calls))
        return found

    search.calls = counted  # type: ignore[method-assign] # counts what the real one reads
    stream = search.stream(asked())
    assert next(stream).key.linkedid == f"2.{MAX_LIMIT + 19:04}"
    assert read == [MAX_LIMIT]
    assert len(list(stream)) == MAX_LIMIT + 19
    assert read == [MAX_LIMIT, 20]


# -- transfers ---------------------------------------------------------------------------------------------------------


def passed_on(call: Call, *transfers: Transfer) -> Call:
    return replace(call, transfers=transfers)


def test_transfers_are_found_by_what_they_are(repository: Repository, search: Search) -> None:
    blind = a_call().transfers[0]
    outside = replace(blind, at=after(52), kind=TransferKind.ATTENDED, scope=Scope.OUTSIDE, to="0221335678")
    back = replace(blind, at=after(51), by="PJSIP/agent9", result=TransferResult.RETURNED)
    first = passed_on(a_call("1.1"), blind, outside)
    second = passed_on(a_call("1.2", line="second"), back)
    repository.record_all([first, second])

    def found(**changes: Any) -> list[Transfer]:
        chosen = TransferFilter(**{"since": NINE, "until": after(3600)} | changes)
        return [each.transfer for each in search.transfers(chosen, limit=10).transfers]

    assert found() == [outside, back, blind]
    assert found(since=after(51), until=after(52)) == [back]
    assert found(line="second") == found(by="PJSIP/agent9") == found(result=TransferResult.RETURNED) == [back]
    assert found(kind=TransferKind.ATTENDED) == found(scope=Scope.OUTSIDE) == [outside]
    assert found(system="pbx2") == []
    chosen = TransferFilter(since=NINE, until=after(3600))
    page = search.transfers(chosen, limit=2)
    # agent2 is a member that rang for the call; agent9 is a phone no queue rang.
    assert page.transfers == [
        LedgerTransfer(key=first.key, line="main", queue="support", member="Agent2", transfer=outside),
        LedgerTransfer(key=second.key, line="second", queue="support", member=None, transfer=back),
    ]
    last = search.transfers(chosen, limit=2, after=page.next)
    assert [each.transfer for each in last.transfers] == [blind]
    assert last.next is None
