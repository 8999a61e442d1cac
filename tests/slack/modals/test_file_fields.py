"""The form's files are drawn and read back; links to files among pasted ids become files."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.customers.pasted import read_customers
from bot.domain.customers.uploads import NO_COLUMN, AmbiguousFile, Column, RowProblem, Upload
from bot.domain.ids import FileId
from bot.domain.requests.request import FormInput
from bot.slack.modals import request_form
from bot.slack.modals.file_fields import with_links_as_files
from tests.support import samples
from tests.support.samples import LOOK

VIP = Upload(FileId("F1"), "vip.csv")
LINK = "https://shop.slack.com/files/U0ANN/F0LIST01/vip%20list.csv"
LINKED = Upload(FileId("F0LIST01"), "vip list.csv")
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


def test_the_file_input_follows_ids_and_reason_and_takes_ten_tables() -> None:
    labels = list(inputs(drawn()))
    field = inputs(drawn())["File"]["element"]
    assert labels[1:4] == ["Customer IDs", "Reason", "File"]
    assert (field["max_files"], field["filetypes"]) == (10, ["csv", "tsv", "txt", "xlsx"])


def test_files_in_the_input_are_read_back() -> None:
    assert answered(drawn(), File=put(VIP, NEW)) == (VIP, NEW)
    assert answered(drawn()) == ()


def test_an_earlier_file_counts_while_it_is_ticked() -> None:
    view = drawn(VIP)
    box = inputs(view)["Files from before"]["element"]
    assert box["initial_options"] == box["options"]
    assert answered(
        view, **{"Files from before": {"selected_options": box["options"]}, "File": put(NEW)}
    ) == (VIP, NEW)
    assert answered(view, **{"Files from before": {"selected_options": []}}) == ()


def test_a_file_in_the_input_is_not_drawn_twice() -> None:
    assert "Files from before" not in inputs(drawn(VIP, in_input=frozenset({VIP.id})))


def test_a_column_is_asked_for_with_its_samples_and_read_back() -> None:
    view = drawn(VIP, unclear=(AmbiguousFile(VIP, COLUMNS),))
    question = inputs(view)["Which column of vip.csv holds the customer ids?"]
    options = question["element"]["options"]
    assert [option["text"]["text"] for option in options] == [
        "Kundenr (column A)",
        "Column C",
        "None of these",
    ]
    assert question["optional"]  # it may be answered by taking the file out
    assert options[0]["description"]["text"] == "1001 · 1002 · 1003"
    box = inputs(view)["Files from before"]["element"]
    chosen = {
        "Files from before": {"selected_options": box["options"]},
        question["label"]["text"]: {"selected_option": options[1]},
    }
    assert answered(view, **chosen) == (replace(VIP, column=3),)


@pytest.mark.parametrize(
    "text",
    [
        LINK,
        f"<{LINK}>",
        f"<{LINK}|vip list.csv>",
        f"  {LINK}?origin_team=T1&origin_channel=C1 ",
        "https://big.enterprise.slack.com/files/W0ANN/F0LIST01/vip%20list.csv",
        "https://files.slack.com/files-pri/T0SHOP-F0LIST01/download/vip%20list.csv",
        f"{LINK}\n<{LINK}>",
    ],
)
def test_a_link_to_a_file_is_that_file(text: str) -> None:
    found = with_links_as_files(FormInput(customers=text))
    assert (found.customers.strip(), found.files) == ("", (LINKED,))


def test_ids_around_a_link_stay_and_a_file_counts_once() -> None:
    chosen = Upload(LINKED.id, "vip.csv", 2)
    found = with_links_as_files(FormInput(customers=f"a1, {LINK}; b2\nc3", files=(chosen,)))
    assert (read_customers(found.customers).ids, found.files) == (("a1", "b2", "c3"), (chosen,))


def test_a_link_without_a_name_is_named_by_its_id() -> None:
    assert with_links_as_files(FormInput(customers="https://shop.slack.com/files/U0ANN/F0LIST01")).files == (
        Upload(LINKED.id, "F0LIST01"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.slack.com/archives/C0SUPPORT/p1700000000000100",
        "<https://docs.example.com/list|the list>",
        "https://evil.example/shop.slack.com/files/U0ANN/F0LIST01/x.csv",
        "http://shop.slack.com/files/U0ANN/F0LIST01/x.csv",
        "https://shop.slack.com/files/U0ANN/X0LIST01/x.csv",
    ],
)
def test_any_other_link_is_neither_a_file_nor_a_customer(text: str) -> None:
    found = with_links_as_files(FormInput(customers=f"a1\n{text}"))
    assert not found.files
    read = read_customers(found.customers)
    assert read.ids == ("a1",)
    assert [(one.why, one.text) for one in read.unreadable] == [(RowProblem.LINK, text)]


def test_a_column_of_a_hidden_sheet_says_so_and_is_read_back_with_its_sheet() -> None:
    column = Column(2, "Kundenr", ("a1",), sheet=3, sheet_name="Gamle", is_hidden=True)
    view = drawn(unclear=(AmbiguousFile(VIP, (column,)),))
    question = "Which column of vip.csv holds the customer ids?"
    option, none = inputs(view)[question]["element"]["options"]
    assert option["text"]["text"] == "Kundenr (column B of sheet Gamle, hidden)"
    assert answered(view, **{question: {"selected_option": option}, "File": put(VIP)}) == (
        replace(VIP, column=2, sheet=3),
    )
    assert answered(view, **{question: {"selected_option": none}, "File": put(VIP)}) == (
        replace(VIP, column=NO_COLUMN),
    )


@pytest.mark.parametrize(("at", "hidden"), [(0, False), (1, True)])
def test_hidden_rows_are_asked_about_and_the_answer_is_read_back(at: int, *, hidden: bool) -> None:
    view = drawn(unclear=(AmbiguousFile(VIP, hidden=1_200),))
    question = "vip.csv hides 1,200 rows with an id. Include them?"
    option = inputs(view)[question]["element"]["options"][at]
    assert answered(view, **{question: {"selected_option": option}, "File": put(VIP)}) == (
        replace(VIP, hidden=hidden),
    )


def test_choices_are_kept_until_others_are_made() -> None:
    earlier = replace(VIP, column=2, sheet=3, hidden=True)
    assert VIP.with_choices_of(earlier) == earlier
    assert replace(VIP, column=1).with_choices_of(earlier) == replace(VIP, column=1, hidden=True)
    assert replace(VIP, hidden=False).with_choices_of(earlier) == replace(earlier, hidden=False)
