from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.database import encoding
from bot.domain.requests.request import FormInput
from bot.domain.rules.rule import Rule
from tests.support import hostile_values


@given(hostile_values.texts)
def test_any_text_comes_back_word_for_word(said: str) -> None:
    assert encoding.decode(encoding.encode(said)) == said


@given(hostile_values.texts)
def test_what_is_written_is_what_every_database_can_hold(said: str) -> None:
    written = encoding.encode(said)
    assert "\x00" not in written
    assert written.encode().decode() == written


def test_ordinary_words_are_written_as_they_are() -> None:
    assert encoding.encode("Blåbærsyltetøy – 100 % 😀") == "Blåbærsyltetøy – 100 % 😀"


@given(hostile_values.moments)
def test_a_moment_comes_back_to_the_microsecond_and_in_utc(at: datetime) -> None:
    back = encoding.from_micros(encoding.to_micros(at))
    assert back == at
    assert back.utcoffset() == timedelta(0)


@given(st.lists(hostile_values.moments))
def test_moments_sort_as_they_are_written(moments: list[datetime]) -> None:
    assert [encoding.from_micros(kept) for kept in sorted(map(encoding.to_micros, moments))] == sorted(
        moments
    )


def test_a_moment_without_a_zone_is_not_written() -> None:
    with pytest.raises(TypeError):
        encoding.to_micros(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


@given(hostile_values.rules)
def test_a_rule_comes_back_the_same(rule: Rule) -> None:
    assert encoding.rule_of(encoding.rule_json(rule)) == rule


@given(hostile_values.typed)
def test_what_was_typed_comes_back_the_same(form_input: FormInput) -> None:
    assert encoding.typed_of(encoding.typed_json(form_input)) == form_input


def test_what_was_typed_without_files_can_be_read_by_a_process_that_knows_none() -> None:
    assert "files" not in encoding.typed_json(FormInput(rule="r", customers="c-1"))
