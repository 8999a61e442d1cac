"""Line 16: a quote that nobody closed swallows no row."""

from bot.domain.customers.uploads import RowProblem
from tests.corpus.case import Case, Way

ROWS = [f"{number};Kunde {number};Ås" for number in range(1001, 1031)]
IDS = [str(number) for number in range(1001, 1031)]


def damaged(at: int, row: str, *more: tuple[int, str]) -> str:
    """Write a table in which some rows are replaced."""
    rows = ROWS.copy()
    for place, text in ((at, row), *more):
        rows[place] = text
    return "\n".join(["Kundenr;Navn;Sted", *rows, ""])


CASES = [
    Case(
        "an open quote before a name",
        damaged(4, '1005;"Kunde 1005;Ås'),
        ids=IDS,
        why="CSV rules would swallow 25 rows.",
    ),
    Case(
        "an open quote in the last cell",
        damaged(4, '1005;Kunde 1005;"Ås'),
        ids=IDS,
        why="The same at the end of a row.",
    ),
    Case("an inch sign", damaged(4, '1005;"24"" skjerm;Ås'), ids=IDS, why="A doubled quote closes nothing."),
    Case(
        "two open quotes",
        damaged(4, '1005;"Kunde;Ås', (9, '1010;"Kunde;Ås')),
        ids=IDS,
        why="The rows between them are rows.",
    ),
    Case(
        "an open quote before an id",
        damaged(4, '"1005;Kunde;Ås'),
        ids=[*IDS[:4], *IDS[5:]],
        named={6: RowProblem.QUOTE},
        why="This row alone is in doubt.",
    ),
    Case("an open quote in the last row", damaged(29, '1030;"Kunde;Ås'), ids=IDS, why="Nothing follows."),
    Case(
        "an address over two lines",
        'Kundenr;Adresse\n1001;"Storgata 1\n0155 Oslo"\n1002;"Torget 2\n5003 Bergen"\n',
        ids=["1001", "1002"],
        only=Way.FILE,
        why="A real cell with a line break: its lines do not look like rows.",
    ),
    Case(
        "a quoted cell that may hold rows",
        'kundenr;merknad\nann;x\nbo;"hei\ncy;du\ndi";y\nem;z\n',
        ids=["ann", "em"],
        named={3: RowProblem.MISFIT, 4: RowProblem.MISFIT, 5: RowProblem.MISFIT},
        only=Way.FILE,
        why="It may be one row or three; none gives an id.",
    ),
    Case(
        "quotes around lines of one column",
        'Kundenr\nk-1\n"k-2\nk-3"\nk-4\n',
        ids=["k-1", "k-4"],
        named={3: RowProblem.QUOTE, 4: RowProblem.QUOTE},
        why="A list of one column has no cells of two lines.",
    ),
    Case(
        "text behind the quotes of an id",
        'Kundenr;Navn\n"1001"a;Kari\n1002;Ola\n1003;"Eva"\n',
        ids=["1002", "1003"],
        named={2: RowProblem.QUOTE},
        why="1001a is no id that anybody wrote.",
    ),
    Case(
        "text behind the quotes of a list",
        'Kundenr\n"1001"a\n"1002"\n',
        ids=["1002"],
        named={2: RowProblem.QUOTE},
        why="The same in one column.",
    ),
    Case(
        "text behind the quotes of a name",
        'Kundenr;Navn\n1001;"Kari" Ås\n1002;"Ola"\n',
        ids=["1001", "1002"],
        why="The id is in another cell.",
    ),
    Case(
        "a quote inside a name",
        'Kundenr;Navn\n1001;Kari "Kaja" Ås\n1002;Ola\n',
        ids=["1001", "1002"],
        why="A nickname.",
    ),
    Case(
        "doubled quotes",
        'Kundenr;Navn\n1001;"Kari ""Kaja"" Ås; frk."\n1002;Ola\n',
        ids=["1001", "1002"],
        why="As CSV writes a nickname.",
    ),
    Case(
        "everything quoted",
        '"Kundenr";"Navn"\n"1001";"Ås; Kari"\n"1002";"Bø"\n',
        ids=["1001", "1002"],
        why="Some exports quote all cells.",
    ),
    Case(
        "a cell over two lines counts as one row",
        'kundenr,merknad\nk-1,"to\nlinjer"\n*,x\n',
        ids=["k-1"],
        named={3: RowProblem.RESERVED},
        only=Way.FILE,
        why="Row 3 as in a spreadsheet, though it is line 4.",
    ),
]
