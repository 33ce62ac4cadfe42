"""What a monitor is called in the ledger: two of them never the same, whatever their machines call them."""

from __future__ import annotations

import os
import subprocess
import sys

from monitor.ledger.leader import this_monitor

_SAY = "from monitor.ledger import leader; print(leader.this_monitor(), leader.this_monitor())"
_AS_IN_A_CONTAINER = f"import os, socket; os.getpid = lambda: 1; socket.gethostname = lambda: 'callmonitor'; {_SAY}"


def test_two_containers_of_one_host_name_are_two_monitors() -> None:
    """Each is process 1 of a machine called callmonitor; what it calls itself does not change while it runs."""
    said = [
        subprocess.run(
            [sys.executable, "-c", _AS_IN_A_CONTAINER], capture_output=True, text=True, check=True, timeout=60
        ).stdout.split()
        for _ in range(2)
    ]
    assert [len(set(names)) for names in said] == [1, 1]
    assert {name.rpartition(":")[0] for names in said for name in names} == {"callmonitor:1"}
    assert said[0] != said[1]


def test_a_person_finds_host_and_process_in_it() -> None:
    host, process, drawn = this_monitor().split(":")
    assert (host, process, len(drawn)) == (os.uname().nodename, str(os.getpid()), 8)
