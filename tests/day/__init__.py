"""One day, replayed into board, metrics and ledger, with a real Prometheus that scraped it."""
