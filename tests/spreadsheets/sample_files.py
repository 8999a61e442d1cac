"""Sample files for tests."""

import io
import struct
import zipfile
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

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


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
DOCUMENTS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGES = "http://schemas.openxmlformats.org/package/2006/relationships"


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """Pack parts into a ZIP file."""
    saved = io.BytesIO()
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return saved.getvalue()


def unpacked(workbook: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook by their names."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as book:
        return {name: book.read(name) for name in book.namelist()}


def relationships(**targets: str) -> str:
    """Write relationships; a name is an id, of which the part before a _ is the type."""
    entries = (
        f'<Relationship Id="{name}" Type="{DOCUMENTS}/{name.partition("_")[0]}" Target="{target}"/>'
        for name, target in targets.items()
    )
    return f'<Relationships xmlns="{PACKAGES}">{"".join(entries)}</Relationships>'


def styles(*formats: str, conditional: str = "") -> str:
    """Write a part with these number formats as styles 1, 2 and so on, and formats for conditions."""
    numbers = "".join(
        f"<numFmt numFmtId='{200 + at}' formatCode={quoteattr(form)}/>" for at, form in enumerate(formats)
    )
    uses = "".join(f"<xf numFmtId='{200 + at}'/>" for at in range(len(formats)))
    return (
        f"<styleSheet {MAIN}><numFmts>{numbers}</numFmts>"
        f"<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
        f"<cellXfs><xf numFmtId='0'/>{uses}</cellXfs>"
        f"<dxfs>{conditional}</dxfs></styleSheet>"
    )


def shared_strings(*texts: str) -> str:
    """Write a part with shared texts."""
    return f"<sst {MAIN}>{''.join(f'<si><t>{escape(text)}</t></si>' for text in texts)}</sst>"


def raw_workbook(
    rows: str,
    *,
    formats: Sequence[str] = (),
    strings: str = "",
    sheets: Sequence[tuple[str, str, str]] = (),
    before: str = "",
    after: str = "",
    conditional: str = "",
    state: str = "visible",
) -> bytes:
    """Make a workbook from the XML of its rows; more `sheets` by name, state and rows follow.

    `before` and `after` are XML around the rows of the first sheet, `conditional` formats for conditions.
    """
    all_sheets = [("Ark1", state, rows), *sheets]
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at}" state="{state}" r:id="worksheet_{at}"/>'
        for at, (name, state, _) in enumerate(all_sheets, start=1)
    )
    targets = {f"worksheet_{at}": f"worksheets/sheet{at}.xml" for at in range(1, len(all_sheets) + 1)}
    parts: dict[str, str | bytes] = {
        "_rels/.rels": relationships(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{DOCUMENTS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relationships(
            **targets, styles="styles.xml", sharedStrings="sharedStrings.xml"
        ),
        "xl/styles.xml": styles(*formats, conditional=conditional),
        "xl/sharedStrings.xml": strings or shared_strings(),
    }
    for at, (_, _, content) in enumerate(all_sheets, start=1):
        start, end = (before, after) if at == 1 else ("", "")
        parts[f"xl/worksheets/sheet{at}.xml"] = (
            f"<worksheet {MAIN}>{start}<sheetData>{content}</sheetData>{end}</worksheet>"
        )
    return packed(parts)


def column(*texts: str, hidden: Collection[int] = ()) -> str:
    """Write the XML of rows with one column of texts; some rows are hidden."""
    return "".join(
        f'<row r="{at}"{" hidden=" + quoteattr("1") if at in hidden else ""}>'
        f'<c r="A{at}" t="inlineStr"><is><t>{escape(text)}</t></is></c></row>'
        for at, text in enumerate(texts, start=1)
    )


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
