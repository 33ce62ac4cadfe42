"""docs/security.md names tests that there are, and every file of these tests is named there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_what_it_refers_to_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/.]+)`", PAGE))
    assert len(named) > 20
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_no_test_of_security_is_left_out() -> None:
    files = {f"tests/security/{path.name}" for path in Path(__file__).parent.glob("test_*.py")}
    assert files - set(re.findall(r"`(tests/[\w/.]+)`", PAGE)) <= {f"tests/security/{Path(__file__).name}"}


def test_every_threat_says_what_holds_it_back() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| could")]
    assert len(rows) > 30
    for row in rows:
        could, held, _shown = (cell.strip() for cell in row.strip("|").split("|"))
        assert could
        assert held, could
