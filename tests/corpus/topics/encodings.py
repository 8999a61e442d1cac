"""Line 14: a wrong byte puts its own row in doubt, and no other."""

from bot.domain.customers.uploads import FileProblem, RowProblem
from tests.corpus.case import Case

TEXT = "Kundenr;Sted\r\nåse1;Ålesund\r\nbjørn2;Bodø\r\npär3;Malmö\r\n"
IDS = ["åse1", "bjørn2", "pär3"]
ENCODING = RowProblem.ENCODING

CASES = [
    *(
        Case(
            f"Nordic letters in {encoding}", TEXT.encode(encoding), ids=IDS, why="Excel and Windows write it."
        )
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
    ),
    Case(
        "a Windows byte in a UTF-8 file",
        TEXT.encode() + b"k\xe5re4;Oslo\r\nola5;\xc5s\r\n",
        ids=[*IDS, "ola5"],
        named={5: ENCODING},
        why="Only kåre4's letter is doubtful; the place behind ola5 does not matter.",
    ),
    Case(
        "a line of UTF-8 in a Windows file",
        TEXT.encode("cp1252") + "kåre4;Oslo\r\n".encode(),
        ids=IDS,
        named={5: ENCODING},
        why="It would read kÃ¥re4.",
    ),
    Case(
        "letters damaged before",
        "Kundenr\nkÃ¥re1\nk\ufffdre2\nk?re3\nkåre4\n",
        ids=["kåre4"],
        named={2: ENCODING, 3: ENCODING, 4: ENCODING},
        why="Another program read or wrote the wrong encoding.",
    ),
    Case(
        "letters damaged twice",
        "Kundenr\nkÃƒÂ¥re1\nola2\n",
        ids=["ola2"],
        named={2: ENCODING},
        why="Two wrong conversions.",
    ),
    Case(
        "a DOS file",
        "Kundenr\nkåre1\nola2\n".encode("cp865"),
        ids=["ola2"],
        named={2: ENCODING},
        why="An old till writes it.",
    ),
    Case(
        "a Mac file",
        "Kundenr\nkåre1\nola2\n".encode("mac_roman"),
        ids=["ola2"],
        named={2: ENCODING},
        why="An old Mac writes it.",
    ),
    Case(
        "Mac line ends",
        b"Kundenr\rk-1\rk-2\r",
        ids=["k-1", "k-2"],
        why="A carriage return ends a line too.",
    ),
    Case(
        "an end-of-file sign of DOS",
        b"Kundenr\r\nk-1\r\nk-2\r\n\x1a",
        ids=["k-1", "k-2"],
        named={4: RowProblem.NOTHING},
        why="Control-Z is no id.",
    ),
    Case("a zero byte", b"Kundenr\nk-1\x00\nk-2\n", refused=FileProblem.NO_TEXT, why="No text has it."),
    Case(
        "UTF-8 cut off inside a letter",
        "Kundenr\nåse1\nbjø".encode()[:-1],
        refused=FileProblem.BROKEN,
        why="The upload was cut off.",
    ),
    Case(
        "UTF-16 cut off inside a letter",
        "Kundenr\nåse1\n".encode("utf-16")[:-1],
        refused=FileProblem.BROKEN,
        why="The upload was cut off.",
    ),
    Case(
        "a mark in the middle",
        b"\xef\xbb\xbfKundenr\nk-1\n\xef\xbb\xbfk-2\n",
        ids=["k-1", "k-2"],
        why="Two files were joined.",
    ),
    Case(
        "combining letters",
        "Kundenr\na\u030ase1\n",
        ids=["a\u030ase1"],
        why="A Mac writes å as two signs; Dintero compares them as they are.",
    ),
]
