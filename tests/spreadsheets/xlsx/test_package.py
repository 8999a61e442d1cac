"""Workbooks whose parts are not where Excel puts them, though it opens them; and ZIP files that are none."""

import io
import re
import warnings
import zipfile
from collections.abc import Callable

import pytest

from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.reader.__main__ import answer_of
from tests.spreadsheets.sample_files import (
    DOCUMENTS,
    MAIN,
    packed,
    raw_workbook,
    relationships,
    shared_strings,
)
from tests.spreadsheets.test_csv_table import ids_of, no_ids

ROWS = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    '<row r="2"><c r="A2" s="1"><v>7</v></c></row><row r="3"><c r="A3" t="s"><v>1</v></c></row>'
)
DATA = raw_workbook(ROWS, formats=["000"], strings=shared_strings("Kundenr", "a1"))
IDS = ["007", "a1"]

Parts = dict[str, bytes]


def parts() -> Parts:
    with zipfile.ZipFile(io.BytesIO(DATA)) as book:
        return {name: book.read(name) for name in book.namelist()}


def renamed(change: Callable[[str], str]) -> Parts:
    """Change the name of each part, and not what the relationships say."""
    return {change(name): content for name, content in parts().items()}


def replaced_in_all(old: str, new: str) -> Parts:
    """Change names and relationships alike."""
    return {
        name.replace(old, new): content.replace(old.encode(), new.encode())
        for name, content in parts().items()
    }


def at_the_root() -> Parts:
    return {
        "_rels/.rels": relationships(officeDocument="/book.xml").encode(),
        "_rels/book.xml.rels": relationships(
            worksheet_1="one.xml", styles="/looks.xml", sharedStrings="./texts.xml"
        ).encode(),
        "book.xml": parts()["xl/workbook.xml"],
        "one.xml": parts()["xl/worksheets/sheet1.xml"],
        "looks.xml": parts()["xl/styles.xml"],
        "texts.xml": parts()["xl/sharedStrings.xml"],
    }


def with_prefixes() -> Parts:
    """Write each element of the main namespace with a prefix."""
    changed = parts()
    for name in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/sharedStrings.xml"):
        text = re.sub(r"<(/?)(\w)", r"<\1x:\2", changed[name].decode())
        changed[name] = text.replace(MAIN, MAIN.replace("xmlns", "xmlns:x")).encode()
    return changed


@pytest.mark.parametrize(
    "parts",
    [
        renamed(lambda name: name.replace("/", "\\")),
        renamed(str.upper),
        renamed(lambda name: f"/{name}"),
        replaced_in_all("workbook.xml", "book2.xml"),
        replaced_in_all("sheet1.xml", "my%20sheet.xml"),
        replaced_in_all("worksheets/", "worksheets\\"),
        replaced_in_all(
            "http://schemas.openxmlformats.org/officeDocument/2006", "http://purl.oclc.org/ooxml"
        ),
        at_the_root(),
        with_prefixes(),
        {**parts(), "xl/worksheets/": b""},
    ],
    ids=[
        "backslashes",
        "capitals",
        "leading slash",
        "other name",
        "escaped space",
        "backslash in a target",
        "strict",
        "root",
        "prefixes",
        "folder",
    ],
)
def test_a_workbook_is_read_wherever_its_parts_are(parts: Parts) -> None:
    assert ids_of(packed(parts)) == IDS


def test_a_workbook_in_utf_16_is_read() -> None:
    changed = parts()
    for name in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
        text = '<?xml version="1.0" encoding="UTF-16"?>' + changed[name].decode()
        changed[name] = text.encode("utf-16")
    assert ids_of(packed(changed)) == IDS


def test_another_encoding_is_never_read_as_utf_8() -> None:
    changed = parts()
    strings = '<?xml version="1.0" encoding="ISO-8859-1"?>' + shared_strings("Kundenr", "Ã¥1")
    assert ids_of(packed({**changed, "xl/sharedStrings.xml": strings.encode("latin-1")})) == [
        "007"
    ]  # the damaged "Ã¥1" is refused; as UTF-8 it would be "å1"


def test_styles_and_texts_are_optional() -> None:
    rows = '<row r="1"><c r="A1" t="str"><v>Kundenr</v></c></row><row r="2"><c r="A2"><v>7</v></c></row>'
    with zipfile.ZipFile(io.BytesIO(raw_workbook(rows))) as book:
        kept = {
            name: book.read(name)
            for name in book.namelist()
            if name not in {"xl/styles.xml", "xl/sharedStrings.xml"}
        }
    kept["xl/_rels/workbook.xml.rels"] = relationships(worksheet_1="worksheets/sheet1.xml").encode()
    assert ids_of(packed(kept)) == ["7"]


def test_texts_and_formats_without_a_relationship_are_found_at_their_usual_place() -> None:
    relations = relationships(worksheet_1="worksheets/sheet1.xml").encode()
    assert ids_of(packed({**parts(), "xl/_rels/workbook.xml.rels": relations})) == IDS


def twice() -> bytes:
    """Make a workbook with two sheets of one name."""
    saved = io.BytesIO(DATA)
    with warnings.catch_warnings(), zipfile.ZipFile(saved, "a") as book:
        warnings.simplefilter("ignore")
        book.writestr("XL/worksheets/sheet1.xml", parts()["xl/worksheets/sheet1.xml"])
    return saved.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (packed({"a.csv": b"a1\nb2\n"}), FileProblem.KIND),
        (
            packed({"_rels/.rels": relationships(officeDocument="word/d.xml"), "word/d.xml": b"<document/>"}),
            FileProblem.KIND,
        ),
        (
            packed(
                {"_rels/.rels": relationships(officeDocument="xl/workbook.bin"), "xl/workbook.bin": b"\0"}
            ),
            FileProblem.OTHER_WORKBOOK,
        ),
        (packed({"mimetype": b"x", "content.xml": b"<x/>"}), FileProblem.OTHER_WORKBOOK),
        (packed({"Index/Document.iwa": b"\0"}), FileProblem.OTHER_WORKBOOK),
        (packed({**parts(), "xl/workbook.xml": f"<workbook {MAIN}/>"}), FileProblem.EMPTY),
        (
            packed({**parts(), "xl/workbook.xml": f"<!DOCTYPE x><workbook {MAIN} xmlns:r='{DOCUMENTS}'/>"}),
            FileProblem.BROKEN,
        ),
        (
            packed({name: content for name, content in parts().items() if "sheet1" not in name}),
            FileProblem.BROKEN,
        ),
        (twice(), FileProblem.BROKEN),
    ],
    ids=["zip", "document", "xlsb", "ods", "numbers", "no sheet", "entities", "missing part", "twice"],
)
def test_what_is_no_readable_workbook_says_why(data: bytes, why: FileProblem) -> None:
    assert answer_of(Content([data]), None, no_ids()) == {"kind": "bad", "why": why}
