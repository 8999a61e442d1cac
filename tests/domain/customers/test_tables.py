"""A cell of a text is no formula, and an id comes back from it unchanged."""

import pytest
from hypothesis import given

from bot.domain.customers.cells import judge
from bot.domain.customers.tables import escape_formula
from bot.domain.customers.uploads import RowProblem
from tests.support.lists import CELLS, is_formula


@pytest.mark.parametrize(
    ("cell", "escaped"),
    [
        *[("=1+1", "'=1+1"), ("+4791234567", "'+4791234567"), ("-1", "'-1"), ("@x", "'@x")],
        *[("\t1", "'\t1"), ("\r1", "'\r1"), ("\n1", "'\n1")],
        *[
            ("  =1", "'  =1"),
            ("\u200b=1", "'\u200b=1"),
            ("\ufeff\xa0=1", "'\ufeff\xa0=1"),
            ("\x00=1", "'\x00=1"),
        ],
        *[
            ("a;=1", "a;'=1"),
            ("a, -1", "a,' -1"),
            ("a|@b", "a|'@b"),
            ("a\t=b", "a\t'=b"),
            ("a\n+b", "a\n'+b"),
        ],
        *[("\uff1d1", "'\uff1d1"), ('"=1"', '\'"=1"')],
        *[
            ("c-1", "c-1"),
            ("a=b", "a=b"),
            ("a - b", "a - b"),
            ("'x", "'x"),
            ("'=1", "''=1"),
            ("", ""),
            (None, ""),
            (7, "7"),
        ],
    ],
)
def test_a_cell_that_may_be_computed_gets_an_apostrophe(cell: object, escaped: str) -> None:
    assert escape_formula(cell) == escaped


@given(CELLS)
def test_no_cell_is_a_formula(cell: str) -> None:
    assert not is_formula(escape_formula(cell))


@given(CELLS)
def test_an_id_is_read_back_unchanged(cell: str) -> None:
    customer = judge(cell)
    if not isinstance(customer, RowProblem):
        assert judge(escape_formula(customer)) == customer
