"""Which encoding a text is in, found in pieces: a hundred megabytes are never decoded at once."""

import codecs
import io
from collections.abc import Iterator
from typing import Final

from bot.giving.uploads import Trouble
from bot.reading.formats import Unreadable

PIECE: Final = 256 * 1024
"""Bytes that are decoded at once: with all that is made of them, what a core has near."""
CUT_OFF: Final = 4
"""Bytes of the longest character of UTF-8: fewer are missing where a file was cut off."""
MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CONTROLS: Final = bytes(code for code in range(32) if chr(code) not in "\t\n\r\x0b\x0c\x1a")
NO_WINDOWS: Final = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that stand for nothing in Windows-1252."""


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
        for _ in decoded(data, "utf-8"):
            pass
    except UnicodeDecodeError as error:
        start = len(data) - (len(error.object) - error.start)  # where that is so, it is the last piece
        if error.reason == "unexpected end of data" and start >= len(data) - CUT_OFF and not data[:start].isascii():
            raise Unreadable(Trouble.BROKEN) from error
        return _windows(data)
    return "utf-8"


def decoded(data: bytes, encoding: str) -> Iterator[str]:
    """Decode piece by piece.

    Raises:
        UnicodeDecodeError: it is damaged.
    """
    return _pieces(data, codecs.getincrementaldecoder(encoding)())


def with_new_lines(data: bytes, encoding: str) -> Iterator[str]:
    """Decode piece by piece, with every end of a line as a new line: the ends that `csv` knows, and not all that Unicode does.

    Raises:
        UnicodeDecodeError: it is damaged.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    return _pieces(data, io.IncrementalNewlineDecoder(decoder, translate=True) if b"\r" in data else decoder)


def _pieces(data: bytes, decoder: codecs.IncrementalDecoder | io.IncrementalNewlineDecoder) -> Iterator[str]:
    for start in range(0, len(data), PIECE):
        yield decoder.decode(data[start : start + PIECE], start + PIECE >= len(data))


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
    if any(data.count(bytes([code])) for code in NO_WINDOWS):
        raise Unreadable(Trouble.NO_TEXT)
    if sum(data.count(bytes([code])) for code in CONTROLS) * 100 > len(data):
        raise Unreadable(Trouble.NO_TEXT)
    return "cp1252"
