"""Customer lists as files: three columns, ids first, as in an export."""

import io
import random
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import openpyxl

NAMES: Final = ("Kari Nordmann", "Ola Hansen", "Åse Bjørnstad", "Per Olsen")
SHEET: Final = "xl/worksheets/sheet1.xml"
STRINGS: Final = "xl/sharedStrings.xml"
TYPE: Final = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
"""openpyxl writes inline texts, and so does not declare a list of shared ones."""
SPACE: Final = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SEED: Final = 4


def write_text(path: Path, rows: int) -> None:
    """Write a CSV file like most exports: UTF-8, no quotes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("customer_id,name,email\n")
        file.writelines(
            f"{one},{NAMES[at % len(NAMES)]} {at},kunde{at}@example.com\n"
            for at, one in enumerate(_ids(rows))
        )


def write_workbook(path: Path, rows: int) -> None:
    """Write a workbook with shared strings, like Excel; openpyxl takes a minute for a million rows."""
    with (
        zipfile.ZipFile(_skeleton()) as skeleton,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book,
    ):
        for name in skeleton.namelist():
            if name != SHEET:
                book.writestr(name, skeleton.read(name).replace(b"</Types>", TYPE + b"</Types>"))
        with book.open(SHEET, "w") as sheet:
            sheet.writelines(_sheet(rows))
        with book.open(STRINGS, "w") as strings:
            strings.writelines(_strings(rows))


def _ids(rows: int) -> Iterator[str]:
    chance = random.Random(SEED)  # noqa: S311 - the same list each time
    return (str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(rows))


def _skeleton() -> io.BytesIO:
    book, saved = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    if sheet is None:
        raise LookupError
    sheet.append(["customer_id", "name", "points"])
    book.save(saved)
    return saved


def _sheet(rows: int) -> Iterator[bytes]:
    yield b"<worksheet %s><sheetData>" % SPACE
    cells = b'<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c>'
    yield b'<row r="1">%b</row>' % cells
    text, own = b'<c r="%s%d" t="s"><v>%d</v></c>', 3 + len(NAMES)
    for at in range(rows):
        row = at + 2
        cells = (
            text % (b"A", row, own + at)
            + text % (b"B", row, 3 + at % len(NAMES))
            + b'<c r="C%d"><v>%d</v></c>' % (row, at % 1_000)
        )
        yield b'<row r="%d">%s</row>' % (row, cells)
    yield b"</sheetData></worksheet>"


def _strings(rows: int) -> Iterator[bytes]:
    yield b"<sst %s>" % SPACE
    for text in ("customer_id", "name", "points", *NAMES, *_ids(rows)):
        yield f"<si><t>{text}</t></si>".encode()
    yield b"</sst>"
