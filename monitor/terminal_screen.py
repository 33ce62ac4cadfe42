"""The terminal's live screen: the board drawn with Rich, for 80 columns and for wide ones.

Names come from other systems: they are set as text, never read as markup, and their control characters are taken out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rich.cells import cell_len
from rich.console import Group
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitor.board_records import STATUS_ORDER, one_each
from monitor.calls.facts import AgentStatus, Outcome, Stage, TransferResult, Verdict
from monitor.forms import percent, tenths
from monitor.masking import is_number, mask_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from monitor.board import Board
    from monitor.board_day import Day
    from monitor.board_records import BreachNow, CallNow, TransferNow
    from monitor.calls.rules import RingRule
    from monitor.texts import Texts

WIDE_COLUMNS = 120
_HEADER_LINES = 2
_MOST_BELLS = 8
_GAP = 2
_MOST_FIGURE_LINES = 4
_ABANDONED = (Outcome.ABANDONED_ANNOUNCEMENT, Outcome.ABANDONED_WAITING, Outcome.ABANDONED_RINGING)

_STATUS_STYLES = {
    AgentStatus.FREE: "green",
    AgentStatus.RINGING: "bold yellow",
    AgentStatus.TALKING: "cyan",
    AgentStatus.WRAP_UP: "blue",
    AgentStatus.PAUSED: "magenta",
    AgentStatus.AWAY: "bright_black",
}


class Part(Protocol):
    """The store, as far as the screen shows it."""

    @property
    def up(self) -> bool:
        """Whether it can be written."""
        ...

    @property
    def reason(self) -> str | None:
        """Why it cannot."""
        ...


class Screen:
    """Draws the board.

    Args:
        board: what is shown.
        texts: the language.
        store: the ledger's state; None leaves it out.
        addresses: shown for the reader to open.
    """

    def __init__(self, board: Board, texts: Texts, *, store: Part | None = None, addresses: Sequence[str] = ()) -> None:
        self._board = board
        self._texts = texts
        self._store = store
        self._addresses = tuple(addresses)

    def render(self, now: datetime, width: int, height: int) -> Layout:
        """The whole screen at `now`, for a terminal of this size."""
        wide = width >= WIDE_COLUMNS
        figures = self._figures(now)
        flowing = _lines_of(figures, width - 4, _MOST_FIGURE_LINES, self._texts)
        today_lines = 0 if wide else len(flowing) + 2
        body = max(12, height - _HEADER_LINES - today_lines)
        ringing_lines = body * 3 // 8
        middle_lines = body * 5 // 16
        bottom_lines = body - ringing_lines - middle_lines
        if wide:
            # Under each other where there is room for it.
            room = ringing_lines - 2
            flowing = figures if len(figures) <= room else _lines_of(figures, width // 3 - 4, room, self._texts)
        # The rest of a row is its border and the heads of its columns.
        ringing = Layout(self._ringing(now, ringing_lines - 3), name="ringing", ratio=2)
        today = Layout(self._today(now, flowing), name="today", ratio=1)
        top: Layout = ringing
        if wide:
            top = Layout(name="top")
            top.split_row(ringing, today)
        top.size = ringing_lines
        middle = Layout(name="middle", size=middle_lines)
        middle.split_row(
            Layout(self._waiting(now, middle_lines - 3), name="waiting"),
            Layout(self._agents(width // 2 - 4, middle_lines - 3), name="agents"),
        )
        bottom = Layout(name="bottom", size=bottom_lines)
        bottom.split_row(
            Layout(self._breaches(now, bottom_lines - 3, wide=wide), name="breaches", ratio=2),
            Layout(self._transfers(bottom_lines - 3, wide=wide), name="transfers", ratio=3 if wide else 2),
        )
        rows = [Layout(self._header(now, width), name="header", size=_HEADER_LINES), top, middle, bottom]
        if not wide:
            today.size = today_lines
            rows.append(today)
        screen = Layout(name="screen")
        screen.split_column(*rows)
        return screen

    def _header(self, now: datetime, width: int) -> RenderableType:
        texts = self._texts
        local = now.astimezone(self._board.zone).strftime("%Y-%m-%d %H:%M:%S")
        health = Text(no_wrap=True, overflow="ellipsis")
        # What is not heard first: it must not be what is cut off.
        for name, system in sorted(self._board.systems.items(), key=lambda item: item[1].observed):
            if system.observed:
                health.append("● ", "green").append(f"{clean(name)} {texts.observed}  ")
            else:
                cause = texts.not_heard_yet if system.cause is None else texts.gap_causes[system.cause]
                health.append("● ", "bold red").append(f"{clean(name)} {cause}  ", "red")
        if self._store is not None:
            health.append("● ", "green" if self._store.up else "bold red").append(texts.store)
            if not self._store.up:
                health.append(f" {clean(self._store.reason or '')}", "red")
        # Whether the systems are heard matters more than where to look further: of that, as much as there is room for.
        room = width - health.cell_len - 2
        shown: list[str] = []
        for address in self._addresses:
            if cell_len("  ".join((*shown, address, texts.quit_hint))) > room:
                break
            shown.append(address)
        links = Text("  ".join((*shown, texts.quit_hint)), "bright_black")
        title = _ends(Text(f"callmonitor · {texts.title}", "bold"), Text(local, "bold"))
        return Group(title, _ends(health, links) if links.cell_len <= room else health)

    def _ringing(self, now: datetime, rows: int) -> RenderableType:
        texts = self._texts
        calls = sorted(self._board.ringing.values(), key=lambda call: call.ringing_us(now), reverse=True)
        table = _table()
        table.add_column(texts.rings, no_wrap=True, min_width=11)
        table.add_column(texts.seconds, justify="right", no_wrap=True, min_width=5)
        table.add_column(texts.phone, no_wrap=True, overflow="ellipsis", ratio=2)
        table.add_column(texts.queue, no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column(texts.caller, no_wrap=True, min_width=13)
        table.add_column(texts.line, no_wrap=True, overflow="ellipsis", ratio=1)
        shown = _fitting(len(calls), rows)
        for call in calls[:shown]:
            rings = call.rings(now)
            style = _ring_style(rings, call.rule) if call.counting else "bright_black"
            table.add_row(
                Text(f"{rings:>2} {'●' * min(rings, _MOST_BELLS)}", style),
                Text(tenths(call.ringing_us(now)), style),
                Text(", ".join(clean(phone.member or phone.agent) for phone in call.phones.values())),
                Text(clean(call.queue or "")),
                self._caller(call),
                Text(clean(call.line), "bright_black"),
            )
        title = f"{texts.ringing_now} {len(calls)}"
        style = "red" if any(call.breached and call.counting for call in calls) else "yellow" if calls else "green"
        return self._panel(table, title, style, texts.nobody_rings, shown=shown, count=len(calls))

    def _waiting(self, now: datetime, rows: int) -> RenderableType:
        texts = self._texts
        waiting = sorted(
            (call for call in self._board.calls.values() if call.stage is Stage.WAITING),
            key=lambda call: call.asked_at or call.entered_at,
        )
        table = _table()
        table.add_column(texts.seconds, justify="right", no_wrap=True, min_width=4)
        table.add_column(texts.queue, no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column(texts.caller, no_wrap=True, min_width=13)
        shown = _fitting(len(waiting), rows)
        for call in waiting[:shown]:
            seconds = max(0.0, (now - (call.asked_at or call.entered_at)).total_seconds())
            table.add_row(Text(f"{seconds:.0f}"), Text(clean(call.queue or "")), self._caller(call))
        title = f"{texts.waiting_now} {len(waiting)}"
        return self._panel(table, title, "cyan", texts.nobody_waits, shown=shown, count=len(waiting))

    def _agents(self, columns: int, rows: int) -> RenderableType:
        texts = self._texts
        people = one_each(self._board.agents.values())
        title = f"{texts.agents} {len(people)}"
        counts: list[Text] = []
        names: list[Text] = []
        for status in STATUS_ORDER:
            of_status = sorted(clean(agent.member or agent.agent) for agent in people if agent.status is status)
            if of_status:
                counts.append(Text(f"{texts.agent_statuses[status]} {len(of_status)}", _STATUS_STYLES[status]))
                names += [Text(name, _STATUS_STYLES[status]) for name in of_status]
        if not people:
            return self._panel(_table(), title, "cyan", texts.no_agents, shown=0, count=0)
        lines = _lines_of(counts, columns, rows + 1, texts)
        lines += _lines_of(names, columns, rows + 1 - len(lines), texts)
        body = Text("\n", no_wrap=True, overflow="ellipsis").join(lines)
        return Panel(body, title=Text(title), title_align="left", border_style="cyan")

    def _breaches(self, now: datetime, rows: int, *, wide: bool) -> RenderableType:
        texts = self._texts
        breaches = list(self._board.breaches)[::-1]
        table = _table()
        table.add_column(texts.time, no_wrap=True, min_width=8 if wide else 5)
        table.add_column(texts.rings, justify="right", no_wrap=True)
        table.add_column(texts.agents.lower(), no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column(texts.outcome, no_wrap=True, overflow="ellipsis", ratio=1)
        for breach in breaches[:rows]:
            table.add_row(
                Text(self._time(breach.at, wide=wide)),
                Text(str(breach.rings), "bold red"),
                Text(clean(", ".join(breach.agents))),
                self._how_it_ended(breach),
            )
        title = f"{texts.breaches} {self._board.today(now).breaches}"
        return self._panel(table, title, "red", texts.no_breaches, shown=len(breaches), count=len(breaches))

    def _transfers(self, rows: int, *, wide: bool) -> RenderableType:
        texts = self._texts
        transfers = list(self._board.transfers)[::-1]
        table = _table()
        table.add_column(texts.time, no_wrap=True, min_width=8 if wide else 5)
        table.add_column(texts.passed_on, no_wrap=True, overflow="ellipsis", ratio=1)
        if wide:
            table.add_column(texts.kind, no_wrap=True)
            table.add_column(texts.scope, no_wrap=True)
        table.add_column(texts.result, no_wrap=True, overflow="ellipsis")
        if wide:
            table.add_column(texts.reconnection, justify="right", no_wrap=True)
        for entry in transfers[:rows]:
            table.add_row(*self._transfer(entry, wide=wide))
        return self._panel(
            table, texts.transfers, "blue", texts.no_transfers, shown=len(transfers), count=len(transfers)
        )

    def _transfer(self, entry: TransferNow, *, wide: bool) -> list[Text]:
        texts, transfer = self._texts, entry.transfer
        result = Text(texts.transfer_results[transfer.result])
        where = Text(f"{clean(entry.by)} → {clean(target(self._board, entry.key.system, transfer.to))}")
        if not wide:
            if transfer.result is TransferResult.COMPLETED:
                result = Text("✓", "green")
            return [Text(self._time(transfer.at, wide=wide)), where, result]
        seconds = "" if transfer.reconnect_us is None else tenths(transfer.reconnect_us)
        kind, scope = texts.transfer_kinds[transfer.kind], texts.scopes[transfer.scope]
        return [Text(self._time(transfer.at, wide=wide)), where, Text(kind), Text(scope), result, Text(seconds)]

    def _figures(self, now: datetime) -> list[Text]:
        """The day's figures, each a name and a value."""
        texts, day, rule = self._texts, self._board.today(now), self._board.rule_at(now)
        headline = rule.headline
        abandoned = sum(day.outcomes[outcome] for outcome in _ABANDONED)
        kept, broken = day.verdicts[headline, Verdict.KEPT], day.verdicts[headline, Verdict.BROKEN]
        figures = [
            *((f"{texts.compliance} {name}", rate) for name, rate in rates(day, rule, texts)),
            (texts.answer_rate, percent(day.answer_rate)),
            (texts.direct_handling, percent(day.direct_handling_rate)),
            (texts.offered, str(day.offered)),
            (texts.answered, str(day.answered)),
            (texts.abandoned, str(abandoned)),
            (texts.kept, f"{kept}/{broken}"),
            (texts.excluded, str(day.verdicts[headline, Verdict.EXCLUDED])),
            (texts.transfers.lower(), str(day.transfers.total())),
            (texts.calls_in_progress, str(len(self._board.calls))),
        ]
        return [Text.assemble((name, "bright_black"), " ", (figure, "bold")) for name, figure in figures]

    def _today(self, now: datetime, lines: list[Text]) -> RenderableType:
        title = Text(f"{self._texts.today} · {self._board.rule_at(now).label}")
        body = Text("\n", no_wrap=True, overflow="ellipsis").join(lines)
        return Panel(body, title=title, title_align="left", border_style="green")

    def _panel(self, table: Table, title: str, style: str, nothing: str, *, shown: int, count: int) -> Panel:
        """A table in a frame; where rows were left out, a foot says how many."""
        body: RenderableType = table if count else Text(nothing, "bright_black")
        foot = Text(self._texts.more.format(count=count - shown)) if count > shown else None
        return Panel(
            body, title=Text(title), title_align="left", subtitle=foot, subtitle_align="right", border_style=style
        )

    def _caller(self, call: CallNow) -> Text:
        number = clean(mask_number(call.caller))
        return Text(number) if number else Text(self._texts.no_caller, "bright_black")

    def _how_it_ended(self, breach: BreachNow) -> Text:
        if breach.outcome is None:
            return Text(self._texts.goes_on, "yellow")
        return Text(self._texts.outcomes[breach.outcome])

    def _time(self, at: datetime, *, wide: bool) -> str:
        return at.astimezone(self._board.zone).strftime("%H:%M:%S" if wide else "%H:%M")


def clean(text: str) -> str:
    """Text without the control characters that would steer a terminal."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)


def rates(day: Day, rule: RingRule, texts: Texts) -> list[tuple[str, str]]:
    """Compliance under each reading, the headline's first: (name of the reading, per cent)."""
    return [
        (texts.readings[reading].format(limit=rule.limit), percent(day.compliance(reading)))
        for reading in rule.readings
    ]


def target(board: Board, system: str, to: str) -> str:
    """Whom a caller was passed to, as people read it: a member's name, an extension, a masked outside number."""
    name = board.name_of(system, to)
    return mask_number(to) if name == to and is_number(to) else name


def _ring_style(rings: int, rule: RingRule) -> str:
    return "bold red" if rings > rule.limit else "bold yellow" if rings == rule.limit else "green"


def _table() -> Table:
    return Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="bright_black")


def _ends(left: Text, right: Text) -> Table:
    """Two texts at the two ends of a line."""
    line = Table.grid(expand=True)
    line.add_column(no_wrap=True)
    line.add_column(justify="right", no_wrap=True)
    line.add_row(left, right)
    return line


def _fitting(count: int, rows: int) -> int:
    """How many of `count` rows fit; the panel's foot tells of the rest without taking a row."""
    return min(count, max(0, rows))


def _lines_of(words: list[Text], columns: int, rows: int, texts: Texts) -> list[Text]:
    """Words side by side in lines of `columns` cells; where `rows` are too few, the last says how many are left."""
    lines: list[Text] = []
    if rows < 1:
        return lines
    line = Text(no_wrap=True, overflow="ellipsis")
    for position, word in enumerate(words):
        left = len(words) - position
        last = len(lines) + 1 >= rows
        more = Text(texts.more.format(count=left), "bright_black")
        # On the last line, room is kept for saying what is left, unless this word is the last one.
        room = columns - (more.cell_len + _GAP if last and left > 1 else 0)
        gap = " " * _GAP if line else ""
        if line.cell_len + len(gap) + word.cell_len > room:
            if last:
                line.append(gap).append_text(more)
                break
            lines.append(line)
            line, gap = Text(no_wrap=True, overflow="ellipsis"), ""
        line.append(gap).append_text(word)
    return [*lines, line]
