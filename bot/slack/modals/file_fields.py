"""The form's files: the input, earlier files, links to files, and the question which column has the ids."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote

from slackblocks import Block, FileInput, InputBlock, Option, StaticSelectMenu, Text, TextType

from bot.domain.customers.columns import letter
from bot.domain.customers.uploads import MOST_FILES, AmbiguousFile, Column, Upload
from bot.domain.ids import FileId
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Field, Form
from bot.slack.rendering.blocks import MAX_OPTIONS, OPTION, answers, checkboxes
from bot.slack.rendering.mrkdwn import shorten
from bot.slack.reply import View

ACTION: Final = "discount_add_file"
KEPT: Final = "kept"
COLUMN: Final = "column"
HINT: Final = (
    f"CSV, TSV, TXT or XLSX, up to {MOST_FILES} files of 10 MB, one customer a row. "
    "The column of the ids is found by its name, such as customer_id or Kundenr; "
    "where two could be meant you are asked. What is typed above counts too."
)
FILE_LINK: Final = re.compile(
    r"<?https://[\w.-]+\.slack\.com/(?:files/[UW]\w+/|files-pri/T\w+-)(?P<id>F[A-Z0-9]{2,20})(?!\w)"
    r"(?:/(?:download/)?(?P<name>[^\s<>|,;?#/]*))?[^\s<>|,;]*(?:\|[^<>\n]*)?>?"
)
"""A file's own link or its download address, as people and Slack write them: `<https://…|name>`."""


def build(form: Form, generation: int, *, files_in_input: frozenset[FileId]) -> list[Block]:
    """Draw the earlier files that the input has lost, a question for each unclear one, and the input."""
    blocks: list[Block] = []
    earlier = [file for file in form.form_input.files if file.id not in files_in_input]
    if earlier:
        options = [_option(file.name or file.id, file.id) for file in earlier[:MOST_FILES]]
        hint, block_id = "Untick what shall not count any more.", f"{KEPT}:{generation}"
        blocks.append(
            checkboxes("Files put in before", options, options, block_id=block_id, action=ACTION, hint=hint)
        )
    return [
        *blocks,
        *(_question(each, generation) for each in form.unclear),
        InputBlock(
            label="File",
            element=FileInput(
                action_id=ACTION, filetypes=["csv", "tsv", "txt", "xlsx"], max_files=MOST_FILES
            ),
            block_id=f"{Field.FILE}:{generation}",
            hint=HINT,
            optional=True,
        ),
    ]


def read(view: View) -> tuple[Upload, ...]:
    """Read the files that count, new and kept, each with the column that the person chose."""
    columns: dict[str, int] = {}
    for block, answer in answers(view):
        chosen = str((answer.get("selected_option") or {}).get("value", ""))
        if block.startswith(f"{COLUMN}.") and chosen.isdecimal():
            columns[block.removeprefix(f"{COLUMN}.")] = int(chosen)
    files = {
        file.id: replace(file, column=columns.get(file.id))
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

    >>> with_links_as_files(FormInput(customers="a1 https://shop.slack.com/files/U1/F02/vip%20list.csv")).files
    (Upload(id='F02', name='vip list.csv', column=None),)
    """
    if not FILE_LINK.search(form_input.customers):
        return form_input
    files = {file.id: file for file in form_input.files}
    for link in FILE_LINK.finditer(form_input.customers):
        file = FileId(link["id"])
        files.setdefault(file, Upload(file, unquote(link["name"] or "") or file))
    customers = FILE_LINK.sub("\n", form_input.customers).strip("\n")
    return replace(form_input, customers=customers, files=tuple(files.values()))


def _question(unclear: AmbiguousFile, generation: int) -> Block:
    options = [
        _option(
            _column_name(column),
            str(column.number),
            shorten(" · ".join(column.samples), OPTION) or None,
        )
        for column in unclear.columns[:MAX_OPTIONS]
    ]
    label = f"Which column of {shorten(unclear.upload.name, OPTION)} holds the customer ids?"
    menu = StaticSelectMenu(action_id=ACTION, options=options, placeholder="Choose the column")
    return InputBlock(label=label, element=menu, block_id=f"{COLUMN}.{unclear.upload.id}:{generation}")


def _option(text: str, value: str, description: str | None = None) -> Option:
    return Option(Text(shorten(text, OPTION) or value, TextType.PLAINTEXT), value, description)


def _column_name(column: Column) -> str:
    name = letter(column.number)
    return f"{column.name} (column {name})" if column.name else f"Column {name}"


def _uploads(answer: Mapping[str, Any]) -> Iterator[Upload]:
    for option in answer.get("selected_options") or ():
        yield Upload(FileId(str(option["value"])), str((option.get("text") or {}).get("text", "")))
    for file in answer.get("files") or ():
        yield Upload(FileId(str(file["id"])), str(file.get("name") or file["id"]))
