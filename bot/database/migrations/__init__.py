"""Migrations of the tables, run by Alembic, which `bot.database.migrate` starts."""
