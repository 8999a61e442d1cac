"""Alembic's environment: runs the migrations in the transaction that `bot.database.migrate` opened."""

from alembic import context

from bot.database.schema import VERSION_TABLE, metadata

if __name__ == "env_py":  # Alembic's name for it; other imports, as for doctests, run nothing
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        version_table=VERSION_TABLE,
    )
    with context.begin_transaction():
        context.run_migrations()
