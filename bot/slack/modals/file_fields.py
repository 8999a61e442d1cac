"""The part of the form that is about files: what is put in, what stays of before, and which column is meant; draws it and reads it back."""

from collections.abc import Iterator, Mapping, Sequence
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
KINDS: Final = ["csv", "tsv", "txt", "xlsx"]
OPTION: Final = 75
"""Characters of an option's text, and of what is said of it."""
OPTIONS: Final = 100
HINT: Final = (
    f"CSV, TSV, TXT or XLSX, up to {MOST_FILES} files of 10 MB, one customer a row. The column of the ids is found by its name, "
    "such as customer_id or Kundenr; where two could be meant you are asked. What is typed above counts too."
)
Drawn = Mapping[str, Any]


def build(form: Form, generation: int, *, files_in_input: frozenset[FileId]) -> list[Block]:
    """Draw the input, and above it the files that it cannot hold any more, with a question for each that needs one.

    A form that is drawn anew under other ids has an empty input; `standing` are the files that the input still holds.
    """
    before = [file for file in form.form_input.files if file.id not in files_in_input]
    field = FileInput(action_id=ACTION, filetypes=KINDS, max_files=MOST_FILES)
    return [
        *([_kept(before, generation)] if before else []),
        *(_question(each, generation) for each in form.unclear),
        InputBlock(
            label="File", element=field, block_id=f"{Field.FILE}:{generation}", hint=HINT, optional=True
        ),
    ]


def read(view: Drawn) -> tuple[Upload, ...]:
    """Read which files count: those that stay of before, and those that were put in, each with the column that was chosen for it."""
    columns = {
        block.removeprefix(f"{COLUMN}."): answer
        for block, answer in _answers(view)
        if block.startswith(f"{COLUMN}.")
    }
    found: dict[FileId, Upload] = {}
    for block, answer in _answers(view):
        if block in {KEPT, Field.FILE}:
            found |= {file.id: _with_column(file, columns.get(file.id)) for file in _uploads(answer)}
    return tuple(found.values())


def files_in_input(view: Drawn) -> frozenset[FileId]:
    """Name the files that stand in the input itself."""
    return frozenset(
        file.id for block, answer in _answers(view) if block == Field.FILE for file in _uploads(answer)
    )


def _kept(files: Sequence[Upload], generation: int) -> Block:
    options = [_option(file.name or file.id, file.id) for file in files[:MOST_FILES]]
    group = CheckboxGroup(action_id=ACTION, options=options, initial_options=options)
    hint = "Untick what shall not count any more."
    return InputBlock(
        label="Files put in before", element=group, block_id=f"{KEPT}:{generation}", hint=hint, optional=True
    )


def _question(unclear: AmbiguousFile, generation: int) -> Block:
    options = [
        _option(_name(column), str(column.number), _samples(column)) for column in unclear.columns[:OPTIONS]
    ]
    label = f"Which column of {shorten(unclear.upload.name, OPTION)} holds the customer ids?"
    menu = StaticSelectMenu(action_id=ACTION, options=options, placeholder="Choose the column")
    return InputBlock(label=label, element=menu, block_id=f"{COLUMN}.{unclear.upload.id}:{generation}")


def _option(text: str, value: str, about: str | None = None) -> Option:
    return Option(Text(shorten(text, OPTION) or value, TextType.PLAINTEXT), value, about)


def _name(column: Column) -> str:
    return (
        f"{column.name} (column {letter(column.number)})"
        if column.name
        else f"Column {letter(column.number)}"
    )


def _samples(column: Column) -> str | None:
    return shorten(" · ".join(column.samples), OPTION) or None


def _answers(view: Drawn) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Go through what stands in the view's inputs, by the name of the block, without the generation it was drawn in."""
    values: Mapping[str, Mapping[str, Any]] = (view.get("state") or {}).get("values") or {}
    for block_id, answers in values.items():
        for answer in answers.values():
            yield block_id.rpartition(":")[0], answer


def _uploads(answer: Mapping[str, Any]) -> list[Upload]:
    ticked = answer.get("selected_options") or ()
    kept = [
        Upload(FileId(str(option["value"])), str((option.get("text") or {}).get("text", "")))
        for option in ticked
    ]
    return [
        *kept,
        *(
            Upload(FileId(str(file["id"])), str(file.get("name") or file["id"]))
            for file in answer.get("files") or ()
        ),
    ]


def _with_column(file: Upload, answer: Mapping[str, Any] | None) -> Upload:
    chosen = str(((answer or {}).get("selected_option") or {}).get("value", ""))
    return replace(file, column=int(chosen)) if chosen.isdecimal() else file
