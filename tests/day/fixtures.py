"""The fixture `replayed_day`, for every test that compares figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.programs import required

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ledger.postgres import Cluster

    from .day import ReplayedDay


@pytest.fixture(scope="session")
def replayed_day(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplayedDay]:
    """One simulated day, fed into board, metrics and ledger, and scraped by a real Prometheus.

    It takes some 20 s: tests that ask for it bear `xdist_group("replayed_day")`, so that one worker makes it for all.
    """
    from .day import ReplayedDay  # noqa: PLC0415 - the tests that ask for no day need not load the whole program

    required("prometheus")
    day = ReplayedDay(tmp_path_factory.mktemp("day"), cluster.create_database())
    try:
        day.start()
        yield day
    finally:
        day.close()
