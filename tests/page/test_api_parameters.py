"""Which instants the days of a question are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.page.api_parameters import OF_CALLS, read
from tests.ledger.records import NINE

from .asking import NOW, SEOUL


def at(hour: int, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("given", "since", "until"),
    [
        ({}, at(0), at(0, 3)),
        ({"from": "2026-03-01"}, at(0, 1), at(0, 3)),
        ({"from": "2026-03-05"}, at(0, 5), at(0, 6)),
        ({"to": "2026-03-01"}, at(0, 1), at(0, 2)),
        ({"from": "2026-03-01", "to": "2026-03-02"}, at(0, 1), at(0, 3)),
        ({"from": "2026-03-02T09:00:00+09:00"}, at(9), at(0, 3)),
        ({"from": "2026-03-02T00:00:00Z", "to": "2026-03-02T01:30:00Z"}, at(9), at(10) + timedelta(minutes=30)),
        ({"to": "2026-03-02T12:00:00+09:00"}, at(0), at(12)),
        ({"to": "2026-03-02T00:00:00+09:00"}, at(0, 1), at(0)),
    ],
)
def test_days_begin_in_the_centre_and_a_day_named_is_whole(
    given: dict[str, str], since: datetime, until: datetime
) -> None:
    assert read(given.items(), OF_CALLS).period(NOW, SEOUL) == (since, until)


def test_the_expected_instants_are_what_they_seem() -> None:
    """Nine in Seoul is midnight in UTC, and `NINE` is nine in UTC."""
    assert at(9) == datetime(2026, 3, 2, 0, tzinfo=UTC) == NINE - timedelta(hours=9)
