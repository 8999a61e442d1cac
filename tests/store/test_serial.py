from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.giving.request import Typed
from bot.giving.rewards import Rule
from bot.listing.ends import unpacked
from bot.store import serial
from tests.store import extremes


@given(extremes.texts)
def test_any_text_comes_back_word_for_word(said: str) -> None:
    assert serial.untext(serial.text(said)) == said


@given(extremes.texts)
def test_what_is_written_is_what_every_database_can_hold(said: str) -> None:
    written = serial.text(said)
    assert "\x00" not in written
    assert written.encode().decode() == written


def test_ordinary_words_are_written_as_they_are() -> None:
    assert serial.text("Blåbærsyltetøy – 100 % 😀") == "Blåbærsyltetøy – 100 % 😀"


@given(extremes.moments)
def test_a_moment_comes_back_to_the_microsecond_and_in_utc(at: datetime) -> None:
    back = serial.moment(serial.micros(at))
    assert back == at
    assert back.utcoffset() == timedelta(0)


@given(st.lists(extremes.moments))
def test_moments_sort_as_they_are_written(moments: list[datetime]) -> None:
    assert [serial.moment(kept) for kept in sorted(map(serial.micros, moments))] == sorted(moments)


def test_a_moment_without_a_zone_is_not_written() -> None:
    with pytest.raises(TypeError):
        serial.micros(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


@given(extremes.rules)
def test_a_rule_comes_back_the_same(rule: Rule) -> None:
    assert serial.rule_of(serial.rule_json(rule)) == rule


@given(extremes.typed)
def test_what_was_typed_comes_back_the_same(typed: Typed) -> None:
    assert serial.typed_of(serial.typed_json(typed)) == typed


@given(st.lists(extremes.texts), st.integers(1, 5))
def test_customers_come_back_in_their_order_whatever_their_ids_hold(customers: list[str], size: int) -> None:
    cut = serial.portions(customers, size)
    assert [one for _, ids in cut for one in unpacked(ids)] == customers
    assert all(count == len(unpacked(ids)) <= size for count, ids in cut)


def test_ids_take_little_room() -> None:
    ids = [f"{number:08x}-2f4c-4f0e-8f0e-{number * 7919:012x}" for number in range(4000)]
    ((_, kept),) = serial.portions(ids, 4000)
    assert len(kept) < sum(map(len, ids)) / 2


def test_what_was_typed_without_files_can_be_read_by_a_process_that_knows_none() -> None:
    assert "files" not in serial.typed_json(Typed(rule="r", customers="c-1"))
