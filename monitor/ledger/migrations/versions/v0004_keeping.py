"""Add the tables about the record itself: `watch`, `reconciliations`, `disagreements`, `access_log`, `erasures`."""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
TABLES = ("watch", "reconciliations", "disagreements", "access_log", "erasures")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, INSTANT, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    """Make the tables; none that is there changes."""
    op.create_table(
        "watch",
        _text("system"),
        _text("monitor"),
        _instant("seen_until"),
        sa.PrimaryKeyConstraint("system", name="pk_watch"),
    )
    op.create_table(
        "reconciliations",
        _text("system"),
        _instant("since"),
        _instant("until"),
        _instant("made_at"),
        _text("sources"),
        *map(_count, ("asterisk_calls", "matched", "filled", "disagreeing", "ours_alone")),
        sa.PrimaryKeyConstraint("system", "since", "until", name="pk_reconciliations"),
    )
    op.create_table(
        "disagreements",
        *map(_text, ("system", "linkedid", "what", "source")),
        _text("ours", nullable=True),
        _text("theirs", nullable=True),
        _text("reason"),
        _instant("found_at"),
        sa.PrimaryKeyConstraint("system", "linkedid", "what", "source", name="pk_disagreements"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_disagreements_found_at", "disagreements", ["found_at"])
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        _instant("at"),
        *map(_text, ("who", "role", "address", "action")),
        _text("system", nullable=True),
        _text("linkedid", nullable=True),
        _text("detail"),
        _count("calls"),
        sa.PrimaryKeyConstraint("id", name="pk_access_log"),
    )
    op.create_index("ix_access_log_at", "access_log", ["at"])
    op.create_index("ix_access_log_system_linkedid", "access_log", ["system", "linkedid"])
    op.create_table(
        "erasures",
        _instant("at"),
        _text("kind"),
        _text("place"),
        sa.Column("erased", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", "kind", "place", name="pk_erasures"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop them."""
    for table in reversed(TABLES):
        op.drop_table(table)
