"""The terminal of `run` and `demo`: a live screen, or plain lines where there is no terminal.

The screen shows the board and nothing else; the plain lines are told as facts arrive, after the board has taken them.
Callers' numbers are masked in both.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.live import Live

from monitor.calls.facts import Call, Gap, RingBreach, RingWarning, Stage, TransferEnded, TransferKind, Verdict
from monitor.forms import NOTHING, percent, tenths
from monitor.masking import mask_number
from monitor.terminal_screen import Screen, clean, rates, target
from monitor.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import IO

    from monitor.board import Board
    from monitor.board_day import Day
    from monitor.calls.facts import Fact
    from monitor.calls.rules import RingRule
    from monitor.terminal_screen import Part
    from monitor.texts import Language, Texts

REFRESH_SECONDS = 0.5
"""Between two pictures of the screen: a ring lasts three seconds."""
STATUS_SECONDS = 5.0
"""Between two status lines where there is no terminal."""


class Terminal(Protocol):
    """What the program talks to, whichever of the two it is."""

    def record(self, fact: Fact) -> None:
        """Take a fact, after the board has."""
        ...

    async def run(self, stop: asyncio.Event) -> None:
        """Show until `stop` is set."""
        ...


def open_terminal(
    board: Board,
    clock: Callable[[], datetime],
    *,
    language: Language = "ko",
    store: Part | None = None,
    addresses: Sequence[str] = (),
    console: Console | None = None,
) -> LiveScreen | PlainLines:
    """The live screen where `console` (standard output) is a terminal, else plain lines.

    Args:
        board: what is shown.
        clock: now, aware, on the clock that the facts' instants are of.
        language: Korean unless told otherwise.
        store: the ledger's state, shown beside the systems'.
        addresses: where the monitor answers, shown for the reader to open.
        console: standard output unless told otherwise.
    """
    console = console or Console()
    texts = TEXTS[language]
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveScreen(Screen(board, texts, store=store, addresses=addresses), clock, console)
    return PlainLines(board, texts, clock, console.file)


class LiveScreen:
    """Draws the board on the whole terminal, and gives the terminal back as it was."""

    def __init__(self, screen: Screen, clock: Callable[[], datetime], console: Console) -> None:
        self._screen = screen
        self._clock = clock
        self._console = console

    def record(self, fact: Fact) -> None:
        """Nothing to do: the board has it."""

    async def run(self, stop: asyncio.Event) -> None:
        """Redraw every `REFRESH_SECONDS` until `stop` is set."""
        with Live(console=self._console, screen=True, auto_refresh=False) as live:
            while not stop.is_set():
                width, height = self._console.size
                live.update(self._screen.render(self._clock(), width, height), refresh=True)
                await _pause(stop, REFRESH_SECONDS)


class PlainLines:
    """A line for each event worth telling, and one of status every few seconds."""

    def __init__(self, board: Board, texts: Texts, clock: Callable[[], datetime], out: IO[str]) -> None:
        self._board = board
        self._texts = texts
        self._clock = clock
        self._out = out
        self._unread = False

    def record(self, fact: Fact) -> None:
        """Tell warnings, breaches, transfers, ends of calls and interruptions; pass over the rest."""
        match fact:
            case RingWarning():
                self._ring(self._texts.plain_warning, fact)
            case RingBreach():
                self._ring(self._texts.plain_breach, fact)
            case TransferEnded():
                self._transfer(fact)
            case Call():
                self._end(fact)
            case Gap():
                self._gap(fact)
            case _:
                pass

    def status(self) -> None:
        """Write one line of what is true now and of the day so far."""
        now = self._clock()
        stages = dict.fromkeys(Stage, 0)
        for (_, _, stage), calls in self._board.stages.items():
            stages[stage] += calls
        day = self._board.today(now)
        self._write(
            self._texts.plain_status,
            at=now,
            ringing=stages[Stage.RINGING],
            waiting=stages[Stage.WAITING],
            talking=stages[Stage.TALKING] + stages[Stage.HELD],
            offered=day.offered,
            answer_rate=percent(day.answer_rate),
            compliance=" / ".join(f"{name} {rate}" for name, rate in rates(day, self._board.rule_at(now), self._texts)),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Write a status line every `STATUS_SECONDS` until `stop` is set or nobody reads the lines any more."""
        while not stop.is_set() and not self._unread:
            self.status()
            await _pause(stop, STATUS_SECONDS)

    def _ring(self, text: str, fact: RingWarning | RingBreach) -> None:
        call = self._board.calls.get(fact.key)
        self._write(
            text,
            at=fact.at,
            line=_place(fact.line, fact.queue),
            rings=fact.rings,
            agents=", ".join(self._board.name_of(fact.key.system, agent) for agent in fact.agents),
            caller=self._caller(call.caller if call is not None else None),
        )

    def _transfer(self, fact: TransferEnded) -> None:
        transfer = fact.transfer
        self._write(
            self._texts.plain_transfer,
            at=transfer.at,
            line=fact.line,
            by=self._board.name_of(fact.key.system, transfer.by),
            to=target(self._board, fact.key.system, transfer.to),
            scope=self._texts.scopes[transfer.scope],
            kind=self._texts.transfer_kinds[transfer.kind],
            result=self._texts.transfer_results[transfer.result],
            reconnection=""
            if transfer.reconnect_us is None
            else self._texts.plain_seconds.format(seconds=tenths(transfer.reconnect_us)),
        )

    def _end(self, call: Call) -> None:
        verdict = call.verdicts[0][1] if call.verdicts else Verdict.EXCLUDED
        self._write(
            self._texts.plain_end,
            at=call.ended_at or call.recorded_at,
            line=_place(call.line, call.queue),
            outcome=self._texts.outcomes[call.outcome],
            rings=call.rings,
            seconds=tenths(call.ringing_us),
            verdict=self._texts.verdicts[verdict],
            reason=self._texts.verdict_reasons[call.verdict_reason],
            caller=self._caller(call.caller),
        )

    def _gap(self, gap: Gap) -> None:
        cause = self._texts.gap_causes[gap.cause]
        if gap.ended_at is None:
            self._write(self._texts.plain_down, at=gap.started_at, system=gap.system, cause=cause)
        else:
            seconds = f"{(gap.ended_at - gap.started_at).total_seconds():.1f}"
            self._write(self._texts.plain_up, at=gap.ended_at, system=gap.system, cause=cause, seconds=seconds)

    def _caller(self, number: str | None) -> str:
        return mask_number(number) or self._texts.no_caller

    def _write(self, text: str, *, at: datetime, **values: object) -> None:
        time = at.astimezone(self._board.zone).strftime("%H:%M:%S")
        line = text.format(time=time, **{name: clean(str(value)) for name, value in values.items()})
        if self._unread:
            return
        try:
            self._out.write(line.rstrip() + "\n")
            self._out.flush()
        except BrokenPipeError:
            # Whoever read them, such as `head`, has gone; calls are followed all the same.
            self._unread = True


def summary(day: Day, rule: RingRule, texts: Texts) -> list[str]:
    """What a day (or a demo) has brought, in lines: calls by outcome, verdicts under both readings, transfers."""

    def counted(pairs: list[tuple[str, int]]) -> str:
        return " · ".join(f"{name} {count}" for name, count in pairs) or NOTHING

    lines = [
        texts.summary,
        texts.summary_calls.format(
            offered=day.offered,
            outcomes=counted([(texts.outcomes[outcome], count) for outcome, count in day.outcomes.most_common()]),
        ),
    ]
    for reading, (name, rate) in zip(rule.readings, rates(day, rule, texts), strict=True):
        verdicts = [(texts.verdicts[verdict], day.verdicts[reading, verdict]) for verdict in Verdict]
        lines.append(texts.summary_verdicts.format(reading=name, rate=rate, verdicts=counted(verdicts)))
    kinds = [(texts.transfer_kinds[kind], day.transfers[kind]) for kind in TransferKind if day.transfers[kind]]
    lines.append(texts.summary_transfers.format(count=day.transfers.total(), kinds=counted(kinds)))
    return lines


def _place(line: str, queue: str | None) -> str:
    return line if queue is None else f"{line}/{queue}"


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait until `stop` is set, no longer than `seconds`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
