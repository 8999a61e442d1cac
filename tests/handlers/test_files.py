"""Files in the form, good and bad, up to the review."""

import copy
from pathlib import Path

import pytest

from bot.domain.customers.uploads import RowProblem, Upload
from bot.domain.ids import FileId
from bot.domain.requests.request import State
from bot.slack.rendering.file_errors import ODD as ODD_WORDS
from sandbox.slack.state.faults import Fault
from sandbox.slack.user.modal import Modal
from sandbox.slack.user.reactions import CannotDo
from tests.spreadsheets.sample_files import column, locked, raw_workbook, workbook
from tests.support.lists import rows_of, sent
from tests.support.slack_fixture import SPAR, Stand

FINE = b"Kundenr;Navn\n1001;Ann\n1002;Bo\n1001;Ann\n;Cy\n1004;Di\n"
ODD = b"Kundenr;Navn\n1001;Ann\n;=1+1\n1.5E+3;Bo\n" + b"".join(b";Cy %d\n" % number for number in range(11))
GET = "Send me skipped rows"
TWO = b"kundenr;customer_id\n1;a1\n2;b2\n3;c3\n"


def on_disk(folder: Path, data: bytes, name: str = "vip.csv") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


async def submitted(stand: Stand, path: str, **others: str) -> Modal:
    """Put a file into a form, submit it and return the result."""
    form = await stand.form()
    await form.fill({"Rule": SPAR, "File": path, **others})
    assert not (await form.submit()).errors
    return await stand.shop.ann.sees_view(lambda view: "One moment" not in view.text)


async def test_the_review_shows_exactly_the_customers_that_are_requested(
    stand: Stand, tmp_path: Path
) -> None:
    review = await submitted(stand, on_disk(tmp_path, FINE), **{"Customer IDs": "t-1, 1002"})
    assert review.submit_label == "Request approval"
    read = ("vip.csv, 4 ids from column “Kundenr” (A)", "Skipped 1 row – row 5: no id")
    for said in ("Customers: 4 (2 duplicates removed)", *read):
        assert said in review.text
    assert "t-1 to 1004" in review.text.replace("`", "")
    assert await stand.drafts() == 1
    await review.submit()
    await stand.errands.done()
    request = await stand.request()
    assert await stand.repository.customers(request.id, 0) == ("t-1", "1002", "1001", "1004")
    assert not stand.shop.slack.refused


async def test_unreadable_rows_come_as_a_file_and_only_once(stand: Stand, tmp_path: Path) -> None:
    review = await submitted(stand, on_disk(tmp_path, ODD))
    assert "; 3 more" in review.text
    for said in ("sent to your direct messages", "are already in your direct messages"):
        await review.press(GET)
        told = await stand.shop.ann.sees_view("Skipped rows", text=said)
        await told.close()
    (message,) = (message for message in stand.shop.slack.messages(stand.shop.ann.direct) if message.files)
    assert "13 skipped rows from vip.csv, with the reasons." in stand.shop.ann.read(message)
    rows = rows_of(sent(stand.shop.slack.workspace.uploads, message.files[0]["id"]))
    assert rows[0] == ["file", "row", "original text", "reason", "customer_id"]
    assert rows[1:3] == [
        ["vip.csv", "3", "=1+1", "no id", ""],
        ["vip.csv", "4", "1.5E+3", ODD_WORDS[RowProblem.SHORTENED], ""],
    ]
    assert len(rows) == 14
    assert not stand.shop.slack.refused
    await review.submit()
    await stand.shop.ann.is_done()


async def test_without_unreadable_rows_there_is_no_such_button(stand: Stand, tmp_path: Path) -> None:
    review = await submitted(stand, on_disk(tmp_path, b"id\na1\n"))
    assert GET not in review.buttons


async def test_unsendable_rows_are_reported_on_top_of_the_review(stand: Stand, tmp_path: Path) -> None:
    review = await submitted(stand, on_disk(tmp_path, ODD))
    stand.shop.slack.faults.plan("files.completeUploadExternal", Fault.REFUSED, error="file_uploads_disabled")
    await review.press(GET)
    await (await stand.shop.ann.sees_view("Skipped rows", text="Slack didn't accept the file.")).close()
    stand.shop.slack.workspace.files.clear()
    await review.press(GET)
    await (await stand.shop.ann.sees_view("Can't do that", text="“vip.csv” can't be opened")).close()
    assert (await stand.shop.ann.sees_view(submit="Request approval")).text == review.text


async def test_an_empty_form_says_that_a_file_would_do(stand: Stand) -> None:
    form = await stand.form()
    await form.fill({"Rule": SPAR})
    assert "or upload a file" in (await form.submit()).errors["Customer IDs"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("vip.xlsx", locked(), "has a password"),
        ("vip.xlsx", workbook([["id"], ["a1"]])[:-60], "damaged or cut off"),
        ("vip.csv", b"id\na\x00b\n", "isn't a text file"),
        ("vip.csv", b"", "is empty"),
    ],
)
async def test_a_bad_file_returns_the_form_with_the_fault(
    stand: Stand, tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    form = await submitted(stand, on_disk(tmp_path, data, name), Reason="late")
    assert f"“{name}”" in form.text
    assert said in form.text
    assert form.values["Reason"] == "late"
    assert form.values["Files from before"] == name


async def test_a_bad_file_can_be_replaced(stand: Stand, tmp_path: Path) -> None:
    form = await submitted(stand, on_disk(tmp_path, b"", "empty.csv"))
    await form.fill({"Files from before": "", "File": on_disk(tmp_path, FINE)})
    await form.submit()
    review = await stand.shop.ann.sees_view(submit="Request approval")
    assert "for 3 customers" in review.text


async def test_an_ambiguous_column_is_asked_for(stand: Stand, tmp_path: Path) -> None:
    form = await submitted(stand, on_disk(tmp_path, TWO))
    question = "Which column of vip.csv holds the customer ids?"
    assert "Which column of “vip.csv” holds the customer ids? Choose it below." in form.text
    *offered, none = await form.options(question)
    assert [option["description"]["text"] for option in offered] == ["1 · 2 · 3", "a1 · b2 · c3"]
    assert none["text"]["text"] == "None of these"
    await form.fill({question: "2"})
    await form.submit()
    review = await stand.shop.ann.sees_view(submit="Request approval")
    assert "from column “customer_id” (B)" in review.text
    assert "a1 to c3" in review.text.replace("`", "")


async def test_none_of_the_columns_is_an_answer(stand: Stand, tmp_path: Path) -> None:
    form = await submitted(stand, on_disk(tmp_path, TWO))
    await form.fill({"Which column of vip.csv holds the customer ids?": "0"})
    await form.submit()
    again = await stand.shop.ann.sees_view(label="Files from before", text="no column of customer ids")
    assert "untick it" in again.text


async def test_hidden_rows_and_another_sheet_are_asked_about_and_told(stand: Stand, tmp_path: Path) -> None:
    data = raw_workbook(
        column("Kundenr", "a1", "b2", "c3", hidden={3}),
        sheets=[("Gamle", "visible", column("Kundenr", "x9")), ("Notater", "visible", column("Ring Ann"))],
    )
    form = await submitted(stand, on_disk(tmp_path, data, "vip.xlsx"))
    question = "Which column of vip.xlsx holds the customer ids?"
    assert [option["text"]["text"] for option in await form.options(question)] == [
        "Kundenr (column A of sheet Ark1)",
        "Kundenr (column A of sheet Gamle)",
        "None of these",
    ]
    await form.fill({question: "1@1"})
    await form.submit()
    hidden = "vip.xlsx hides 1 row with an id. Include it?"
    form = await stand.shop.ann.sees_view(label=hidden)
    await form.fill({hidden: "leave"})
    await form.submit()
    review = await stand.shop.ann.sees_view(submit="Request approval")
    assert "of sheet “Ark1”" in review.text
    assert "2 sheets weren't read: “Gamle” (2 rows) and “Notater” (1 row)" in review.text
    assert "row 3: hidden in the sheet, and skipped as you chose" in review.text
    assert "a1 to c3" in review.text.replace("`", "")


async def test_more_keeps_the_files(stand: Stand, tmp_path: Path) -> None:
    form = await stand.form()
    await form.fill({"Rule": SPAR, "File": on_disk(tmp_path, FINE)})
    await form.press("More options")
    more = await stand.shop.ann.sees_view(label="Campaign key")
    assert more.values["File"] == "vip.csv"
    assert "Files from before" not in more.labels
    await more.submit()
    await stand.shop.ann.sees_view(submit="Request approval", text="for 3 customers")


async def test_more_keeps_earlier_and_new_files(stand: Stand, tmp_path: Path) -> None:
    stand.shop.slack.faults.plan("files.download", Fault.SERVER_ERROR)
    form = await submitted(stand, on_disk(tmp_path, FINE, "first.csv"))
    await form.fill({"File": on_disk(tmp_path, b"x1\nx2\n", "second.csv")})
    await form.press("More options")
    more = await stand.shop.ann.sees_view(label="Campaign key")
    assert (more.values["Files from before"], more.values["File"]) == ("first.csv", "second.csv")
    await more.submit()
    await stand.shop.ann.sees_view(submit="Request approval", text="for 5 customers")


async def test_too_many_customers_for_the_channel_are_refused_with_their_number(
    stand: Stand, tmp_path: Path
) -> None:
    form = await submitted(stand, on_disk(tmp_path, b"".join(b"c-%d\n" % number for number in range(501))))
    assert "This has 501 customers. The limit in this channel is" in form.text
    assert form.values["Files from before"] == "vip.csv"


async def test_somebody_elses_file_is_not_read(stand: Stand, tmp_path: Path) -> None:
    theirs = stand.shop.slack.workspace.put_file("theirs.csv", FINE, by=stand.shop.bo.id)
    await submitted(stand, on_disk(tmp_path, FINE))
    payload = copy.deepcopy(stand.last("view_submission").payload)
    field = next(block for block in payload["view"]["state"]["values"] if block.startswith("file:"))
    payload["view"]["state"]["values"][field]["discount_add_file"]["files"] = [
        {"id": theirs.id, "name": "mine.csv"}
    ]
    await stand.shop.slack.deliver("interactive", payload)
    await stand.errands.done()
    form = await stand.shop.ann.sees_view(text="“theirs.csv” belongs to someone else")
    assert stand.shop.slack.faults.calls["files.download"] == 1
    assert form.submit_label == "Review"


async def test_a_file_shared_in_the_channel_is_read_by_its_link(stand: Stand) -> None:
    link = stand.shop.bo.share("vip.csv", FINE, stand.shop.support)
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": f"t-1\n<{link}|vip.csv>"})
    assert not (await form.submit()).errors
    review = await stand.shop.ann.sees_view(submit="Request approval")
    assert "vip.csv, 4 ids" in review.text
    assert "Customers: 4 (1 duplicate removed)" in review.text


async def test_an_ambiguous_column_of_a_linked_file_is_asked_for(stand: Stand) -> None:
    link = stand.shop.ann.share("two.csv", TWO, stand.shop.support)
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": link})
    await form.submit()
    question = "Which column of two.csv holds the customer ids?"
    asked = await stand.shop.ann.sees_view(label=question)
    assert (asked.values["Customer IDs"], asked.values["Files from before"]) == ("", "two.csv")
    await asked.fill({question: "2"})
    await asked.submit()
    await stand.shop.ann.sees_view(submit="Request approval", text="from column “customer_id” (B)")


async def test_a_link_to_anything_else_is_reported_beside_the_ids(stand: Stand) -> None:
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": "https://docs.example.com/list"})
    assert (await form.submit()).errors == {
        "Customer IDs": "That link isn't a Slack file. "
        "Upload the list below, or share it in this channel and paste its link."
    }


async def test_a_link_to_a_file_not_shared_here_returns_the_form(stand: Stand) -> None:
    elsewhere = stand.shop.slack.add_channel("elsewhere", [stand.shop.bo])
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": stand.shop.bo.share("vip.csv", FINE, elsewhere)})
    await form.submit()
    again = await stand.shop.ann.sees_view(text="“vip.csv” belongs to someone else and isn't shared here")
    assert again.submit_label == "Review"
    assert stand.shop.slack.faults.calls["files.download"] == 0


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.CUT_BEFORE])
async def test_a_file_that_slack_does_not_deliver_is_reported(
    stand: Stand, tmp_path: Path, fault: Fault
) -> None:
    stand.shop.slack.faults.plan("files.download", fault, times=3)
    form = await submitted(stand, on_disk(tmp_path, FINE))
    assert "couldn't be downloaded from Slack" in form.text


async def test_a_transient_slack_error_is_retried(stand: Stand, tmp_path: Path) -> None:
    stand.shop.slack.faults.plan("files.info", Fault.SERVER_ERROR)
    assert (await submitted(stand, on_disk(tmp_path, FINE))).submit_label == "Request approval"


async def test_a_missing_scope_is_reported(stand: Stand, tmp_path: Path) -> None:
    stand.shop.slack.web_api.scopes = stand.shop.slack.web_api.scopes - {"files:read"}
    assert "files:read" in (await submitted(stand, on_disk(tmp_path, FINE))).text


async def test_slack_takes_only_tables_of_ten_megabytes(stand: Stand, tmp_path: Path) -> None:
    form = await stand.form()
    for name, size in (("a.pdf", 1), ("b.csv", 10 * 1024**2 + 1)):
        with pytest.raises(CannotDo):
            await form.fill({"File": on_disk(tmp_path, b"x" * size, name)})
    with pytest.raises(CannotDo):
        await form.fill({"File": "\n".join([on_disk(tmp_path, b"x")] * 11)})
    with pytest.raises(CannotDo):
        await form.fill({"File": str(tmp_path / "nowhere.csv")})


async def test_the_files_of_a_form_are_deleted_with_the_draft(stand: Stand, tmp_path: Path) -> None:
    await submitted(stand, on_disk(tmp_path, FINE))
    (draft,) = await stand.repository.in_state(State.DRAFT)
    form_input = await stand.repository.load_input(draft.id)
    assert form_input
    assert [file.name for file in form_input.files] == ["vip.csv"]
    assert isinstance(form_input.files[0], Upload)
    assert form_input.files[0].id.startswith(FileId("F"))
