"""Make searches by number and by agent quick: `calls.caller_ends`, `ring_attempts.filed_at`, and their indexes.

Both columns follow from what a ledger of revision 0001 holds, and are filled from it.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
BARE = "replace(replace(replace(replace(replace(caller, ' ', ''), '-', ''), '.', ''), '(', ''), ')', '')"
"""The number without what is written between digits."""
DIGITS_AT_END = f"substr({BARE}, length(rtrim({BARE}, '0123456789')) + 1)"


def upgrade() -> None:
    """Add the columns, fill them, and make the indexes that read along them."""
    postgresql = op.get_context().dialect.name == "postgresql"
    if postgresql:
        # A large ledger takes longer than any question may; the limit is back at the end of the transaction.
        op.execute("SET LOCAL statement_timeout = 0")
    op.add_column("calls", sa.Column("caller_ends", sa.Text(), nullable=True))
    last_four = f"right({DIGITS_AT_END}, 4)" if postgresql else f"substr({DIGITS_AT_END}, -4)"
    op.execute(f"UPDATE calls SET caller_ends = nullif({last_four}, '') WHERE caller IS NOT NULL")  # noqa: S608 - constants of this file
    op.create_index("ix_calls_caller_ends_filed_at", "calls", ["caller_ends", "filed_at"])
    op.create_index("ix_calls_member_filed_at", "calls", ["member", "filed_at"])

    op.drop_index("ix_ring_attempts_agent_started_at", "ring_attempts")
    op.add_column("ring_attempts", sa.Column("filed_at", INSTANT, nullable=True))
    op.execute(
        "UPDATE ring_attempts SET filed_at = calls.filed_at FROM calls "
        "WHERE calls.system = ring_attempts.system AND calls.linkedid = ring_attempts.linkedid"
    )
    # SQLite changes a column by making the table anew.
    with op.batch_alter_table("ring_attempts", table_kwargs={"sqlite_with_rowid": False}) as attempts:
        attempts.alter_column("filed_at", existing_type=INSTANT, nullable=False)
    for column in ("agent", "member"):
        columns = [column, "filed_at", "system", "linkedid"]
        op.create_index(f"ix_ring_attempts_{'_'.join(columns)}", "ring_attempts", columns)


def downgrade() -> None:
    """Drop the columns and what reads along them."""
    for column in ("member", "agent"):
        op.drop_index(f"ix_ring_attempts_{column}_filed_at_system_linkedid", "ring_attempts")
    with op.batch_alter_table("ring_attempts", table_kwargs={"sqlite_with_rowid": False}) as attempts:
        attempts.drop_column("filed_at")
    op.create_index("ix_ring_attempts_agent_started_at", "ring_attempts", ["agent", "started_at"])
    for index in ("member_filed_at", "caller_ends_filed_at"):
        op.drop_index(f"ix_calls_{index}", "calls")
    op.drop_column("calls", "caller_ends")
