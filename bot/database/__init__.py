"""The database: what the bot remembers, on SQLite or PostgreSQL."""
