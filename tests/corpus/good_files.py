"""Draws good texts and workbooks: all are read without a doubt."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.corpus.workbooks import Cell, Row, book

SEPARATORS = (";", "\t", "|", ",")
LINE_ENDS = st.sampled_from(["\n", "\r\n"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"])
NAMES = ("Åse Lee", "Bjørn Dahl", "Kari", "Pär Öst")
PLACES = ("Oslo", "Bodø", "Ås", "Mo i Rana")


@dataclass(frozen=True, slots=True)
class Text:
    """A table, or a list if there is one column. All ids have the same shape, such as K123456."""

    rows: Sequence[Sequence[str]]
    """The names of the columns first."""
    id_at: int = 0
    separator: str = ";"
    line_end: str = "\n"
    encoding: str = "utf-8"
    is_quoted: bool = False

    @property
    def ids(self) -> list[str]:
        """The ids of the customers."""
        return [row[self.id_at] for row in self.rows[1:]]

    @property
    def lines(self) -> list[str]:
        """The lines with their ends."""
        return [self.line(row) for row in self.rows]

    def line(self, row: Sequence[str]) -> str:
        """Write a row."""
        return self.separator.join(map(self.cell, row)) + self.line_end

    def cell(self, value: str) -> str:
        """Write a cell."""
        return f'"{value}"' if self.is_quoted else value


@st.composite
def ids(draw: st.DrawFn) -> list[str]:
    """Draw ids of one shape: numbers, or numbers behind a letter."""
    numbers = draw(st.lists(st.integers(100_000, 999_999), min_size=4, max_size=9, unique=True))
    letter = draw(st.sampled_from(["", "K", "kå", "c-"]))
    return [f"{letter}{number}" for number in numbers]


@st.composite
def lists(draw: st.DrawFn) -> Text:
    """Draw a list with a header."""
    rows = [["Kundenr"], *([one] for one in draw(ids()))]
    return Text(rows, line_end=draw(LINE_ENDS), encoding=draw(ENCODINGS))


@st.composite
def tables(draw: st.DrawFn) -> Text:
    """Draw a table of three columns, with Nordic letters beside the ids."""
    is_quoted = draw(st.booleans())
    at = draw(st.integers(0, 2))
    cells = [["Kundenr", "Navn", "Sted"]]
    cells += [[one, NAMES[row % 4], PLACES[row // 2 % 4]] for row, one in enumerate(draw(ids()))]
    rows = [[*row[1 : at + 1], row[0], *row[at + 1 :]] for row in cells]
    separator = draw(st.sampled_from(SEPARATORS))
    return Text(rows, at, separator, draw(LINE_ENDS), draw(ENCODINGS), is_quoted)


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook with a name, an id and a place in each row, and another sheet."""

    rows: Sequence[Row]
    ids: Sequence[str]

    def data(self) -> bytes:
        """Write it."""
        return book(*self.rows)


@st.composite
def workbooks(draw: st.DrawFn) -> Workbook:
    """Draw a workbook whose ids are texts or numbers."""
    found = draw(ids())
    rows: list[Row] = [["Navn", "Kundenr", "Sted"]]
    rows += [
        [NAMES[at % 4], Cell(one, kind="n" if one.isdecimal() else "str"), "Oslo"]
        for at, one in enumerate(found)
    ]
    return Workbook(rows, found)
