"""Record scenarios: `python -m tests.lab.record NAME… [--out DIR]`, or `--all`.

Each scenario is played alone. What the manager connection received goes to `DIR/NAME/events.ami`, byte for byte, and
what passed on the wire by SIPp's message logs to `DIR/NAME/wire.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .asterisk import LabError
from .plan import SCENARIOS
from .run import Played, Stage, stage

if TYPE_CHECKING:
    from .scenario import Scenario

OUT = Path(__file__).resolve().parent.parent / "scenarios"


def write_wire(played: Played, path: Path) -> None:
    """Write what passed on the wire."""
    rows = {
        "scenario": played.scenario.name,
        "what": played.scenario.what,
        "legs": [leg.row() for leg in played.legs],
    }
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    # One message a line reads better than four lines each.
    for key in ("at_us", "sent", "what"):
        text = text.replace(f'\n     "{key}"', f' "{key}"')
    path.write_text(text.replace('\n     "of"', ' "of"').replace('"\n    }', '" }') + "\n", encoding="utf-8")


def record(started: Stage, scenario: Scenario, out: Path) -> Played:
    """Play one scenario alone and write its recording."""
    recorder = started.recorder("verbose_recorder" if scenario.varset else "recorder")
    try:
        played = started.play([scenario.name], recorder)[0]
        folder = out / scenario.name
        folder.mkdir(parents=True, exist_ok=True)
        recorder.save(folder / "events.ami")
        write_wire(played, folder / "wire.json")
    finally:
        recorder.close()
    return played


def main() -> int:
    """Record the scenarios named on the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.record", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios to record")
    parser.add_argument("--all", action="store_true", help="record every scenario")
    parser.add_argument("--missing", action="store_true", help="record every scenario that has no recording")
    parser.add_argument("--list", action="store_true", help="print the scenarios and what happens in each")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the recordings (default: tests/scenarios)")
    asked = parser.parse_args()
    if asked.list:
        sys.stdout.writelines(f"{scenario.name}: {scenario.what}\n" for scenario in SCENARIOS.values())
        return 0
    names = list(asked.names)
    if asked.all:
        names += SCENARIOS
    if asked.missing:
        names += [name for name in SCENARIOS if not (asked.out / name / "events.ami").exists()]
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown or not names:
        sys.stderr.write(f"no such scenario: {', '.join(unknown) or '(none named)'}; --list shows them\n")
        return 2
    try:
        with stage([SCENARIOS[name] for name in names]) as started:
            good = [recorded(started, SCENARIOS[name], asked.out) for name in dict.fromkeys(names)]
    except LabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return int(not all(good))


def recorded(started: Stage, scenario: Scenario, out: Path) -> bool:
    """Record one scenario, say how it went, and tell whether it went by its script."""
    try:
        played = record(started, scenario, out)
    except LabError as error:
        sys.stdout.write(f"{scenario.name}: {error}\n")
        return False
    sys.stdout.write("\n  ".join([f"{scenario.name}: {len(played.legs)} legs", *played.errors]) + "\n")
    sys.stdout.flush()
    return not played.errors


if __name__ == "__main__":
    sys.exit(main())
