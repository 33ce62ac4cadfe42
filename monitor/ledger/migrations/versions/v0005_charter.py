"""Add the rest of the charter: teams, recordings, calls back, reviews, cases with their audit trail, reminders."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "recordings",
    "callback_promises",
    "outgoing_calls",
    "callbacks",
    "callback_notes",
    "review_draws",
    "review_samples",
    "reviews",
    "cases",
    "case_events",
    "reminders",
)
COUNTED_OF_CASES = (
    "received_at", "commitment", "state", "due_at", "done_at", "finding", "owed_won", "owed_apology", "owed_training",
    "paid_won", "apology_at", "training_at",
)  # fmt: skip
REFUSED = "case_events is an audit trail: its entries are never changed or deleted"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, INSTANT, nullable=nullable)


def _count(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _of_call(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["system", "linkedid"], ["calls.system", "calls.linkedid"], name=f"fk_{table}_calls", ondelete="CASCADE"
    )


def upgrade() -> None:
    """Make the tables, and two columns of calls that are null in every call there is."""
    op.add_column("calls", _text("team", nullable=True))
    op.add_column("calls", _text("menu", nullable=True))
    of_a_team = sa.text("team IS NOT NULL")
    op.create_index(
        "ix_calls_team_filed_at_line",
        "calls",
        ["team", "filed_at", "line"],
        sqlite_where=of_a_team,
        postgresql_where=of_a_team,
    )
    _telephone()
    _reviews()
    _cases()
    op.create_table(
        "reminders",
        *map(_text, ("kind", "key", "level")),
        _instant("told_at"),
        sa.PrimaryKeyConstraint("kind", "key", "level", name="pk_reminders"),
        sqlite_with_rowid=False,
    )


def _telephone() -> None:
    op.create_table(
        "recordings",
        _text("system"),
        _text("linkedid"),
        _count("ordinal"),
        _text("file"),
        sa.PrimaryKeyConstraint("system", "linkedid", "ordinal", name="pk_recordings"),
        _of_call("recordings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "callback_promises",
        _text("system"),
        _text("linkedid"),
        _count("ordinal"),
        _instant("at"),
        _text("by"),
        _instant("due_at", nullable=True),
        sa.PrimaryKeyConstraint("system", "linkedid", "ordinal", name="pk_callback_promises"),
        _of_call("callback_promises"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outgoing_calls",
        _text("system"),
        _text("linkedid"),
        _text("agent"),
        *(_text(name, nullable=True) for name in ("member", "number", "person")),
        _instant("started_at"),
        _instant("answered_at", nullable=True),
        _instant("ended_at"),
        _text("observed"),
        sa.PrimaryKeyConstraint("system", "linkedid", name="pk_outgoing_calls"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outgoing_calls_person_started_at", "outgoing_calls", ["person", "started_at"])
    op.create_index("ix_outgoing_calls_started_at", "outgoing_calls", ["started_at"])
    op.create_table(
        "callbacks",
        *map(_text, ("system", "linkedid", "kind", "line")),
        *(_text(name, nullable=True) for name in ("queue", "team", "person")),
        _instant("owed_at"),
        _instant("due_at"),
        _text("promised_by", nullable=True),
        _text("state"),
        _count("tries"),
        _instant("first_try_at", nullable=True),
        _text("first_try_by", nullable=True),
        _instant("reached_at", nullable=True),
        _instant("came_again_at", nullable=True),
        _instant("newest_owed_at", nullable=True),
        _text("assignee", nullable=True),
        _instant("dropped_at", nullable=True),
        sa.PrimaryKeyConstraint("system", "linkedid", name="pk_callbacks"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_callbacks_person_owed_at", "callbacks", ["person", "owed_at"])
    op.create_index("ix_callbacks_state_owed_at", "callbacks", ["state", "owed_at"])
    op.create_index("ix_callbacks_owed_at", "callbacks", ["owed_at"])
    op.create_index("ix_callbacks_list", "callbacks", ["kind", "newest_owed_at", "state", "due_at", "line", "person"])
    op.create_table(
        "callback_notes",
        sa.Column("id", NUMBER, nullable=False),
        _text("system"),
        _text("linkedid"),
        _instant("at"),
        _text("who"),
        _text("action"),
        _text("text", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_callback_notes"),
    )
    op.create_index("ix_callback_notes_system_linkedid", "callback_notes", ["system", "linkedid"])


def _reviews() -> None:
    op.create_table(
        "review_draws",
        sa.Column("month", sa.Date(), nullable=False),
        _instant("made_at"),
        _text("made_by"),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        _count("population"),
        _json("definition"),
        sa.PrimaryKeyConstraint("month", name="pk_review_draws"),
    )
    op.create_table(
        "review_samples",
        _text("system"),
        _text("linkedid"),
        sa.Column("month", sa.Date(), nullable=False),
        _text("agent"),
        _text("member", nullable=True),
        _text("queue", nullable=True),
        _text("stratum"),
        _count("stratum_calls"),
        _count("reviewers"),
        sa.PrimaryKeyConstraint("system", "linkedid", name="pk_review_samples"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_review_samples_month_agent", "review_samples", ["month", "agent"])
    op.create_table(
        "reviews",
        *map(_text, ("system", "linkedid", "reviewer")),
        _instant("at"),
        _json("marks"),
        _text("note", nullable=True),
        sa.PrimaryKeyConstraint("system", "linkedid", "reviewer", name="pk_reviews"),
        sqlite_with_rowid=False,
    )


def _cases() -> None:
    op.create_table(
        "cases",
        _text("reference"),
        _text("commitment"),
        _instant("received_at"),
        _instant("due_at", nullable=True),
        _instant("done_at", nullable=True),
        _text("state"),
        *(
            _text(name, nullable=True)
            for name in ("assignee", "subject", "contact", "person", "system", "linkedid", "finding")
        ),
        _count("visits", nullable=True),
        _flag("missed_appointment"),
        _count("owed_won"),
        _flag("owed_apology"),
        _flag("owed_training"),
        _count("paid_won"),
        *(_instant(name, nullable=True) for name in ("paid_at", "apology_at", "training_at")),
        _text("result", nullable=True),
        _text("source"),
        _instant("created_at"),
        _instant("changed_at"),
        _instant("erased_at", nullable=True),
        sa.PrimaryKeyConstraint("reference", name="pk_cases"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_cases_state_due_at_commitment", "cases", ["state", "due_at", "commitment"])
    op.create_index("ix_cases_commitment_received_at", "cases", ["commitment", "received_at"])
    op.create_index("ix_cases_state_received_at", "cases", ["state", "received_at"])
    op.create_index("ix_cases_received_at", "cases", list(COUNTED_OF_CASES))
    op.create_index("ix_cases_person", "cases", ["person"])
    op.create_table(
        "case_events",
        sa.Column("id", NUMBER, nullable=False),
        _text("reference"),
        _instant("at"),
        *map(_text, ("who", "role", "action")),
        _json("detail"),
        _text("chain"),
        sa.PrimaryKeyConstraint("id", name="pk_case_events"),
    )
    op.create_index("ix_case_events_reference", "case_events", ["reference"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION case_events_stay() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER case_events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON case_events "
            "FOR EACH STATEMENT EXECUTE FUNCTION case_events_stay()"
        )
    else:
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER case_events_stay_{what.lower()} BEFORE {what} ON case_events "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
        # One that replaces an entry deletes it without a word to the trigger above.
        op.execute(
            "CREATE TRIGGER case_events_stay_insert BEFORE INSERT ON case_events "  # noqa: S608 - our own words alone
            "WHEN EXISTS (SELECT 1 FROM case_events WHERE id = NEW.id) "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )


def downgrade() -> None:
    """Drop them."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION case_events_stay()")
    # Not as a batch: SQLite would make `calls` anew, and all that belongs to calls would go with the old table.
    op.drop_index("ix_calls_team_filed_at_line", "calls")
    op.drop_column("calls", "menu")
    op.drop_column("calls", "team")
