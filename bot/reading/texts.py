"""CSV, TSV and plain lists: which encoding, which separator, and the rows."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final

from bot.giving.columns import Row
from bot.giving.uploads import Trouble
from bot.reading.formats import Unreadable

SEPARATORS: Final = (";", "\t", "|", ",")
"""Where two part a file equally well, the first counts: a comma is the likeliest to stand inside a cell."""
NO_SEPARATOR: Final = "\x1f"
LOOKED_AT: Final = 200
"""Rows by which the separator is found."""
LONGEST_CELL: Final = 100_000
ONE_LINE: Final = 6
"""Cells from which a file of a single line is a list, and not a table of one row."""
CUT_OFF: Final = 4
"""Bytes of the longest character of UTF-8: fewer are missing where a file was cut off."""
DECIMAL: Final = re.compile(r"-?\d+,\d+(?:E[+-]\d+)?", re.IGNORECASE)
"""A number as it is written in the north: where every row is one, its comma parts nothing."""
MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def text_rows(data: bytes) -> Iterator[Row]:
    """Read a text's rows, with the separator that most of its rows agree on.

    Raises:
        Unreadable: it is no text. While the rows are read, `csv.Error` says that a cell is endless, and `UnicodeError` that it is damaged.
    """
    encoding = encoding_of(data)
    named, separator = _separator(data, encoding)
    return _rows(data, encoding, separator, skip=named)


def encoding_of(data: bytes) -> str:
    """Find the encoding: by its mark, else UTF-16 by its zeros, else UTF-8, else what Windows writes in the west and north.

    Raises:
        Unreadable: it is none of these.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    if b"\0" in data:
        return _without_mark(data)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - CUT_OFF and error.reason == "unexpected end of data" and not data[: error.start].isascii():
            raise Unreadable(Trouble.BROKEN) from error
        return _windows(data)
    return "utf-8"


def _without_mark(data: bytes) -> str:
    """Tell UTF-16 without its mark by where the zeros stand: in nearly every second byte."""
    start = data[:1_000]
    if len(data) % 2 == 0:
        for at, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            zeros = start[at::2].count(0)
            if zeros * 2 > len(start[at::2]) and not start[1 - at :: 2].count(0):
                return encoding
    raise Unreadable(Trouble.NO_TEXT)


def _windows(data: bytes) -> str:
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise Unreadable(Trouble.NO_TEXT) from error
    controls = sum(text.count(chr(code)) for code in range(32) if chr(code) not in "\t\n\r\x0b\x0c\x1a")
    if controls * 100 > len(text):
        raise Unreadable(Trouble.NO_TEXT)
    return "cp1252"


def _separator(data: bytes, encoding: str) -> tuple[bool, str]:
    """Find the separator, and say whether the first line does nothing but name it, as Excel's `sep=;`."""
    first = next(_lines(data, encoding), "").strip().strip('"')
    if first.casefold().startswith("sep=") and len(first) == len("sep=;"):
        return True, first[-1]
    return False, max(SEPARATORS, key=lambda one: _agreement(data, encoding, one), default="") if _parted(data, encoding) else NO_SEPARATOR


def _parted(data: bytes, encoding: str) -> bool:
    """Say whether any separator parts the rows the same way."""
    return any(_agreement(data, encoding, one) > (0, 0) for one in SEPARATORS)


def _agreement(data: bytes, encoding: str, separator: str) -> tuple[float, int]:
    """Say which share of the rows has the usual number of cells, and how many those are; nothing where that is one cell."""
    rows = [row for row in islice(_rows(data, encoding, separator), LOOKED_AT) if any(one.strip() for one in row)]
    if len(rows) == 1 and len(rows[0]) >= ONE_LINE:
        raise Unreadable(Trouble.ONE_LINE)
    wide = next((at for at, row in enumerate(rows) if len(row) > 1), None)
    if wide is None or (separator == "," and all(DECIMAL.fullmatch(",".join(row)) for row in rows[wide:])):
        return 0, 0
    usual, times = _usual(rows[wide:])
    if usual == 1 or times * 3 < len(rows[wide:]) * 2:
        return 0, 0
    return times / len(rows), usual


def _usual(rows: Sequence[Row]) -> tuple[int, int]:
    ((usual, times),) = Counter(map(len, rows)).most_common(1)
    return usual, times


def _rows(data: bytes, encoding: str, separator: str, *, skip: bool = False) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_CELL)
    lines = _lines(data, encoding)
    if not skip:
        return csv.reader(lines, delimiter=separator)
    next(lines, "")
    return chain([()], csv.reader(lines, delimiter=separator))


def _lines(data: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
