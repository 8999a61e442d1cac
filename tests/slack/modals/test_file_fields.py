"""The form's files are drawn and read back."""

from dataclasses import replace
from typing import Any

from bot.domain.customers.uploads import AmbiguousFile, Column, Upload
from bot.domain.ids import FileId
from bot.domain.requests.request import FormInput
from bot.slack.modals import request_form
from tests.support import samples
from tests.support.samples import LOOK

VIP = Upload(FileId("F1"), "vip.csv")
NEW = Upload(FileId("F2"), "new.xlsx")
COLUMNS = (Column(1, "Kundenr", ("1001", "1002", "1003")), Column(3, "", ("a1",)))


def drawn(
    *files: Upload, unclear: tuple[AmbiguousFile, ...] = (), in_input: frozenset[FileId] = frozenset()
) -> dict[str, Any]:
    form = replace(samples.form(FormInput(files=files)), unclear=unclear)
    return request_form.build(form, LOOK, generation=1, files_in_input=in_input)


def inputs(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["label"]["text"]: block for block in view["blocks"] if block["type"] == "input"}


def answered(view: dict[str, Any], **answers: Any) -> tuple[Upload, ...]:
    """Answer the view by label, and read the files back."""
    asked = {label: block for label, block in inputs(view).items() if label in answers}
    values = {
        block["block_id"]: {block["element"]["action_id"]: answers[label]} for label, block in asked.items()
    }
    return request_form.read({**view, "state": {"values": values}})[1].files


def put(*files: Upload) -> dict[str, Any]:
    return {"type": "file_input", "files": [{"id": file.id, "name": file.name} for file in files]}


def test_the_file_input_follows_the_ids_and_takes_ten_tables() -> None:
    labels = list(inputs(drawn()))
    field = inputs(drawn())["File"]["element"]
    assert labels.index("File") == labels.index("Customer IDs") + 1
    assert (field["max_files"], field["filetypes"]) == (10, ["csv", "tsv", "txt", "xlsx"])
    assert "a million" in inputs(drawn())["Customer IDs"]["hint"]["text"]


def test_files_in_the_input_are_read_back() -> None:
    assert answered(drawn(), File=put(VIP, NEW)) == (VIP, NEW)
    assert answered(drawn()) == ()


def test_an_earlier_file_counts_while_it_is_ticked() -> None:
    view = drawn(VIP)
    box = inputs(view)["Files put in before"]["element"]
    assert box["initial_options"] == box["options"]
    assert answered(
        view, **{"Files put in before": {"selected_options": box["options"]}, "File": put(NEW)}
    ) == (VIP, NEW)
    assert answered(view, **{"Files put in before": {"selected_options": []}}) == ()


def test_a_file_in_the_input_is_not_drawn_twice() -> None:
    assert "Files put in before" not in inputs(drawn(VIP, in_input=frozenset({VIP.id})))


def test_a_column_is_asked_for_with_its_samples_and_read_back() -> None:
    view = drawn(VIP, unclear=(AmbiguousFile(VIP, COLUMNS),))
    question = inputs(view)["Which column of vip.csv holds the customer ids?"]
    options = question["element"]["options"]
    assert [option["text"]["text"] for option in options] == ["Kundenr (column A)", "Column C"]
    assert options[0]["description"]["text"] == "1001 · 1002 · 1003"
    box = inputs(view)["Files put in before"]["element"]
    chosen = {
        "Files put in before": {"selected_options": box["options"]},
        question["label"]["text"]: {"selected_option": options[1]},
    }
    assert answered(view, **chosen) == (replace(VIP, column=3),)
