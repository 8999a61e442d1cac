"""A list of the bot is recognised by its last columns: they are never taken for ids."""

import pytest

from bot.domain.customers.columns import IdColumn
from bot.domain.customers.own_lists import ENDING, RequestColumn, find_ids, own_header
from bot.domain.customers.tables import Row, block_of

END = ["2", "refused", "no", "R-7K2QF"]


@pytest.mark.parametrize(
    ("names", "number"),
    [
        (["customer_id"], 1),
        (["Navn", "Kundenr"], 2),
        (["Kundenr", "customer_id"], 2),
        (["customer_id", "Ref", "customer_id", "file"], 3),
    ],
)
@pytest.mark.parametrize("above", [[], [[]], [["From the bot"]]])
def test_the_ids_are_in_the_last_customer_id_or_the_column_named_otherwise(
    names: list[str], number: int, above: list[Row]
) -> None:
    rows: list[Row] = [*above, [*names, *ENDING], [*(f"c{at}" for at in range(len(names))), *END]]
    found = find_ids(rows, None)
    assert isinstance(found, IdColumn)
    assert (found.column.number, found.header) == (number, len(above) + 1)


def test_a_chosen_column_wins() -> None:
    found = find_ids([["Kundenr", "customer_id", *ENDING], ["1", "c-1", *END]], 1)
    assert isinstance(found, IdColumn)
    assert found.column.number == 1


@pytest.mark.parametrize("names", [ENDING[:3], ENDING[::-1], ["Row", *ENDING[1:]]])
def test_another_table_is_no_list_of_the_bot(names: list[str]) -> None:
    assert own_header([["customer_id", *names]]) is None


@pytest.mark.parametrize(
    ("cells", "request_"),
    [
        (["R-7K2QF", "R-7K2QF"], "R-7K2QF"),
        (["", ' "R-7K2QF" ', "note"], "R-7K2QF"),
        (["R-7K2QF", "R-2222A"], "R-2222A R-7K2QF"),
        (["R-7K2Q0", "r-7k2qf", "R-7K2QFF"], ""),
        ([""], ""),
    ],
)
def test_the_requests_of_a_list_are_known_by_their_short_ids(cells: list[str], request_: str) -> None:
    column = RequestColumn(["id", " Request "])
    for cell in cells:
        column.consume(block_of([["a", cell], ["b"]], 1))
    assert column.request == request_


def test_a_table_without_the_column_has_no_request() -> None:
    column = RequestColumn(["id", "requested"])
    column.consume(block_of([["a", "R-7K2QF"]], 1))
    assert column.request == ""
