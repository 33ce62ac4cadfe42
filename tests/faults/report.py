"""Writes the figures of docs/reliability.md from what the faults cost: `python -m tests.faults.report OUTCOMES`."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from monitor import __version__
from tests.faults.fixtures import THOROUGH, FaultOutcome
from tests.lab.install import tree_folder

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: make reliability -->\n", "<!-- end of the figures -->\n"
HEADS = (
    "fault",
    "real parts",
    "calls at stake",
    "lost",
    "twice",
    "unobserved, told (s)",
    "unobserved, untold (s)",
    "to recover (s)",
)


def outcomes(lines: list[str]) -> list[FaultOutcome]:
    """What each fault cost, in the order of its name; of a fault tried several times every try."""
    return sorted((FaultOutcome(**json.loads(line)) for line in lines), key=lambda one: (one.fault, one.parts))


def table(found: list[FaultOutcome]) -> str:
    """The figures as a table, and their sum."""
    rows = [
        (
            one.fault,
            one.parts,
            f"{one.calls_at_stake:,}",
            str(one.lost),
            str(one.duplicated),
            f"{one.unobserved_told_seconds:.1f}",
            f"{one.unobserved_untold_seconds:.2f}",
            f"{one.recovered_seconds:.1f}",
        )
        for one in found
    ]
    rows.append(
        (
            "**all**",
            f"{len(found)} faults",
            f"{sum(one.calls_at_stake for one in found):,}",
            str(sum(one.lost for one in found)),
            str(sum(one.duplicated for one in found)),
            f"{sum(one.unobserved_told_seconds for one in found):.1f}",
            f"{sum(one.unobserved_untold_seconds for one in found):.2f}",
            f"longest {max(one.recovered_seconds for one in found):.1f}",
        )
    )
    rule = ("---", "---", *["---:"] * (len(HEADS) - 2))
    return "".join(f"| {' | '.join(row)} |\n" for row in (HEADS, rule, *rows))


def made(at: datetime) -> str:
    """When, by which version, and on what the figures were made."""
    length = "each fault at length" if THOROUGH else "each fault as often as `make test` tries it, three at a time"
    return (
        f"Made on {at:%Y-%m-%d} by callmonitor {__version__}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, {_said('psql', '--version')}, {_asterisk()}; "
        f"{length}.\n"
    )


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _asterisk() -> str:
    return _said("chroot", str(tree_folder()), "asterisk", "-V")


def main() -> None:
    """Put the figures into the page."""
    found = outcomes(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    figures = f"{BEGIN}\n{made(datetime.now(UTC))}\n{table(found)}\n{END}"
    PAGE.write_text(before + figures + after, encoding="utf-8")


if __name__ == "__main__":
    main()
