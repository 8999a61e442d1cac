"""Line 11: known names first, in any sheet; else the person is asked about sheet and column."""

from collections.abc import Sequence

from bot.domain.customers.uploads import FileProblem, RowProblem
from tests.corpus.case import Case, Way
from tests.corpus.workbooks import Row, Sheet, book

OWN = "row;outcome;reason;request"
"""The last columns of the bot's own lists."""
SUMMARY: Sequence[Row] = (["Måned", "Antall"], ["Oktober", 2])
IDS = (["Kundenr", "Navn"], ["k-1", "Kari"], ["k-2", "Ola"])
OTHER_IDS = (["Kundenr"], ["x-9"])

CASES = [
    Case(
        "a summary first",
        book(*SUMMARY, sheets=[Sheet("Liste", IDS)]),
        ids=["k-1", "k-2"],
        other_sheets=["Ark1"],
        why="Liste has a known name; the review names the other sheet.",
    ),
    Case(
        "two sheets with ids",
        book(*IDS, sheets=[Sheet("Gamle", OTHER_IDS)]),
        asked=["Ark1!A", "Gamle!A"],
        why="Last month's list may be in the second sheet.",
    ),
    Case(
        "the second of two sheets, chosen",
        book(*IDS, sheets=[Sheet("Gamle", OTHER_IDS)]),
        ids=["x-9"],
        chosen={"column": 1, "sheet": 2},
        other_sheets=["Ark1"],
        why="The person chose it.",
    ),
    Case(
        "a sheet without known names",
        book(["k-1"], ["k-2"], sheets=[Sheet("Ark2", (["k-3"], ["k-4"]))]),
        asked=["Ark1!A", "Ark2!A"],
        why="Either may be the list.",
    ),
    Case(
        "empty further sheets",
        book(*IDS, sheets=[Sheet("Ark2", ()), Sheet("Ark3", ())]),
        ids=["k-1", "k-2"],
        why="An empty sheet is not worth a word.",
    ),
    Case(
        "a sheet of notes",
        book(*IDS, sheets=[Sheet("Merknader", (["Husk frist"],))]),
        ids=["k-1", "k-2"],
        other_sheets=["Merknader"],
        why="The known name is in Ark1.",
    ),
    Case(
        "a report's head above the table",
        "Sted;Oslo\nDato;02.03.2026\n\nKundenr;Navn\n1001;Kari\n1002;Ola\n",
        ids=["1001", "1002"],
        why="Keys and values as wide as the table are no customers.",
    ),
    Case(
        "a key of the head that may be an id",
        "Kampanje;Høst\nKundenr;Navn\n1001;Kari\n1002;Ola\n",
        ids=["1001", "1002"],
        named={1: RowProblem.HEADER},
        only=Way.FILE,
        why="Nobody loses a customer called Kampanje without a word.",
    ),
    Case(
        "a head with a weak name",
        "Kunde;Bonus AS\nDato;2026\nKundenr;Navn\n1001;Kari\n1002;Ola\n",
        ids=["1001", "1002"],
        why="Kundenr names the column better than Kunde, and below it are digits.",
    ),
    Case(
        "a title above one column",
        "Utvalg høst 2026\nMedlemsnr\n70001\n70002\n",
        ids=["70001", "70002"],
        only=Way.FILE,
        why="The title is narrower than a list and has a space.",
    ),
    Case(
        "a table in the middle of a sheet",
        book([], [None, None, "Kundenr"], [None, "Kari", 1001], [None, "Ola", 1002]),
        ids=["1001", "1002"],
        why="Tables begin anywhere.",
    ),
    Case(
        "a mobile number as the only number",
        "Navn;Mobil\nKari;91234567\nOla;92345678\n",
        asked=["A", "B"],
        why="It is the only numeric column, and plainly something else.",
    ),
    Case(
        "a postal code beside names",
        "Navn;Postnr\nKari Ås;0155\nOla Bø;5003\n",
        asked=["A", "B"],
        why="No column is named for ids.",
    ),
    Case(
        "an order number",
        "Ordre;Dato\nO-771;2026-03-02\nO-772;2026-03-03\n",
        asked=["A", "B"],
        why="Orders are no customers.",
    ),
    Case("an amount alone", "Beløp\n300\n450\n", asked=["A"], why="One column, and plainly something else."),
    Case(
        "a national identity number alone",
        "Fødselsnummer\n01019012345\n02029012346\n",
        asked=["A"],
        why="It must not be given to anybody as an id.",
    ),
    Case(
        "order numbers alone",
        "Ordrenr\n70001\n70002\n",
        asked=["A"],
        why="One column, and plainly something else.",
    ),
    Case(
        "row numbers called id",
        "id;kunde_ref\n1;c-77\n2;c-12\n3;c-40\n",
        ids=["c-77", "c-12", "c-40"],
        why="kunde_ref is a strong name, id a weak one.",
    ),
    Case(
        "row numbers called id beside an unknown name",
        "id;crm_kunde\n1;c-77\n2;c-12\n3;c-40\n",
        asked=["A", "B"],
        why="1, 2, 3 are probably row numbers.",
    ),
    Case(
        "an order's id beside the customer's",
        "order_id;customer_id\n9001;c-1\n9002;c-2\n",
        ids=["c-1", "c-2"],
        why="customer_id is the known name.",
    ),
    Case(
        "two columns with known names",
        "Kundenr;customer_id\n1;c-1\n2;c-2\n",
        asked=["A", "B"],
        why="The shop's number and Dintero's id.",
    ),
    Case(
        "one of two known names, chosen",
        "Kundenr;customer_id\n1;c-1\n2;c-2\n",
        ids=["c-1", "c-2"],
        chosen={"column": 2},
        only=Way.FILE,
        why="The person chose B.",
    ),
    Case(
        "none of the columns",
        "Kundenr;customer_id\n1;c-1\n2;c-2\n",
        refused=FileProblem.NONE_CHOSEN,
        chosen={"column": 0},
        only=Way.FILE,
        why="The person said that no column has the ids.",
    ),
    Case(
        "a name in Swedish",
        "Namn;Kundnr\nKari;1001\nOla;1002\n",
        ids=["1001", "1002"],
        why="Kundnr is Swedish.",
    ),
    Case(
        "a name in Finnish",
        "Nimi;Asiakas-ID\nKari;1001\nOla;1002\n",
        ids=["1001", "1002"],
        why="Asiakas is a customer.",
    ),
    Case(
        "a name in capitals with a point",
        "NAVN;KUNDE NR.\nKari;1001\nOla;1002\n",
        ids=["1001", "1002"],
        why="Case, space and points do not matter.",
    ),
    Case(
        "the bot's own list",
        f"Kundenr;Navn;{OWN}\n1001;Kari;2;refused;gone;R-7K2QF\n1002;Ola;5;unknown;no answer;R-7K2QF\n",
        ids=["1001", "1002"],
        why="What the bot writes, it reads back as the same ids.",
    ),
    Case(
        "the bot's own list with ids in a column of its own",
        f"Bonus;customer_id;{OWN}\n77;c-1;2;refused;gone;R-7K2QF\n78;c-2;3;refused;gone;R-7K2QF\n",
        ids=["c-1", "c-2"],
        why="customer_id is the column that the bot added.",
    ),
    Case(
        "only names of columns",
        "Kundenr;Navn\n",
        refused=FileProblem.EMPTY,
        only=Way.FILE,
        why="There is no row.",
    ),
    Case("nothing at all", b"\xef\xbb\xbf \r\n", refused=FileProblem.EMPTY, why="A mark and an empty line."),
    Case(
        "names of people under a weak name",
        "Kunde;Ordre\nKari Ås;o-1\nOla Bø;o-2\n",
        asked=["A", "B"],
        why="Kunde has names here, and no ids.",
    ),
    Case(
        "a first word that may be an id",
        "anna\nk-1\nk-2\n",
        ids=["k-1", "k-2"],
        named={1: RowProblem.HEADER},
        only=Way.FILE,
        why="It is taken for the name of the column, and said so.",
    ),
    Case(
        "a transposed table",
        "Kundenr;1001;1002;1003\nNavn;Kari;Ola;Eva\n",
        refused=FileProblem.NO_ID,
        why="The ids stand beside each other; the bot reads columns.",
    ),
    Case(
        "one record after the other",
        "Kundenr;1001\nNavn;Kari\n\nKundenr;1002\nNavn;Ola\n",
        refused=FileProblem.NO_ID,
        why="Names and values alternate.",
    ),
    Case(
        "a weak name in a further sheet",
        book(["Navn", "Tlf"], ["Kari", "91234567"], sheets=[Sheet("B", (["id"], ["x8"], ["x9"]))]),
        ids=["x8", "x9"],
        other_sheets=["Ark1"],
        why="No other sheet has a name for ids.",
    ),
    Case(
        "a strong name behind a weak one",
        book(["id", "Navn"], ["1", "Kari"], ["2", "Ola"], sheets=[Sheet("B", (["Kundenr"], ["x8"], ["x9"]))]),
        ids=["x8", "x9"],
        other_sheets=["Ark1"],
        why="A strong name counts more, in any sheet.",
    ),
    Case(
        "two names that only begin alike",
        "Kundenr (nytt);Kundenr (gammelt)\n1001;7\n1002;8\n",
        asked=["A", "B"],
        why="Old and new numbers.",
    ),
    Case(
        "the same name twice",
        "Kundenr;Navn;Kundenr\n1001;Kari;7\n1002;Ola;8\n",
        asked=["A", "C"],
        why="Two joined tables.",
    ),
    Case(
        "numbers of an unknown kind",
        "user_nr;name\n11;Kari\n12;Ola\n",
        asked=["A", "B"],
        why="A user may be somebody else than a customer.",
    ),
    Case(
        "the name of the customer beside the number",
        "Customer;Customer Number\nKari;1001\nOla;1002\n",
        ids=["1001", "1002"],
        why="Customer Number is the strong name.",
    ),
    Case(
        "a commented row",
        "Kundenr;Navn\n# 1001;Kari\n1002;Ola\n1003;Eva\n",
        ids=["1002", "1003"],
        named={2: RowProblem.CODE},
        why="Somebody switched it off.",
    ),
    Case(
        "a value that is a known name",
        ",id,segment\n0,1001,member\n1,1002,gold\n2,1003,silver\n",
        ids=["1001", "1002", "1003"],
        why="member is a segment here; the first line has the names.",
    ),
    Case(
        "a known name as a value in a later row",
        "id,name,,segment\n1001,Kari,,gold\n1002,Ola,,member\n1003,Eva,,kunde\n",
        ids=["1001", "1002", "1003"],
        why="kunde is a segment here.",
    ),
]
