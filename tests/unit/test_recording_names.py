"""Names of recordings: callers' numbers are hidden in them, and what only looks like one is not."""

from __future__ import annotations

import pytest

from monitor.recording_names import changed, masked


@pytest.mark.parametrize(
    ("file", "caller", "shown"),
    [
        ("01012345678-1795672995.0.wav", "01012345678", "010-****-5678-1795672995.0.wav"),
        ("/monitor/2026/11/26/in-02-1234-5678-093015.wav", None, "/monitor/2026/11/26/in-02-****-5678-093015.wav"),
        # The number as another trunk writes it, with and without the country.
        ("q-821012345678.wav", "01012345678", "q-****-5678.wav"),
        ("q-+821012345678.wav", None, "q-010-****-5678.wav"),
        ("1012345678_20261126.wav", "+82 10-1234-5678", "****-5678_20261126.wav"),
        # A foreign number is known by its call alone.
        ("x-14155550123.wav", "+14155550123", "x-****-0123.wav"),
        # A day, a time and a uniqueid are no numbers.
        ("20261126-143015-lab1-1795672995.17.wav", "01012345678", "20261126-143015-lab1-1795672995.17.wav"),
        ("201-agent.wav", "201", "201-agent.wav"),
        ("anonymous.wav", "anonymous", "anonymous.wav"),
    ],
)
def test_what_is_shown(file: str, caller: str | None, shown: str) -> None:
    assert masked(file, caller) == shown
    assert masked(shown, caller) == shown, "twice is once"


def test_a_hash_may_stand_for_it() -> None:
    assert changed("in-01012345678.wav", None, lambda number: f"#{len(number)}") == "in-#11.wav"
