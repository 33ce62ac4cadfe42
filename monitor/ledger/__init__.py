"""The ledger: what happened, kept for the half-yearly report and open to recomputation.

`upgrade` brings a store up to date, `Repository` reads and writes it, `LedgerWriter` is the sink that takes facts
without ever holding up the event loop.
"""

from monitor.ledger.repository import Repository
from monitor.ledger.schema import upgrade
from monitor.ledger.store import RefusedFact, Store
from monitor.ledger.writer import LedgerWriter

__all__ = ["LedgerWriter", "RefusedFact", "Repository", "Store", "upgrade"]
