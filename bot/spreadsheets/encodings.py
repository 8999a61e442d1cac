"""Which encoding a text is in, found in pieces: a hundred megabytes are never decoded at once."""

import codecs
import io
from collections.abc import Iterable, Iterator
from typing import Final

from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.errors import FileError

PIECE: Final = 256 * 1024
"""Bytes that are decoded at once: with all that is made of them, what a core has near."""
MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROLS: Final = bytes(code for code in range(32) if chr(code) not in "\t\n\r\x0b\x0c\x1a")
NO_WINDOWS: Final = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that stand for nothing in Windows-1252."""


def encoding_of(content: Content) -> str:
    """Find the encoding: by its mark, else UTF-16 by its zeros, else UTF-8, else what Windows writes in the west and north.

    Raises:
        Unreadable: it is none of these.
    """
    for mark, encoding in MARKS:
        if content.start.startswith(mark):
            return encoding
    if b"\0" in content:
        return _without_mark(content)
    return "utf-8" if _is_utf8(content) else _windows(content)


def decoded(pieces: Iterable[bytes], encoding: str, *, new_lines: bool) -> Iterator[str]:
    """Decode piece by piece; with `new_lines` every end of a line that `csv` knows becomes one, and of Unicode's others none.

    Raises:
        UnicodeDecodeError: it is damaged.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    reading = io.IncrementalNewlineDecoder(decoder, translate=True) if new_lines else decoder
    for piece in pieces:
        view = memoryview(piece)
        for start in range(0, len(view), PIECE):
            yield reading.decode(view[start : start + PIECE])
    yield reading.decode(b"", final=True)


def _without_mark(content: Content) -> str:
    """Tell UTF-16 without its mark by where the zeros stand: in nearly every second byte."""
    start = content.start[:1_000]
    if len(content) % 2 == 0:
        for at, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            zeros = start[at::2].count(0)
            if zeros * 2 > len(start[at::2]) and not start[1 - at :: 2].count(0):
                return encoding
    raise FileError(FileProblem.NO_TEXT)


def _is_utf8(content: Content) -> bool:
    """Say whether it is UTF-8.

    Raises:
        Unreadable: it is, but was cut off inside a character.
    """
    decoder, plain = codecs.getincrementaldecoder("utf-8")(), True
    try:
        for piece in content:
            plain = decoder.decode(piece).isascii() and plain
    except UnicodeDecodeError:
        return False
    half, _ = decoder.getstate()
    if half and not plain:
        raise FileError(FileProblem.BROKEN)
    return not half


def _windows(content: Content) -> str:
    if any(bytes([code]) in content for code in NO_WINDOWS):
        raise FileError(FileProblem.NO_TEXT)
    if sum(piece.count(bytes([code])) for piece in content for code in CONTROLS) * 100 > len(content):
        raise FileError(FileProblem.NO_TEXT)
    return "cp1252"
