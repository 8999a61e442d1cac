"""Line 17: workbooks that Excel opens are read, wherever their parts are; others say why not."""

from functools import partial

from bot.domain.customers.uploads import FileProblem
from tests.corpus.case import Case
from tests.corpus.workbooks import Cell, book
from tests.spreadsheets.sample_files import (
    bomb,
    locked,
    packed,
    raw_workbook,
    relationships,
    replaced,
    unpacked,
    workbook,
)

BOOK = book(["Kundenr", "Navn"], [Cell(7, "000"), "Kari"], ["k-2", "Ola"])
IDS = ["007", "k-2"]
PARTS = unpacked(BOOK)


def renamed(old: str, new: str) -> bytes:
    """Rename parts, and what refers to them."""
    return packed(
        {
            name.replace(old, new): content.replace(old.encode(), new.encode())
            for name, content in PARTS.items()
        }
    )


CASES = [
    Case(
        "a workbook of openpyxl",
        partial(workbook, [["Kundenr"], ["k-1"], [1002]]),
        ids=["k-1", "1002"],
        why="What most programs in Python write.",
    ),
    Case(
        "backslashes in names",
        packed({name.replace("/", "\\"): content for name, content in PARTS.items()}),
        ids=IDS,
        why="Some programs of Windows write them.",
    ),
    Case(
        "other capitals",
        packed({name.upper(): content for name, content in PARTS.items()}),
        ids=IDS,
        why="Excel does not mind case.",
    ),
    Case(
        "another name of the main part",
        renamed("workbook.xml", "kunder.xml"),
        ids=IDS,
        why="The relationship says where it is.",
    ),
    Case(
        "a space in a name",
        renamed("sheet1.xml", "ark%201.xml"),
        ids=IDS,
        why="Names are escaped in relationships.",
    ),
    Case(
        "parts at the root",
        packed(
            {
                "_rels/.rels": relationships(officeDocument="/bok.xml"),
                "_rels/bok.xml.rels": relationships(
                    worksheet_1="ark.xml", styles="stil.xml", sharedStrings="tekst.xml"
                ),
                "bok.xml": PARTS["xl/workbook.xml"],
                "ark.xml": PARTS["xl/worksheets/sheet1.xml"],
                "stil.xml": PARTS["xl/styles.xml"],
                "tekst.xml": PARTS["xl/sharedStrings.xml"],
            }
        ),
        ids=IDS,
        why="There is no folder xl.",
    ),
    Case(
        "a sheet in UTF-16",
        replaced(
            BOOK,
            "xl/worksheets/sheet1.xml",
            ('<?xml version="1.0" encoding="UTF-16"?>' + PARTS["xl/worksheets/sheet1.xml"].decode()).encode(
                "utf-16"
            ),
        ),
        ids=IDS,
        why="XML may have any encoding that it names.",
    ),
    Case(
        "single quotes in the XML",
        replaced(BOOK, "xl/worksheets/sheet1.xml", PARTS["xl/worksheets/sheet1.xml"].replace(b'"', b"'")),
        ids=IDS,
        why="XML allows both.",
    ),
    Case(
        "cells without references",
        raw_workbook('<row><c t="str"><v>Kundenr</v></c></row><row><c><v>7</v></c></row>'),
        ids=["7"],
        why="Rows and cells then count from the one before.",
    ),
    Case(
        "a workbook without a sheet",
        replaced(BOOK, "xl/workbook.xml", PARTS["xl/workbook.xml"].split(b"<sheets>")[0] + b"</workbook>"),
        refused=FileProblem.EMPTY,
        why="It has nothing to read.",
    ),
    Case(
        "a missing sheet",
        packed({name: content for name, content in PARTS.items() if "sheet1" not in name}),
        refused=FileProblem.BROKEN,
        why="The package is damaged.",
    ),
    Case(
        "a workbook that is cut off", BOOK[:-100], refused=FileProblem.BROKEN, why="The upload was cut off."
    ),
    Case(
        "rows out of order",
        raw_workbook('<row r="3"><c r="A3"><v>3</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'),
        refused=FileProblem.BROKEN,
        why="Excel repairs such a file; the bot does not guess.",
    ),
    Case(
        "a cell twice",
        raw_workbook('<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>'),
        refused=FileProblem.BROKEN,
        why="Nobody knows which of the two it is.",
    ),
    Case(
        "a document type",
        replaced(BOOK, "xl/workbook.xml", b"<!DOCTYPE x>" + PARTS["xl/workbook.xml"]),
        refused=FileProblem.BROKEN,
        why="It could declare entities that grow without end.",
    ),
    Case(
        "a text document",
        packed(
            {
                "_rels/.rels": relationships(officeDocument="word/document.xml"),
                "word/document.xml": "<document/>",
            }
        ),
        refused=FileProblem.KIND,
        why="A list in Word is no workbook.",
    ),
    Case(
        "a binary workbook",
        packed({"_rels/.rels": relationships(officeDocument="xl/workbook.bin"), "xl/workbook.bin": b"\x83"}),
        refused=FileProblem.OTHER_WORKBOOK,
        why="XLSB is another format.",
    ),
    Case(
        "a workbook of LibreOffice",
        packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"}),
        refused=FileProblem.OTHER_WORKBOOK,
        why="ODS is another format.",
    ),
    Case("a workbook with a password", locked(), refused=FileProblem.ENCRYPTED, why="Nobody can read it."),
    Case(
        "a workbook that unpacks to gigabytes",
        bomb,
        refused=FileProblem.BOMB,
        why="It would fill the memory.",
    ),
]
