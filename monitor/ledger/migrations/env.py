"""What Alembic runs: the migrations on the connection that `monitor.ledger.schema.upgrade` hands over, locked."""

from alembic import context

from monitor.ledger.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
context.run_migrations()
