"""The columns of a sheet of cases: what they are called in Korean and English, and what their cells mean. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from monitor.commitments.cases import CaseError
from monitor.commitments.moments import instant_of_cell
from monitor.commitments.register import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from monitor.commitments.register import Commitment
    from monitor.texts import Language

Cell = str | int | float | bool | date | datetime | None
"""What a cell holds."""
_Kind = Literal["text", "instant", "count", "won", "flag", "finding", "commitment", "contact"]


def _(sentence: str) -> str:
    """Marks a message identifier for the catalogue; the page looks its Korean up."""
    return sentence


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    field: str
    """Of `NewCase`."""
    ko: str
    en: str
    kind: _Kind = "text"
    also: tuple[str, ...] = ()
    """Other names it may have."""


COLUMNS = (
    Column("reference", "접수번호", "reference", also=("접수 번호", "번호")),
    Column("commitment", "이행표준", "promise", "commitment", ("약속", "commitment")),
    Column("received_at", "접수일시", "received", "instant", ("접수일", "received_at")),
    Column("subject", "내용", "subject", also=("제목",)),
    Column("contact", "연락처", "contact", "contact", ("전화번호", "휴대전화")),
    Column("assignee", "담당자", "assignee"),
    Column("finding", "조사결과", "finding", "finding"),
    Column("visits", "방문횟수", "visits", "count"),
    Column("missed_appointment", "약속불이행", "missed appointment", "flag", ("missed_appointment",)),
    Column("done_at", "처리일시", "done", "instant", ("처리일", "완료일", "done_at")),
    Column("withdrawn", "취하", "withdrawn", "flag"),
    Column("paid_won", "지급액", "paid won", "won", ("paid_won", "지급액(원)")),
    Column("paid_at", "지급일", "paid on", "instant", ("paid_at",)),
    Column("apology_at", "사과문발송일", "apology sent", "instant", ("apology_at",)),
    Column("training_at", "교육일", "training held", "instant", ("training_at",)),
    Column("result", "처리결과", "result"),
    Column("system", "시스템", "system"),
    Column("linkedid", "통화", "linkedid"),
)
REQUIRED = ("commitment", "received_at")
_YES = {"예", "네", "y", "yes", "true", "1", "o", "○", "v"}
_NO = {"아니오", "아니요", "n", "no", "false", "0", "x", "\u00d7", "-"}
_FINDINGS = {
    "upheld": Finding.UPHELD, "인정": Finding.UPHELD, "notupheld": Finding.NOT_UPHELD, "불인정": Finding.NOT_UPHELD,
}  # fmt: skip
_WITHOUT_ZERO = re.compile(r"1[016789][0-9]{7,8}")
"""A mobile number whose first 0 a spreadsheet took away, which took it for a number to reckon with."""
_GUARDED = re.compile(r"'[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""A text that an export kept from being taken for a formula."""


def _plain(name: str) -> str:
    return re.sub(r"[\s_*]", "", name).casefold()


_BY_NAME = {_plain(name): column for column in COLUMNS for name in (column.ko, column.en, column.field, *column.also)}


def columns_of(heading: Sequence[Cell]) -> dict[int, Column]:
    """Which column of a sheet is which, by its place; places without a name are not among them.

    Raises:
        CaseError: one is not known, stands there twice, or a needed one is missing. Its `values` name it.
    """
    found: dict[int, Column] = {}
    for place, cell in enumerate(heading):
        name = "" if cell is None else str(cell).strip()
        if not name:
            continue
        column = _BY_NAME.get(_plain(name))
        if column is None:
            known = ", ".join(f"{one.ko} ({one.en})" for one in COLUMNS)
            raise CaseError(
                _("There is no column {name}: take it out, or call it one of {known}."), name=name[:40], known=known
            )
        if column in found.values():
            raise CaseError(_("The column {name} stands there twice: take one of them out."), name=name[:40])
        found[place] = column
    for column in COLUMNS:
        if column.field in REQUIRED and column not in found.values():
            raise CaseError(
                _("The first row names no column {ko} ({en}): begin with the sheet that `cases template` writes."),
                ko=column.ko, en=column.en,
            )  # fmt: skip
    return found


def heading(language: Language) -> list[str]:
    """The names of all columns, in their order."""
    return [column.ko if language == "ko" else column.en for column in COLUMNS]


class Reader:
    """Reads the cells of one register's cases.

    Args:
        register: the promises, which a sheet may call by their key or by their names.
        zone: of days and times.
    """

    def __init__(self, register: Sequence[Commitment], zone: ZoneInfo) -> None:
        self._zone = zone
        self._keys = {_plain(name): one.key for one in register for name in (one.en, one.ko, one.key)}
        self._readers: Mapping[_Kind, Callable[[Column, Cell], Any]] = {
            "text": lambda _column, cell: _text(cell),
            "instant": self._instant,
            "count": _number,
            "won": _number,
            "flag": _flag,
            "finding": _finding,
            "commitment": self._commitment,
            "contact": _contact,
        }

    def value(self, column: Column, cell: Cell) -> Any:
        """What a cell means; None for an empty one.

        Raises:
            CaseError: it means nothing.
        """
        if isinstance(cell, str):
            cell = cell.strip()
            if _GUARDED.match(cell):
                cell = cell[1:]
        if cell is None or cell == "":
            return None
        return self._readers[column.kind](column, cell)

    def _instant(self, column: Column, cell: Cell) -> datetime:
        try:
            return instant_of_cell(cell, self._zone)
        except (ValueError, OverflowError):
            raise CaseError(
                _("It is no day and no time: write 2026-11-25 or 2026-11-25 14:30."), column.field
            ) from None

    def _commitment(self, _column: Column, cell: Cell) -> str:
        text = _text(cell)
        return self._keys.get(_plain(text), text)


def _contact(_column: Column, cell: Cell) -> str:
    text = _text(cell)
    return f"0{text}" if _WITHOUT_ZERO.fullmatch(text) else text


def _finding(column: Column, cell: Cell) -> Finding:
    found = _FINDINGS.get(_plain(_text(cell)))
    if found is None:
        raise CaseError(_("Write upheld or not_upheld, in Korean 인정 or 불인정."), column.field)
    return found


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        # A spreadsheet keeps every number so.
        return str(int(cell))
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return str(cell)


def _number(column: Column, cell: Cell) -> int:
    if isinstance(cell, str):
        bare = cell.replace(",", "").removesuffix("원").removeprefix("₩").removesuffix("회").strip()
        if not re.fullmatch(r"-?[0-9]{1,12}", bare):
            raise CaseError(_("It is no whole number: write it in digits."), column.field)
        return int(bare)
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not isfinite(cell) or cell != int(cell):
        raise CaseError(_("It is no whole number: write it in digits."), column.field)
    return int(cell)


def _flag(column: Column, cell: Cell) -> bool:
    word = _plain(_text(cell))
    if word in _YES | _NO:
        return word in _YES
    raise CaseError(_("Write yes or no, in Korean 예 or 아니오."), column.field)


def written(case: Mapping[str, Any], commitment: Commitment | None, zone: ZoneInfo, language: Language) -> list[str]:
    """The cells of a case, each a text that `Reader` reads back.

    Args:
        case: values by field.
        commitment: its promise; None where it was taken out of the register.
        zone: the centre's.
        language: of words.
    """
    words = {Finding.UPHELD: "인정", Finding.NOT_UPHELD: "불인정"} if language == "ko" else {}
    yes, no = ("예", "아니오") if language == "ko" else ("yes", "no")
    cells = []
    for column in COLUMNS:
        value = case[column.field]
        if value is None:
            cells.append("")
        elif column.kind == "instant":
            cells.append(f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}")
        elif column.kind == "flag":
            cells.append(yes if value else no)
        elif column.kind == "finding":
            cells.append(words.get(value, str(value)))
        elif column.kind == "commitment" and commitment is not None:
            cells.append(commitment.ko if language == "ko" else commitment.key)
        else:
            cells.append(str(value))
    return cells
