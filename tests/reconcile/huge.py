"""How long a comparison of much takes, and how much memory: `python -m tests.reconcile.huge [CALLS]`.

Writes a day's queue log, call detail records and channel events of so many calls (by default 12,500, which are 50,000
lines of a queue log, 25,000 records and 162,500 channel events), compares an empty ledger with them, and the filled one
once more.
"""

from __future__ import annotations

import csv
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.imports.cel import SAMPLE
from monitor.ledger import Repository, upgrade
from monitor.reconcile.reading import Given
from monitor.reconcile.work import Order, reconcile
from tests.imports.logs import EPOCH, at, log
from tests.imports.test_cdr import row

from .material import PLAN, answered

DAY_SECONDS = 36_000
CDR_COLUMNS = ("start", "answer", "end", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata",
    "disposition", "billsec", "uniqueid", "linkedid", "sequence")  # fmt: skip
EVENTS = ("1 NONE ENTERQUEUE  01012345678 1", "5 Lee RINGNOANSWER 3000", "9 Kim CONNECT 8 x 7",
    "40 Kim COMPLETECALLER 8 31 1")  # fmt: skip


def write(folder: Path, calls: int) -> Given:
    """The three files of a day."""
    with (
        (folder / "queue_log").open("w", encoding="utf-8") as queue_log,
        (folder / "cdr.csv").open("w", encoding="utf-8", newline="") as cdr,
        (folder / "cel.csv").open("w", encoding="utf-8", newline="") as cel,
    ):
        records, events = csv.writer(cdr), csv.writer(cel)
        records.writerow(CDR_COLUMNS)
        for number in range(calls):
            later = number * DAY_SECONDS // calls
            ids = {f"{EPOCH}.1": f"{EPOCH + later}.{number}1", f"{EPOCH}.2": f"{EPOCH + later}.{number}2"}
            for line in log(*EVENTS):
                epoch, callid, *rest = line.split("|")
                queue_log.write("|".join([str(int(epoch) + later), ids[callid], *rest]) + "\n")
            for leg in (1, 2):
                told = row(sequence=leg, uniqueid=ids[f"{EPOCH}.{leg}"], linkedid=ids[f"{EPOCH}.1"])
                for name in ("start", "answer", "end"):
                    told[name] = f"{datetime.fromisoformat(str(told[name])) + timedelta(seconds=later)}"
                records.writerow([told[name] for name in CDR_COLUMNS])
            for event in answered():
                instant = event["eventtime"]
                assert isinstance(instant, datetime)
                shifted = event | {"eventtime": f"{(instant + timedelta(seconds=later)).timestamp():.6f}"}
                shifted["extra"] = str(event["extra"]).replace('"b1"', f'"b{number}"')
                shifted |= {name: ids[str(event[name])] for name in ("uniqueid", "linkedid")}
                events.writerow([shifted.get(name, "") for name in SAMPLE])
    return Given(queue_log=folder / "queue_log", cdr=str(folder / "cdr.csv"), cel=str(folder / "cel.csv"))


def main() -> int:
    """Write, compare twice, and say what it took."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 12_500
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = write(folder, calls)
        lines = sum(sum(1 for _ in path.open("rb")) for path in folder.iterdir())
        store = folder / "ledger.sqlite3"
        upgrade(store)
        repository = Repository(store)
        order = Order(
            system="pbx1", given=given, plan=PLAN, lines=("main",), zone=ZoneInfo("Asia/Seoul"),
            since=at(-36_000), until=at(50_400),
        )  # fmt: skip
        for what in ("an empty ledger", "the filled one"):
            began, worked = time.monotonic(), time.process_time()
            made = reconcile(repository, order, datetime.now(UTC)).made
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            sys.stdout.write(
                f"{lines:,} lines, {made.asterisk_calls:,} calls, {what}: {time.process_time() - worked:.1f} s of a "
                f"processor ({time.monotonic() - began:.1f} s by the wall), at most {memory} MB\n"
            )
        repository.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
