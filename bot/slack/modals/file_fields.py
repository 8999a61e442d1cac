"""The form's files: the input, earlier files, links to files, and the question which column has the ids."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote

from slackblocks import Block, FileInput, InputBlock, StaticSelectMenu

from bot.domain.customers.columns import letter
from bot.domain.customers.uploads import MOST_FILES, NO_COLUMN, AmbiguousFile, Column, Upload
from bot.domain.ids import FileId
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Field, Form
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering.blocks import MAX_OPTIONS, OPTION, answers, checkboxes, option
from bot.slack.rendering.mrkdwn import shorten
from bot.slack.reply import View

ACTION: Final = "discount_add_file"
KEPT: Final = "kept"
COLUMN: Final = "column"
HIDDEN: Final = "hidden"
NONE_OF_THESE: Final = N_("None of these")
HIDDEN_ANSWERS: Final = {"leave": N_("Skip the hidden rows"), "take": N_("Include the hidden rows")}
MAX_SHEET_NAME: Final = 20
MAX_CHANNEL_NAME: Final = 80
HINT: Final = N_("CSV or Excel. Over 10 MB? Share it in {channel} and paste its link.")
FILE_LINK: Final = re.compile(
    r"<?https://[\w.-]+\.slack\.com/(?:files/[UW]\w+/|files-pri/T\w+-)(?P<id>F[A-Z0-9]{2,20})(?!\w)"
    r"(?:/(?:download/)?(?P<name>[^\s<>|,;?#/]*))?[^\s<>|,;]*(?:\|[^<>\n]*)?>?"
)
"""A file's own link or its download address, as people and Slack write them: `<https://…|name>`."""


COLUMNS: Final = {
    (True, True): N_("{name} (column {column} of sheet {sheet})"),
    (True, False): N_("{name} (column {column})"),
    (False, True): N_("Column {column} of sheet {sheet}"),
    (False, False): N_("Column {column}"),
}
"""By whether the column has a name, and whether there are several sheets."""
HIDDEN_COLUMNS: Final = {
    (True, True): N_("{name} (column {column} of sheet {sheet}, hidden)"),
    (True, False): N_("{name} (column {column}, hidden)"),
    (False, True): N_("Column {column} of sheet {sheet}, hidden"),
    (False, False): N_("Column {column}, hidden"),
}


def build(form: Form, generation: int, *, files_in_input: frozenset[FileId]) -> list[Block]:
    """Draw the earlier files that the input has lost, a question for each unclear one, and the input."""
    blocks: list[Block] = []
    earlier = [file for file in form.form_input.files if file.id not in files_in_input]
    if earlier:
        options = [option(file.name or file.id, file.id) for file in earlier[:MOST_FILES]]
        label, hint, block_id = _("Files from before"), _("Untick files you don't want to use."), KEPT
        blocks.append(
            checkboxes(label, options, options, block_id=f"{block_id}:{generation}", action=ACTION, hint=hint)
        )
    return [
        *blocks,
        *(_question(each, generation) for each in form.unclear if each.columns),
        *(_hidden_question(each, generation) for each in form.unclear if each.hidden),
        InputBlock(
            label=_("File"),
            element=FileInput(
                action_id=ACTION, filetypes=["csv", "tsv", "txt", "xlsx"], max_files=MOST_FILES
            ),
            block_id=f"{Field.FILE}:{generation}",
            hint=_hint(form.policy.name),
            optional=True,
        ),
    ]


def read(view: View) -> tuple[Upload, ...]:
    """Read the files that count, new and kept, each with the column that the person chose."""
    chosen: dict[str, dict[str, Any]] = {}
    for block, answer in answers(view):
        question, _dot, file_id = block.partition(".")
        if value := (answer.get("selected_option") or {}).get("value"):
            chosen.setdefault(file_id, {}).update(_choice(question, str(value)))
    files = {
        file.id: replace(file, **chosen.get(file.id, {}))
        for block, answer in answers(view)
        if block in {KEPT, Field.FILE}
        for file in _uploads(answer)
    }
    return tuple(files.values())


def files_in_input(view: View) -> frozenset[FileId]:
    """List the files in the file input itself."""
    return frozenset(
        file.id for block, answer in answers(view) if block == Field.FILE for file in _uploads(answer)
    )


def with_links_as_files(form_input: FormInput) -> FormInput:
    """Move the linked files from the ids to the form's files, each once.

    >>> with_links_as_files(FormInput(customers="a1 https://shop.slack.com/files/U1/F02/vip%20list.csv")).files[0].name
    'vip list.csv'
    """
    if not FILE_LINK.search(form_input.customers):
        return form_input
    files = {file.id: file for file in form_input.files}
    for link in FILE_LINK.finditer(form_input.customers):
        file = FileId(link["id"])
        files.setdefault(file, Upload(file, unquote(link["name"] or "") or file))
    customers = FILE_LINK.sub("\n", form_input.customers).strip("\n")
    return replace(form_input, customers=customers, files=tuple(files.values()))


def _hint(channel: str) -> str:
    """Name the form's channel: the form may have been opened somewhere else."""
    return _(HINT, channel=f"#{shorten(channel, MAX_CHANNEL_NAME)}" if channel else _("the channel"))


def _question(unclear: AmbiguousFile, generation: int) -> Block:
    options = [
        option(
            _column_name(column),
            f"{column.number}@{column.sheet}" if column.sheet else str(column.number),
            shorten(" · ".join(column.samples), OPTION) or None,
        )
        for column in unclear.columns[: MAX_OPTIONS - 1]
    ]
    options.append(option(_(NONE_OF_THESE), str(NO_COLUMN)))
    file = shorten(unclear.upload.name, OPTION)
    label = _("Which column of {file} holds the customer ids?", file=file)
    menu = StaticSelectMenu(action_id=ACTION, options=options, placeholder=_("Choose a column"))
    # never required: the file may be taken out instead of answering, and the review asks again
    block_id = f"{COLUMN}.{unclear.upload.id}:{generation}"
    return InputBlock(label=label, element=menu, block_id=block_id, optional=True)


def _hidden_question(unclear: AmbiguousFile, generation: int) -> Block:
    label = ngettext(
        "{file} hides {count} row with an id. Include it?",
        "{file} hides {count} rows with an id. Include them?",
        unclear.hidden,
        file=shorten(unclear.upload.name, OPTION),
    )
    options = [option(_(text), value) for value, text in HIDDEN_ANSWERS.items()]
    menu = StaticSelectMenu(action_id=ACTION, options=options, placeholder=_("Choose"))
    block_id = f"{HIDDEN}.{unclear.upload.id}:{generation}"
    return InputBlock(label=label, element=menu, block_id=block_id, optional=True)


def _choice(question: str, chosen: str) -> dict[str, Any]:
    """Read the answer to a question about a file, as fields of `Upload`."""
    number, _at, sheet = chosen.partition("@")
    if question == COLUMN and number.isdecimal():
        return {"column": int(number), "sheet": int(sheet) if sheet.isdecimal() else 0}
    if question == HIDDEN and chosen in HIDDEN_ANSWERS:
        return {"hidden": chosen == "take"}
    return {}


def _column_name(column: Column) -> str:
    """Name a column by its name, its letter and, among several, its sheet."""
    values = {
        "name": column.name,
        "column": letter(column.number),
        "sheet": shorten(column.sheet_name, MAX_SHEET_NAME),
    }
    if column.is_hidden:
        return _(HIDDEN_COLUMNS[bool(column.name), bool(column.sheet_name)], **values)
    return _(COLUMNS[bool(column.name), bool(column.sheet_name)], **values)


def _uploads(answer: Mapping[str, Any]) -> Iterator[Upload]:
    for ticked in answer.get("selected_options") or ():
        yield Upload(FileId(str(ticked["value"])), str((ticked.get("text") or {}).get("text", "")))
    for file in answer.get("files") or ():
        yield Upload(FileId(str(file["id"])), str(file.get("name") or file["id"]))
