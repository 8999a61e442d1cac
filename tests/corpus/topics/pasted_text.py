"""Line 5: pasted text gets the checks of a file."""

from functools import partial

from bot.domain.customers.uploads import RowProblem
from tests.corpus.case import Case, Way

Pasted = partial(Case, only=Way.PASTED)

CASES = [
    Case(
        "a plain list",
        "med-7\nmed-8\r\nmed-9",
        ids=["med-7", "med-8", "med-9"],
        why="One id per line.",
    ),
    Pasted(
        "ids on one line",
        "med-7, med-8; med-9|med-10\tmed-11",
        ids=["med-7", "med-8", "med-9", "med-10", "med-11"],
        why="Each of these signs separates ids.",
    ),
    Case(
        "a header and the ids",
        "Medlemsnr\n70001\n70002\n",
        ids=["70001", "70002"],
        why="The first line names the column.",
    ),
    Case(
        "two columns from a spreadsheet",
        "Medlemsnr\tNavn\n70001\tKari Ås\n70002\tOla Bø\n",
        ids=["70001", "70002"],
        why="Names are no customers.",
    ),
    Case(
        "the ids in the second column",
        "Navn\tKunde-ID\nKari Ås\tk-1\nOla Bø\tk-2\n",
        ids=["k-1", "k-2"],
        why="The known name says which column it is.",
    ),
    Case(
        "two columns without names",
        "70001\tKari Ås\n70002\tOla Bø\n",
        asked=["A", "B"],
        why="A person may see which column it is; the bot does not decide.",
    ),
    Case(
        "two columns of numbers",
        "70001\t0155\n70002\t5003\n",
        asked=["A", "B"],
        why="One column may be postal codes.",
    ),
    Case(
        "two numbers in each line",
        "k-1;b-7\nk-2;b-8\n",
        asked=["A", "B"],
        why="Nothing names the column of the ids.",
    ),
    Pasted(
        "a shortened number with a comma",
        "k-1\n1,23457E+11",
        ids=["k-1"],
        named={2: RowProblem.SHORTENED},
        why="Its digits are lost, and its comma separates nothing.",
    ),
    Pasted(
        "a number with decimals",
        "4711,00",
        named={1: RowProblem.FORMATTED},
        why="It is not 4711 and 00.",
    ),
    Pasted(
        "numbers with thousands separators",
        "12,345\n67,890",
        named={1: RowProblem.FORMATTED, 2: RowProblem.FORMATTED},
        why="They are not four customers.",
    ),
    Pasted(
        "an error",
        "k-1\n#REF!\nk-2",
        ids=["k-1", "k-2"],
        named={2: RowProblem.ERROR},
        why="A formula failed.",
    ),
    Pasted(
        "a list of Python",
        "['k-1', 'k-2']",
        named={1: RowProblem.CODE},
        why="Brackets are no part of an id.",
    ),
    Pasted(
        "a list of SQL",
        "('k-1','k-2')",
        named={1: RowProblem.CODE},
        why="The same brackets, without spaces.",
    ),
    Case(
        "a list with bullets",
        "• k-1\n• k-2\n",
        named={1: RowProblem.CODE, 2: RowProblem.CODE},
        only=Way.PASTED,
        why="The bullet would become part of the id.",
    ),
    Pasted(
        "a numbered list",
        "1. k-1\n2. k-2",
        named={1: RowProblem.CODE, 2: RowProblem.CODE},
        why="1. is no part of the id.",
    ),
    Pasted(
        "words around the ids",
        "Kan dere gi 1001 og 1002 rabatt?",
        named={1: RowProblem.ENCODING},
        why="A sentence is no id; its question mark is refused first.",
    ),
    Pasted(
        "a link of Slack",
        "<https://shop.example/k/1001|1001>",
        named={1: RowProblem.LINK},
        why="Nobody knows whether the link's text is the id.",
    ),
    Case(
        "spaces and invisible signs around ids",
        "\u200bk-1\u00a0\n \ufeffk-2\t\n",
        ids=["k-1", "k-2"],
        only=Way.PASTED,
        why="Chats leave them around copied text.",
    ),
    Case(
        "an id with a space",
        "K 1001\nK 1002\n",
        ids=["K 1001", "K 1002"],
        why="Two lines alike; a space may belong to an id, and the review points it out.",
    ),
    Case(
        "e-mail addresses as ids",
        "kari7@shop.example\nola8@shop.example\n",
        ids=["kari7@shop.example", "ola8@shop.example"],
        why="Some accounts use addresses; the review points it out.",
    ),
    Case(
        "a repeated id",
        "k-1\nk-2\nk-1\n",
        ids=["k-1", "k-2"],
        why="A customer gets it once.",
    ),
    Case(
        "an id that is too long",
        f"k-1\n{'9' * 256}\n",
        ids=["k-1"],
        named={2: RowProblem.TOO_LONG},
        why="Dintero's ids have 255 characters at most.",
    ),
    Case(
        "a hidden character inside an id",
        "k-1\nk\u200b-2\n",
        ids=["k-1"],
        named={2: RowProblem.HIDDEN},
        why="It looks like k-2 and is another id.",
    ),
    Case(
        "the reserved ids",
        "k-1\n*\n/\n",
        ids=["k-1"],
        named={2: RowProblem.RESERVED, 3: RowProblem.RESERVED},
        why="They mean everyone, and purchases without a customer.",
    ),
    Pasted(
        "a table of Markdown",
        "| Kundenr | Navn |\n| --- | --- |\n| 1001 | Kari |\n| 1002 | Ola |",
        ids=["1001", "1002"],
        named={2: RowProblem.NOTHING},
        why="The bars separate columns; the dashes are no id.",
    ),
    Pasted(
        "ids and words on one line",
        "kunde 1001 og 1002",
        named={1: RowProblem.HEADER},
        why="Which words are ids is a guess.",
    ),
    Pasted(
        "names before numbers",
        "Kari Ås 1001\nOla Bø 1002",
        named={1: RowProblem.SEVERAL, 2: RowProblem.SEVERAL},
        why="A name and a number in one line.",
    ),
    Pasted(
        "names in parentheses",
        "1001 (Kari)\n1002 (Ola)",
        named={1: RowProblem.CODE, 2: RowProblem.CODE},
        why="The name would become part of the id.",
    ),
    Pasted(
        "quoted mail",
        "> 1001\n> 1002",
        named={1: RowProblem.CODE, 2: RowProblem.CODE},
        why="Mail programs put the sign before each line.",
    ),
    Pasted(
        "numbers apart by spaces",
        "1001 1002 1003",
        named={1: RowProblem.FORMATTED},
        why="They could be one number.",
    ),
    Pasted(
        "two numbers that may be one",
        "101,102",
        named={1: RowProblem.FORMATTED},
        why="101,102 is a number in English.",
    ),
    Pasted("escaped line ends", "1001\\n1002\\n1003", named={1: RowProblem.CODE}, why="Copied from code."),
    Pasted(
        "line ends of HTML",
        "1001<br>1002<br>1003",
        named={1: RowProblem.CODE},
        why="Copied from a page's source.",
    ),
    Case(
        "a row above the names",
        "ann;x\nKundenr;Navn\n1001;Kari\n1002;Ola\n",
        ids=["1001", "1002"],
        named={1: RowProblem.HEADER},
        why="It may be a customer.",
    ),
    Pasted(
        "a space of HTML on a line of ids",
        "k-1&nbsp;; k-2",
        named={1: RowProblem.CODE},
        why="Its semicolon separates nothing.",
    ),
    Pasted(
        "a key before each id",
        "id:1001\nid:1002",
        named={1: RowProblem.HEADER, 2: RowProblem.HEADER},
        why="No line names columns.",
    ),
    Pasted(
        "a fenced list",
        "```\n1001\n1002\n```",
        ids=["1001", "1002"],
        named={1: RowProblem.NOTHING, 4: RowProblem.NOTHING},
        why="Slack's code block.",
    ),
]
