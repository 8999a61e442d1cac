"""Detects a text's encoding and decodes it in parts; a hundred megabytes are never decoded at once."""

import codecs
import io
import re
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
ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "cp437")
"""Of texts, of parts of a workbook, and of the names of its parts."""
CONTROLS: Final = bytes(code for code in range(32) if chr(code) not in "\t\n\r\x0b\x0c\x1a")
LETTER: Final = re.compile("[^\0-\x7f\udc80-\udcff]")
NO_LETTER: Final = re.compile("[\udc80-\udcff]")
"""A byte that is no UTF-8, as Python marks it."""
NOT_WINDOWS: Final = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that are undefined in Windows-1252."""


def encoding_of(content: Content) -> str:
    """Detect UTF-8 or UTF-16 (even without a mark) or Windows-1252; raise FileError if it is none.

    A few bytes of Windows-1252 in UTF-8 do not change the encoding: `errors_of` marks them.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.start.startswith(mark):
            return encoding
    if b"\0" in content:
        return _utf16_without_mark(content)
    letters, others = _utf8_letters(content)
    if letters >= others:
        return "utf-8"
    controls = sum(chunk.count(bytes([code])) for chunk in content.chunks for code in CONTROLS)
    undefined = any(bytes([code]) in content for code in NOT_WINDOWS)
    if (undefined and not letters) or controls * 100 > content.size:
        raise FileError(FileProblem.NO_TEXT)
    return "cp1252"


def errors_of(encoding: str) -> str:
    """Return how to decode: bytes that are no letters become surrogates, which no id may have."""
    return "strict" if encoding.startswith("utf-16") else "surrogateescape"


def decoded(chunks: Iterable[bytes], encoding: str, *, new_lines: bool) -> Iterator[str]:
    r"""Decode part by part; `new_lines` turns the line ends that `csv` knows, and no others, into \n."""
    decoder = codecs.getincrementaldecoder(encoding)(errors_of(encoding))
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


def _utf8_letters(content: Content) -> tuple[int, int]:
    """Count letters of several bytes, and bytes of none; raises FileError if one was cut off at the end."""
    decoder, letters = codecs.getincrementaldecoder("utf-8")(), 0
    try:
        for chunk in content.chunks:
            letters += not decoder.decode(chunk).isascii()
    except UnicodeDecodeError:
        return _mixed_letters(content)
    half, _ = decoder.getstate()
    if half and letters:
        raise FileError(FileProblem.BROKEN)
    return letters, len(half)


def _mixed_letters(content: Content) -> tuple[int, int]:
    decoder, letters, others = codecs.getincrementaldecoder("utf-8")("surrogateescape"), 0, 0
    for chunk in content.chunks:
        text = decoder.decode(chunk)
        letters += len(LETTER.findall(text))
        others += len(NO_LETTER.findall(text))
    return letters, others
