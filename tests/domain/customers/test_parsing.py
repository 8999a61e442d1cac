import hashlib
import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.customers.parsing import (
    DIGESTED_AT_ONCE,
    MAX_LENGTH,
    OUTER,
    RESERVED,
    CustomerList,
    digest_of,
    read_customers,
)
from bot.domain.ids import CustomerId

NEW_LINES = ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
SEPARATORS = [*NEW_LINES, ",", ";", "\t"]

plain_ids = (
    st.text(st.sampled_from("abcæøÅ019-_.:@'é½ "), min_size=1, max_size=12).map(str.strip).filter(bool)
)
too_long = st.integers(min_value=MAX_LENGTH + 1, max_value=2 * MAX_LENGTH).map(lambda length: "x" * length)
hidden = st.sampled_from(["a\x00b", "a\x07b", "a\u200bb", "a\u202eb", "a\ud800b"])
around = st.text(st.sampled_from(sorted(set(OUTER) - set("".join(SEPARATORS)))), max_size=3)


def ids(*of: str) -> tuple[CustomerId, ...]:
    return tuple(CustomerId(each) for each in of)


@pytest.mark.parametrize("separator", SEPARATORS)
def test_new_lines_commas_semicolons_and_tabs_separate_ids(separator: str) -> None:
    assert read_customers(f"ann{separator}bo").ids == ids("ann", "bo")


def test_a_space_inside_belongs_to_the_id_and_is_reported() -> None:
    found = read_customers("a b c\nd\u00a0e\nf")
    assert found.ids == ids("a b c", "d\u00a0e", "f")
    assert found.spaced == ids("a b c", "d\u00a0e")


@pytest.mark.parametrize("space", sorted(OUTER))
def test_space_and_invisible_characters_around_an_id_are_not_part_of_it(space: str) -> None:
    assert read_customers(f"{space}ann{space}").ids == ids("ann")


def test_all_of_pythons_whitespace_is_stripped() -> None:
    assert {letter for letter in map(chr, range(0x110000)) if letter.isspace()} <= set(OUTER)


@pytest.mark.parametrize(
    "quoted", ['"ann"', "“ann”", "”ann”", "„ann“", "„ann”", '""ann""', ' "\ufeff ann " ']
)
def test_double_quotes_at_both_ends_are_stripped(quoted: str) -> None:
    assert read_customers(quoted).ids == ids("ann")


@pytest.mark.parametrize("kept", ['"ann', 'ann"', "“ann", "'ann'", "”ann“", 'a"n"n', '"'])
def test_other_quotes_belong_to_the_id(kept: str) -> None:
    assert read_customers(kept).ids == ids(kept)


def test_quotes_do_not_protect_a_separator() -> None:
    assert read_customers('"ann,bo"').ids == ids('"ann', 'bo"')


@pytest.mark.parametrize("nothing", ["", " ", "\n\n", ",;\t,", '""', "“ ”", "\ufeff", '" "" "'])
def test_text_without_ids_is_an_empty_list(nothing: str) -> None:
    found = read_customers(nothing)
    assert found.ids == ()
    assert not found.too_long
    assert not found.hidden


def test_repeats_are_counted_and_left_out_in_the_order_of_the_first() -> None:
    assert read_customers("bo, ann, bo, ann, bo") == CustomerList(ids=ids("bo", "ann"), repeated=3)


def test_case_and_encoding_of_an_id_are_kept() -> None:
    assert read_customers("Ann\nann\né\ne\u0301").ids == ids("Ann", "ann", "é", "e\u0301")


def test_everyone_and_nobody_are_reserved_and_never_an_id() -> None:
    found = read_customers("ann, *, / , '*', \"*\", *")
    assert found.ids == ids("ann", "'*'")
    assert found.reserved == ("*", "/")
    assert found.repeated == 2


def test_an_id_of_255_characters_is_read_and_one_of_256_is_not() -> None:
    found = read_customers("x" * 255 + "\n\n" + "ann, " + "y" * 256)
    assert found.ids == ids("x" * 255, "ann")
    assert (found.too_long, found.hidden) == ((3,), ())


@pytest.mark.parametrize("bad", ["a\x00b", "a\x7fb", "a\u200bb", "a\u202eb", "\x00", "\ud800"])
def test_an_id_with_a_hidden_character_is_unreadable(bad: str) -> None:
    found = read_customers(f"ann\r\n{bad}")
    assert found.ids == ids("ann")
    assert (found.too_long, found.hidden) == ((), (2,))


def test_a_carriage_return_and_line_feed_end_one_line() -> None:
    assert read_customers("ann\r\n\r\n" + "x" * 300).too_long == (3,)


def test_a_mile_of_quotes_is_unreadable_at_once() -> None:
    assert read_customers('"' * 1_000_000).too_long == (1,)


def test_an_id_with_letters_that_this_python_does_not_know_yet_is_read() -> None:
    assert read_customers("a\u0378\ue000").ids == ids("a\u0378\ue000")


@given(
    st.lists(
        st.tuples(
            st.one_of(plain_ids, st.sampled_from(sorted(RESERVED)), too_long, hidden),
            around,
            st.sampled_from(SEPARATORS),
        )
    )
)
def test_nothing_is_lost_and_the_order_is_kept(pieces: list[tuple[str, str, str]]) -> None:
    found = read_customers("".join(f"{space}{piece}{space}{separator}" for piece, space, separator in pieces))
    bare = [piece for piece, _, _ in pieces]
    unreadable = [
        piece
        for piece in bare
        if len(piece) > MAX_LENGTH or any(letter in piece for letter in "\x00\x07\u200b\u202e\ud800")
    ]
    readable = [piece for piece in bare if piece not in unreadable]
    firsts = list(dict.fromkeys(readable))
    assert list(found.ids) == [piece for piece in firsts if piece not in RESERVED]
    assert list(found.reserved) == [piece for piece in firsts if piece in RESERVED]
    assert len(found.too_long) == sum(len(piece) > MAX_LENGTH for piece in unreadable)
    assert len(found.too_long) + len(found.hidden) == len(unreadable)
    assert found.repeated == len(readable) - len(firsts)


wild = st.text(st.one_of(st.characters(), st.sampled_from('",;\n\r\t*/ “”„\u200b\ufeff\x00')), max_size=400)


@given(wild)
@example('"\u200b"x"\u200b"')
@example('“"ann"”')
def test_every_parsed_id_is_valid_for_dintero(text: str) -> None:
    found = read_customers(text)
    assert len(set(found.ids)) == len(found.ids)
    for customer in found.ids:
        assert 0 < len(customer) <= MAX_LENGTH
        assert customer == customer.strip() == customer.strip(OUTER)
        assert customer not in RESERVED
        assert customer in text
        customer.encode()
    assert set(found.spaced) <= set(found.ids)


@given(wild)
def test_parsing_the_ids_again_gives_the_same_ids(text: str) -> None:
    found = read_customers(text)
    assert read_customers("\n".join(found.ids)) == CustomerList(ids=found.ids, spaced=found.spaced)


@given(wild)
def test_unreadable_ids_have_ascending_line_numbers(text: str) -> None:
    found, last = read_customers(text), max(1, len(text.splitlines()))
    for lines in (found.too_long, found.hidden):
        assert all(before <= after for before, after in pairwise([1, *lines, last]))


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


def test_the_digest_of_a_known_list_never_changes() -> None:
    assert digest_of(ids("ann", "bø")) == "825dc41cf49b66dbdc13e2e68dade00ae98bcff6b2d9271fbb9425294bf25c0f"


@pytest.mark.parametrize(
    "count", [0, 1, DIGESTED_AT_ONCE - 1, DIGESTED_AT_ONCE, DIGESTED_AT_ONCE + 1, 2 * DIGESTED_AT_ONCE + 1]
)
def test_the_digest_is_that_of_the_whole_list_as_json(count: int) -> None:
    many = ids(*(f'ø"{number}' for number in range(count)))
    whole = json.dumps(many, ensure_ascii=True, separators=(",", ":"))
    assert digest_of(many) == hashlib.sha256(whole.encode()).hexdigest()
