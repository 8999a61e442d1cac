"""Line 12: what a workbook hides is never read without a question."""

from bot.domain.customers.uploads import RowProblem
from tests.corpus.case import Case
from tests.corpus.workbooks import HIDDEN, Sheet, book

FILTERED = book(["Kundenr"], ["k-1"], ["k-2"], ["k-3"], ["k-4"], drawn={3: HIDDEN, 5: HIDDEN})
IDS = (["Kundenr"], ["k-1"], ["k-2"])

CASES = [
    Case(
        "rows hidden by a filter", FILTERED, asked_hidden=2, why="The person saw two rows, the file has four."
    ),
    Case(
        "hidden rows, taken",
        FILTERED,
        ids=["k-1", "k-2", "k-3", "k-4"],
        chosen={"hidden": True},
        why="The person chose so.",
    ),
    Case(
        "hidden rows, left out",
        FILTERED,
        ids=["k-1", "k-3"],
        chosen={"hidden": False},
        named={3: RowProblem.HIDDEN_ROW, 5: RowProblem.HIDDEN_ROW},
        why="They are left out by name.",
    ),
    Case(
        "a hidden row without an id",
        book(["Kundenr", "Navn"], ["k-1", "Kari"], [None, None], ["k-2", "Ola"], drawn={3: HIDDEN}),
        ids=["k-1", "k-2"],
        why="Nothing is hidden that could count.",
    ),
    Case(
        "a hidden row with an error",
        book(["Kundenr"], ["k-1"], ["#N/A"], drawn={3: HIDDEN}),
        asked_hidden=1,
        why="The row has something where the id should be.",
    ),
    Case(
        "a row of no height",
        book(["Kundenr"], ["k-1"], ["k-2"], drawn={3: ' ht="0" customHeight="1"'}),
        asked_hidden=1,
        why="Drawn to nothing, it is as hidden as by a filter.",
    ),
    Case(
        "a column of no width",
        book(
            ["Navn", "Kundenr"],
            ["Kari", "k-1"],
            before='<cols><col min="2" max="2" width="0" customWidth="1"/></cols>',
        ),
        asked=["A", "B"],
        why="Drawn to nothing, it is hidden.",
    ),
    Case(
        "hidden rows among visible ones, grouped",
        book(
            ["Kundenr"], ["k-1"], ["k-2"], drawn={2: ' outlineLevel="1" hidden="true"', 3: ' collapsed="1"'}
        ),
        asked_hidden=1,
        why="A collapsed group hides its rows.",
    ),
    Case(
        "a hidden name of the column",
        book(["Kundenr", "Navn"], ["1001", "Kari"], ["1002", "Ola"], drawn={1: HIDDEN}),
        ids=["1001", "1002"],
        why="Only the header is hidden, and it is no customer.",
    ),
    Case(
        "a hidden column with a known name beside a visible one",
        book(["Kundenr", "customer_id"], ["7", "k-1"], ["8", "k-2"], hidden_columns={2}),
        asked=["A", "B"],
        why="Two known names, whether visible or not.",
    ),
    Case(
        "a hidden column of ids",
        book(["Navn", "Kundenr"], ["Kari", "k-1"], ["Ola", "k-2"], hidden_columns={2}),
        asked=["A", "B"],
        why="The person does not see these ids.",
    ),
    Case(
        "a hidden column of names",
        book(["Navn", "Kundenr"], ["Kari", "k-1"], ["Ola", "k-2"], hidden_columns={1}),
        ids=["k-1", "k-2"],
        why="The ids are visible.",
    ),
    Case(
        "a hidden column, chosen",
        book(["Navn", "Kundenr"], ["Kari", "k-1"], ["Ola", "k-2"], hidden_columns={2}),
        ids=["k-1", "k-2"],
        chosen={"column": 2, "sheet": 1},
        why="The person chose it.",
    ),
    Case(
        "a hidden sheet with the ids",
        book(["Måned", "Antall"], ["Oktober", 2], sheets=[Sheet("Data", IDS, "hidden")]),
        asked=["Ark1!A", "Ark1!B", "Data!A"],
        why="A hidden sheet has the known name: it is asked.",
    ),
    Case(
        "a very hidden sheet",
        book(["Måned", "Antall"], ["Oktober", 2], sheets=[Sheet("Data", IDS, "veryHidden")]),
        asked=["Ark1!A", "Ark1!B", "Data!A"],
        why="Excel's menu does not even list it.",
    ),
    Case(
        "a hidden sheet beside the ids",
        book(*IDS, sheets=[Sheet("Gamle", (["Kundenr"], ["x-9"]), "hidden")]),
        ids=["k-1", "k-2"],
        other_sheets=["Gamle"],
        why="The visible one is certain; the review names the other.",
    ),
    Case("the only sheet is hidden", book(*IDS, state="hidden"), asked=["A"], why="Nobody saw it."),
    Case(
        "the only sheet is hidden, chosen",
        book(*IDS, state="hidden"),
        ids=["k-1", "k-2"],
        chosen={"column": 1, "sheet": 1},
        why="The person chose it.",
    ),
    Case(
        "a hidden row with a number far from the ids",
        book(["Kundenr"], ["k-1"], [None, 7], drawn={3: HIDDEN}),
        ids=["k-1"],
        named={3: RowProblem.EMPTY},
        why="It has no id that could count.",
    ),
]
