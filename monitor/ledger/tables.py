"""Every table of the ledger: those of calls, those about the record itself, and those of the rest of the charter."""

from __future__ import annotations

from monitor.ledger.models import Base
from monitor.ledger.models_charter import (
    CallbackNoteRow,
    CallbackPromiseRow,
    CallbackRow,
    CaseEventRow,
    CaseRow,
    OutgoingCallRow,
    RecordingRow,
    ReminderRow,
    ReviewDrawRow,
    ReviewRow,
    ReviewSampleRow,
)
from monitor.ledger.models_keeping import AccessRow, DisagreementRow, ErasureRow, ReconciliationRow, WatchRow

__all__ = [
    "ACCESS_LOG",
    "CALLBACKS",
    "CALLBACK_NOTES",
    "CALLBACK_PROMISES",
    "CASES",
    "CASE_EVENTS",
    "DISAGREEMENTS",
    "ERASURES",
    "METADATA",
    "OUTGOING_CALLS",
    "RECONCILIATIONS",
    "RECORDINGS",
    "REMINDERS",
    "REVIEWS",
    "REVIEW_DRAWS",
    "REVIEW_SAMPLES",
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

RECORDINGS = METADATA.tables[RecordingRow.__tablename__]
CALLBACK_PROMISES = METADATA.tables[CallbackPromiseRow.__tablename__]
OUTGOING_CALLS = METADATA.tables[OutgoingCallRow.__tablename__]
CALLBACKS = METADATA.tables[CallbackRow.__tablename__]
CALLBACK_NOTES = METADATA.tables[CallbackNoteRow.__tablename__]
REVIEW_DRAWS = METADATA.tables[ReviewDrawRow.__tablename__]
REVIEW_SAMPLES = METADATA.tables[ReviewSampleRow.__tablename__]
REVIEWS = METADATA.tables[ReviewRow.__tablename__]
CASES = METADATA.tables[CaseRow.__tablename__]
CASE_EVENTS = METADATA.tables[CaseEventRow.__tablename__]
REMINDERS = METADATA.tables[ReminderRow.__tablename__]
