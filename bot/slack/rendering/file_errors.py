"""What is wrong with a file or a row of it, in words: what happened, and what to do about it."""

from typing import Final

from bot.domain.customers.uploads import MOST_BYTES, MOST_FILES, MOST_IDS, FileProblem, RowProblem
from bot.slack.language.texts import N_, _
from bot.slack.rendering.mrkdwn import capitalised

TROUBLES: Final[dict[str, str]] = {
    FileProblem.NOT_FOUND: N_("{file} can't be opened. Share it in this channel, or upload it here."),
    FileProblem.NOT_YOURS: N_(
        "{file} belongs to someone else and isn't shared here. Ask them to share it, or upload your own copy."
    ),
    FileProblem.NOT_FETCHED: N_(
        "{file} couldn't be downloaded from Slack. Try again in a minute. If it keeps happening, tell {who}."
    ),
    FileProblem.NO_SCOPE: N_(
        "{file} can't be read: the app is missing the files:read permission. Ask {who}."
    ),
    FileProblem.ELSEWHERE: N_("{file} is only a link to another service. Download it and upload the file."),
    FileProblem.TOO_BIG: N_("{file} is over {megabytes} MB. Keep only the column of ids."),
    FileProblem.TOO_MANY_FILES: N_("{file} is one file too many. The limit is {files} files. Remove one."),
    FileProblem.TOO_MANY_IDS: N_(
        "{file} goes over {customers} customers, the most in one request. Ask {who}."
    ),
    FileProblem.EMPTY: N_("{file} is empty. Is it the right file?"),
    FileProblem.NO_ID: N_("{file} has no usable customer ids in that column. Choose another column or file."),
    FileProblem.SHORTENED: N_(
        "{file} has ids that Excel shortened, such as 1.23457E+11. "
        "Format the column as Text, enter the ids again, and upload it."
    ),
    FileProblem.UNCERTAIN: N_(
        "{file} shows its ids as dates or in an unusual format. "
        "Format the column as Text, enter the ids again, and upload it."
    ),
    FileProblem.KIND: N_(
        "{file} isn't a CSV or Excel file. Save it as “CSV UTF-8” or .xlsx and upload that."
    ),
    FileProblem.OTHER_WORKBOOK: N_("{file} is another kind of workbook. Save it as .xlsx and upload that."),
    FileProblem.OLD_EXCEL: N_("{file} is an old .xls file. Save it as .xlsx and upload that."),
    FileProblem.ENCRYPTED: N_("{file} has a password. Remove the password and upload it again."),
    FileProblem.BROKEN: N_("{file} is damaged or cut off. Open it, save it again, and upload that."),
    FileProblem.NO_TEXT: N_("{file} isn't a text file. Save it as “CSV UTF-8” or .xlsx and upload that."),
    FileProblem.CODE: N_(
        "{file} is a web page or code, not a list of customers. Save it as “CSV UTF-8” or .xlsx."
    ),
    FileProblem.LONG_LINE: N_(
        "{file} has an unclosed quotation mark or one endless line. Put one customer on each line."
    ),
    FileProblem.ONE_LINE: N_("{file} has everything on one line. Put one customer on each line."),
    FileProblem.SEPARATOR: N_(
        "It's not clear what separates the columns of {file}. "
        "Save it as .xlsx, or name the column of ids customer_id."
    ),
    FileProblem.BOMB: N_("{file} expands to far too much data. Copy the ids into a new workbook."),
    FileProblem.NO_COLUMN: N_(
        "{file} has nothing in the column you chose. Remove the file, upload it again, and choose another."
    ),
    FileProblem.NONE_CHOSEN: N_(
        "{file} has no column of customer ids, as you said. "
        "Remove or untick it, or upload it with a column named customer_id."
    ),
    FileProblem.TOO_HEAVY: N_("{file} is too big to read. Copy only the column of ids into a new file."),
}

ODD: Final[dict[str, str]] = {
    RowProblem.EMPTY: N_("no id"),
    RowProblem.TOO_LONG: N_("longer than 255 characters"),
    RowProblem.HIDDEN: N_("contains a hidden character"),
    RowProblem.SHORTENED: N_("shortened by Excel (format the column as Text)"),
    RowProblem.UNCERTAIN: N_("a date, TRUE, FALSE or a special format (format the column as Text)"),
    RowProblem.HIDDEN_ROW: N_("hidden in the sheet, and skipped as you chose"),
    RowProblem.SEVERAL: N_("more than one value (put each id in its own row)"),
    RowProblem.RESERVED: N_("“*” or “/” (means everyone)"),
    RowProblem.ERROR: N_("Excel error"),
    RowProblem.NOTHING: N_("a word for no value, such as NULL or N/A"),
    RowProblem.HEADER: N_("a column name or a title"),
    RowProblem.TOTAL: N_("a total or a count"),
    RowProblem.FORMATTED: N_("a formatted number or a date (format the column as Text)"),
    RowProblem.CODE: N_("code, a formula or a bullet (give only the id)"),
    RowProblem.LINK: N_("a web address"),
    RowProblem.QUOTE: N_("an unclosed quotation mark"),
    RowProblem.MISFIT: N_("cells that don't fit the columns (close each quotation mark)"),
    RowProblem.UNLIKE: N_("words, where other ids have digits"),
    RowProblem.ENCODING: N_("damaged letters (save the list as “CSV UTF-8” or .xlsx)"),
}

ODD_IN_SHORT: Final[dict[str, str]] = {
    RowProblem.SHORTENED: N_("shortened by Excel"),
    RowProblem.UNCERTAIN: N_("a date or a special format"),
    RowProblem.HIDDEN_ROW: N_("hidden in the sheet"),
    RowProblem.SEVERAL: N_("more than one value"),
    RowProblem.NOTHING: N_("no value"),
    RowProblem.FORMATTED: N_("formatted number"),
    RowProblem.CODE: N_("code, a formula or a bullet"),
    RowProblem.MISFIT: N_("cells that don't fit the columns"),
    RowProblem.ENCODING: N_("damaged letters"),
}
"""The same without advice, where it differs."""


def trouble(problem: str, *, file: str, who: str) -> str:
    """Say what is wrong with a file; `who` can change what the bot may do."""
    text = TROUBLES.get(problem, TROUBLES[FileProblem.BROKEN])
    limits = {"megabytes": MOST_BYTES // 1024**2, "files": MOST_FILES, "customers": MOST_IDS}
    return capitalised(_(text, file=file or _("the file"), who=who, **limits))
