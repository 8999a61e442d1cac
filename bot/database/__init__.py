"""The books: what the bot remembers, on SQLite and on PostgreSQL; knows nothing of Slack or Dintero."""
