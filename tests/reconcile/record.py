"""Record all that Asterisk itself writes of calls, beside what it tells: `python -m tests.reconcile.record [NAME…]`.

Plays scenarios of the laboratory side by side on one Asterisk, and keeps in `tests/reconcile/recordings/` its
`queue_log`, its call detail records (`cdr.csv`: cdr_csv with uniqueid and the new columns), its channel event log
(`cel.csv`: cel_custom with the mapping of Asterisk's own sample) and, as the truth to compare with, `events.ami.gz`:
what a manager connection was told meanwhile.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

from tests.lab.configuration import Settings
from tests.lab.plan import SCENARIOS
from tests.lab.run import stage

OUT = Path(__file__).with_name("recordings")
APART = {"hundred"}
"""A hundred callers say nothing here that the others do not."""
CEL_MAPPING = (
    "${eventtype}", "${eventtime}", "${CALLERID(name)}", "${CALLERID(num)}", "${CALLERID(ANI)}", "${CALLERID(RDNIS)}",
    "${CALLERID(DNID)}", "${CHANNEL(exten)}", "${CHANNEL(context)}", "${CHANNEL(channame)}", "${CHANNEL(appname)}",
    "${CHANNEL(appdata)}", "${CHANNEL(amaflags)}", "${CHANNEL(accountcode)}", "${CHANNEL(uniqueid)}",
    "${CHANNEL(linkedid)}", "${BRIDGEPEER}", "${CHANNEL(userfield)}", "${userdeftype}", "${eventextra}",
)  # fmt: skip
"""As cel_custom.conf.sample has it."""
SETTINGS = Settings(
    modules=("cdr_csv", "cel_custom"),
    extra_files={
        "cdr.conf": "enable=yes\nunanswered=no\n\n[csv]\nusegmtime=no\nloguniqueid=yes\nloguserfield=yes\n"
        "newcdrcolumns=yes\n",
        "cel.conf": "enable=yes\napps=dial,park,queue,followme\nevents=ALL\n",
        "cel_custom.conf": "[mappings]\nMaster.csv => "
        + ",".join(f"${{CSV_QUOTE({each})}}" for each in CEL_MAPPING)
        + "\n",
    },
)
"""An Asterisk of the laboratory that writes all it can of its own calls."""
WRITTEN = {"queue_log": "queue_log", "cdr.csv": "cdr-csv/Master.csv", "cel.csv": "cel-custom/Master.csv"}
"""What is kept, and where below its log folder Asterisk writes it."""


def make_folders(log: Path) -> None:
    """Make the folders that Asterisk's back ends write to, and do not make."""
    for folder in ("cdr-csv", "cel-custom"):
        (log / folder).mkdir(exist_ok=True)


def main() -> int:
    """Play, keep, and say how it went."""
    names = sys.argv[1:] or sorted(set(SCENARIOS) - APART)
    with stage([SCENARIOS[name] for name in names], SETTINGS) as started:
        log = started.asterisk.folder / "log"
        make_folders(log)
        recorder = started.recorder("recorder")
        try:
            played = started.play(names, recorder)
            OUT.mkdir(exist_ok=True)
            plain = OUT / "events.ami"
            recorder.save(plain)
        finally:
            recorder.close()
        started.asterisk.stop()
        for name, path in WRITTEN.items():
            (OUT / name).write_bytes((log / path).read_bytes())
        with gzip.GzipFile(OUT / "events.ami.gz", "wb", mtime=0) as packed:
            packed.write(plain.read_bytes())
        plain.unlink()
    faults = [f"{one.scenario.name}: {fault}" for one in played for fault in one.errors]
    sys.stdout.write("\n".join([f"{len(played)} scenarios", *faults]) + "\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
