"""Detects a text's encoding and decodes it in parts; a hundred megabytes are never decoded at once."""

import codecs
import io
from collections.abc import Iterable, Iterator
from typing import Final

from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.errors import FileError

PART_BYTES: Final = 256 * 1024
"""Bytes decoded at once; the text and its rows fit into a core's cache."""
BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROLS: Final = bytes(code for code in range(32) if chr(code) not in "\t\n\r\x0b\x0c\x1a")
NOT_WINDOWS: Final = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that are undefined in Windows-1252."""


def encoding_of(content: Content) -> str:
    """Detect UTF-8 or UTF-16 (even without a mark) or Windows-1252; raise FileError if it is none."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.start.startswith(mark):
            return encoding
    if b"\0" in content:
        return _utf16_without_mark(content)
    if _is_utf8(content):
        return "utf-8"
    controls = sum(chunk.count(bytes([code])) for chunk in content.chunks for code in CONTROLS)
    if any(bytes([code]) in content for code in NOT_WINDOWS) or controls * 100 > content.size:
        raise FileError(FileProblem.NO_TEXT)
    return "cp1252"


def decoded(chunks: Iterable[bytes], encoding: str, *, new_lines: bool) -> Iterator[str]:
    r"""Decode part by part; `new_lines` turns the line ends that `csv` knows, and no others, into \n."""
    decoder = codecs.getincrementaldecoder(encoding)()
    reading = io.IncrementalNewlineDecoder(decoder, translate=True) if new_lines else decoder
    for chunk in chunks:
        view = memoryview(chunk)
        for start in range(0, len(view), PART_BYTES):
            yield reading.decode(view[start : start + PART_BYTES])
    yield reading.decode(b"", final=True)


def _utf16_without_mark(content: Content) -> str:
    """Detect the byte order of UTF-16 by the zeros, which are in nearly every second byte."""
    start = content.start
    if content.size % 2 == 0:
        for at, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            zeros = start[at::2].count(0)
            if zeros * 2 > len(start[at::2]) and not start[1 - at :: 2].count(0):
                return encoding
    raise FileError(FileProblem.NO_TEXT)


def _is_utf8(content: Content) -> bool:
    """Return whether it is UTF-8; raise FileError if it was cut off inside a character."""
    decoder, is_ascii = codecs.getincrementaldecoder("utf-8")(), True
    try:
        for chunk in content.chunks:
            is_ascii = decoder.decode(chunk).isascii() and is_ascii
    except UnicodeDecodeError:
        return False
    half, _ = decoder.getstate()
    if half and not is_ascii:
        raise FileError(FileProblem.BROKEN)
    return not half
