"""Facts on disk: as they were, in their order, whatever was cut short."""

from __future__ import annotations

import json
import resource
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.calls.facts import CallStarted
from monitor.errors import StoreError
from monitor.ledger.spool import Spool, decode, encode

from .records import NINE, a_call, agent_states, calls, gaps, rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.ledger.rows import StoredFact


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = _open(tmp_path)
    yield spool
    spool.close()


def _open(folder: Path) -> Spool:
    return Spool(folder / "spool.jsonl", folder / "rejected.jsonl")


@settings(deadline=None)
@given(fact=calls | agent_states | gaps | rules)
def test_any_fact_comes_back_as_it_was(fact: StoredFact) -> None:
    line = encode(fact)
    assert "\n" not in line
    assert decode(line) == fact


LINE_OF_0_1_0 = (
    '{"fact":"Call","value":{"key":{"system":"pbx1","linkedid":"1772442000.1"},"line":"main","dialled":"15886565",'
    '"caller":"01012345678","entered_at":"2026-03-02T09:00:00+00:00","asked_at":"2026-03-02T09:00:01+00:00",'
    '"first_ring_at":"2026-03-02T09:00:02+00:00","answered_at":"2026-03-02T09:00:09+00:00",'
    '"ended_at":"2026-03-02T09:01:00+00:00","outcome":"answered","rings":3,"ringing_us":6000000,"waiting_us":8000000,'
    '"talking_us":40000000,"hold_us":5000000,"verdicts":[["within","kept"],["before","broken"]],'
    '"verdict_reason":"answered_within_rule","rule":"three-rings/1","observed":"whole","queue":"support",'
    '"agent":"PJSIP/agent2","member":"Agent2","answered_by_pickup":false,"attempts":[{"agent":"PJSIP/agent1",'
    '"member":"Agent1","channel":"PJSIP/agent1-0000000a","queue":"support","started_at":"2026-03-02T09:00:02+00:00",'
    '"ended_at":"2026-03-02T09:00:06+00:00","ringing_us":4000000,"rings":2,"result":"no_answer"}],"transfers":[],'
    '"holds":[],"recorded_at":"2026-03-02T09:01:00+00:00"}}'
)


def test_a_line_that_a_former_release_left_is_read() -> None:
    """What waits on disk outlives an upgrade; what the ledger adds to a fact is not in it."""
    assert decode(LINE_OF_0_1_0) == a_call(attempts=a_call().attempts[:1], transfers=(), holds=())


def test_a_line_can_be_read_by_a_person() -> None:
    told = json.loads(encode(a_call(attempts=(), transfers=(), caller="김영희")))
    assert told["fact"] == "Call"
    assert told["value"]["key"] == {"system": "pbx1", "linkedid": "1772442000.1"}
    assert told["value"]["entered_at"] == "2026-03-02T09:00:00+00:00"
    assert told["value"]["verdicts"] == [["within", "kept"], ["before", "broken"]]
    assert told["value"]["holds"] == [
        {"by": "PJSIP/agent2", "started_at": "2026-03-02T09:00:45+00:00", "ended_at": "2026-03-02T09:00:50+00:00"}
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\0\0\0\0",
        b"7",
        b"{}",
        b"\xff\xfe",
        b'{"fact":"Caller","value":{}}',
        b'{"fact":["Call"],"value":{}}',
        b'{"fact":"Call","value":{"key":{"system":"pbx1"}}}',
        encode(a_call()).replace('"answered"', '"sung"').encode(),
    ],
)
def test_a_line_that_tells_of_no_fact(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(line)


@settings(max_examples=30, deadline=None)
@given(length=st.integers(1, len(encode(a_call())) - 1))
def test_a_fact_cut_short_is_never_taken_for_one(length: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(encode(a_call())[:length])


def test_facts_wait_in_their_order_until_they_are_taken(spool: Spool) -> None:
    facts = [a_call(f"1.{number}") for number in range(5)]
    spool.append(facts[:3])
    first = spool.oldest(2)
    assert [decode(line) for line in first] == facts[:2]
    assert spool.oldest(2) == first
    spool.append(facts[3:])
    spool.taken(first)
    assert spool.waiting == 3
    rest = spool.oldest(500)
    assert [decode(line) for line in rest] == facts[2:]
    spool.taken(rest)
    assert (spool.waiting, spool.oldest(1), spool.path.stat().st_size) == (0, [], 0)
    spool.append(facts[:1])
    assert [decode(line) for line in spool.oldest(9)] == facts[:1]


def test_a_line_that_a_crash_cut_short_spoils_only_itself(tmp_path: Path) -> None:
    lines = [encode(a_call(f"1.{number}")) for number in range(2)]
    (tmp_path / "spool.jsonl").write_text(f"{lines[0]}\n{lines[1][:50]}")
    spool = _open(tmp_path)
    assert spool.waiting == 2
    spool.append([a_call("1.2")])
    whole, torn, later = spool.oldest(9)
    assert (decode(whole), decode(later)) == (a_call("1.0"), a_call("1.2"))
    assert torn == lines[1][:50].encode() + b"\n"
    spool.close()


def test_what_waits_is_there_at_the_next_start_and_a_file_with_nothing_is_not(tmp_path: Path) -> None:
    spool = _open(tmp_path)
    spool.append([a_call()])
    assert spool.path.stat().st_mode & 0o777 == 0o600
    spool.close()
    spool = _open(tmp_path)
    assert spool.waiting == 1
    spool.taken(spool.oldest(1))
    spool.close()
    assert not spool.path.exists()


def test_two_programs_do_not_share_a_spool(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(
        StoreError, match=r"Another callmonitor already uses .*: stop it, or give this one a spool fold"
    ):
        _open(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"Facts cannot wait at .* \(.*\): give a spool folder this user may write\."):
        Spool(tmp_path / "file" / "spool.jsonl", tmp_path / "rejected.jsonl")


def test_what_a_full_disk_took_in_part_is_taken_back(spool: Spool) -> None:
    """A file size limit stands for the full disk: the second fact would end behind it."""
    spool.append([a_call("1.1")])
    size = spool.path.stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + size // 2, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            spool.append([a_call("1.2")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert (spool.waiting, spool.path.stat().st_size) == (1, size)
    spool.append([a_call("1.3")])
    assert [decode(line) for line in spool.oldest(9)] == [a_call("1.1"), a_call("1.3")]


def test_a_refused_fact_is_put_aside_whatever_it_holds(spool: Spool) -> None:
    spool.reject(a_call(), "too long")
    spool.reject(b"{torn\n", "cut short")
    odd = replace(a_call(), caller=b"bytes", verdict_reason={1, 2})  # type: ignore[arg-type]  # no fact should; one might
    spool.reject(odd, "odd")
    first, second, third = (json.loads(line) for line in spool.rejected_path.read_text().splitlines())
    assert (first["why"], decode(first["line"])) == ("too long", a_call())
    assert second == {"why": "cut short", "line": "{torn"}
    assert json.loads(third["line"])["value"]["caller"] == "b'bytes'"
    assert spool.rejected_path.stat().st_mode & 0o777 == 0o600


def test_a_fact_that_is_not_kept_has_no_line() -> None:
    started = CallStarted(key=a_call().key, line="main", dialled="1", caller=None, at=NINE)
    with pytest.raises(ValueError, match="no fact that is known"):
        decode(encode(started))  # type: ignore[arg-type]  # shows what happens
