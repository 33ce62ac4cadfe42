"""The committed boards as the tests read them, and what Grafana would put in place of its variables.

No Grafana runs in these tests, so its substitutions are made here, each as Grafana documents it:

| in a query | becomes |
|---|---|
| `$system`, `$line`, `$queue` with "All" | the variable's own value for all, `.*` |
| `${system:regex}` with "All" | the same; a value for all is never escaped |
| `$target`, `${zone:sqlstring}` | the variable's default; as an SQL string |
| `$__range`, `$__range_s` | how long the board's period is, with its unit, and in seconds |
| `$__interval`, `$__rate_interval` | the step; at least four scrapes |
| `$__timeFilter(x)` | `x BETWEEN from AND to` |
| `$__timeFrom()`, `$__timeTo()` | instants as SQL strings |

The day goes by in some seconds of Prometheus' time, so its step is 2 s and the period ten minutes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

FOLDER = Path(__file__).parents[2] / "dashboards"
LANGUAGES = ("ko", "en")
NAMES = ("now", "compliance", "agents", "transfers", "queues", "health")
ALL = ".*"
STEP_SECONDS = 2.0
PROMETHEUS = {
    "$__rate_interval": "8s",
    "$__interval": "2s",
    "$__range_s": "600",
    "$__range": "10m",
    "$target": "0.95",
    "$system": ALL,
    "$line": ALL,
    "$queue": ALL,
}
"""Longer names first: `$__range_s` begins with `$__range`."""


def load(language: str, name: str) -> dict[str, Any]:
    """One board."""
    found: dict[str, Any] = json.loads((FOLDER / language / f"{name}.json").read_text(encoding="utf-8"))
    return found


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """A board's panels, headings left out."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


@dataclass(frozen=True)
class Question:
    """What one panel asks once."""

    board: str
    panel: dict[str, Any]
    target: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.board}-{self.panel['id']}{self.target['refId']}-{self.panel['title'].replace(' ', '_')}"


def questions(kind: str) -> Iterator[Question]:
    """Every query of the English boards for a kind of data source."""
    for name in NAMES:
        for panel in panels(load("en", name)):
            for target in panel["targets"]:
                if target["datasource"]["type"] == kind:
                    yield Question(name, panel, target)


def promql(expression: str) -> str:
    """An expression as Grafana would send it."""
    for variable, value in PROMETHEUS.items():
        expression = expression.replace(variable, value)
    assert "$" not in expression, expression
    return expression


def sql(statement: str, since: datetime, until: datetime, **chosen: str) -> str:
    """A statement as Grafana would send it.

    Args:
        statement: with Grafana's macros.
        since: where the period begins.
        until: where it ends.
        chosen: values of variables, as a regular expression; `.*` for those not given.
    """
    begin, end = f"'{since.isoformat()}'", f"'{until.isoformat()}'"
    statement = re.sub(r"\$__timeFilter\(([^)]+)\)", rf"\1 BETWEEN {begin} AND {end}", statement)
    statement = statement.replace("$__timeFrom()", begin).replace("$__timeTo()", end)
    statement = statement.replace("${zone:sqlstring}", "'Asia/Seoul'")
    statement = re.sub(r"\$\{(\w+):regex\}", lambda found: chosen.get(found[1], ALL), statement)
    assert "$_" not in statement
    assert "${" not in statement
    return statement
