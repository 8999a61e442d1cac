"""Line 9: markup, JSON, SQL and code saved as a list or a workbook give nothing."""

from bot.domain.customers.uploads import FileProblem, RowProblem
from tests.corpus.case import Case, Way
from tests.spreadsheets.sample_files import packed

CODE = FileProblem.CODE

CASES = [
    Case(
        "a web page",
        "<!DOCTYPE html>\n<html><body><table><tr><td>1001</td></tr></table></body></html>\n",
        refused=CODE,
        only=Way.FILE,
        why="Many systems call such a page kunder.xls.",
    ),
    Case(
        "a table of a web page",
        "\n<table>\n<tr><td>1001</td></tr>\n</table>\n",
        refused=CODE,
        only=Way.FILE,
        why="The same without its head.",
    ),
    Case(
        "Excel's old XML",
        '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>\n',
        refused=CODE,
        only=Way.FILE,
        why="Excel opens it; the sentence says to save it as XLSX.",
    ),
    Case("a JSON list", '["k-1", "k-2"]\n', refused=CODE, why="An answer of an API."),
    Case("JSON by lines", '{"id": "k-1"}\n{"id": "k-2"}\n', refused=CODE, why="One object on each line."),
    Case(
        "JSON in several lines",
        '{\n  "customers": [\n    "k-1"\n  ]\n}\n',
        refused=CODE,
        why="An indented object.",
    ),
    Case(
        "SQL that inserts",
        "INSERT INTO kunde (id) VALUES (1001),(1002);\n",
        refused=CODE,
        why="A dump of a database.",
    ),
    Case(
        "SQL that asks",
        "select id from kunde\nwhere id in (1001, 1002)\n",
        refused=CODE,
        why="The query in place of its result.",
    ),
    Case("a Python list", "ids = [\n    'k-1',\n    'k-2',\n]\n", refused=CODE, why="A script."),
    Case("a JavaScript list", "const ids = ['k-1',\n'k-2'];\n", refused=CODE, why="A script."),
    Case(
        "a YAML list",
        "customers:\n  - k-1\n  - k-2\n",
        named={2: RowProblem.CODE, 3: RowProblem.CODE},
        only=Way.PASTED,
        why="The dash is no part of an id.",
    ),
    Case(
        "a vCard",
        "BEGIN:VCARD\nFN:Kari\nUID:1001\nEND:VCARD\n",
        refused=CODE,
        why="A contact.",
    ),
    Case(
        "a web archive",
        "MIME-Version: 1.0\nContent-Type: multipart/related\n\n1001\n",
        refused=CODE,
        only=Way.FILE,
        why="Excel saves web pages so.",
    ),
    Case(
        "a SYLK file",
        "ID;PWXL;N;E\nC;Y1;X1;K1001\nE\n",
        refused=CODE,
        only=Way.FILE,
        why="Its first letters look like a column id.",
    ),
    Case(
        "rich text",
        b"{\\rtf1\\ansi 1001\\par 1002}",
        refused=FileProblem.KIND,
        why="Saved from a text editor.",
    ),
    Case("a PDF", b"%PDF-1.4\n1001\n1002\n", refused=FileProblem.KIND, why="A list that was printed."),
    Case("an image", b"\x89PNG\r\n\x1a\n1001", refused=FileProblem.KIND, why="A screenshot of a list."),
    Case(
        "a packed text",
        packed({"kunder.csv": "1001\n1002\n"}),
        refused=FileProblem.KIND,
        why="A ZIP file is no workbook.",
    ),
    Case(
        "an old workbook",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024),
        refused=FileProblem.OLD_EXCEL,
        why="XLS is another format.",
    ),
    Case(
        "markup in a cell",
        "Kundenr;Navn\nk-1;Kari\n<b>k-2</b>;Ola\n",
        ids=["k-1"],
        named={3: RowProblem.CODE},
        why="The tags are no part of the id.",
    ),
    Case(
        "a formula in a cell",
        "Kundenr;Navn\nk-1;Kari\n=B2&C2;Ola\n=SUM(A1:A2);Eva\n",
        ids=["k-1"],
        named={3: RowProblem.CODE, 4: RowProblem.CODE},
        why="A text with formulas; nobody calculates them.",
    ),
    Case(
        "a key before each value",
        "k-1\nid: k-2\nk-3\n",
        ids=["k-1", "k-3"],
        named={2: RowProblem.HEADER},
        why="id: is no part of the id.",
    ),
    Case(
        "an id in braces",
        "k-1\n{8d5f7a1e-0c2b-4e57-9a31-6f1f0a8e2b11}\n",
        ids=["k-1"],
        named={2: RowProblem.CODE},
        why="Windows writes UUIDs so; Dintero's ids have no braces.",
    ),
    Case(
        "SQL over several lines",
        "SELECT id,\n navn\nFROM kunder\n",
        refused=CODE,
        only=Way.FILE,
        why="A query, indented by a program.",
    ),
    Case(
        "characters of HTML",
        "Kundenr\nk-1\nk-2&nbsp;\nk-3&amp;k-4\nk-5&#160;\n",
        ids=["k-1"],
        named={3: RowProblem.CODE, 4: RowProblem.CODE, 5: RowProblem.CODE},
        why="Their semicolons separate nothing.",
    ),
    Case(
        "a character of HTML in a table",
        "Kundenr;Navn\nk-1;Kari\nk-2&nbsp;;Ola\nk-3;Eva\n",
        ids=["k-1", "k-3"],
        named={3: RowProblem.CODE},
        only=Way.FILE,
        why="Without its semicolon it is one still.",
    ),
    Case(
        "emphasis of Markdown",
        "k-1\n_k-2_\n__k3__\n",
        ids=["k-1"],
        named={2: RowProblem.CODE, 3: RowProblem.CODE},
        why="The signs around it are not part of the id.",
    ),
    Case("a script", "import os\nids = [1001]\n", refused=CODE, why="Its first line is code."),
]
