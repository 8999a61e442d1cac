"""Line 13: what protects an id from a spreadsheet is no part of it."""

from bot.domain.customers.uploads import RowProblem
from tests.corpus.case import Case, Way
from tests.corpus.workbooks import one_column

CASES = [
    Case(
        "an apostrophe before a plus",
        "Kundenr\n'+4791234567\n",
        ids=["+4791234567"],
        why="The bot's own lists and Excel protect it so.",
    ),
    Case(
        "an apostrophe before zeros",
        "Kundenr\n'00123\n’00124\n",
        ids=["00123", "00124"],
        why="Straight or curly, it only marks a text.",
    ),
    Case("a formula that is a text", 'Kundenr\n="00123"\n', ids=["00123"], why="Many exports keep zeros so."),
    Case(
        "a quoted formula that is a text",
        'Kundenr;Navn\n"=""00123""";Kari\n',
        ids=["00123"],
        why="The same, quoted as CSV demands.",
    ),
    Case(
        "a formula that is a text in a workbook",
        one_column('="00123"', "'00124"),
        ids=["00123", "00124"],
        why="Somebody pasted the export into Excel.",
    ),
    Case("single quotes", "'k-1'\n'k-2'\n", ids=["k-1", "k-2"], why="Copied from code."),
    Case(
        "typographic quotes",
        "“k-1”\n«k-2»\n„k-3“\n",
        ids=["k-1", "k-2", "k-3"],
        why="Word and phones put them.",
    ),
    Case("quotes in quotes", '"\'k-1\'"\n"""k-2"""\n', ids=["k-1", "k-2"], why="Exported twice."),
    Case("an apostrophe inside an id", "Kundenr\nO'Brien7\n", ids=["O'Brien7"], why="It is part of a name."),
    Case(
        "an apostrophe behind an id",
        "k-1\nk-2'\n",
        ids=["k-1"],
        named={2: RowProblem.QUOTE},
        why="A quote that nobody opened.",
    ),
    Case(
        "spaces inside quotes",
        'Kundenr,Navn\n" k-1 ",Kari\n"\tk-2",Ola\n',
        ids=["k-1", "k-2"],
        why="Spaces around an id do not count.",
    ),
    Case(
        "a protected empty cell",
        'Kundenr;Navn\n\'k-1;Kari\n="";Ola\n',
        ids=["k-1"],
        named={3: RowProblem.EMPTY},
        why="It protects nothing.",
    ),
    Case(
        "a protected formula of the bot",
        "Kundenr;Navn\n'-k3;Kari\n'@k2;Ola\n",
        ids=["-k3", "@k2"],
        only=Way.FILE,
        why="Such ids exist; the bot wrote the apostrophe.",
    ),
]
