"""Export formats; a module of their own, so that the command line starts without the database's libraries."""

from enum import StrEnum


class Format(StrEnum):
    """An export format."""

    CSV = "csv"
    JSONL = "jsonl"
