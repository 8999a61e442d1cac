"""Finds the parts of a workbook by their relationships, as Excel does: their names can be any."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final
from urllib.parse import unquote

from isal import isal_zlib

from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.xlsx.xml_parser import Element, elements

MAX_UNPACKED_BYTES: Final = 500 * 1024 * 1024
"""A million rows are about 100 MB."""
RAW: Final = -15
"""The window of a deflated stream without zlib's header."""
ENCRYPTED: Final = 0x1
"""The flag of an encrypted ZIP entry."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a relationship leads to: the last word of its type, and a part."""

    kind: str
    part: str


@dataclass(frozen=True, slots=True)
class Package:
    """The parts of a ZIP file by their names."""

    book: zipfile.ZipFile
    parts: dict[str, zipfile.ZipInfo]

    def open(self, part: str) -> IO[bytes]:
        """Open a part; raise FileError if it is missing."""
        if part not in self.parts:
            raise FileError(FileProblem.BROKEN)
        file = self.book.open(self.parts[part])
        if self.parts[part].compress_type == zipfile.ZIP_DEFLATED:
            # zipfile offers no other way to unpack by isal, which takes half the time
            file._decompressor = isal_zlib.decompressobj(RAW)  # type: ignore[attr-defined]  # noqa: SLF001
        return file

    def elements(self, part: str) -> Iterator[Element]:
        """Parse a part; see `xml_parser.elements`."""
        with self.open(part) as file:
            yield from elements(file)

    def targets(self, part: str) -> dict[str, Target]:
        """Read a part's relationships by their ids."""
        folder, name = posixpath.split(part)
        relationships = _key(posixpath.join(folder, "_rels", f"{name}.rels"))
        if relationships not in self.parts:
            return {}
        return {
            values.get("Id", ""): Target(
                values.get("Type", "").rpartition("/")[2],
                _key(posixpath.join("/", folder, unquote(values.get("Target", "")).replace("\\", "/"))),
            )
            for _, name, values in self.elements(relationships)
            if name == "Relationship"
        }


def open_package(data: bytes) -> Package:
    """Open a ZIP file and check its list of entries before anything is unpacked."""
    try:
        book = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise FileError(FileProblem.BROKEN) from error
    entries = [entry for entry in book.infolist() if not entry.is_dir()]
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise FileError(FileProblem.ENCRYPTED)
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise FileError(FileProblem.BOMB)
    parts = {_key(entry.filename): entry for entry in entries}
    if len(parts) < len(entries):
        raise FileError(FileProblem.BROKEN)
    return Package(book, parts)


def _key(name: str) -> str:
    r"""Write a part's name as Excel compares it.

    >>> _key(r"\xl\Work%20book.xml")
    'xl/work book.xml'
    """
    return posixpath.normpath(unquote(name).replace("\\", "/")).lstrip("/").casefold()
