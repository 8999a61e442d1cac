"""What is wrong with a file, in words: what it is, and what to do about it."""

from typing import Final

from bot.domain.customers.uploads import MOST_BYTES, MOST_FILES, MOST_IDS, FileProblem, RowProblem

SAVE_AS: Final = "Save it in Excel as “CSV UTF-8” or as a workbook (.xlsx), and put that in."

TROUBLES: Final[dict[str, tuple[str, str]]] = {
    FileProblem.NOT_FOUND: (
        "is not in Slack, or the bot may not see it",
        "Share it in a channel that the bot is in, or put it in here.",
    ),
    FileProblem.NOT_YOURS: (
        "was put into Slack by somebody else, and is not shared in this channel",
        "Have it shared here, or put your own copy in.",
    ),
    FileProblem.NOT_FETCHED: (
        "could not be fetched from Slack",
        "Try again in a minute; if it goes on, tell {who}.",
    ),
    FileProblem.NO_SCOPE: (
        "could not be fetched: the bot may not read files in Slack",
        "Ask {who} to give it the scope files:read.",
    ),
    FileProblem.ELSEWHERE: ("is only linked in Slack, and kept elsewhere", "Download it, and put that in."),
    FileProblem.TOO_BIG: (
        f"has more than {MOST_BYTES // 1024**2} MB",
        "Part it into several files, or leave out the other columns.",
    ),
    FileProblem.TOO_MANY_FILES: (
        f"is one file too many: {MOST_FILES} can be read at once",
        "Untick or take out some.",
    ),
    FileProblem.TOO_MANY_IDS: (
        f"brings the list above {MOST_IDS:,} customers, the most at once",
        "Ask in several parts.",
    ),
    FileProblem.EMPTY: ("is empty, or has nothing below its first row", "Look whether it is the right one."),
    FileProblem.NO_ID: (
        "has no customer id that can be used in any row of the column",
        "Look whether it is the right file and column.",
    ),
    FileProblem.SHORTENED: (
        "has numbers in place of ids that Excel shortened, such as 1.23457E+11",
        "Format the column as text, fill the ids in anew, and put that in.",
    ),
    FileProblem.UNCERTAIN: (
        "shows its ids as dates, or as numbers in an uncommon format",
        "Format the column as text, fill the ids in anew, and put that in.",
    ),
    FileProblem.KIND: ("is neither a text with a customer a row nor an Excel workbook", SAVE_AS),
    FileProblem.OTHER_WORKBOOK: ("is a workbook of another kind, such as .xlsb or .ods", SAVE_AS),
    FileProblem.OLD_EXCEL: ("is a workbook of an old kind (.xls)", SAVE_AS),
    FileProblem.ENCRYPTED: ("has a password", "Take the password off, save it, and put it in again."),
    FileProblem.BROKEN: ("is damaged or was cut off", "Open it, save it anew, and put that in."),
    FileProblem.NO_TEXT: ("holds characters that stand in no text, such as a zero byte", SAVE_AS),
    FileProblem.CODE: ("is a web page, JSON, SQL or other code, and no list of customers", SAVE_AS),
    FileProblem.LONG_LINE: (
        "has a line without end, or a quote that is never closed",
        "Put one customer on each line, and close every quote.",
    ),
    FileProblem.ONE_LINE: ("has everything on one line", "Put one customer on each line."),
    FileProblem.SEPARATOR: (
        "is separated by a sign that cannot be told for sure",
        "Save it in Excel as a workbook (.xlsx), or name the column of ids customer_id, and put that in.",
    ),
    FileProblem.BOMB: (
        "unpacks to far more than a list of customers can be",
        "Copy the ids into a new workbook, and put that in.",
    ),
    FileProblem.NO_COLUMN: (
        "has nothing in the column that was chosen",
        "Take it out, put it in again, and choose another.",
    ),
    FileProblem.NONE_CHOSEN: (
        "has no column of customer ids, as you said",
        "Untick it, or put it in again with a column named customer_id.",
    ),
    FileProblem.TOO_HEAVY: (
        "took too much time or memory to read",
        "Copy the column of ids alone into a new file, and put that in.",
    ),
}
"""What follows the file's name, and what to do."""

ODD: Final[dict[str, str]] = {
    RowProblem.EMPTY: "no id",
    RowProblem.TOO_LONG: "longer than 255 characters",
    RowProblem.HIDDEN: "a hidden character",
    RowProblem.SHORTENED: "a number that Excel shortened or gave a fraction: format the column as text",
    RowProblem.UNCERTAIN: (
        "a date, TRUE or FALSE, a special format or a merged cell: format the column as text"
    ),
    RowProblem.HIDDEN_ROW: "hidden in the sheet, and left out as you chose",
    RowProblem.SEVERAL: "several things in one place: put each id in a row of its own",
    RowProblem.RESERVED: "“*” or “/”, which mean everyone",
    RowProblem.ERROR: "an error of Excel's",
    RowProblem.NOTHING: "a word or sign for nothing, such as NULL or N/A",
    RowProblem.HEADER: "the name of a column, or a title above it",
    RowProblem.TOTAL: "a total or a count",
    RowProblem.FORMATTED: "a number with spaces, commas or points, or a date: format the column as text",
    RowProblem.CODE: "brackets, code, a formula or a bullet: give the id alone",
    RowProblem.LINK: "a web address",
    RowProblem.QUOTE: "a quote that is not closed",
    RowProblem.MISFIT: (
        "another table, or cells that do not fit the columns: close each quote, quote cells with separators"
    ),
    RowProblem.UNLIKE: "words, where the other ids have digits",
    RowProblem.ENCODING: "damaged letters: save the list as “CSV UTF-8” or as a workbook (.xlsx)",
}
"""What is wrong with a row."""
