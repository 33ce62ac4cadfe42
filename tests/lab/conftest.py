"""Fixtures of the laboratory.

`asterisk` is a running Asterisk that other tests may use: its address, its manager accounts, calls by SIPp, and a
stop, kill or restart whenever the test wants one. `start_asterisk` makes one with settings of the test's own.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from .install import missing_reason
from .plan import SCENARIOS
from .run import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .asterisk import Asterisk
    from .configuration import Settings
    from .run import Played


class LiveAsterisk:
    """A running Asterisk for a test."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.host = "127.0.0.1"
        self.ami_port = stage.asterisk.ports.ami

    @property
    def process(self) -> Asterisk:
        """The process itself: `stop`, `kill`, `start`, `command`, `log`."""
        return self._stage.asterisk

    @property
    def secrets(self) -> dict[str, str]:
        """The secret of each manager account."""
        return {account.name: account.secret for account in self._stage.asterisk.settings.accounts}

    def call(self, *names: str) -> list[Played]:
        """Play scenarios, by default one plain call of 3.5 s, and return what passed on the wire.

        Returns when every call has ended.
        """
        recorder = self._stage.recorder("recorder")
        try:
            played = self._stage.play(names or ("answered_ring_1",), recorder)
        finally:
            recorder.close()
        faults = [fault for one in played for fault in one.errors]
        if faults:
            pytest.fail("\n".join(faults))
        return played


@pytest.fixture(scope="session")
def lab() -> None:
    """The laboratory must be installed: skips where it is not, and is an error where `CI` is set."""
    reason = missing_reason()
    if reason is None:
        return
    if os.environ.get("CI"):
        raise RuntimeError(reason)
    # Only on a person's own machine, where the laboratory (Debian, as root) may not be possible; above it is an error.
    pytest.skip(reason)


@pytest.fixture
def start_asterisk(lab: None) -> Iterator[Callable[[Settings | None], LiveAsterisk]]:
    """Start Asterisks with settings of the test's own; each ends with the test."""
    with contextlib.ExitStack() as running:

        def start(settings: Settings | None = None) -> LiveAsterisk:
            return LiveAsterisk(running.enter_context(Stage(list(SCENARIOS.values()), settings)))

        yield start


@pytest.fixture
def asterisk(start_asterisk: Callable[[Settings | None], LiveAsterisk]) -> LiveAsterisk:
    """An Asterisk that has just booted, with `timestampevents` and every account of the laboratory's."""
    return start_asterisk(None)
