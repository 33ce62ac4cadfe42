"""Every table of the ledger: those of calls, and those about the record itself."""

from __future__ import annotations

from monitor.ledger.models import Base
from monitor.ledger.models_keeping import AccessRow, DisagreementRow, ErasureRow, ReconciliationRow, WatchRow

__all__ = [
    "ACCESS_LOG",
    "DISAGREEMENTS",
    "ERASURES",
    "METADATA",
    "RECONCILIATIONS",
    "TABLES",
    "WATCH",
]

METADATA = Base.metadata
TABLES = tuple(METADATA.sorted_tables)

WATCH = METADATA.tables[WatchRow.__tablename__]
RECONCILIATIONS = METADATA.tables[ReconciliationRow.__tablename__]
DISAGREEMENTS = METADATA.tables[DisagreementRow.__tablename__]
ACCESS_LOG = METADATA.tables[AccessRow.__tablename__]
ERASURES = METADATA.tables[ErasureRow.__tablename__]
