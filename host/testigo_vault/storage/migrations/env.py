"""Alembic's entry: runs the migrations on the connection that `database.py` hands over."""

from alembic import context

from testigo_vault.storage.models import Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Migrations run by themselves when a testigo command opens the vault.")
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
