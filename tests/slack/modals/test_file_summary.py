"""The review's lines about files, word for word, and advice for every problem."""

from dataclasses import replace

import pytest

from bot.domain.customers.packing import PackedIds
from bot.domain.customers.uploads import (
    Column,
    FileProblem,
    FileRead,
    OtherSheet,
    ReadResult,
    RowProblem,
    UnreadableRow,
)
from bot.domain.ids import CustomerId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.slack.modals import file_summary, review
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
    mails=3,
    phones=1,
)
READ = ReadResult(PackedIds(4, "", tuple(CustomerId(one) for one in ("a1", "b2", "c3")), "z9"), files=(FILE,))


def test_the_review_describes_each_file() -> None:
    assert file_summary.lines(READ, LOOK) == [
        "*File:* vip.csv – 80,000 rows with an id, from column “Kundenr” (B)",
        (
            "⚠ 5 rows unreadable, and left out – rows 17 and 120: no id; "
            f"row 99: {ODD[RowProblem.SHORTENED]}; and 2 more"
        ),
        "⚠ 3 of these look like e-mail addresses, not like an id",
        "⚠ 1 of these looks like a telephone number, not like an id",
        "*First and last id:* `a1`, `b2`, `c3` … `z9`",
    ]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (FileRead(found=2, column=Column(1)), "*Pasted:* 2 ids from column A"),
        (
            FileRead(found=1, column=Column(2, "Kundenr"), header=3),
            "*Pasted:* 1 id from column B; “Kundenr” on line 3 is its name, and left out",
        ),
    ],
)
def test_the_review_describes_pasted_text(read: FileRead, said: str) -> None:
    assert file_summary.lines(ReadResult(files=(read,)), LOOK)[0] == said


def test_without_files_there_is_nothing_to_describe() -> None:
    assert file_summary.lines(ReadResult(), LOOK) == file_summary.lines(None, LOOK) == []


def test_the_review_names_hidden_rows_and_other_sheets() -> None:
    file = replace(
        FILE,
        hidden=1,
        other_sheets=(OtherSheet("Old", 1_200), OtherSheet("Notes", 1, is_hidden=True)),
        odd=0,
        mails=0,
        phones=0,
    )
    assert file_summary.lines(replace(READ, files=(file,)), LOOK)[1:3] == [
        "⚠ 1 row that the sheet hides is taken too, as you chose",
        "⚠ 2 other sheets not read: “Old” (1,200 rows) and “Notes” (hidden, 1 row)",
    ]


def test_a_short_list_shows_no_id_twice() -> None:
    short = replace(READ, everybody=PackedIds(2, "", (CustomerId("a1"), CustomerId("b2")), "b2"))
    assert file_summary.lines(short, LOOK)[-1] == "*First and last id:* `a1`, `b2`"


def test_the_lines_are_in_the_review_and_nowhere_that_others_see() -> None:
    assert "vip.csv" in str(review.build(samples.review(read_result=READ), LOOK, {})["blocks"])
    assert "vip.csv" not in "".join(review.facts(samples.review(read_result=READ), LOOK, {}))


@pytest.mark.parametrize("why", FileProblem)
def test_each_problem_names_the_file_and_gives_advice(why: FileProblem) -> None:
    said = reasons.refusal_plain(Refusal(RefusalReason.BAD_FILE, f"{why}/a/b.csv"), LOOK)
    assert said.startswith("“a/b.csv” ")
    assert said.count(". ") == 1
    assert "{" not in said


def test_every_problem_has_a_text() -> None:
    assert (set(TROUBLES), set(ODD)) == (set(FileProblem), set(RowProblem))
