"""Files that people get."""
