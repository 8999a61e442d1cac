"""Line 3: a cell means what Excel shows in it; where that is not certain, its row is refused."""

from datetime import UTC, datetime
from functools import partial

from bot.domain.customers.uploads import FileProblem, RowProblem
from tests.corpus.case import Case
from tests.corpus.workbooks import Cell, book, one_column
from tests.spreadsheets.sample_files import raw_workbook, shared_strings, workbook

UNCERTAIN = {3: RowProblem.UNCERTAIN}
"""The second id, in row 3, is refused."""


def beside(value: str | float | Cell) -> bytes:
    """Make a column of ids in which this value is the second of three."""
    return one_column("a1", value, "b2")


CASES = [
    Case(
        "a format with leading zeros",
        one_column(Cell(42, "000000"), Cell(1234567, "000000")),
        ids=["000042", "1234567"],
        why="Excel shows 000042; a longer number is shown whole.",
    ),
    Case(
        "a format with a prefix",
        one_column(Cell(7, '"MED-"0000')),
        ids=["MED-0007"],
        why="People see the prefix, and copy it.",
    ),
    Case(
        "an escaped letter in a format",
        one_column(Cell(7, r"\M0000")),
        ids=["M0007"],
        why="A backslash shows the next letter as it is.",
    ),
    Case(
        "a dash between digits",
        one_column(Cell(47111234, "0000-0000")),
        ids=["4711-1234"],
        why="The dash is shown, and all digits have a place.",
    ),
    Case(
        "a colour and a language in a format",
        one_column(Cell(88, "[Red][$-414]00000")),
        ids=["00088"],
        why="They change no digit.",
    ),
    Case(
        "a number in a cell formatted as text",
        one_column(Cell(4711, "@")),
        ids=["4711"],
        why="Excel shows its digits.",
    ),
    Case(
        "a text in a cell formatted for numbers",
        one_column(Cell("0K12", "00000", kind="str")),
        ids=["0K12"],
        why="A format of numbers leaves texts as they are.",
    ),
    Case(
        "a text with a prefix from its format",
        one_column(Cell("0123", '"NO-"@', kind="str")),
        ids=["NO-0123"],
        why="The format adds the prefix to texts.",
    ),
    Case("a text with leading zeros", one_column("00123"), ids=["00123"], why="A text keeps its zeros."),
    Case(
        "a formula with a result",
        one_column(Cell("k-7", kind="str", formula='"k-"&7'), Cell(8, formula="4+4")),
        ids=["k-7", "8"],
        why="Excel shows the result that is saved beside the formula.",
    ),
    Case(
        "a formula without a result",
        beside(Cell("", formula="A2&1")),
        ids=["a1", "b2"],
        named={3: RowProblem.EMPTY},
        why="The bot calculates nothing, so nobody knows what Excel will show.",
    ),
    Case(
        "twelve digits without a format",
        beside(Cell(123456789012)),
        ids=["a1", "b2"],
        named={3: RowProblem.SHORTENED},
        why="Excel shows 1.23457E+11: the person never saw the digits.",
    ),
    Case(
        "twelve digits in a format of digits",
        beside(Cell(123456789012, "0")),
        ids=["a1", "123456789012", "b2"],
        why="With this format Excel shows all digits.",
    ),
    Case(
        "sixteen digits",
        beside(Cell("4111111111111111", "0")),
        ids=["a1", "b2"],
        named={3: RowProblem.SHORTENED},
        why="Excel keeps fifteen digits, so the last one is made up.",
    ),
    Case(
        "a fraction without decimals shown",
        beside(Cell(1001.4, "0")),
        ids=["a1", "b2"],
        named={3: RowProblem.SHORTENED},
        why="Excel shows 1001, but that is rounded.",
    ),
    Case(
        "a number in scientific notation",
        beside(Cell(1001, "0.00E+00")),
        why="Excel shows 1.00E+03.",
        ids=["a1", "b2"],
        named=UNCERTAIN,
    ),
    Case(
        "a number with decimals",
        beside(Cell(1001, "0.00")),
        why="Excel shows 1001.00 or 1001,00.",
        ids=["a1", "b2"],
        named=UNCERTAIN,
    ),
    Case(
        "a number with thousands separators",
        beside(Cell(1234567, "#,##0")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="Which separator Excel shows depends on the person's language.",
    ),
    Case(
        "a number with spaces between its digits",
        beside(Cell(12345678, "00 00 00 00")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="12 34 56 78 looks like a telephone number; the id behind it is a guess.",
    ),
    Case(
        "a percentage",
        beside(Cell(12, "0%")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="Excel shows 1200%.",
    ),
    Case(
        "a fraction",
        beside(Cell(12, "# ?/?")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="Nobody's id is a fraction.",
    ),
    Case(
        "an amount of money",
        beside(Cell(1001, '0" kr"')),
        ids=["a1", "b2"],
        named={3: RowProblem.FORMATTED},
        why="Excel shows 1001 kr: an amount and no id.",
    ),
    Case(
        "a negative number",
        beside(-77),
        ids=["a1", "b2"],
        named={3: RowProblem.FORMATTED},
        why="A minus is no part of an id.",
    ),
    Case(
        "a date",
        beside(Cell(46355, "dd\\.mm\\.yyyy")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="Excel made a date of what may have been an id such as 29-11.",
    ),
    Case(
        "a date in one of Excel's own formats",
        partial(
            workbook,
            [["Kundenr"], ["a1"], [datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None)], ["b2"]],
            formats={"A3": "mm-dd-yy"},
        ),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="How this format looks depends on the language.",
    ),
    Case("a time", beside(Cell(0.5, "hh:mm")), ids=["a1", "b2"], named=UNCERTAIN, why="Excel shows 12:00."),
    Case(
        "hours beyond a day",
        beside(Cell(2, "[h]:mm:ss")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="Excel shows 48:00:00.",
    ),
    Case(
        "a truth value",
        beside(Cell(1, kind="b")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="Excel shows TRUE or SANN, by language.",
    ),
    Case(
        "an error of a look-up",
        beside(Cell("#N/A", kind="e", formula="VLOOKUP(A1,B:B,1)")),
        ids=["a1", "b2"],
        named={3: RowProblem.ERROR},
        why="The look-up found no customer.",
    ),
    Case(
        "an error as a text",
        beside("#VERDI!"),
        ids=["a1", "b2"],
        named={3: RowProblem.ERROR},
        why="Pasted as values, an error is a text in the language of Excel.",
    ),
    Case(
        "a format that hides everything",
        beside(Cell("x9", ";;;", kind="str")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="Excel shows an empty cell: nobody sees this id.",
    ),
    Case(
        "a format that hides zero",
        beside(Cell(0, "0;-0;")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="Excel shows an empty cell.",
    ),
    Case(
        "a format with a condition",
        beside(Cell(7, '[<100]"ny-"0;0')),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="The bot does not evaluate conditions.",
    ),
    Case(
        "a format that the file does not have",
        raw_workbook('<row r="1"><c r="A1" s="9"><v>7</v></c></row>'),
        refused=FileProblem.UNCERTAIN,
        why="Style 9 does not exist, so nobody knows what is shown.",
    ),
    Case(
        "conditional formatting that changes numbers",
        book(
            ["Kundenr"],
            [7],
            ["a1"],
            after='<conditionalFormatting><cfRule type="cellIs" dxfId="0"/></conditionalFormatting>',
            conditional='<dxf><numFmt numFmtId="300" formatCode="&quot;X&quot;0"/></dxf>',
        ),
        ids=["a1"],
        named={2: RowProblem.UNCERTAIN},
        why="The condition may put an X before the number.",
    ),
    Case(
        "a cell covered by a merged one",
        book(
            ["Kundenr", "Navn"],
            ["a1", "Ann"],
            ["x9", "Bo"],
            after='<mergeCells><mergeCell ref="A2:A3"/></mergeCells>',
        ),
        ids=["a1"],
        named=UNCERTAIN,
        why="Excel shows only the first cell of a merged range; x9 is left over below it.",
    ),
    Case(
        "line ends escaped by Excel",
        one_column("k-1_x000D_", "_x0009_k-2"),
        ids=["k-1", "k-2"],
        why="_x000D_ stands for a carriage return, which nobody sees.",
    ),
    Case(
        "an id that looks like an escape",
        one_column("_x005F_x0042_7"),
        ids=["_x0042_7"],
        why="Excel writes _x005F_ for an underscore that begins no escape.",
    ),
    Case(
        "an escaped letter inside an id",
        one_column("k_x0041_7"),
        ids=["kA7"],
        why="Excel shows kA7.",
    ),
    Case(
        "shared texts in pieces",
        raw_workbook(
            '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row>',
            strings=shared_strings("Kundenr", "@").replace("<t>@</t>", "<r><t>med</t></r><r><t>-41</t></r>"),
        ),
        ids=["med-41"],
        why="Half of the id is bold; it is still one id.",
    ),
    Case(
        "numbers written with a point and an exponent",
        one_column(Cell("1001.0"), Cell("1.002E3")),
        ids=["1001", "1002"],
        why="Excel shows 1001 and 1002, however a program wrote them.",
    ),
    Case(
        "a workbook of dates alone",
        one_column(Cell(46355, "d.m.yyyy"), Cell(46356, "d.m.yyyy")),
        refused=FileProblem.UNCERTAIN,
        why="No row has an id; the sentence says to format the column as text.",
    ),
    Case(
        "a workbook of long numbers alone",
        one_column(123456789012, 123456789013),
        refused=FileProblem.SHORTENED,
        why="All ids are shown as 1.23457E+11.",
    ),
    Case(
        "a text with an escaped zero-width space",
        beside("k_x200B_7"),
        ids=["a1", "b2"],
        named={3: RowProblem.HIDDEN},
        why="Nobody sees it, and it makes another id.",
    ),
    Case(
        "an escaped star",
        beside("_x002A_"),
        ids=["a1", "b2"],
        named={3: RowProblem.RESERVED},
        why="It stands for *, which means everyone.",
    ),
    Case(
        "digits quoted in a format",
        one_column(Cell(12, '"20"000')),
        ids=["20012"],
        why="Excel shows the quoted digits like any other.",
    ),
    Case(
        "a question mark in a format",
        beside(Cell(7, "???0")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="It stands for a space as wide as a digit.",
    ),
    Case(
        "an own format for negative numbers",
        one_column(Cell(-7, '0;"N"0')),
        ids=["N7"],
        why="Excel shows N7, without a minus.",
    ),
    Case(
        "a text that is a date",
        beside(Cell("2026-03-02T00:00:00", kind="d")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="A cell of the type date.",
    ),
    Case(
        "a link with a text",
        one_column(Cell("1001", kind="str", formula='HYPERLINK("https://x.example/7","1001")')),
        ids=["1001"],
        why="Excel shows the text of the link.",
    ),
    Case(
        "a number that is no number",
        beside(Cell("0x10")),
        ids=["a1", "b2"],
        named=UNCERTAIN,
        why="Excel would call the file damaged.",
    ),
]
