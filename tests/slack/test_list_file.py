"""The list as a file: what a spreadsheet makes of it, and how much of it is in memory."""

import csv
import io
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.giving.batches import End, NotGiven
from bot.giving.cells import FORMULA
from bot.giving.ids import CustomerId, UserId
from bot.giving.request import Request, State, StopReason
from bot.slack import list_file
from tests.slack.samples import LOOK, REQUEST

MANY = 200_000


async def portions(*rows: NotGiven) -> AsyncIterator[tuple[NotGiven, ...]]:
    yield rows


async def written(rows: Sequence[NotGiven], request: Request = REQUEST) -> bytes:
    file = await list_file.written(request, portions(*rows))
    with file.content as content:
        content.seek(0)
        read = content.read()
    assert len(read) == file.length
    return read


async def test_excel_reads_it_as_utf_8_with_the_columns_named() -> None:
    read = await written([NotGiven(3, CustomerId("kåre-1"), End.REFUSED, "ukjent – «kåre»"), NotGiven(9, CustomerId("b"), End.NOT_TRIED)])
    assert read.startswith(b"\xef\xbb\xbfrow,customer_id,outcome,reason\r\n")
    lines = read.decode("utf-8-sig").splitlines()
    assert lines[1] == "3,kåre-1,refused,ukjent – «kåre»"
    assert lines[2].startswith("9,b,not tried,so many were refused")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": State.CANCELLED, "cancel_asked_by": UserId("U0ANN")}, "somebody cancelled it before their turn"),
        ({"state": State.DONE, "stop": StopReason.RULE_GONE}, "Dintero does not have the rule any more"),
        ({"state": State.EXPIRED}, "nobody approved it anew"),
    ],
)
async def test_why_somebody_was_not_tried_is_said_as_in_the_summary(changes: dict[str, Any], why: str) -> None:
    read = await written([NotGiven(1, CustomerId("a"), End.NOT_TRIED)], replace(REQUEST, **changes))
    assert why in read.decode()


@given(customer=st.text(min_size=1, max_size=20), why=st.text(max_size=20))
async def test_whatever_an_id_or_a_reason_holds_it_is_one_row_of_four_cells_and_nothing_is_computed(customer: str, why: str) -> None:
    read = (await written([NotGiven(1, CustomerId(customer), End.REFUSED, why)])).decode("utf-8-sig")
    _, row = csv.reader(io.StringIO(read, newline=""))
    assert len(row) == 4
    assert not any(cell.startswith(FORMULA) for cell in row)
    assert row[1].removeprefix("'") == customer.removeprefix("'")


async def test_half_a_character_is_written_as_its_number() -> None:
    assert rb"a\ud800" in await written([NotGiven(1, CustomerId("a\ud800"), End.UNKNOWN)])


async def test_no_more_of_a_long_list_is_in_memory_than_a_portion() -> None:
    async def many() -> AsyncIterator[tuple[NotGiven, ...]]:
        for first in range(1, MANY, 4_000):
            yield tuple(NotGiven(row, CustomerId(f"customer-{row}"), End.NOT_TRIED) for row in range(first, first + 4_000))

    tracemalloc.start()
    file = await list_file.written(REQUEST, many())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    with file.content:
        assert file.rows == MANY
    assert most < 5_000_000 < file.length


def test_a_list_is_titled_by_its_request_and_its_row_in_the_outbox() -> None:
    titles = {list_file.title(REQUEST, key) for key in ("3f2a9c1b-4d5e", "4f2a9c1b-4d5e")}
    assert titles == {"R-7K2QF, who was not given it (3f2a9c1b)", "R-7K2QF, who was not given it (4f2a9c1b)"}


async def test_above_it_stands_of_how_many_it_is_and_why() -> None:
    file = await list_file.written(REQUEST, portions(NotGiven(1, CustomerId("a"), End.REFUSED), NotGiven(2, CustomerId("b"), End.UNKNOWN)))
    with file.content:
        told = list_file.comment(REQUEST, file, LOOK)
    assert "the list of 2 of the 10 customers who were not given it: 1 refused by Dintero, 1 unknown." in told
