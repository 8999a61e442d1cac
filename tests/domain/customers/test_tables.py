"""A cell of a text is no formula, and an id comes back from it unchanged."""

import pytest
from hypothesis import given

from bot.domain.customers.tables import escape_formula, unescape_formula
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
def test_no_cell_is_a_formula_and_each_is_read_back_unchanged(cell: str) -> None:
    escaped = escape_formula(cell)
    assert not is_formula(escaped)
    assert unescape_formula(escaped) == cell
