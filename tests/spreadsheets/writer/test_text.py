"""A text comes back in its own format, and no cell of it is a formula, in whatever way it is split."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.customers.separators import SEPARATORS
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.csv_table import TextTable
from bot.spreadsheets.writer.text import TextFormat
from tests.support.lists import CELLS, is_formula

BOM = "\ufeff"


def format_of(data: bytes, name: str = "vip.csv") -> TextFormat:
    content = Content([data])
    return TextFormat.of(TextTable(content), content.start, name)


def written(form: TextFormat, *rows: list[str]) -> bytes:
    return b"".join(form.pieces(rows))


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        *[("utf-8", ""), ("utf-8", BOM), ("cp1252", "")],
        *[("utf-16-le", ""), ("utf-16-le", BOM), ("utf-16-be", ""), ("utf-16-be", BOM)],
    ],
)
def test_a_text_keeps_its_separator_encoding_and_mark(separator: str, encoding: str, mark: str) -> None:
    row = ["Kundenr", "Blåbær", "Ort"]
    data = f"{mark}{separator.join(row)}\r\n".encode(encoding)
    assert written(format_of(data), row) == data


def test_a_text_that_names_its_separator_still_does() -> None:
    assert written(format_of(b"sep=|\r\nid|name\r\n1|a\r\n"), ["id", "b|c"]) == b'sep=|\r\nid|"b|c"\r\n'


@pytest.mark.parametrize(
    ("data", "separator"), [(b"k1\nk2\n", ";"), (b"sep=:\nid:name\n1:a\n", ";"), (b"id,name\n1,a\n", ",")]
)
def test_a_text_without_one_of_the_usual_separators_gets_one(data: bytes, separator: str) -> None:
    assert format_of(data).separator == separator


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.TSV", ".tsv"), ("a.txt", ".txt"), ("a.xlsx", ".csv"), ("a", ".csv")]
)
def test_a_list_has_the_ending_of_its_file_if_a_text_has_it(name: str, suffix: str) -> None:
    assert format_of(b"id;name\n1;a\n", name).suffix == suffix


def test_an_id_that_the_encoding_lacks_makes_it_utf_8() -> None:
    windows = format_of("Kundenr;Sted\n1;Tromsø\n".encode("cp1252"))
    assert windows.for_texts(["ø"]) == windows
    assert written(windows.for_texts(["ł"]), ["ł"]) == f"{BOM}ł\r\n".encode()


def test_half_a_character_is_written_as_an_escape() -> None:
    assert rb"a\ud800" in written(TextFormat(), ["a\ud800"])


@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=4),
    separator=st.sampled_from(SEPARATORS),
    names_separator=st.booleans(),
)
def test_no_cell_is_a_formula_under_any_separator(
    *, rows: list[list[str]], separator: str, names_separator: bool
) -> None:
    form = TextFormat(separator, names_separator=names_separator)
    text = written(form, *rows).decode(errors="backslashreplace")
    for other in SEPARATORS:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=other):
            assert not list(filter(is_formula, row))
        for line in text.replace("\r", "\n").split("\n"):
            assert not list(filter(is_formula, line.split(other)))
