"""Line 4: the words of a rule's name in `/discount add` never become customers."""

from functools import partial

from bot.domain.customers.uploads import RowProblem
from tests.corpus.case import Case, Way

RULES = ("Rabatt 25", "Rabatt 25 jul", "2 for 1, is og kake", "1000", "Bursdag 50%", "Sommer 2026 A-10")

Command = partial(Case, only=Way.COMMAND)

CASES = [
    Command(
        "a number that ends the name",
        "Rabatt 25 c-1",
        rule="Rabatt 25",
        ids=["c-1"],
        why="25 belongs to the rule's name.",
    ),
    Command(
        "a name that begins another",
        "rabatt 25 jul 1001 1002",
        rule="rabatt 25 jul",
        ids=["1001", "1002"],
        why="The longest name wins, in any case.",
    ),
    Command(
        "a name with a comma and digits",
        "2 for 1, is og kake 1001",
        rule="2 for 1 is og kake",
        ids=["1001"],
        why="A comma inside the name parts no customers.",
    ),
    Command(
        "a name that is a number",
        "1000 1001",
        rule="1000",
        ids=["1001"],
        why="The first word is the rule.",
    ),
    Command(
        "a name with a percentage",
        "Bursdag 50% c-1, c-2",
        rule="Bursdag 50%",
        ids=["c-1", "c-2"],
        why="50% ends the name.",
    ),
    Command(
        "a name that ends like an id",
        "Sommer 2026 A-10 A-11",
        rule="Sommer 2026 A-10",
        ids=["A-11"],
        why="A-10 belongs to the name, A-11 does not.",
    ),
    Command(
        "a gap in the name",
        "Rabatt jul 1001",
        rule="Rabatt jul 1001",
        why="25 is missing, so jul and 1001 may be words of the name: nothing is a customer.",
    ),
    Command(
        "a word of the name behind a customer",
        "Rabatt c-1 25",
        rule="Rabatt c-1 25",
        why="25 may belong to the name.",
    ),
    Command(
        "an unknown name",
        "Rabat 25 c-1",
        rule="Rabat 25 c-1",
        why="No rule begins so; no word is a customer.",
    ),
    Command(
        "an abbreviated name",
        "Sommer 2026 c-1",
        rule="Sommer 2026",
        ids=["c-1"],
        why="It is the beginning of one name only, and c-1 cannot belong to it.",
    ),
    Command(
        "a number with spaces",
        '"Rabatt 25" 1 234 567',
        rule="Rabatt 25",
        named={1: RowProblem.FORMATTED},
        why="1 234 567 is probably one number.",
    ),
    Command(
        "a shortened number",
        '"Rabatt 25" 1,23457E+11',
        rule="Rabatt 25",
        named={1: RowProblem.SHORTENED},
        why="It is no customer 1 and no 23457E+11.",
    ),
    Command(
        "a quoted customer",
        "“Rabatt 25” 'K 7', c-2",
        rule="Rabatt 25",
        ids=["K 7", "c-2"],
        why="Quotes keep the space inside an id.",
    ),
    Command(
        "the sign for everyone",
        '"Rabatt 25" c-1 *',
        rule="Rabatt 25",
        ids=["c-1"],
        named={2: RowProblem.RESERVED},
        why="A star would give it to everyone.",
    ),
    Command(
        "a column name before the ids",
        '"Rabatt 25" Kundenr 1001 1002',
        rule="Rabatt 25",
        ids=["1001", "1002"],
        why="The words are read like a pasted list: its first line is a header.",
    ),
    Command(
        "a word for nothing",
        '"Rabatt 25" NULL',
        rule="Rabatt 25",
        named={1: RowProblem.NOTHING},
        why="Command words get the checks of pasted text.",
    ),
]
