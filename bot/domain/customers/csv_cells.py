"""Cells of a table that a person opens in a spreadsheet; knows not of what table."""

from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take the wide ones too
"""A cell that begins with one of these would be computed, not shown."""


def cell(value: object) -> str:
    """Write a cell so that a spreadsheet shows it, whatever it begins with.

    >>> cell("=1+1"), cell("R-7K2QF"), cell(None)
    ("'=1+1", 'R-7K2QF', '')
    """
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
