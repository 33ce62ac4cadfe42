"""The terminal: what the screen shows at both widths in both languages, and the plain lines."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import io
import os
import pty
import string
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from rich.cells import cell_len
from rich.console import Console

from monitor.board import Board
from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    Call,
    CallKey,
    CallStarted,
    Fact,
    Gap,
    GapCause,
    Observed,
    Outcome,
    RingBreach,
    RingingStarted,
    RingWarning,
    Scope,
    Stage,
    StageChanged,
    Transfer,
    TransferEnded,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import RingRule
from monitor.terminal import LiveScreen, PlainLines, open_terminal, summary
from monitor.terminal_screen import Screen
from monitor.texts import ENGLISH, KOREAN, TEXTS, Language

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SEOUL = timezone(timedelta(hours=9))
KEY = CallKey(system="pbx", linkedid="1777000000.41")
NUMBER = "01012345678"
MASKED = "010-****-5678"


def at(seconds: float) -> datetime:
    return NOON + timedelta(microseconds=round(seconds * 1_000_000))


@dataclass
class Store:
    up: bool = True
    reason: str | None = None


def agent(phone: str, member: str, status: AgentStatus, queue: str = "help") -> AgentState:
    return AgentState(system="pbx", queue=queue, agent=f"PJSIP/{phone}", member=member, status=status, at=NOON)


def ring(key: CallKey = KEY, phone: str = "kim", member: str = "김서연") -> tuple[Fact, ...]:
    return (
        CallStarted(key=key, line="main", dialled="15886565", caller=NUMBER, at=NOON),
        StageChanged(key=key, line="main", stage=Stage.RINGING, at=NOON, queue="help"),
        RingingStarted(
            key=key,
            line="main",
            channel=f"PJSIP/{phone}-1",
            agent=f"PJSIP/{phone}",
            member=member,
            queue="help",
            at=NOON,
            before_us=0,
            counting=True,
        ),
    )


WARNING = RingWarning(
    key=KEY, line="main", queue="help", at=at(6), rings=3, agents=("PJSIP/kim",), rule="three-rings/1"
)
BREACH = RingBreach(key=KEY, line="main", queue="help", at=at(9), rings=4, agents=("PJSIP/kim",), rule="three-rings/1")
TRANSFER = Transfer(
    kind=TransferKind.ATTENDED,
    at=at(60),
    by="PJSIP/kim",
    to="0212349876",
    scope=Scope.OUTSIDE,
    result=TransferResult.COMPLETED,
    announced=True,
    consent=None,
    consultation_us=0,
    caller_hold_us=0,
    reconnected_at=at(64),
    reconnect_us=4_000_000,
    reconnect_rings=2,
)
CALL = Call(
    key=KEY,
    line="main",
    dialled="15886565",
    caller=NUMBER,
    entered_at=NOON,
    asked_at=NOON,
    first_ring_at=NOON,
    answered_at=at(12),
    ended_at=at(100),
    outcome=Outcome.ANSWERED,
    rings=5,
    ringing_us=12_300_000,
    waiting_us=12_300_000,
    talking_us=88_000_000,
    hold_us=0,
    verdicts=(("within", Verdict.BROKEN), ("before", Verdict.BROKEN)),
    verdict_reason=VerdictReason.RANG_PAST_RULE,
    rule="three-rings/1",
    observed=Observed.WHOLE,
    queue="help",
    agent="PJSIP/kim",
    member="김서연",
    answered_by_pickup=False,
    attempts=(),
    transfers=(TRANSFER,),
    holds=(),
    recorded_at=at(100),
)
KIM = agent("kim", "김서연", AgentStatus.RINGING)


def board_of(*facts: Fact) -> Board:
    board = Board(systems=["pbx"], zone=SEOUL)
    for fact in facts:
        board.record(fact)
    return board


def drawn(
    board: Board,
    seconds: float = 0,
    *,
    language: Language = "ko",
    width: int = 80,
    height: int = 24,
    store: Store | None = None,
) -> list[str]:
    """The lines of the screen at noon and so many seconds."""
    console = Console(file=io.StringIO(), width=width, height=height, record=True, color_system=None)
    addresses = ["http://127.0.0.1:9158/metrics"]
    screen = Screen(board, TEXTS[language], store=store or Store(), addresses=addresses)
    console.print(screen.render(at(seconds), width, height))
    return console.export_text().splitlines()


def line_with(lines: list[str], *words: str) -> str:
    found = [line for line in lines if all(word in line for word in words)]
    assert found, "\n".join(lines)
    return found[0]


@pytest.mark.parametrize(
    ("seconds", "rings"), [(0, "1 ●"), (2.9, "1 ●"), (3, "2 ●●"), (8.9, "3 ●●●"), (9, "4 ●●●●"), (40, "14 ●●●●●●●●")]
)
def test_the_ring_count_ticks_with_the_clock(seconds: float, rings: str) -> None:
    line = line_with(drawn(board_of(KIM, *ring()), seconds), MASKED)

    assert f" {rings} " in line
    assert f" {seconds:.1f} " in line
    assert "김서연" in line


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 44), (100, 60), (60, 15)])
@pytest.mark.parametrize("busy", [True, False])
def test_every_line_fits_the_terminal(language: Language, width: int, height: int, busy: bool) -> None:
    facts: list[Fact] = []
    if busy:
        for number in range(30):
            key = CallKey(system="pbx", linkedid=str(number))
            member = f"상담원 김서연 {number}"
            facts += [agent(str(number), member, AgentStatus.RINGING), *ring(key, str(number), member)]
            facts += [replace(BREACH, key=key), TransferEnded(key=key, line="main", transfer=TRANSFER)]

    lines = drawn(board_of(*facts), 5, language=language, width=width, height=height)

    assert len(lines) <= height
    assert {cell_len(line) for line in lines} == {width}


def test_seconds_are_cut_so_that_they_agree_with_the_rings() -> None:
    assert " 3 ●●●        8.9 " in line_with(drawn(board_of(KIM, *ring()), 8.999999), MASKED)


def test_rows_that_do_not_fit_are_counted() -> None:
    facts = [fact for number in range(9) for fact in ring(CallKey(system="pbx", linkedid=str(number)))]

    lines = drawn(board_of(*facts), language="en")
    shown = sum(MASKED in line for line in lines)

    assert 0 < shown < 9
    assert line_with(lines, "and", "more").count(f"and {9 - shown} more") == 1


def test_breaches_transfers_and_the_day_are_shown() -> None:
    board = board_of(KIM, *ring(), WARNING, BREACH, TransferEnded(key=KEY, line="main", transfer=TRANSFER))
    lines = drawn(board, 100, language="en", width=160, height=44)
    assert "goes on" in line_with(lines, "21:00:09")  # noon in UTC is nine in the evening in Seoul

    board.record(CALL)
    lines = drawn(board, 100, language="en", width=160, height=44)

    assert "answered" in line_with(lines, "21:00:09", "김서연", " 5 ")
    transfer = line_with(lines, "21:01:00", "김서연 → 02-****-9876")
    for word in ("attended", "outside", "completed", "4.0"):
        assert word in transfer
    # One call, broken under both readings, answered, and passed on to somebody outside.
    for figure in ("compliance within 3 0.0%", "compliance before 3 0.0%", "answer rate 100.0%"):
        assert figure in "\n".join(lines)
    assert "handled directly 0.0%" in "\n".join(lines)
    assert "no phone is ringing" in "\n".join(lines)


def test_a_day_without_calls_has_no_percentages() -> None:
    text = "\n".join(drawn(board_of()))

    assert "준수율 3번까지 -" in text
    assert "%" not in text


def test_an_agent_of_two_queues_is_one_person() -> None:
    board = board_of(KIM, agent("kim", "김서연", AgentStatus.PAUSED, queue="sales"))

    text = "\n".join(drawn(board, language="en"))

    assert "Agents 1" in text
    assert "ringing 1" in text
    assert "paused" not in text


def test_systems_and_store_say_what_is_wrong() -> None:
    board = board_of(Gap(system="pbx", started_at=NOON, ended_at=None, cause=GapCause.NOT_CONNECTED))

    text = "\n".join(drawn(board, store=Store(up=False, reason="disk full"), language="en"))

    assert "● pbx not connected" in text
    assert "● ledger disk full" in text


def test_many_systems_leave_the_time_and_the_one_not_heard() -> None:
    board = Board(systems=[f"branch-office-{number}" for number in range(8)])
    for number in range(7):
        board.record(
            Gap(system=f"branch-office-{number}", started_at=NOON, ended_at=NOON, cause=GapCause.NOT_CONNECTED)
        )
    board.record(Gap(system="branch-office-7", started_at=NOON, ended_at=None, cause=GapCause.NOT_CONNECTED))
    console = Console(record=True, width=80, height=24, file=io.StringIO(), force_terminal=True)
    console.print(Screen(board, ENGLISH).render(NOON, 80, 24))

    title, health, *_ = console.export_text().splitlines()

    assert title.endswith(" 2026-05-04 12:00:00")
    assert health.startswith("● branch-office-7 not connected  ● branch-office-0 listening")
    assert health.rstrip().endswith("…")
    assert {cell_len(title), cell_len(health)} == {80}


def test_the_header_tells_as_many_addresses_as_fit() -> None:
    """Of 80 cells the first address and the hint take 42; the second, of 68, does not fit beside them."""
    console = Console(file=io.StringIO(), width=80, height=24, record=True, color_system=None)
    screen = Screen(Board(), ENGLISH, addresses=["http://127.0.0.1:9158/metrics", "/a/very/long/path" * 4])

    console.print(screen.render(NOON, 80, 24))

    header = console.export_text().splitlines()[1]
    assert header.rstrip().endswith("http://127.0.0.1:9158/metrics  Ctrl+C ends")
    assert "/a/very" not in header


@pytest.mark.parametrize("name", ["[bold red]x[/]", "evil\x1b[2Jname", "a\nb"])
def test_names_are_text_and_steer_nothing(name: str) -> None:
    output = io.StringIO()
    console = Console(file=output, width=160, height=44, color_system=None)
    board = board_of(agent("kim", name, AgentStatus.RINGING), *ring(member=name))

    console.print(Screen(board, ENGLISH).render(NOON, 160, 44))

    assert "\x1b" not in output.getvalue()
    assert ("[bold red]x[/]" in output.getvalue()) is name.startswith("[")


def test_plain_lines_tell_a_call_from_warning_to_end() -> None:
    board, out = Board(systems=["pbx"], zone=SEOUL), io.StringIO()
    lines = PlainLines(board, KOREAN, lambda: at(100), out)
    facts: tuple[Fact, ...] = (
        KIM,
        *ring(),
        WARNING,
        BREACH,
        TransferEnded(key=KEY, line="main", transfer=TRANSFER),
        CALL,
        Gap(system="pbx", started_at=at(110), ended_at=None, cause=GapCause.NOT_CONNECTED),
        Gap(system="pbx", started_at=at(110), ended_at=at(112.5), cause=GapCause.NOT_CONNECTED),
    )
    for fact in facts:
        board.record(fact)
        lines.record(fact)
    lines.status()

    assert out.getvalue().splitlines() == [
        "21:00:06 벨 경고    main/help · 3번째 벨 · 김서연 · 고객 010-****-5678",
        "21:00:09 벨 초과    main/help · 4번째 벨 · 김서연 · 고객 010-****-5678",
        "21:01:00 전화연결   main · 김서연 → 02-****-9876 (센터 밖) · 상의 후 연결 · 연결됨 4.0초",
        "21:01:40 전화 끝    main/help · 응대 · 벨 5번, 12.3초 · 위반 (기준을 넘겨 울림) · 고객 010-****-5678",
        "21:01:50 수신 끊김  pbx · 연결 끊김",
        "21:01:52 수신 재개  pbx · 연결 끊김 2.5초",
        (
            "21:01:40 현황       울림 0 · 대기 0 · 통화 0 · 오늘 인입 1 · 응대율 100.0% · "
            "준수율 3번까지 0.0% / 3번 전 0.0%"
        ),
    ]


def test_the_summary_names_calls_verdicts_and_transfers() -> None:
    kept = replace(CALL, verdicts=(("within", Verdict.KEPT), ("before", Verdict.BROKEN)), transfers=())
    left = replace(
        CALL,
        outcome=Outcome.ABANDONED_WAITING,
        verdicts=(("within", Verdict.EXCLUDED), ("before", Verdict.EXCLUDED)),
        transfers=(),
    )
    board = board_of(CALL, kept, left)

    assert summary(board.today(at(100)), RingRule(), ENGLISH) == [
        "Summary",
        "3 calls: answered 2 · left waiting 1",
        "compliance within 3 50.0%: kept 1 · broken 1 · excluded 1",
        "compliance before 3 0.0%: kept 0 · broken 2 · excluded 1",
        "1 transfers: attended 1",
    ]


def test_without_a_terminal_plain_lines_are_written_until_told_to_stop() -> None:
    stop = asyncio.Event()

    class File(io.StringIO):
        """Asks for the end once something is written."""

        def flush(self) -> None:
            stop.set()

    out = File()
    terminal = open_terminal(board_of(), lambda: NOON, language="en", console=Console(file=out))

    async def run() -> None:
        await asyncio.wait_for(terminal.run(stop), 5)

    asyncio.run(run())

    assert isinstance(terminal, PlainLines)
    assert out.getvalue().startswith("21:00:00 now        ringing 0 · waiting 0")
    assert "\x1b" not in out.getvalue()


def test_a_real_terminal_gets_the_screen_and_is_given_back_as_it_was() -> None:
    """On a pseudo-terminal: the alternate screen is entered, drawn on and left, and the cursor shown again."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as file:
        console = Console(file=file, width=80, height=24, _environ={"TERM": "xterm-256color", "LANG": "C.UTF-8"})
        terminal = open_terminal(board_of(KIM, *ring()), lambda: at(9), console=console)
        assert isinstance(terminal, LiveScreen)

        async def run() -> str:
            stop, seen = asyncio.Event(), bytearray()

            def readable() -> None:
                seen.extend(os.read(master, 65536))
                if MASKED.encode() in seen:
                    stop.set()

            asyncio.get_running_loop().add_reader(master, readable)
            await asyncio.wait_for(terminal.run(stop), 10)
            asyncio.get_running_loop().remove_reader(master)
            os.set_blocking(master, False)
            with contextlib.suppress(BlockingIOError):  # nothing more to read: it came with the last picture
                while piece := os.read(master, 65536):
                    seen.extend(piece)
            return seen.decode("utf-8", "replace")

        text = asyncio.run(run())
    os.close(master)

    assert "●●●●" in text
    assert text.index("\x1b[?1049h") < text.index(MASKED) < text.rindex("\x1b[?1049l")
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_both_languages_fill_in_the_same_values() -> None:
    """A sentence that forgets a value, or a word that is missing, shows here and not on somebody's screen."""

    def values(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for entry in dataclasses.fields(KOREAN):
        korean, english = getattr(KOREAN, entry.name), getattr(ENGLISH, entry.name)
        if isinstance(korean, str):
            assert values(korean) == values(english), entry.name
        else:
            members = set(type(next(iter(korean))).__members__.values())
            assert set(korean) == set(english) == members, entry.name
            assert all(korean.values())
            assert all(english.values())
