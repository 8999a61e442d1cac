"""The digest of a list of ids, to which approvals bind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.customers.packing import pack
from bot.domain.ids import CustomerId
from bot.domain.requests.request import is_digest_of, new_salt, salted
from tests.support import digests

wild = st.text(st.one_of(st.characters(), st.sampled_from('",;\n\r\t*/ “”„\u200b\ufeff\x00')), max_size=400)


def ids(*of: str) -> tuple[CustomerId, ...]:
    return tuple(CustomerId(each) for each in of)


def digest_of(some: tuple[CustomerId, ...]) -> str:
    return pack(some, portion=3).digest


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


@pytest.mark.parametrize("many", [0, 1, 2, 3, 4, 2_500])
def test_the_digest_of_a_list_is_that_of_one_json_list(many: int) -> None:
    some = ids(*(f'"{at}"ø' for at in range(many)))
    assert digest_of(some) == digests.digest_of(some)


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
