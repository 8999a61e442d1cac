"""Alembic's environment: runs the migrations on the connection that `bot.database.migrate` opened."""

from alembic import context

from bot.database.schema import VERSION_TABLE, metadata

if __name__ == "env_py":  # Alembic's name for it; other imports, as for doctests, run nothing
    given = context.config.attributes
    context.configure(connection=given["connection"], target_metadata=metadata, version_table=VERSION_TABLE)
    with context.begin_transaction():
        if (begin := given.get("begin")) is not None:
            given["connection"].execute(begin)
        context.run_migrations()
