"""Finds the line of each key in a TOML text; the standard library's parser does not keep it."""

import tomllib
from collections.abc import Iterator
from io import StringIO
from typing import Any

Path = tuple[str, ...]


def key_lines(text: str) -> dict[Path, int]:
    r"""Map each key and table of a valid TOML text to the line, from 1, on which it begins.

    A statement ends on the first line up to which it parses on its own, so a value over several lines is one
    statement. Tables in a list share one path.

    >>> key_lines('currency = "NOK"\n[channels.C1]\nrules = [\n  "*"]')
    {('currency',): 1, ('channels',): 2, ('channels', 'C1'): 2, ('channels', 'C1', 'rules'): 3}
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    first, statement = 1, ""
    for number, line in enumerate(StringIO(text), start=1):
        first = first if statement else number
        statement += line
        try:
            paths = list(_paths(tomllib.loads(statement)))
        except tomllib.TOMLDecodeError:
            continue
        is_header = statement.lstrip().startswith("[")
        if is_header:
            table = paths[-1]
        for path in paths:
            lines.setdefault(path if is_header else table + path, first)
        statement = ""
    return lines


def _paths(value: Any, above: Path = ()) -> Iterator[Path]:
    if isinstance(value, list) and value and isinstance(value[-1], dict):
        value = value[-1]
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*above, key)
            yield from _paths(below, (*above, key))
