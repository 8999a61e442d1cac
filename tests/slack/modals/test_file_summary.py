"""The lines about files, word for word, and advice for every problem."""

import re
from dataclasses import replace

import pytest

from bot.domain.customers.uploads import (
    NO_COLUMN,
    Column,
    Doubt,
    DoubtfulIds,
    FileProblem,
    FileRead,
    OtherSheet,
    RowProblem,
    UnreadableRow,
)
from bot.domain.ids import CustomerId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.slack.modals import approval, file_summary, review
from bot.slack.rendering import reasons
from bot.slack.rendering.file_errors import ODD, TROUBLES
from tests.support import samples
from tests.support.samples import LOOK

FILE = FileRead(
    name="vip.csv",
    found=80_000,
    column=Column(2, "Kundenr"),
    header=1,
    odd=5,
    odd_rows=(
        UnreadableRow(17, RowProblem.EMPTY),
        UnreadableRow(99, RowProblem.SHORTENED),
        UnreadableRow(120, RowProblem.EMPTY),
    ),
    doubtful=(
        DoubtfulIds(Doubt.MAIL, 3, ((2, CustomerId("ann@example.com")), (9, CustomerId("bo@example.com")))),
        DoubtfulIds(Doubt.SPACED, 1, ((7, CustomerId("c-1 c-2")),)),
    ),
)


def lines(files: list[FileRead], *, masked: bool = False) -> list[str]:
    read = file_summary.sources(files, masked=masked)
    return [*read, *file_summary.warnings(files, masked=masked)]


def test_each_file_is_described() -> None:
    assert lines([FILE]) == [
        "*File:* vip.csv, 80,000 ids from column “Kundenr” (B)",
        (f"⚠️ Skipped 5 rows – rows 17 and 120: no id; row 99: {ODD[RowProblem.SHORTENED]}; 2 more"),
        "⚠️ 3 ids look like email addresses: “ann@example.com” (row 2), “bo@example.com” (row 9) and 1 more",
        (
            "⚠️ 1 id contains a space and counts as one customer: “c-1 c-2” (row 7). "
            "If one is several ids, put each on its own line."
        ),
    ]


def test_an_approver_reads_no_id_that_was_taken_for_the_name_of_a_column() -> None:
    file = replace(FILE, column=Column(1, "ann@example.com"))
    assert "ann@example.com" in lines([file])[0]
    assert "ann@example.com" not in lines([file], masked=True)[0]


def test_an_approver_reads_the_same_with_ids_masked() -> None:
    whole, masked = (lines([FILE], masked=each) for each in (False, True))
    assert masked[:2] == whole[:2]
    assert masked[2].endswith(": “an•••om” (row 2), “bo•••om” (row 9) and 1 more")
    assert masked[3] == "⚠️ 1 id contains a space and counts as one customer: “c•••2” (row 7)"


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (FileRead(found=2, column=Column(NO_COLUMN)), []),
        (FileRead(found=2, column=Column(1)), ["*Pasted:* 2 ids from column A"]),
        (
            FileRead(found=2, column=Column(NO_COLUMN, "Id"), header=1),
            ["*Pasted:* 2 ids, header “Id” on line 1"],
        ),
        (
            FileRead(found=1, column=Column(2, "Kundenr"), header=3),
            ["*Pasted:* 1 id from column B, header “Kundenr” on line 3"],
        ),
    ],
)
def test_pasted_text_is_described_unless_it_is_a_plain_list(read: FileRead, said: list[str]) -> None:
    assert lines([read]) == said


def test_the_lines_name_hidden_rows_and_other_sheets() -> None:
    others = (OtherSheet("Old", 1_200), OtherSheet("Notes", 1, is_hidden=True))
    file = replace(FILE, hidden=1, other_sheets=others, odd=0, doubtful=())
    assert lines([file])[1:] == [
        "⚠️ Includes 1 hidden row, as chosen in the form.",
        "⚠️ 2 sheets weren't read: “Old” (1,200 rows) and “Notes” (hidden, 1 row)",
    ]


def test_every_doubt_has_a_text() -> None:
    for why in Doubt:
        assert "1 id" in file_summary.problem(why, 1)
        assert "2 ids" in file_summary.problem(why, 2)


def test_the_lines_are_in_the_review_and_the_approval() -> None:
    read = samples.review(files_read=(FILE,))
    view = replace(samples.consideration(), review=read)
    for drawn in (review.build(read, LOOK, {}), approval.details(view, LOOK, {})):
        assert "vip.csv" in str(drawn["blocks"])
        assert "Skipped " in str(drawn["blocks"])
    for drawn in (approval.build(view, LOOK, {}), approval.details(view, LOOK, {})):
        assert "ann@example.com" not in str(drawn)


@pytest.mark.parametrize("why", FileProblem)
def test_each_problem_names_the_file_and_gives_advice(why: FileProblem) -> None:
    said = reasons.refusal_plain(Refusal(RefusalReason.BAD_FILE, f"{why}/a/b.csv"), LOOK)
    assert "“a/b.csv”" in said
    assert all(len(sentence.split()) <= 20 for sentence in re.split(r"[.:] ", said))
    assert "{" not in said


def test_every_problem_has_a_text() -> None:
    assert (set(TROUBLES), set(ODD)) == (set(FileProblem), set(RowProblem))
