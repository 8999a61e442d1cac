"""Messages: the card, its thread, notices and files."""
