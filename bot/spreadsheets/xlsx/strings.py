"""Reads a workbook's list of texts, and what Excel's escapes in them stand for."""

import re
from typing import IO, Final

from bot.spreadsheets.xlsx.xml_parser import CHARACTERS, Regular, parse, without_entities

OPEN_TEXT: Final = r'<t(?: xml:space="preserve")?>'
REGULAR: Final = Regular("sst", "si", re.compile(rf"(?:\s*<si>{OPEN_TEXT}{CHARACTERS}</t></si>)*+\s*"))
TEXT: Final = re.compile(rf"<si>{OPEN_TEXT}([^<]*)")
ESCAPES: Final = re.compile(r"(?:_x[0-9A-Fa-f]{4}_)+")
ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
UNREADABLE: Final = "\x1a"
"""The control character in place of an unreadable one; an id with it is refused."""


class RichText:
    """Collects the text of an element: runs are joined, and the readings of Japanese signs left out."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._is_open = False
        self._phonetic = 0

    def start(self, name: str) -> None:
        """Enter an element."""
        self._phonetic += name == "rPh"
        self._is_open = name == "t" and not self._phonetic

    def end(self, name: str) -> None:
        """Leave an element."""
        self._phonetic -= name == "rPh"
        self._is_open = False

    def text(self, text: str) -> None:
        """Add text inside an element."""
        if self._is_open:
            self._texts.append(text)

    def take(self) -> str:
        """Return the text and start again."""
        text = "".join(self._texts)
        self._texts.clear()
        return text


class _Strings:
    """Collects the entries of the list."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self._rich_text = RichText()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        self._rich_text.start(name)

    def end(self, name: str) -> None:
        self._rich_text.end(name)
        if name == "si":
            self._texts.append(unescaped(self._rich_text.take()))

    def text(self, text: str) -> None:
        self._rich_text.text(text)


def read_strings(file: IO[bytes], *, careful: bool = False) -> list[str]:
    """Read the list of texts; `careful` parses all of it, with the same result in more time."""
    texts: list[str] = []
    for piece in parse(file, _Strings(texts), None if careful else REGULAR):
        found = TEXT.findall(piece)
        texts += map(unescaped, map(without_entities, found)) if "_x" in piece or "&" in piece else found
    return texts


def unescaped(text: str) -> str:
    r"""Replace Excel's escapes for characters that XML cannot have.

    >>> unescaped("a_x000D_"), unescaped("_x005F_x0041_"), unescaped("_xD83D__xDE00_")
    ('a\r', '_x0041_', '😀')
    """
    return ESCAPES.sub(_characters, text) if "_x" in text else text


def _characters(found: re.Match[str]) -> str:
    codes = ESCAPE.findall(found[0])
    characters = b"".join(int(code, 16).to_bytes(2, "little") for code in codes)
    return LONE_SURROGATE.sub(UNREADABLE, characters.decode("utf-16-le", "surrogatepass"))
