"""Parses XML that may be hostile: it may declare no document type, and so no entities."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import IO, Final, Protocol
from xml.parsers.expat import ParserCreate

from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.errors import FileError

CHUNK_BYTES: Final = 1024 * 1024
FIRST_BYTES: Final = 64 * 1024
"""The first piece is small: it is read to see what there is."""
MAX_ENTRY_BYTES: Final = 4 * CHUNK_BYTES
LITERAL: Final = r"[^<>&\x00-\x08\x0b-\x1f\ufffe\uffff]*+"
CHARACTERS: Final = rf"{LITERAL}(?:&(?:amp|lt|gt|quot|apos);{LITERAL})*+"
"""Content of an element that means the same without a parser."""
ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))

Element = tuple[str, str, dict[str, str]]
"""The name of an element's parent, its own name and its attributes."""


class Handler(Protocol):
    """Takes the elements of a part, by their names without prefix."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Enter an element."""

    def end(self, name: str) -> None:
        """Leave an element."""

    def text(self, text: str) -> None:
        """Take text inside an element."""


@dataclass(frozen=True, slots=True)
class Regular:
    """A long list inside a part: its element, its entries, and which pieces of it need no parser."""

    element: str
    entry: str
    entries: re.Pattern[str]


def parse(file: IO[bytes], handler: Handler, regular: Regular | None = None) -> Iterator[str]:
    """Parse a part piece by piece: yield regular pieces as they are, and "" when `handler` took one.

    A regular piece is a number of entries in their simplest form. From the first other one on, all is parsed.
    """
    parser = _Parser(handler)
    pieces = _pieces(file, f"</{regular.entry}>".encode() if regular else b"")
    if regular:
        start, _, rest = next(pieces, b"").partition(f"<{regular.entry}".encode())
        parser.feed(start)
        pieces = chain([f"<{regular.entry}".encode() + rest] if rest else [], pieces)
        opening = start.rstrip()
        is_open = opening.endswith(b">") and parser.has_opened(regular.element, opening.rfind(b"<"))
        regular = regular if is_open else None
    for piece in pieces:
        text = _decoded(piece) if regular else ""
        if regular and text and regular.entries.fullmatch(text):
            yield text
            continue
        regular = None
        parser.feed(piece)
        yield ""
    parser.end()
    yield ""


def elements(file: IO[bytes]) -> Iterator[Element]:
    """Parse a small part and yield its elements in order; only their attributes matter."""
    found = _Elements()
    for _ in parse(file, found):
        yield from found.elements
        found.elements.clear()


class _Elements:
    def __init__(self) -> None:
        self.elements: list[Element] = []
        self._path = [""]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        named = {local(key): value for key, value in attributes.items()}
        self.elements.append((self._path[-1], name, named))
        self._path.append(name)

    def end(self, name: str) -> None:
        del name
        self._path.pop()

    def text(self, text: str) -> None:
        """Ignore it."""


class _Parser:
    """Expat, with names without prefixes and without document types."""

    def __init__(self, handler: Handler) -> None:
        self._last = ("", 0)
        self._handler = handler
        self._encoding: str | None = None
        self._parser = ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = handler.text
        self._parser.XmlDeclHandler = self._declare
        self._parser.StartDoctypeDeclHandler = _refuse

    def has_opened(self, element: str, at: int) -> bool:
        """Return whether the last tag is this one, at this byte of a text in UTF-8."""
        return self._last == (element, at) and (self._encoding or "utf-8").lower() == "utf-8"

    def feed(self, piece: bytes) -> None:
        self._parser.Parse(piece, False)

    def end(self) -> None:
        """Check that the document is complete."""
        self._parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._last = (name, self._parser.CurrentByteIndex)
        self._handler.start(local(name), attributes)

    def _end(self, name: str) -> None:
        self._handler.end(local(name))

    def _declare(self, version: str, encoding: str | None, standalone: int) -> None:
        del version, standalone
        self._encoding = encoding


@lru_cache
def local(name: str) -> str:
    """Remove a name's prefix.

    >>> local("x:row"), local("row")
    ('row', 'row')
    """
    return name.rpartition(":")[2]


def without_entities(text: str) -> str:
    """Replace the entities that regular content may have.

    >>> without_entities("a &amp;lt; b")
    'a &lt; b'
    """
    if "&" in text:
        for entity, character in ENTITIES:
            text = text.replace(entity, character)
    return text


def _pieces(file: IO[bytes], end: bytes) -> Iterator[bytes]:
    """Read a part in pieces that end with this tag, except the last."""
    rest, size = b"", FIRST_BYTES
    while chunk := file.read(size):
        size = CHUNK_BYTES
        cut = chunk.rfind(end) + len(end)
        if cut >= len(end):
            yield rest + chunk[:cut]
            rest = chunk[cut:]
        elif len(rest) > MAX_ENTRY_BYTES:
            yield rest + chunk
            rest = b""
        else:
            rest += chunk
    if rest:
        yield rest


def _decoded(piece: bytes) -> str:
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return ""


def _refuse(*_: object) -> None:
    raise FileError(FileProblem.BROKEN)
