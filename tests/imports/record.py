"""Record what Asterisk itself writes of calls, beside what it tells: `python -m tests.imports.record [NAME…]`.

Plays scenarios of the laboratory side by side on one Asterisk, and keeps in `tests/imports/recordings/` its
`queue_log`, its `Master.csv` (cdr_csv with uniqueid and the new columns), its `Custom.csv` (cdr_custom, below a first
line) and, as the truth to compare with, `events.ami.gz`: what a manager connection was told meanwhile.
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
CUSTOM_COLUMNS = ("start", "answer", "end", "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp",
    "disposition", "billsec", "uniqueid", "linkedid", "sequence")  # fmt: skip
SETTINGS = Settings(
    modules=("cdr_csv", "cdr_custom"),
    extra_files={
        "cdr.conf": "enable=yes\nunanswered=no\n\n[csv]\nusegmtime=no\nloguniqueid=yes\nloguserfield=yes\n"
        "newcdrcolumns=yes\n",
        "cdr_custom.conf": "[mappings]\nCustom.csv => "
        + ",".join(f"${{CSV_QUOTE(${{CDR({name})}})}}" for name in CUSTOM_COLUMNS)
        + "\n",
    },
)


def main() -> int:
    """Play, keep, and say how it went."""
    names = sys.argv[1:] or sorted(set(SCENARIOS) - APART)
    with stage([SCENARIOS[name] for name in names], SETTINGS) as started:
        for folder in ("cdr-csv", "cdr-custom"):
            (started.asterisk.folder / "log" / folder).mkdir(exist_ok=True)
        recorder = started.recorder("recorder")
        try:
            played = started.play(names, recorder)
            OUT.mkdir(exist_ok=True)
            plain = OUT / "events.ami"
            recorder.save(plain)
        finally:
            recorder.close()
        log = started.asterisk.folder / "log"
        started.asterisk.stop()
        (OUT / "queue_log").write_bytes((log / "queue_log").read_bytes())
        (OUT / "Master.csv").write_bytes((log / "cdr-csv" / "Master.csv").read_bytes())
        first = ",".join(CUSTOM_COLUMNS).encode() + b"\n"
        (OUT / "Custom.csv").write_bytes(first + (log / "cdr-custom" / "Custom.csv").read_bytes())
        with gzip.GzipFile(OUT / "events.ami.gz", "wb", mtime=0) as packed:
            packed.write(plain.read_bytes())
        plain.unlink()
    faults = [f"{one.scenario.name}: {fault}" for one in played for fault in one.errors]
    sys.stdout.write("\n".join([f"{len(played)} scenarios", *faults]) + "\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
