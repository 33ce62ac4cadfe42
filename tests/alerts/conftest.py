"""Whoever is told, real and on loopback; and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import structlog

from .alertmanager import Alertmanager
from .receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[Alertmanager]:
    """A real one that notifies nobody."""
    with Alertmanager(tmp_path / "alertmanager") as running:
        yield running


@pytest.fixture
def log() -> Iterator[list[dict[str, Any]]]:
    """What goes to the log, and nothing of it to standard error."""
    with structlog.testing.capture_logs() as entries:
        yield entries  # type: ignore[misc] # a list of mutable mappings, which these are
