"""The first ledger: calls, ring attempts, transfers, holds, agent states, coverage gaps, rules.

The types are written out, not taken from the models, since this step stays as it is when the models move on.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

INSTANT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, INSTANT, nullable=nullable)


def _us(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _count(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _flag(name: str, *, nullable: bool = False) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), nullable=nullable)


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "calls",
        _text("system"),
        _text("linkedid"),
        _instant("filed_at"),
        _text("line"),
        _text("dialled"),
        _text("caller", nullable=True),
        _instant("entered_at", nullable=True),
        _instant("asked_at", nullable=True),
        _instant("first_ring_at", nullable=True),
        _instant("answered_at", nullable=True),
        _instant("ended_at", nullable=True),
        _text("outcome"),
        _count("rings"),
        _us("ringing_us"),
        _us("waiting_us", nullable=True),
        _us("talking_us"),
        _us("hold_us"),
        _text("verdict_within"),
        _text("verdict_before"),
        _text("headline"),
        _text("verdict_reason"),
        _text("rule"),
        _text("observed"),
        _text("queue", nullable=True),
        _text("agent", nullable=True),
        _text("member", nullable=True),
        _flag("answered_by_pickup"),
        _instant("recorded_at"),
        sa.Column("completeness", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("system", "linkedid", name="pk_calls"),
    )
    op.create_index("ix_calls_filed_at", "calls", ["filed_at"])
    for column in ("line", "agent", "queue", "verdict_within", "verdict_before"):
        op.create_index(f"ix_calls_{column}_filed_at", "calls", [column, "filed_at"])
    _create_table_of_call(
        "ring_attempts",
        _text("agent"),
        _text("member", nullable=True),
        _text("channel"),
        _text("queue", nullable=True),
        _instant("started_at"),
        _instant("ended_at"),
        _us("ringing_us"),
        _count("rings"),
        _text("result"),
    )
    op.create_index("ix_ring_attempts_agent_started_at", "ring_attempts", ["agent", "started_at"])
    op.create_index("ix_ring_attempts_queue_started_at", "ring_attempts", ["queue", "started_at"])
    _create_table_of_call(
        "transfers",
        _text("kind"),
        _instant("at"),
        _text("by"),
        _text("to"),
        _text("scope"),
        _text("result"),
        _flag("announced"),
        _flag("consent", nullable=True),
        _us("consultation_us"),
        _us("caller_hold_us"),
        _instant("reconnected_at", nullable=True),
        _us("reconnect_us", nullable=True),
        _count("reconnect_rings", nullable=True),
    )
    op.create_index("ix_transfers_at", "transfers", ["at"])
    op.create_index("ix_transfers_by_at", "transfers", ["by", "at"])
    _create_table_of_call("holds", _text("by"), _instant("started_at"), _instant("ended_at"))
    op.create_table(
        "agent_states",
        _text("system"),
        _text("queue"),
        _text("agent"),
        _instant("at"),
        _text("member"),
        _text("status", nullable=True),
        sa.PrimaryKeyConstraint("system", "queue", "agent", "at", name="pk_agent_states"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_agent_states_at", "agent_states", ["at"])
    op.create_table(
        "coverage_gaps",
        _text("system"),
        _instant("started_at"),
        _instant("ended_at", nullable=True),
        _text("cause"),
        sa.PrimaryKeyConstraint("system", "started_at", name="pk_coverage_gaps"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rules",
        _text("name"),
        _count("version"),
        sa.Column("holds_from", sa.Date(), nullable=False),
        _count("limit"),
        _text("headline"),
        _text("country"),
        _us("period_us"),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name="pk_rules"),
    )


def _create_table_of_call(name: str, *columns: "sa.Column[str] | sa.Column[int] | sa.Column[bool]") -> None:
    """A table whose rows belong to one call, numbered in its order."""
    op.create_table(
        name,
        _text("system"),
        _text("linkedid"),
        _count("ordinal"),
        *columns,
        sa.PrimaryKeyConstraint("system", "linkedid", "ordinal", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["system", "linkedid"], ["calls.system", "calls.linkedid"], name=f"fk_{name}_calls", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop every table."""
    for name in ("rules", "coverage_gaps", "agent_states", "holds", "transfers", "ring_attempts", "calls"):
        op.drop_table(name)
