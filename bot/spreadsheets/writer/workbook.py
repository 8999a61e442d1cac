"""Writes rows as a workbook of texts, row by row: a million take the memory of a few thousand.

openpyxl, also in its write-only mode, and XlsxWriter need a temporary file, which this process must not have,
and ten times as long.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from bot.domain.customers.columns import letter
from bot.spreadsheets.writer.columns import Cells

ROWS_PER_PIECE: Final = 2_000
XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
COMPRESSION: Final = 1
"""zlib level: the next ones take twice as long for a tenth less."""
MAX_COLUMNS: Final = 16_384
MAX_CELL_LENGTH: Final = 32_767
MAX_SHEET_NAME_LENGTH: Final = 31
SUFFIX: Final = ".xlsx"
SHEET_NAME: Final = "customers"
NOT_IN_SHEET_NAMES: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f\ufffe\uffff\ud800-\udfff]")
MAIN: Final = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS: Final = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
PARTS: Final = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f"<Relationships {RELATIONS}>"
        f'<Relationship Id="rId1" Type="{RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f"<Relationships {RELATIONS}>"
        f'<Relationship Id="rId1" Type="{RELATION}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{RELATION}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet {MAIN}><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}
"""Everything but the rows and the sheet's name. Style 1 is Excel's format for text, for empty cells too."""
BEFORE_ROWS: Final = (
    f'<worksheet {MAIN}><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    f'<cols><col min="1" max="{MAX_COLUMNS}" width="16" style="1" customWidth="1"/></cols><sheetData>'
)
AFTER_ROWS: Final = "</sheetData></worksheet>"
NOT_IN_XML: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")
"""Characters that Excel writes as _xHHHH_, and what only looks like that."""


@dataclass(frozen=True, slots=True)
class WorkbookFormat:
    """A workbook with one sheet."""

    sheet: str = SHEET_NAME
    suffix: str = SUFFIX

    def for_texts(self, texts: Iterable[str]) -> "WorkbookFormat":
        """Return this format: it has every character."""
        del texts
        return self

    def pieces(self, rows: Iterable[Cells]) -> Iterator[bytes]:
        """Write many rows in each piece; the cells are texts, which no spreadsheet computes."""
        output = _Output()
        with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as book:
            for name, content in PARTS.items():
                book.writestr(name, XML + content)
            book.writestr("xl/workbook.xml", XML + _workbook(self.sheet))
            with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
                sheet.write((XML + BEFORE_ROWS).encode())
                for piece in _xml_rows(rows):
                    sheet.write(piece.encode(errors="backslashreplace"))
                    yield output.take()
                sheet.write(AFTER_ROWS.encode())
        yield output.take()


class _Output(io.RawIOBase):
    """Keeps what a ZIP file writes until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def write(self, data: Any, /) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def _workbook(sheet: str) -> str:
    name = NOT_IN_SHEET_NAMES.sub("_", sheet)[:MAX_SHEET_NAME_LENGTH].strip("'") or SHEET_NAME
    return (
        f'<workbook {MAIN} xmlns:r="{RELATION}"><sheets>'
        f'<sheet name={quoteattr(name)} sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _xml_rows(rows: Iterable[Cells]) -> Iterator[str]:
    remaining, letters = enumerate(rows, start=1), list[str]()
    while some := list(islice(remaining, ROWS_PER_PIECE)):
        letters = letters or _letters(len(some[0][1]))
        lines = []
        for number, cells in some:
            filled = [
                f'<c r="{letter}{number}" s="1" t="inlineStr"><is>{_xml_text(value)}</is></c>'
                for letter, value in zip(letters, cells, strict=True)
                if value
            ]
            lines.append(f'<row r="{number}">{"".join(filled)}</row>')
        yield "".join(lines)


def _letters(count: int) -> list[str]:
    if count > MAX_COLUMNS:
        raise ValueError(f"{count} columns: a workbook has {MAX_COLUMNS}")
    return [letter(number) for number in range(1, count + 1)]


def _xml_text(value: str) -> str:
    text = escape(NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", value[:MAX_CELL_LENGTH]))
    return f'<t xml:space="preserve">{text}</t>' if text != text.strip() or "\n" in text else f"<t>{text}</t>"
