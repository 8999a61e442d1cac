"""Line 7: a cell with several ids gives none."""

from bot.domain.customers.uploads import RowProblem
from tests.corpus.case import Case, Way
from tests.corpus.workbooks import one_column

SEVERAL = {3: RowProblem.SEVERAL}


def table(cell: str) -> str:
    """Write a table in whose second row this is the id."""
    return f"Kundenr;Navn\nk1;Kari\n{cell};Ola\nk4;Eva\n"


CASES = [
    Case(
        "a quoted comma", table('"k2,k3"'), ids=["k1", "k4"], named=SEVERAL, why="A family has two accounts."
    ),
    Case("a comma and a space", table("k2, k3"), ids=["k1", "k4"], named=SEVERAL, why="Written by hand."),
    Case("a slash", table("k2/k3"), ids=["k1", "k4"], named=SEVERAL, why="Two ids alike around a slash."),
    Case("a plus", table("k2+k3"), ids=["k1", "k4"], named=SEVERAL, why="Two ids alike around a plus."),
    Case("the word for and", table("k2 og k3"), ids=["k1", "k4"], named=SEVERAL, why="Norwegian: k2 and k3."),
    Case("an ampersand", table("k2 & k3"), ids=["k1", "k4"], named=SEVERAL, why="k2 and k3."),
    Case("a space", table("k2 k3"), ids=["k1", "k4"], named=SEVERAL, why="Two ids alike beside each other."),
    Case(
        "a range",
        table("1001-1010").replace("1001-1010", "1001–1010"),
        ids=["k1", "k4"],
        named=SEVERAL,
        why="Ten customers.",
    ),
    Case("a range with three dots", table("k1...k9"), ids=["k1", "k4"], named=SEVERAL, why="Nine customers."),
    Case("a tilde", table("k2~k3"), ids=["k1", "k4"], named=SEVERAL, why="Some exports join values so."),
    *(
        Case(f"the sign {sign}", table(f"k2{sign}k3"), ids=["k1", "k4"], named=SEVERAL, why="No id has it.")
        for sign in "、；，・｜→−"  # noqa: RUF001 - signs of other keyboards
    ),
    Case("a bar", table("k2|k3"), ids=["k1", "k4"], named=SEVERAL, why="So do others."),
    Case(
        "an id and a name",
        table("1002 Ola"),
        ids=["k1", "k4"],
        named=SEVERAL,
        why="Which part is the id is a guess.",
    ),
    Case("a slash before a name", table("1002/Ola"), ids=["k1", "k4"], named=SEVERAL, why="Joined columns."),
    Case(
        "two spaces as between columns",
        table("k2  Ola"),
        ids=["k1", "k4"],
        named=SEVERAL,
        why="Columns of a fixed width.",
    ),
    Case(
        "a line break in a workbook's cell",
        one_column("k1", "k2\nk3", "k4"),
        ids=["k1", "k4"],
        named=SEVERAL,
        why="Alt+Enter puts two ids into one cell.",
    ),
    Case(
        "a semicolon in a workbook's cell",
        one_column("k1", "k2;k3", "k4"),
        ids=["k1", "k4"],
        named=SEVERAL,
        why="A workbook has cells, so this sign separates nothing for certain.",
    ),
    Case(
        "a line break in a quoted cell",
        'Kundenr;Navn\n"k2\nk3";Kari\nk4;Ola\nk5;Eva\n',
        ids=["k4", "k5"],
        named={2: RowProblem.QUOTE, 3: RowProblem.QUOTE},
        only=Way.FILE,
        why="Both lines look like rows, so the quote is text and neither line gives an id.",
    ),
]
