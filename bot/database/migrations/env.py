"""What Alembic runs around the steps: over the connection, and in the transaction, that `bot.database.migrate` opened."""

from alembic import context

from bot.database.schema import VERSION_TABLE, metadata


def run() -> None:
    """Take the steps."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE)
    with context.begin_transaction():
        context.run_migrations()


if (
    __name__ == "env_py"
):  # what Alembic calls it; whoever else imports it, such as a collector of doctests, runs nothing
    run()
