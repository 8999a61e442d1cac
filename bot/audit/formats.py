"""The formats that the audit is written out in."""

from enum import StrEnum


class Format(StrEnum):
    """How it is written."""

    CSV = "csv"
    JSONL = "jsonl"
