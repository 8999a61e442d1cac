"""Good files are damaged at random: the same ids come out, or the damage is named; never another id.

Only damage that a reader can notice is tried. A digit that became another digit, or a line end that got lost
between two ids of a list, makes another id that looks as good: the review shows the first ids and the last
for that. So letters and digits are never changed inside an id; signs that no id has are put there instead.

A usual run tries 200 mutants of each kind, always the same ones. To try more and others, set how many:
`MUTANTS=9000 pytest -n0 tests/corpus/test_mutants.py --hypothesis-profile=explore`
With `--hypothesis-show-statistics` it tells how many were named, asked about or refused.
"""

import os
from codecs import BOM_UTF8, BOM_UTF16_LE
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.spreadsheets.detection import ZIP
from tests.corpus.good_files import Text, Workbook, lists, tables, workbooks
from tests.corpus.reading import Outcome, read_file, read_text
from tests.corpus.workbooks import HIDDEN, Cell, Row, Sheet, Value, book
from tests.spreadsheets.sample_files import packed, unpacked

many = settings(max_examples=int(os.environ.get("MUTANTS", "80")), database=None)

NO_ID = ('"', "<", ">", "\\", "[", "?", "\x07", "\u200b", "\ufffd", "Ã¥", "&nbsp;", "、", "−")
"""What no id has: quotes, brackets, controls, entities, wide signs, and letters that were lost or damaged."""
MARKS = {"utf-8-sig": (BOM_UTF8, "utf-8"), "utf-16": (BOM_UTF16_LE, "utf-16-le")}
"""Encodings with a mark at the start of the file."""
Edit = tuple[int, str, bytes]
"""Where, how (insert, replace, delete) and what."""
EDITS = st.tuples(
    st.integers(0, 10_000),
    st.sampled_from(["insert", "replace", "delete"]),
    st.binary(min_size=1, max_size=1),
)


def check(found: Outcome, ids: Sequence[str], *, may_be_shorter: bool = False) -> None:
    """No id is another one, and none is missing without a word."""
    assert set(found.ids) <= set(ids)
    is_whole = list(found.ids) == list(dict.fromkeys(ids))
    told = {"refused": found.refused, "asked": found.asked or found.asked_hidden, "rows named": found.named}
    event("the same ids" if is_whole else next((how for how, is_so in told.items() if is_so), "cut off"))
    assert is_whole or may_be_shorter or not found.is_silent


def edited(data: bytes, edit: Edit, fixed: Sequence[bytes]) -> bytes:
    """Edit a byte, but none of these values, and insert nothing at their end."""
    at, how, byte = edit
    at %= len(data)
    end = at + (how != "insert")
    if any(value in data[max(end - len(value), 0) : at + len(value)] for value in fixed):
        return data
    return data[:at] + (b"" if how == "delete" else byte) + data[end:]


@given(text=tables(), edits=st.lists(EDITS, min_size=1, max_size=4))
@many
def test_damaged_bytes_beside_ids_are_named_or_harmless(text: Text, edits: list[Edit]) -> None:
    """At most one edit in two lines: two in one row could move its cells and put them back.

    The line of names keeps its separators and its end, and gets no digit: it would look like a row. The last
    line has no end that could become a part of its id.
    """
    mark, encoding = MARKS.get(text.encoding, (b"", text.encoding))
    *lines, last = [line.encode(encoding) for line in text.lines]
    lines.append(last.removesuffix(text.line_end.encode(encoding)))
    for at, edit in {edit[0] % len(lines) // 2 * 2: edit for edit in edits}.items():
        if at == 0 and edit[2].isdigit():
            continue
        fixed = [text.cell(value) for value in text.ids] if at else [text.separator, text.line_end, '"']
        if text.encoding == "utf-16" or text.line_end == "\r\n":
            fixed = [*fixed, text.separator, text.line_end]
        lines[at] = edited(lines[at], edit, [value.encode(encoding) for value in fixed])
        if text.encoding == "utf-16":
            break
    check(read_file(mark + b"".join(lines)), text.ids)


@given(
    text=st.one_of(lists(), tables()),
    row=st.integers(1, 4),
    at=st.integers(0, 8),
    sign=st.sampled_from(NO_ID),
)
@many
def test_an_id_with_a_sign_that_no_id_has_is_named(text: Text, row: int, at: int, sign: str) -> None:
    one = text.ids[row - 1]
    lines = text.lines
    lines[row] = lines[row].replace(one, one[:at] + sign + one[at:])
    ids = [*text.ids[: row - 1], *text.ids[row:]]
    for found in (read_file("".join(lines).encode()), read_text("".join(lines))):
        check(found, text.ids)
        assert one in found.ids or list(found.ids) == ids or found.refused or found.asked


DAMAGED_ROWS: dict[str, Callable[[Text, int], list[str]]] = {
    "no name": lambda text, row: [text.line(_without(text.rows[row], text.id_at != 1))],
    "no place": lambda text, row: [text.line(_without(text.rows[row], 2 if text.id_at != 2 else 1))],
    "no id": lambda text, row: [text.line(_without(text.rows[row], text.id_at))],
    "an empty id": lambda text, row: [text.lines[row].replace(text.rows[row][text.id_at], "")],
    "an empty row": lambda text, row: [text.line_end, text.lines[row]],
    "a row of empty cells": lambda text, row: [text.separator * 2 + text.line_end, text.lines[row]],
    "cells behind": lambda text, row: [text.line([*text.rows[row], "x", "7"])],
    "the row twice": lambda text, row: [text.lines[row]] * 2,
    "the names again": lambda text, row: [text.lines[0], text.lines[row]],
    "no line end": lambda text, row: [text.lines[row].removesuffix(text.line_end)],
    "a total": lambda text, row: [text.lines[row], text.line(["Total", "Total", "Total"])],
    "a word for nothing": lambda text, row: [text.lines[row], text.line(["NULL", "NULL", "NULL"])],
    "an open quote": lambda text, row: [f'"{text.lines[row]}'],
    "a quoted row": lambda text, row: [f'"{text.lines[row].strip()}"{text.line_end}'],
    "a line end in a name": lambda text, row: [text.lines[row].replace(" ", text.line_end)],
    "another separator": lambda text, row: [text.lines[row].replace(text.separator, "^")],
    "text behind a quoted id": lambda text, row: [_with_id(text, row, '"{}"a')],
    "a name behind an id": lambda text, row: [_with_id(text, row, "{}/Kari")],
    "an entity behind an id": lambda text, row: [_with_id(text, row, "{}&nbsp;")],
    "emphasis": lambda text, row: [_with_id(text, row, "_{}_")],
    "shown as code": lambda text, row: [f"<tr>{text.lines[row].strip()}</tr>{text.line_end}"],
    "a damaged letter": lambda text, row: [text.lines[row].encode().decode("cp1252", errors="replace")],
}


def _without(row: Sequence[str], at: int) -> list[str]:
    return [*row[:at], *row[at + 1 :]]


def _with_id(text: Text, row: int, form: str) -> str:
    one = text.ids[row - 1]
    return text.lines[row].replace(one, form.format(one))


@given(text=tables(), row=st.integers(1, 4), how=st.sampled_from(sorted(DAMAGED_ROWS)))
@many
def test_a_damaged_row_is_named_or_harmless(text: Text, row: int, how: str) -> None:
    lines = text.lines
    lines[row : row + 1] = DAMAGED_ROWS[how](text, row)
    check(read_file("".join(lines).encode()), text.ids)
    check(read_text("".join(lines)), text.ids)


WRONG = [
    *(
        ([misread] * times, encoding)
        for misread in ("utf-8", "cp1252", "latin-1")
        for times in (1, 2)
        for encoding in ("utf-8", "cp1252", "utf-16")
    ),
    ([], "cp865"),
    ([], "mac_roman"),
]
"""How a program misreads a text, and how it then writes it."""


@given(text=st.one_of(lists(), tables()), wrong=st.sampled_from(WRONG))
@many
def test_a_wrong_encoding_gives_no_other_id(text: Text, wrong: tuple[Sequence[str], str]) -> None:
    misread, encoding = wrong
    lines = "".join(text.lines)
    for each in misread:
        lines = lines.encode(text.encoding, errors="replace").decode(each, errors="replace")
    check(read_file(lines.encode(encoding, errors="replace")), text.ids)


@given(text=tables(), at=st.integers(0, 10_000))
@many
def test_a_table_that_is_cut_off_gives_no_other_id(text: Text, at: int) -> None:
    """Rows behind the cut are gone without a trace; what is left gives no other id."""
    header, *rows = text.lines
    written = "".join(rows)
    at %= len(written)
    end = max((written.find(one) + len(one) for one in text.ids if written.find(one) < at), default=0)
    left = header + written[: max(at, end)]
    check(read_text(left), text.ids, may_be_shorter=True)
    check(read_file(left.encode(text.encoding)), text.ids, may_be_shorter=True)


@given(workbook=workbooks(), edits=st.lists(EDITS, min_size=1, max_size=3))
@many
def test_a_workbook_with_damaged_bytes_gives_no_other_id(workbook: Workbook, edits: list[Edit]) -> None:
    data = workbook.data()
    for edit in edits:
        data = edited(data, edit, ())
    check(read_file(data), workbook.ids)


@given(workbook=workbooks(), at=st.integers(0, 10_000))
@many
def test_a_workbook_that_is_cut_off_is_refused(workbook: Workbook, at: int) -> None:
    data = workbook.data()
    found = read_file(data[: max(at % len(data), len(ZIP))])
    check(found, workbook.ids)
    assert found.refused


@given(workbook=workbooks(), part=st.integers(0, 5), edit=EDITS)
@many
def test_damaged_xml_is_named_refused_or_harmless(workbook: Workbook, part: int, edit: Edit) -> None:
    parts = unpacked(workbook.data())
    name = sorted(parts)[part % len(parts)]
    parts[name] = edited(parts[name], edit, [one.encode() for one in ("Kundenr", *workbook.ids)])
    check(read_file(packed(parts)), workbook.ids)


DOUBTFUL_FORMATS = (
    *("0.00", "#,##0", "# ##0", "0%", "0.0E+00", "dd.mm.yyyy", "hh:mm", "[>9]0", "?0", '0" kr"', "[$kr] 0"),
)
"""What Excel shows in them is no id, or not certain."""


def _in_format(form: str, one: str) -> tuple[Value, str | None]:
    return Cell(one, form), None


Damage = Callable[[str], tuple[Value, str | None]]
"""What becomes of a cell with an id, and which id is shown then; None if its row has to be named."""
DAMAGED_CELLS: dict[str, Damage] = {
    "a result of a formula": lambda one: (Cell(one, kind="str", formula="A1"), one),
    "no result of a formula": lambda _: (Cell("", formula="A1"), None),
    "an error": lambda _: (Cell("#REF!", kind="e"), None),
    "a truth value": lambda _: (Cell(1, kind="b"), None),
    "a moment": lambda one: (Cell(one, kind="d"), None),
    "an unknown type": lambda one: (Cell(one, kind="z"), None),
    "no cell": lambda _: (None, None),
    "a line end behind": lambda one: (f"{one}_x000D_", one),
    "a line end inside": lambda one: (f"{one[:3]}_x000A_{one[3:]}", None),
    "a hidden sign inside": lambda one: (f"{one[:3]}_x200B_{one[3:]}", None),
    "escaped letters": lambda one: ("".join(f"_x{ord(letter):04X}_" for letter in one), one),
    "spaces around": lambda one: (f" {one}\u00a0", one),
    "an apostrophe": lambda one: (f"'{one}", one),
    "a prefix by its format": lambda one: (Cell(one, '"NO-"@', kind="str"), f"NO-{one}"),
    "hidden by its format": lambda one: (Cell(one, ";;;", kind="str"), None),
    "two ids": lambda one: (f"{one};{one}", None),
    "a number behind a word": lambda one: (f"Kundenr {one}", None),
}
DAMAGED_NUMBERS: dict[str, Damage] = {
    "as text": lambda one: (one, one),
    "in a format of texts": lambda one: (Cell(one, "@"), one),
    "with a zero": lambda one: (Cell(one, "0000000"), f"0{one}"),
    "with a letter": lambda one: (Cell(one, r"\K0"), f"K{one}"),
    "with a dash": lambda one: (Cell(one, "000-000"), f"{one[:3]}-{one[3:]}"),
    "as a float": lambda one: (Cell(f"{one}.0"), one),
    "as a fraction": lambda one: (Cell(f"{one}.5"), None),
    "too long": lambda one: (Cell(f"{one}{one}"), None),
    **{f"in the format {form}": partial(_in_format, form) for form in DOUBTFUL_FORMATS},
}


@given(workbook=workbooks(), damaged=st.dictionaries(st.integers(1, 4), st.integers(0, 10_000), min_size=1))
@many
def test_a_damaged_cell_is_read_as_excel_shows_it_or_named(
    workbook: Workbook, damaged: dict[int, int]
) -> None:
    """Each row shows what Excel shows, or is named."""
    rows, ids = list(workbook.rows), dict(enumerate(workbook.ids, start=1))
    named = set[int]()
    for row, number in damaged.items():
        kinds = {**DAMAGED_CELLS, **(DAMAGED_NUMBERS if ids[row].isdecimal() else {})}
        value, shown = kinds[sorted(kinds)[number % len(kinds)]](ids[row])
        rows[row] = [rows[row][0], value, rows[row][2]]
        if shown is None:
            named.add(row + 1)
            del ids[row]
        else:
            ids[row] = shown
    found = read_file(book(*rows))
    check(found, list(ids.values()))
    assert found.refused or (list(found.ids), set(found.named)) == (list(ids.values()), named)


OTHER = Sheet("Annet", (["Kundenr"], ["x-1"], ["x-2"]))
DAMAGED_BOOKS: dict[str, Callable[[Sequence[Row]], bytes]] = {
    "a hidden row": lambda rows: book(*rows, drawn={3: HIDDEN}),
    "a flat row": lambda rows: book(*rows, drawn={2: ' ht="0"'}),
    "a hidden column": lambda rows: book(*rows, hidden_columns={2}),
    "a hidden sheet": lambda rows: book(*rows, state="hidden"),
    "another list": lambda rows: book(*rows, sheets=[OTHER]),
    "another list first": lambda rows: book(*OTHER.rows, sheets=[Sheet("Liste", rows)]),
    "a hidden list": lambda rows: book(*rows, sheets=[replace(OTHER, state="hidden")]),
    "a list in a hidden sheet": lambda rows: book(["Notat"], sheets=[Sheet("Liste", rows, "veryHidden")]),
    "no names": lambda rows: book(*rows[1:]),
    "other names": lambda rows: book(["a", "b", "c"], *rows[1:]),
    "two known names": lambda rows: book(["customer_id", "Kundenr", "Sted"], *rows[1:]),
    "merged cells": lambda rows: book(*rows, after='<mergeCells><mergeCell ref="B2:B3"/></mergeCells>'),
}


@given(workbook=workbooks(), how=st.sampled_from(sorted(DAMAGED_BOOKS)))
@many
def test_what_a_workbook_hides_or_has_twice_is_told(workbook: Workbook, how: str) -> None:
    found = read_file(DAMAGED_BOOKS[how](workbook.rows))
    check(found, workbook.ids)
    assert not found.is_silent or how == "no names"
