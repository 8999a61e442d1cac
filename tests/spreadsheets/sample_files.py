"""Sample files for tests."""

import io
import struct
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl


def workbook(
    rows: Sequence[Sequence[Any]],
    *,
    formats: dict[str, str] | None = None,
    sheets: Sequence[str] = (),
    far: str = "",
) -> bytes:
    """Make a workbook with one filled sheet and empty ones; `far` fills a cell outside the table."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for cell, form in (formats or {}).items():
        sheet[cell].number_format = form
    if far:
        sheet[far] = "x"
    for name in sheets:
        book.create_sheet(name)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def replaced(workbook: bytes, part: str, content: bytes) -> bytes:
    """Replace a part of a workbook."""
    copy = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as before,
        zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            after.writestr(name, content if name == part else before.read(name))
    return copy.getvalue()


def bomb() -> bytes:
    """Make a workbook whose directory claims that it unpacks to four gigabytes."""
    packed = bytearray(workbook([["id"], ["a1"]]))
    entry = packed.index(b"PK\x01\x02")
    packed[entry + 24 : entry + 28] = struct.pack("<I", 0xFFFFFFF0)
    return bytes(packed)


def locked() -> bytes:
    """Make the start of a workbook with a password."""
    return (
        struct.pack("<Q", 0xE11AB1A1E011CFD0)
        + bytes(504)
        + "EncryptedPackage".encode("utf-16-le")
        + b"\x8f\x03\xd1" * 700
    )
