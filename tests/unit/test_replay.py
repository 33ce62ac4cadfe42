"""`callmonitor replay`, the contract: the command itself, started as people start it."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.started import started

from .wire import BANNER, Wire

if TYPE_CHECKING:
    import subprocess

ANSWERED = Path(__file__).parents[1] / "scenarios" / "answered_ring_2" / "events.ami"
LOGIN = BANNER + b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n"

CALL = {
    "system": str,
    "linkedid": str,
    "line": str,
    "dialled": str,
    "caller": str,
    "entered_at": str,
    "asked_at": str,
    "first_ring_at": str,
    "answered_at": str,
    "ended_at": str,
    "outcome": str,
    "rings": int,
    "ringing_seconds": float,
    "waiting_seconds": float,
    "talking_seconds": float,
    "hold_seconds": float,
    "verdicts": dict,
    "verdict_reason": str,
    "rule": str,
    "observed": str,
    "source": str,
    "queue": str,
    "team": str,
    "menu": list,
    "agent": str,
    "answered_by_pickup": bool,
    "attempts": list,
    "transfers": list,
    "callbacks": list,
    "recordings": list,
}
NULLABLE = {
    "caller",
    "entered_at",
    "asked_at",
    "first_ring_at",
    "answered_at",
    "ended_at",
    "waiting_seconds",
    "queue",
    "team",
    "agent",
}


def callmonitor(
    *arguments: str | Path, cwd: Path, stdin: bytes | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C"} | (env or {})
    return started(*arguments, cwd=cwd, env=environment, stdin=stdin or b"")


def printed(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    """The objects on standard output, where all went well."""
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def capture(folder: Path, wire: Wire, name: str = "capture.ami") -> Path:
    path = folder / name
    path.write_bytes(LOGIN + wire.data)
    return path


def one_call(ring_seconds: float = 2.5) -> Wire:
    wire = Wire()
    wire.talks(ring_seconds)
    return wire


def test_one_object_a_line_with_every_field(tmp_path: Path) -> None:
    (call,) = printed(callmonitor("replay", capture(tmp_path, one_call()), "--line", "15886565", cwd=tmp_path))
    assert list(call) == list(CALL)
    for field, kind in CALL.items():
        assert isinstance(call[field], kind) or (call[field] is None and field in NULLABLE), field
    # Enters 0, rings 0 to 2.5, talks to 12.5: floor(2.5 / 3) + 1 = 1 ring.
    assert call == {
        "system": "pbx1",
        "linkedid": "pbx1-1777852800.1",
        "line": "15886565",
        "dialled": "15886565",
        "caller": "01012345678",
        "entered_at": "2026-05-04T00:00:00.000000Z",
        "asked_at": "2026-05-04T00:00:00.000000Z",
        "first_ring_at": "2026-05-04T00:00:00.000000Z",
        "answered_at": "2026-05-04T00:00:02.500000Z",
        "ended_at": "2026-05-04T00:00:12.500000Z",
        "outcome": "answered",
        "rings": 1,
        "ringing_seconds": 2.5,
        "waiting_seconds": 2.5,
        "talking_seconds": 10.0,
        "hold_seconds": 0.0,
        "verdicts": {"within": "kept", "before": "kept"},
        "verdict_reason": "answered_within_rule",
        "rule": "three-rings/1",
        "observed": "whole",
        "source": "ami",
        "queue": None,
        "team": None,
        "menu": [],
        "agent": "PJSIP/agent1",
        "answered_by_pickup": False,
        "attempts": [
            {
                "agent": "PJSIP/agent1",
                "member": None,
                "channel": "PJSIP/agent1-00000002",
                "queue": None,
                "started_at": "2026-05-04T00:00:00.000000Z",
                "ended_at": "2026-05-04T00:00:02.500000Z",
                "ringing_seconds": 2.5,
                "rings": 1,
                "result": "answered",
            }
        ],
        "transfers": [],
        "callbacks": [],
        "recordings": [],
    }


def test_every_field_of_a_transfer(tmp_path: Path) -> None:
    """Talks from 2 with agent1, who passes the caller blindly to 202 at 10; 202 rings 11 to 15 and answers."""
    wire = Wire()
    caller = wire.enters()
    first = wire.dials(caller, "PJSIP/agent1")
    wire.rings(first)
    wire.at(2).answers(caller, first)
    wire.at(9).event("UserEvent", **caller.headers(), UserEvent="TransferConsent", Consent="yes")
    wire.at(10).event(
        "BlindTransfer",
        Result="Success",
        **first.headers("Transferer"),
        **caller.headers("Transferee"),
        Extension="202",
    )
    wire.parts(first, caller).hangs(first, 16)
    second = wire.dials(caller, "PJSIP/agent2")
    wire.at(11).rings(second)
    wire.at(15).answers(caller, second)
    wire.at(20).ends(caller, second, by=caller)
    (call,) = printed(callmonitor("replay", capture(tmp_path, wire), "--line", "15886565", cwd=tmp_path))
    assert call["transfers"] == [
        {
            "kind": "blind",
            "at": "2026-05-04T00:00:10.000000Z",
            "by": "PJSIP/agent1",
            "to": "202",
            "scope": "unknown",
            "result": "completed",
            "announced": False,
            "consent": "yes",
            "consultation_seconds": 0.0,
            "caller_hold_seconds": 0.0,
            "reconnected_at": "2026-05-04T00:00:15.000000Z",
            # From 10 to 15; its phone rang 4 s of that: floor(4 / 3) + 1 = 2.
            "reconnect_seconds": 5.0,
            "reconnect_rings": 2,
        }
    ]
    assert call["rings"] == 1, "what rings for a transfer is not the caller's wait for the first person"
    assert [attempt["result"] for attempt in call["attempts"]] == ["answered", "answered"]


def test_standard_input_and_gzip_are_read_alike(tmp_path: Path) -> None:
    path = capture(tmp_path, one_call())
    zipped = tmp_path / "capture.ami.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    plain = printed(callmonitor("replay", path, "--line", "15886565", cwd=tmp_path))
    assert printed(callmonitor("replay", zipped, "--line", "15886565", cwd=tmp_path)) == plain
    assert printed(callmonitor("replay", "-", "--line", "15886565", cwd=tmp_path, stdin=path.read_bytes())) == plain
    assert len(plain) == 1


def test_several_files_are_one_after_the_other(tmp_path: Path) -> None:
    one = capture(tmp_path, one_call(), "one.ami")
    other = Wire(system="pbx2")
    other.talks(4)
    done = printed(callmonitor("replay", one, capture(tmp_path, other, "two.ami"), "--line", "*", cwd=tmp_path))
    assert [(call["system"], call["rings"]) for call in done] == [("pbx1", 1), ("pbx2", 2)]


def test_calls_come_in_order_of_end(tmp_path: Path) -> None:
    wire = Wire()
    first, second = wire.enters(caller="01"), wire.enters(caller="02")
    wire.at(5).ends(second)
    wire.at(6).ends(first)
    done = printed(callmonitor("replay", capture(tmp_path, wire), "--line", "15886565", cwd=tmp_path))
    assert [call["caller"] for call in done] == ["02", "01"]


def test_calls_open_at_the_end_are_unobserved(tmp_path: Path) -> None:
    """One rings, one talks: neither's end was seen."""
    wire = Wire()
    talking, phone = wire.enters(caller="01"), wire.leg("")
    phone = wire.dials(talking, "PJSIP/a")
    wire.rings(phone)
    wire.at(1).answers(talking, phone)
    ringing = wire.enters(caller="02")
    wire.rings(wire.dials(ringing, "PJSIP/b"))
    wire.at(3).runs(ringing, "NoOp")
    done = printed(callmonitor("replay", capture(tmp_path, wire), "--line", "15886565", cwd=tmp_path))
    assert [(c["caller"], c["outcome"], c["ended_at"], c["observed"]) for c in done] == [
        ("01", "unobserved", None, "partly"),
        ("02", "unobserved", None, "partly"),
    ]
    assert [(c["answered_at"], c["ringing_seconds"]) for c in done] == [
        ("2026-05-04T00:00:01.000000Z", 1.0),
        (None, 2.0),
    ]


# -- lines and systems -------------------------------------------------------------------------------------------------


def two_numbers() -> Wire:
    wire = Wire()
    wire.ends(wire.enters(dialled="15886565", caller="01"))
    wire.at(1).ends(wire.enters(dialled="0215771000", caller="02"))
    wire.at(2).ends(wire.enters(dialled="201", caller="201", trunk="PJSIP/agent1", context="inside"))
    return wire


def test_a_line_takes_its_calls_only(tmp_path: Path) -> None:
    path = capture(tmp_path, two_numbers())

    def dialled(*lines: str) -> list[str]:
        options = [word for line in lines for word in ("--line", line)]
        return [call["dialled"] for call in printed(callmonitor("replay", path, *options, cwd=tmp_path))]

    assert dialled("1588-6565") == ["15886565"]
    assert dialled("+82 1588 6565") == ["15886565"]
    assert dialled("_02X.", "15886565") == ["15886565", "0215771000"]
    assert dialled("*") == ["15886565", "0215771000", "201"], "every call, whoever placed it"
    assert dialled("9999") == []


def test_the_configured_lines_hold(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(
        '[[line]]\nname = "main"\npatterns = ["15886565"]\n[[line]]\nname = "fax"\npatterns = ["_0215771XXX"]\n'
        'contexts = ["elsewhere"]\n',
        encoding="utf-8",
    )
    path = capture(tmp_path, two_numbers())
    assert [c["line"] for c in printed(callmonitor("replay", path, "--config", config, cwd=tmp_path))] == ["main"]
    named = callmonitor("replay", path, "--config", config, "--line", "main", cwd=tmp_path)
    assert [c["line"] for c in printed(named)] == ["main"], "a configured line may be named"
    # ./callmonitor.toml is found where nothing is named.
    config.rename(tmp_path / "callmonitor.toml")
    assert [c["line"] for c in printed(callmonitor("replay", path, cwd=tmp_path))] == ["main"]


def test_the_configured_rule_and_scopes_hold(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(
        '[[rule]]\nname = "two"\nversion = 3\nlimit = 2\nheadline = "before"\n'
        'holds_from = 2020-01-01\ncountry = "KR"\n',
        encoding="utf-8",
    )
    path = capture(tmp_path, one_call(3.0))
    (call,) = printed(callmonitor("replay", path, "--config", config, "--line", "15886565", cwd=tmp_path))
    # 3.0 s is ring 2: within 2 kept, before the 2nd broken; the headline comes first.
    assert list(call["verdicts"].items()) == [("before", "broken"), ("within", "kept")]
    assert (call["rule"], call["verdict_reason"]) == ("two/3", "rang_past_rule")


def test_a_system_without_a_name_takes_the_one_given(tmp_path: Path) -> None:
    wire = Wire(system="")
    wire.talks(2)
    path = capture(tmp_path, wire)
    systems = [
        printed(callmonitor("replay", path, "--line", "*", *more, cwd=tmp_path))[0]["system"]
        for more in ((), ("--system", "old-pbx"))
    ]
    assert systems == ["asterisk", "old-pbx"]
    # A name in the packets goes before the one given.
    named = callmonitor("replay", ANSWERED, "--line", "*", "--system", "other", cwd=tmp_path)
    assert printed(named)[0]["system"] == "lab1"


def test_events_without_stamps_are_taken_at_the_last_one(tmp_path: Path) -> None:
    """The answer has no stamp: it is taken at 5, where the stamped event before it was."""
    wire = Wire()
    caller = wire.enters()
    phone = wire.dials(caller, "PJSIP/a")
    wire.at(1).rings(phone)
    wire.at(5).event("VarSet", **caller.headers(), Variable="X", Value="1")
    wire.stamped = False
    wire.answers(caller, phone)
    wire.stamped = True
    wire.at(9).ends(caller, phone)
    (call,) = printed(callmonitor("replay", capture(tmp_path, wire), "--line", "*", cwd=tmp_path))
    assert (call["answered_at"], call["ringing_seconds"]) == ("2026-05-04T00:00:05.000000Z", 4.0)


# -- bad input ---------------------------------------------------------------------------------------------------------


def test_garbage_is_warned_of_with_its_byte_and_passed_over(tmp_path: Path) -> None:
    wire = one_call()
    half = len(wire.packets) // 2
    front = LOGIN + b"".join(wire.packets[:half])
    path = tmp_path / "capture.ami"
    path.write_bytes(front + b"\x00\xff garbage\r\nmore of it\r\n\r\n" + b"".join(wire.packets[half:]))
    done = callmonitor("replay", path, "--line", "15886565", cwd=tmp_path)
    assert done.returncode == 0
    (warning,) = done.stderr.decode().splitlines()
    assert warning.startswith("callmonitor: warning: ")
    assert f"byte {len(front)} " in warning
    (call,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert call["ringing_seconds"] == 2.5


def test_a_packet_that_breaks_off_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "capture.ami"
    whole = LOGIN + one_call().data
    path.write_bytes(whole + b"Event: Hangup\r\nUniqueid: 1")
    done = callmonitor("replay", path, "--line", "15886565", cwd=tmp_path)
    assert done.returncode == 0
    assert f"byte {len(whole)} " in done.stderr.decode()
    assert len(done.stdout.splitlines()) == 1


def test_an_oversized_packet_is_left_out_and_reading_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "capture.ami"
    path.write_bytes(LOGIN + b"Event: Newchannel\r\nCallerIDName: " + b"x" * 2_000_000 + b"\r\n\r\n" + one_call().data)
    done = callmonitor("replay", path, "--line", "15886565", cwd=tmp_path)
    assert done.returncode == 0
    assert "1 MiB" in done.stderr.decode()
    assert len(done.stdout.splitlines()) == 1


def test_many_warnings_are_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "capture.ami"
    path.write_bytes(LOGIN + b"garbage\r\n\r\n" * 1_000 + one_call().data)
    done = callmonitor("replay", path, "--line", "15886565", cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 21
    assert "not shown" in done.stderr.decode().splitlines()[-1]


@pytest.mark.parametrize("content", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 5_000, b"Hello\n"])
def test_no_ami_at_all_is_status_2(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "capture.ami"
    path.write_bytes(content)
    done = callmonitor("replay", path, "--line", "*", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert "holds no AMI at all" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize("arguments", [["missing.ami"], ["."], ["broken.ami.gz"]])
def test_what_cannot_be_read_is_status_2_and_one_sentence(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "broken.ami.gz").write_bytes(gzip.compress(LOGIN * 100)[:-20])
    done = callmonitor("replay", *arguments, "--line", "*", cwd=tmp_path)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 2
    assert lines[-1].startswith("callmonitor: ")
    assert arguments[0] in lines[-1]
    assert "Traceback" not in done.stderr.decode()


def test_debug_shows_the_traceback_wherever_it_stands(tmp_path: Path) -> None:
    for arguments in (["--debug", "replay", "missing.ami"], ["replay", "missing.ami", "--debug"]):
        done = callmonitor(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert "Traceback (most recent call last)" in done.stderr.decode()
        assert "CaptureError" in done.stderr.decode()


def test_what_was_printed_before_a_missing_file_stays(tmp_path: Path) -> None:
    done = callmonitor("replay", ANSWERED, "missing.ami", "--line", "*", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1


# -- the ledger --------------------------------------------------------------------------------------------------------


def test_storing_twice_stores_one_copy(tmp_path: Path) -> None:
    store = tmp_path / "ledger.sqlite3"
    path = capture(tmp_path, one_call())
    for url in (store, f"sqlite:///{store}"):
        printed(callmonitor("replay", path, "--line", "15886565", "--store", url, cwd=tmp_path))
        with sqlite3.connect(store) as ledger:
            tables = {name for (name,) in ledger.execute("select name from sqlite_master where type = 'table'")}
            calls = {name: ledger.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables}  # noqa: S608 - names of the ledger itself
        ledger.close()
        counted = [count for name, count in calls.items() if "call" in name and "attempt" not in name]
        assert 1 in counted
        attempts = [count for name, count in calls.items() if "attempt" in name]
        assert attempts == [1]
        if url is store:
            before = calls
    assert calls == before


def test_a_store_that_cannot_be_written_is_status_1(tmp_path: Path) -> None:
    done = callmonitor("replay", ANSWERED, "--line", "*", "--store", "/proc/nowhere/ledger.sqlite3", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr.decode()


def test_instants_are_those_of_the_recording(tmp_path: Path) -> None:
    """The lab's first stamp of the call, 1795379925.775308, is 2026-11-22 20:38:45.775308 UTC."""
    (call,) = printed(callmonitor("replay", ANSWERED, "--line", "1588-6565", cwd=tmp_path))
    entered = datetime.fromisoformat(call["entered_at"])
    assert entered == datetime(2026, 11, 22, 20, 38, 45, 775308, tzinfo=UTC)
    assert call["entered_at"] == "2026-11-22T20:38:45.775308Z"
    assert call["caller"] == "01012345678"
