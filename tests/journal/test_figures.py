"""What /metrics tells of the journal, from a real one whose disk is taken away and given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from monitor.metrics_journal import JournalCollector

from .material import NAME, items_of, written

if TYPE_CHECKING:
    from pathlib import Path


def test_what_the_journal_tells(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    wire = items_of("answered_ring_1")
    with written(tmp_path / "journal", segment_minutes=0.05) as (journal, writer):
        registry.register(JournalCollector(journal))
        writer.write(wire[:3])
        assert registry.get_sample_value("callcenter_journal_up", {"system": NAME}) == 1
        assert registry.get_sample_value("callcenter_journal_holes_total", {"system": NAME}) == 0
        folder = writer.journal.folder
        # The next segment cannot be begun where a file stands in the folder's place.
        aside = folder.rename(tmp_path / "aside")
        folder.write_text("")
        writer.write(wire[-1:])
        assert registry.get_sample_value("callcenter_journal_up", {"system": NAME}) == 0
        assert registry.get_sample_value("callcenter_journal_holes_total", {"system": NAME}) == 1
        folder.unlink()
        aside.rename(folder)
        journal.sync()
        journal.keep()
        on_disk = sum(path.stat().st_size for path in folder.iterdir())
        assert registry.get_sample_value("callcenter_journal_bytes") == on_disk
