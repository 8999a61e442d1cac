"""Line 10: words for nothing, headers that come again, and totals are no customers."""

from bot.domain.customers.uploads import FileProblem, RowProblem
from tests.corpus.case import Case, Way
from tests.corpus.workbooks import one_column

NOTHING = RowProblem.NOTHING


def listed(*values: str) -> str:
    """Write a list with these values between two ids."""
    return "\n".join(["Kundenr", "k-1", *values, "k-2", ""])


CASES = [
    Case(
        "SQL's word",
        listed("NULL", "null"),
        ids=["k-1", "k-2"],
        named={3: NOTHING, 4: NOTHING},
        why="A database's export.",
    ),
    Case(
        "Python's words",
        listed("None", "nan", "NaT"),
        ids=["k-1", "k-2"],
        named={3: NOTHING, 4: NOTHING, 5: NOTHING},
        why="Pandas writes them.",
    ),
    Case(
        "PostgreSQL's sign",
        listed("\\N"),
        ids=["k-1", "k-2"],
        named={3: NOTHING},
        why="COPY writes it for NULL.",
    ),
    Case(
        "not available",
        listed("N/A", "n.a."),
        ids=["k-1", "k-2"],
        named={3: NOTHING, 4: NOTHING},
        why="Written by hand.",
    ),
    Case(
        "undefined",
        listed("undefined", "[null]"),
        ids=["k-1", "k-2"],
        named={3: NOTHING, 4: NOTHING},
        why="JavaScript and DBeaver.",
    ),
    Case(
        "Norwegian words",
        listed("ukjent", "mangler", "ikke oppgitt"),
        ids=["k-1", "k-2"],
        named={3: NOTHING, 4: NOTHING, 5: NOTHING},
        why="Unknown, missing, not given.",
    ),
    Case(
        "Swedish, Danish and Finnish words",
        listed("saknas", "ingen", "tuntematon"),
        ids=["k-1", "k-2"],
        named={3: NOTHING, 4: NOTHING, 5: NOTHING},
        why="The neighbours' words.",
    ),
    Case(
        "dashes",
        listed("-", "—", "---"),
        ids=["k-1", "k-2"],
        named={3: NOTHING, 4: NOTHING, 5: NOTHING},
        why="A dash in an empty cell.",
    ),
    Case(
        "truth values",
        listed("TRUE", "usann"),
        ids=["k-1", "k-2"],
        named={3: NOTHING, 4: NOTHING},
        why="Of another column, or of a formula.",
    ),
    Case(
        "a header that comes again",
        listed("Kundenr", "KUNDENR"),
        ids=["k-1", "k-2"],
        named={3: RowProblem.HEADER, 4: RowProblem.HEADER},
        why="Two exports, one below the other.",
    ),
    Case(
        "the name of another column",
        "Kundenr\nk-1\nk-2\nE-post\n",
        ids=["k-1", "k-2"],
        named={4: RowProblem.HEADER},
        why="A header of another list.",
    ),
    Case(
        "an unknown name that comes again",
        "\n".join(["Bonusmottaker", *(f"b{at}" for at in range(20)), "Bonusmottaker", "b20"]),
        ids=[f"b{at}" for at in range(21)],
        named={1: RowProblem.HEADER, 22: RowProblem.HEADER},
        only=Way.FILE,
        why="It is the name of this column.",
    ),
    Case(
        "a total",
        listed("Totalt", "Sum: 2"),
        ids=["k-1", "k-2"],
        named={3: RowProblem.TOTAL, 4: RowProblem.TOTAL},
        why="The last row of a report.",
    ),
    Case(
        "a count of rows",
        listed("(2 rows affected)", "Antall rader: 2"),
        ids=["k-1", "k-2"],
        named={3: RowProblem.TOTAL, 4: RowProblem.TOTAL},
        why="What SQL Server and reports write.",
    ),
    Case(
        "a page number",
        listed("Side 1 av 2"),
        ids=["k-1", "k-2"],
        named={3: RowProblem.TOTAL},
        why="The foot of a printed page.",
    ),
    Case(
        "a total below a table",
        "Kundenr;Beløp\n1001;50\n1002;70\nTotalt;120\n;120\n",
        ids=["1001", "1002"],
        named={4: RowProblem.TOTAL, 5: RowProblem.EMPTY},
        why="A report, and a sum without a word.",
    ),
    Case(
        "a row without an id",
        "Kundenr;Navn\n1001;Kari\n;Ola\n1003;Eva\n",
        ids=["1001", "1003"],
        named={3: RowProblem.EMPTY},
        why="Ola would be lost without a word.",
    ),
    Case(
        "empty rows",
        "Kundenr;Navn\n\n1001;Kari\n\n\n1002;Ola\n",
        ids=["1001", "1002"],
        why="A row without anything is nothing to name.",
    ),
    Case("nothing but nothing", "Kundenr\nNULL\nN/A\n", refused=FileProblem.NO_ID, why="No row has an id."),
    Case(
        "ids made of such words",
        "Kundenr\nnull1\nsum-7\nnone.1\n",
        ids=["null1", "sum-7", "none.1"],
        why="Digits make them ids.",
    ),
    Case(
        "words in a workbook",
        one_column("k-1", "NULL", "k-2"),
        ids=["k-1", "k-2"],
        named={3: NOTHING},
        why="Texts in a workbook get the same checks.",
    ),
]
