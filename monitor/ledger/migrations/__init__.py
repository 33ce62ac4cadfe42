"""The ledger's schema, step by step. Written by Alembic, run by `monitor.ledger.schema.upgrade`."""
