"""The form's file fields: the input, the files put in earlier, and the question which column has the ids."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from slackblocks import Block, CheckboxGroup, FileInput, InputBlock, Option, StaticSelectMenu, Text, TextType

from bot.domain.customers.columns import letter
from bot.domain.customers.uploads import MOST_FILES, AmbiguousFile, Column, Upload
from bot.domain.ids import FileId
from bot.domain.requests.views import Field, Form
from bot.slack.rendering.mrkdwn import shorten

ACTION: Final = "discount_add_file"
KEPT: Final = "kept"
COLUMN: Final = "column"
FILE_TYPES: Final = ["csv", "tsv", "txt", "xlsx"]
MAX_CHARACTERS: Final = 75
"""Slack's limit for an option's text and description."""
MAX_OPTIONS: Final = 100
HINT: Final = (
    f"CSV, TSV, TXT or XLSX, up to {MOST_FILES} files of 10 MB, one customer a row. "
    "The column of the ids is found by its name, such as customer_id or Kundenr; "
    "where two could be meant you are asked. What is typed above counts too."
)
KEPT_HINT: Final = "Untick what shall not count any more."

FormView = Mapping[str, Any]


def build(form: Form, generation: int, *, files_in_input: frozenset[FileId]) -> list[Block]:
    """Draw the earlier files that the input has lost, a question for each unclear one, and the input."""
    blocks: list[Block] = []
    earlier = [file for file in form.form_input.files if file.id not in files_in_input]
    if earlier:
        options = [_option(file.name or file.id, file.id) for file in earlier[:MOST_FILES]]
        blocks.append(
            InputBlock(
                label="Files put in before",
                element=CheckboxGroup(action_id=ACTION, options=options, initial_options=options),
                block_id=f"{KEPT}:{generation}",
                hint=KEPT_HINT,
                optional=True,
            )
        )
    return [
        *blocks,
        *(_question(each, generation) for each in form.unclear),
        InputBlock(
            label="File",
            element=FileInput(action_id=ACTION, filetypes=FILE_TYPES, max_files=MOST_FILES),
            block_id=f"{Field.FILE}:{generation}",
            hint=HINT,
            optional=True,
        ),
    ]


def read(view: FormView) -> tuple[Upload, ...]:
    """Read the files that count, new and kept, each with the column that the person chose."""
    columns: dict[str, int] = {}
    for block, answer in _answers(view):
        chosen = str((answer.get("selected_option") or {}).get("value", ""))
        if block.startswith(f"{COLUMN}.") and chosen.isdecimal():
            columns[block.removeprefix(f"{COLUMN}.")] = int(chosen)
    files = {
        file.id: replace(file, column=columns.get(file.id))
        for block, answer in _answers(view)
        if block in {KEPT, Field.FILE}
        for file in _uploads(answer)
    }
    return tuple(files.values())


def files_in_input(view: FormView) -> frozenset[FileId]:
    """List the files in the file input itself."""
    return frozenset(
        file.id for block, answer in _answers(view) if block == Field.FILE for file in _uploads(answer)
    )


def _question(unclear: AmbiguousFile, generation: int) -> Block:
    options = [
        _option(
            _column_name(column),
            str(column.number),
            shorten(" · ".join(column.samples), MAX_CHARACTERS) or None,
        )
        for column in unclear.columns[:MAX_OPTIONS]
    ]
    label = f"Which column of {shorten(unclear.upload.name, MAX_CHARACTERS)} holds the customer ids?"
    menu = StaticSelectMenu(action_id=ACTION, options=options, placeholder="Choose the column")
    return InputBlock(label=label, element=menu, block_id=f"{COLUMN}.{unclear.upload.id}:{generation}")


def _option(text: str, value: str, description: str | None = None) -> Option:
    return Option(Text(shorten(text, MAX_CHARACTERS) or value, TextType.PLAINTEXT), value, description)


def _column_name(column: Column) -> str:
    name = letter(column.number)
    return f"{column.name} (column {name})" if column.name else f"Column {name}"


def _answers(view: FormView) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the answers by block id without generation."""
    values: Mapping[str, Mapping[str, Any]] = (view.get("state") or {}).get("values") or {}
    for block_id, answers in values.items():
        for answer in answers.values():
            yield block_id.rpartition(":")[0], answer


def _uploads(answer: Mapping[str, Any]) -> Iterator[Upload]:
    for option in answer.get("selected_options") or ():
        yield Upload(FileId(str(option["value"])), str((option.get("text") or {}).get("text", "")))
    for file in answer.get("files") or ():
        yield Upload(FileId(str(file["id"])), str(file.get("name") or file["id"]))
