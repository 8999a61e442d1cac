"""On which line of a TOML text each key stands: the standard library's reader does not tell."""

import tomllib
from collections.abc import Iterator
from io import StringIO
from typing import Any

Path = tuple[str, ...]


def key_lines(text: str) -> dict[Path, int]:
    r"""Find the line, from 1, on which each key or table of a readable TOML text begins.

    A statement ends on the first line up to which it can be read by itself, so strings and lists over several lines are one.
    Tables in a list share one path.

    >>> key_lines('currency = "NOK"\n[channels.C1]\nrules = [\n  "*"]')
    {('currency',): 1, ('channels',): 2, ('channels', 'C1'): 2, ('channels', 'C1', 'rules'): 3}
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, statement in _statements(text):
        header = statement.lstrip().startswith("[")
        paths = list(_paths(tomllib.loads(statement)))
        if header:
            table = paths[-1]
        for path in paths:
            lines.setdefault(path if header else table + path, number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    begun, pending = 1, ""
    for number, line in enumerate(StringIO(text), start=1):
        begun = begun if pending else number
        pending += line
        if _readable(pending):
            yield begun, pending
            pending = ""


def _readable(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _paths(value: Any, above: Path = ()) -> Iterator[Path]:
    if isinstance(value, list) and value and isinstance(value[-1], dict):
        value = value[-1]
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*above, key)
            yield from _paths(below, (*above, key))
