"""Tests that share what is costly to make run in one worker."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("together")
def test_groups_are_kept_together(request: pytest.FixtureRequest) -> None:
    """From 9.2 on pytest does not take the names that pytest-xdist 3.8 gives to groups, and nobody says so."""
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("there are no workers")
    assert request.node.nodeid.endswith("@together"), "each worker makes all anew: install what constraints.txt names"
