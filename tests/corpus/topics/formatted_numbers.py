"""Line 8: a number with signs between its digits is no id."""

from bot.domain.customers.uploads import FileProblem, RowProblem
from tests.corpus.case import Case
from tests.corpus.workbooks import one_column

FORMATTED = {2: RowProblem.FORMATTED}


def listed(value: str) -> str:
    """Write a list of which this is the first id."""
    return f"Kundenr\n{value}\n1002\n"


CASES = [
    Case(
        "a decimal point",
        listed("1001.0"),
        ids=["1002"],
        named=FORMATTED,
        why="Pandas made floats of the ids.",
    ),
    Case("a decimal comma", listed("1001,00"), ids=["1002"], named=FORMATTED, why="The same in Norwegian."),
    Case("spaces", listed("1 234 567"), ids=["1002"], named=FORMATTED, why="1234567 is a guess."),
    Case(
        "no-break spaces",
        listed("1\u00a0234\u202f567"),
        ids=["1002"],
        named=FORMATTED,
        why="Excel's separators in Norwegian.",
    ),
    Case("figure spaces", listed("1\u2007234"), ids=["1002"], named=FORMATTED, why="Another kind of space."),
    Case("points", listed("1.234.567"), ids=["1002"], named=FORMATTED, why="Thousands in German and Danish."),
    Case("commas", listed("1,234,567"), ids=["1002"], named=FORMATTED, why="Thousands in English."),
    Case("apostrophes", listed("1'234'567"), ids=["1002"], named=FORMATTED, why="Thousands in Switzerland."),
    Case("a currency", listed("kr 250"), ids=["1002"], named=FORMATTED, why="An amount."),
    Case(
        "a currency behind",
        listed("250,-"),
        ids=["1002"],
        named=FORMATTED,
        why="An amount as shops write it.",
    ),
    Case("a percent sign", listed("25 %"), ids=["1002"], named=FORMATTED, why="A discount, and no customer."),
    Case("a date", listed("02.03.2026"), ids=["1002"], named=FORMATTED, why="A date."),
    Case(
        "a date of databases", listed("2026-03-02 12:30:00"), ids=["1002"], named=FORMATTED, why="A moment."
    ),
    Case(
        "a date that was an id",
        listed("3-mar"),
        ids=["1002"],
        named=FORMATTED,
        why="Excel turns 3-3 into a date.",
    ),
    Case("a time", listed("08:15"), ids=["1002"], named=FORMATTED, why="A time."),
    Case(
        "a shortened number",
        listed("4,71E+12"),
        ids=["1002"],
        named={2: RowProblem.SHORTENED},
        why="Its digits are lost.",
    ),
    Case("wide digits", listed("１００１"), ids=["1002"], named=FORMATTED, why="They only look like 1001."),  # noqa: RUF001
    Case(
        "a telephone number in groups",
        listed("912 34 567"),
        ids=["1002"],
        named=FORMATTED,
        why="The id, if it is one, has no spaces.",
    ),
    Case(
        "ids that only look unusual",
        "Kundenr\n12397E6\n2024-0012\n+4791234567\nA.12\n",
        ids=["12397E6", "2024-0012", "+4791234567", "A.12"],
        why="None of them is a formatted number.",
    ),
    Case(
        "floats alone",
        "Kundenr\n1001.0\n1002.0\n",
        refused=FileProblem.NO_ID,
        why="No row has an id.",
    ),
    Case(
        "shortened numbers alone",
        "Kundenr\n4,71E+12\n4,72E+12\n",
        refused=FileProblem.SHORTENED,
        why="The sentence says to format the column as text and export again.",
    ),
    Case(
        "floats in a workbook's texts",
        one_column("1001.0", "1002"),
        ids=["1002"],
        named=FORMATTED,
        why="Texts in a workbook get the same checks.",
    ),
]
