import io
from datetime import UTC, datetime, time, timedelta
from typing import Any
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.customers.extraction import UniqueIds
from bot.domain.customers.uploads import FileProblem, FileRead, RowProblem
from bot.domain.ids import CustomerId
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.reader.__main__ import answer_of, read
from bot.spreadsheets.xlsx.sheet import read_pieces
from bot.spreadsheets.xlsx.strings import read_strings
from bot.spreadsheets.xlsx.table import sheet_table
from tests.spreadsheets.sample_files import (
    MAIN,
    bomb,
    locked,
    raw_workbook,
    replaced,
    shared_strings,
    workbook,
)
from tests.spreadsheets.test_csv_table import ids_of, no_ids
from tests.support.examples import many_examples

SHEET = "xl/worksheets/sheet1.xml"


def problem_of(data: bytes) -> FileProblem:
    return FileProblem(answer_of(Content([data]), None, no_ids())["why"])


def test_ids_are_read_from_a_workbook_with_a_preamble() -> None:
    rows: list[list[Any]] = [
        ["Utvalg høst"],
        [],
        ["Navn", "Kundenr"],
        ["Ann", "a1"],
        ["Bo", 1002],
        ["Cy", 1003.0],
    ]
    assert ids_of(workbook(rows)) == ["a1", "1002", "1003"]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (123456789012, "General"),
        (1.23457e11, "General"),
        (12.5, "General"),
        (1234567890123456, "0"),
        (1e300, "0"),
        (-0.5, "0.0"),
    ],
)
def test_a_number_that_excel_shortens_is_reported_by_its_row(value: float, form: str) -> None:
    found = read(Content([workbook([["Kundenr"], [1001], [value]], formats={"A3": form})]), None, no_ids())
    assert isinstance(found, FileRead)
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(3, RowProblem.SHORTENED)]


def test_a_long_number_that_excel_shows_whole_is_read() -> None:
    assert ids_of(workbook([["Kundenr"], [123456789012], ["123456789013"]], formats={"A2": "0"})) == [
        "123456789012",
        "123456789013",
    ]


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (123, "00000", "00123"),
        (123, '"K-"00000', "K-00123"),
        ("0123", '"K-"@', "K-0123"),
        (1001, "@", "1001"),
        ("a_x005F_x0041_", "General", "a_x0041_"),
        ("a1_x000D_", "General", "a1"),
    ],
)
def test_an_id_is_what_excel_shows(value: Any, form: str, shown: str) -> None:
    assert ids_of(workbook([["Kundenr"], [value], ["a"]], formats={"A2": form})) == [shown, "a"]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (123, "0.00E+00"),
        (123, "0.00"),
        (1234567, "#,##0"),
        (datetime(2026, 11, 29, tzinfo=UTC).replace(tzinfo=None), "mmm-yy"),
        (time(3, 4), "h:mm"),
        (timedelta(hours=30), "[h]:mm"),
        (True, "General"),
        ("a1", ";;;"),
        (123, '[<1000]"K-"0;0'),
    ],
)
def test_a_cell_that_shows_something_uncertain_is_named_and_gives_nothing(value: Any, form: str) -> None:
    data = workbook([["Kundenr"], ["a1"], [value], ["b2"]], formats={"A3": form})
    found = read(Content([data]), None, no_ids())
    assert isinstance(found, FileRead)
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(3, RowProblem.UNCERTAIN)]
    assert ids_of(data) == ["a1", "b2"]


def test_a_workbook_of_dates_says_what_to_do() -> None:
    assert problem_of(workbook([["Kundenr"], [True], [False]])) is FileProblem.UNCERTAIN


FORMATS = (
    "00000",
    "0",
    "General",
    "@",
    '"K-"000',
    '"K-"@',
    "0.00E+00",
    "#,##0",
    "yyyy-mm-dd",
    "[h]:mm",
    ";;;",
    "0;-0;;@",
    "_(* #,##0_);_(@_)",
)
STRINGS = (
    "a1",
    "00123",
    "x_x000D_",
    "_x005F_x0041_",
    "A & B <c>",
    "#N/A",
    "TRUE",
    "",
    "å 😀",
    "a\nb",
    "_xD83D_",
)
RICH = "<si><r><t>ri</t></r><r><rPr/><t>ch</t></r><rPh><t>reading</t></rPh></si>"
CONTENTS = st.sampled_from(
    ["", "0", "1", "12", "1001", "00123", "1001.0", "12.5", "1.0E3", "-7", "123456789012", "1E300", "46355"]
) | st.integers(-5, 10**16).map(str)


@st.composite
def cells(draw: st.DrawFn, reference: str) -> str:
    """Draw a cell as Excel writes it, or as other programs may."""
    style = draw(st.sampled_from(["", *(f' s="{at}"' for at in range(len(FORMATS) + 1)), ' s="99"']))
    kind = draw(st.sampled_from(["", "n", "s", "str", "inlineStr", "b", "e", "d", "x"]))
    content = draw(CONTENTS)
    formula = draw(st.sampled_from(["", "", "<f>1+1</f>", '<f t="shared" si="0"/>']))
    if kind == "s":
        content = str(draw(st.integers(0, len(STRINGS))))
    elif kind in {"str", "inlineStr"}:
        content = escape(draw(st.sampled_from(STRINGS)))
    elif kind == "e":
        content = draw(st.sampled_from(["#N/A", "#REF!", "#SPILL!"]))
    inner = draw(
        st.sampled_from(
            [f"{formula}<v>{content}</v>"] * 4
            + [
                f"{formula}<v/>",
                formula,
                f"<v><![CDATA[{content}]]></v>",
                f"<!-- <v>7</v> --><v>{content}</v>",
            ]
        )
    )
    if kind == "inlineStr":
        inner = draw(st.sampled_from([f"<is><t>{content}</t></is>", f"<is><r><t>{content}</t></r></is>"]))
    named = f' r="{reference}"' if reference else ""
    typed = f' t="{kind}"' if kind else ""
    opened = draw(st.sampled_from([f"<c{named}{style}{typed}"] * 4 + [f"<c{typed}{style}{named}"]))
    return opened + (f">{inner}</c>" if inner or draw(st.booleans()) else "/>")


@st.composite
def rows(draw: st.DrawFn) -> str:
    """Draw rows, some of which are missing or hidden, and some of which Excel would not write."""
    written = []
    for number in sorted(draw(st.sets(st.integers(1, 30), max_size=8))):
        columns = [letters for letters in ("A", "B", "D", "AB") if draw(st.booleans())]
        content = "".join(draw(cells(f"{letters}{number}")) for letters in columns)
        hidden = draw(
            st.sampled_from(
                [
                    "",
                    "",
                    ' spans="1:3" x14ac:dyDescent="0.25"',
                    ' hidden="1"',
                    ' ht="0"',
                    ' ht="0.5" hidden="0"',
                ]
            )
        )
        space = draw(st.sampled_from(["", "", "", "\n", "<!-- <row> -->"]))
        written.append(f'{space}<row r="{number}"{hidden}>{content}</row>')
    return "".join(written)


def answered(data: bytes, column: int, *, careful: bool) -> Any:
    """Read a column and its whole rows, or return the error."""
    try:
        table = sheet_table(data, careful=careful)
        return [
            (block.values, block.problems, block.rows()) for block in table.blocks(column, 1)
        ], table.head(10)
    except (FileError, ExpatError, ValueError, LookupError) as error:
        return type(error).__name__


@given(rows=rows(), column=st.integers(1, 5), strings=st.lists(st.sampled_from(STRINGS), min_size=12))
@many_examples(300)
def test_both_ways_of_reading_give_the_same(rows: str, column: int, strings: list[str]) -> None:
    data = raw_workbook(rows, formats=FORMATS, strings=shared_strings(*strings))
    assert answered(data, column, careful=False) == answered(data, column, careful=True)


class Slow(io.BytesIO):
    """A file that gives few bytes at once."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, 60))


def raw_cells(xml: bytes, *, careful: bool) -> Any:
    try:
        pieces = list(read_pieces(Slow(xml), careful=careful))
        return (
            [cell for piece in pieces for cell in piece.column(1)],
            [row for piece in pieces for row in piece.rows()],
            sorted(number for piece in pieces for number in piece.hidden),
        )
    except (FileError, ExpatError, ValueError) as error:
        return type(error).__name__


@given(rows=rows(), before=st.sampled_from(["", "<!-- <sheetData> -->", "<cols/>", "<!--<sheetData><row-->"]))
@many_examples(300)
def test_both_ways_agree_wherever_a_sheet_is_cut(rows: str, before: str) -> None:
    xml = f"<worksheet {MAIN}>{before}<sheetData>{rows}</sheetData></worksheet>".encode()
    assert raw_cells(xml, careful=False) == raw_cells(xml, careful=True)


@given(
    rows=rows(),
    at=st.integers(0, 2_000),
    noise=st.sampled_from(
        [b"", b"<", b">", b"&", b"&#49;", b"\x00", b"\xff", b"1", b"<!--", b"-->", b"]]>", b'"']
    ),
)
@many_examples(500)
def test_both_ways_agree_on_a_damaged_sheet(rows: str, at: int, noise: bytes) -> None:
    xml = f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>".encode()
    at %= len(xml)
    xml = xml[:at] + noise + xml[at + 1 :]
    assert raw_cells(xml, careful=False) == raw_cells(xml, careful=True)


@given(
    entries=st.lists(
        st.sampled_from(
            [*(f"<si><t>{escape(text)}</t></si>" for text in STRINGS), RICH, "<si/>", "<si><t/></si>"]
        )
    )
)
def test_both_ways_of_reading_texts_agree(entries: list[str]) -> None:
    xml = f"<sst {MAIN}>{''.join(entries)}</sst>".encode()
    assert read_strings(Slow(xml)) == read_strings(io.BytesIO(xml), careful=True)


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1))
)
@settings(max_examples=50, deadline=None)
def test_every_text_comes_back_as_it_was(texts: list[str]) -> None:
    safe = [text for text in texts if "_x" not in text and not text.startswith("=")]
    table = sheet_table(workbook([["Kundenr"], *([text] for text in safe)]))
    assert [value for block in table.blocks(1, 2) for value in block.values] == safe


def test_rich_text_is_joined_without_the_reading_of_japanese_signs() -> None:
    data = raw_workbook(
        '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row>',
        strings=f"<sst {MAIN}><si><t>Kundenr</t></si>{RICH}</sst>",
    )
    assert ids_of(data) == ["rich"]


def test_a_shared_text_is_shown_in_its_format_too() -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" s="1" t="s"><v>1</v></c></row>'
        '<row r="3"><c r="A3" s="2" t="s"><v>1</v></c></row>'
    )
    data = raw_workbook(rows, formats=['"K-"@', ";;;"], strings=shared_strings("Kundenr", "0123"))
    assert ids_of(data) == ["K-0123"]


@pytest.mark.parametrize("start", ["<!--", "<!-- <sheetData>", "<![CDATA[<sheetData>"])
def test_a_row_in_a_comment_is_no_row(start: str) -> None:
    end = "]]>" if "CDATA" in start else "-->"
    row = '<row r="1"><c r="A1"><v>666</v></c></row>'
    xml = f"<worksheet {MAIN}><sheetData>{start}{row}{end}</sheetData></worksheet>".encode()
    assert [piece.column(1) for piece in read_pieces(Slow(xml))] == []


def test_a_cell_of_another_row_is_damage_wherever_it_stands() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="3"><c r="A2"><v>2</v></c></row>'
    xml = f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>".encode()
    with pytest.raises(FileError):
        [piece.column(1) for piece in read_pieces(io.BytesIO(xml))]


def test_a_comment_is_none_wherever_a_sheet_is_cut() -> None:
    row, hidden = (f'<row r="{at}"><c r="A{at}"><v>{at * 111}</v></c></row>' for at in (1, 2))
    for length in range(120):
        rows = f"{row}<!--{' ' * length}</row>{hidden * 3}-->"
        xml = f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>".encode()
        cells = [cell for piece in read_pieces(Slow(xml)) for cell in piece.column(1)]
        assert cells == [(1, "", "", "111")]


def test_a_table_may_begin_anywhere() -> None:
    rows: list[list[Any]] = [
        [],
        [None, None, "Navn", "Kundenr"],
        [None, None, "Ann", "a1"],
        [],
        [None, None, None, 1002],
    ]
    data = workbook(rows)
    assert ids_of(data) == ["a1", "1002"]
    found = read(Content([data]), None, no_ids())
    assert isinstance(found, FileRead)
    assert (found.header, found.column.number) == (2, 4)


def test_rows_keep_their_numbers_in_a_long_sheet() -> None:
    many = 30_000
    rows: list[list[Any]] = [
        ["Kundenr"],
        *([f"c-{number}"] for number in range(many)),
        [123456789012],
        [123456789013],
        ["c-last"],
    ]
    data = workbook(rows, formats={f"A{many + 2}": "0"})
    found = read(Content([data]), None, no_ids())
    assert isinstance(found, FileRead)
    assert (found.found, [odd.row for odd in found.odd_rows]) == (many + 2, [many + 3])


def test_an_excel_error_is_reported_by_its_row() -> None:
    data = workbook([["Kundenr"], ["a1"], ["#N/A"], ["b2"]])
    found = read(Content([data]), None, no_ids())
    assert isinstance(found, FileRead)
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(3, RowProblem.ERROR)]


def test_a_distant_cell_takes_no_memory() -> None:
    data = workbook([["Kundenr"], ["a1"]], far="SZ30000")
    assert ids_of(data) == ["a1"]


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>2</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        '<row r="1"><c r="A2"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="3"><c r="A2"><v>2</v></c></row>',
        '<row r="2000000"><c r="A2000000"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>5</v></c></row>',
    ],
    ids=["order", "twice", "another row", "an earlier row", "too far", "no such text"],
)
def test_a_sheet_that_contradicts_itself_is_damaged(rows: str) -> None:
    assert problem_of(raw_workbook(rows)) is FileProblem.BROKEN


NUMBERS = (
    '<row r="1"><c r="A1" t="str"><v>Kundenr</v></c></row><row r="2"><c r="A2"><v>7</v></c></row>'
    '<row r="3"><c r="A3" t="str"><v>a1</v></c></row>'
)
RULE = "<conditionalFormatting><cfRule type='cellIs' dxfId='1' priority='1'/></conditionalFormatting>"
OTHER_RULE = RULE.replace("dxfId='1'", "dxfId='0'")
CHANGED = "<dxf><font/></dxf><dxf><numFmt numFmtId='201' formatCode='000'/></dxf>"


def test_a_condition_that_changes_how_numbers_are_shown_puts_them_in_doubt() -> None:
    assert ids_of(raw_workbook(NUMBERS, after=RULE, conditional=CHANGED)) == ["a1"]
    assert ids_of(raw_workbook(NUMBERS, after=OTHER_RULE, conditional=CHANGED)) == ["7", "a1"]
    assert ids_of(raw_workbook(NUMBERS, after=RULE, conditional=CHANGED.replace("numFmt", "fill"))) == [
        "7",
        "a1",
    ]


def test_a_value_below_a_merged_cell_is_not_seen_and_gives_nothing() -> None:
    assert ids_of(raw_workbook(NUMBERS, after="<mergeCells><mergeCell ref='A2:B3'/></mergeCells>")) == ["7"]
    assert ids_of(raw_workbook(NUMBERS, after="<mergeCells><mergeCell ref='B2:C3'/></mergeCells>")) == [
        "7",
        "a1",
    ]


def test_a_formula_without_a_result_is_named() -> None:
    rows = (
        '<row r="1"><c r="A1" t="str"><v>Kundenr</v></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f></c></row><row r="3"><c r="A3"><f>1+1</f><v>2</v></c></row>'
    )
    found = read(Content([raw_workbook(rows)]), None, no_ids())
    assert isinstance(found, FileRead)
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(2, RowProblem.EMPTY)]
    assert ids_of(raw_workbook(rows)) == ["2"]


def test_no_formula_is_run() -> None:
    ids: list[CustomerId] = []
    found = read(
        Content([workbook([["Kundenr", "Navn"], ["=1+1", "Ann"], ["a1", "Bo"]])]), None, UniqueIds(ids.extend)
    )
    assert isinstance(found, FileRead)
    assert ids == ["a1"]
    assert [(odd.row, odd.why) for odd in found.odd_rows] == [(2, RowProblem.EMPTY)]


def test_the_first_visible_of_several_sheets_is_read_and_named() -> None:
    found = read(Content([workbook([["Kundenr"], ["a1"]], sheets=["Annet"])]), None, no_ids())
    assert isinstance(found, FileRead)
    assert found.sheet == "Sheet"


def test_a_sheet_that_claims_to_be_huge_is_read_as_it_is() -> None:
    honest = workbook([["Kundenr"], ["a1"]])
    lie = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<dimension ref="A1:XFD1048576"/><sheetData>'
    )
    rows = (
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>Kundenr</t></is></c></row>'
        b'<row r="30000"><c r="A30000"><v>7</v></c></row>'
    )
    assert ids_of(replaced(honest, SHEET, lie + rows + b"</sheetData></worksheet>")) == ["7"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (workbook([["Kundenr"], ["a1"]])[:-200], FileProblem.BROKEN),
        (workbook([["Kundenr"], ["a1"]])[:100], FileProblem.BROKEN),
        (replaced(workbook([["Kundenr"]]), SHEET, b"<worksheet"), FileProblem.BROKEN),
        (
            replaced(
                workbook([["Kundenr"]]),
                SHEET,
                b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
            ),
            FileProblem.BROKEN,
        ),
        (locked(), FileProblem.ENCRYPTED),
        (workbook([]), FileProblem.EMPTY),
    ],
    ids=["cut off", "cut off early", "no XML", "entities", "password", "empty"],
)
def test_an_unreadable_workbook_has_a_reason(data: bytes, why: FileProblem) -> None:
    assert problem_of(data) is why


def test_a_bomb_is_not_unpacked() -> None:
    assert problem_of(bomb()) is FileProblem.BOMB


def test_another_zip_file_is_broken() -> None:
    assert problem_of(b"PK\x03\x04" + openpyxl.__version__.encode()) is FileProblem.BROKEN
