"""The digest of a list of ids, to which approvals bind."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.customers.parsing import DIGESTED_AT_ONCE, OUTER, digest_of, is_digest_of, new_salt, salted
from bot.domain.ids import CustomerId

wild = st.text(st.one_of(st.characters(), st.sampled_from('",;\n\r\t*/ “”„\u200b\ufeff\x00')), max_size=400)


def ids(*of: str) -> tuple[CustomerId, ...]:
    return tuple(CustomerId(each) for each in of)


def test_all_of_pythons_whitespace_is_stripped() -> None:
    assert {letter for letter in map(chr, range(0x110000)) if letter.isspace()} <= set(OUTER)


@given(st.lists(wild), st.lists(wild))
def test_two_lists_share_a_digest_only_when_they_are_the_same(one: list[str], other: list[str]) -> None:
    assert (digest_of(ids(*one)) == digest_of(ids(*other))) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a", "b"], ["b", "a"]),
        (["ab"], ["a", "b"]),
        (["a,b"], ["a", "b"]),
        (['a","b'], ["a", "b"]),
        ([], [""]),
    ],
)
def test_order_and_bounds_of_ids_are_part_of_the_digest(one: list[str], other: list[str]) -> None:
    assert digest_of(ids(*one)) != digest_of(ids(*other))


@pytest.mark.parametrize("many", [0, 1, 999, 1_000, 1_001, 2_500])
def test_the_digest_of_a_long_list_is_that_of_one_json_list(many: int) -> None:
    some = ids(*(f'"{at}"ø' for at in range(many)))
    assert digest_of(some) == hashlib.sha256(json.dumps(some, separators=(",", ":")).encode()).hexdigest()


@given(st.lists(wild), st.lists(wild))
def test_a_salted_digest_fits_its_own_customers_only(one: list[str], other: list[str]) -> None:
    salt = new_salt()
    kept, again = salted(digest_of(ids(*one)), salt), salted(digest_of(ids(*one)), new_salt())
    assert is_digest_of(kept, digest_of(ids(*one)))
    assert is_digest_of(kept, digest_of(ids(*other))) is (one == other)
    assert kept != again
    assert digest_of(ids(*one)) not in kept
    assert salted(digest_of(ids(*one)), kept) == kept  # reviewed again, it is the same digest


def test_the_digest_of_a_known_list_never_changes() -> None:
    assert digest_of(ids("ann", "bø")) == "825dc41cf49b66dbdc13e2e68dade00ae98bcff6b2d9271fbb9425294bf25c0f"


@pytest.mark.parametrize(
    "count", [0, 1, DIGESTED_AT_ONCE - 1, DIGESTED_AT_ONCE, DIGESTED_AT_ONCE + 1, 2 * DIGESTED_AT_ONCE + 1]
)
def test_the_digest_is_that_of_the_whole_list_as_json(count: int) -> None:
    many = ids(*(f'ø"{number}' for number in range(count)))
    whole = json.dumps(many, ensure_ascii=True, separators=(",", ":"))
    assert digest_of(many) == hashlib.sha256(whole.encode()).hexdigest()
