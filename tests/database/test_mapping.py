from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.database import mapping
from bot.domain.requests.request import FormInput
from bot.domain.rules.rule import Rule
from tests.support import hostile_values


@given(hostile_values.texts)
def test_any_text_is_read_back_unchanged(value: str) -> None:
    assert mapping.decode(mapping.encode(value)) == value


@given(hostile_values.texts)
def test_encoded_text_can_be_stored_by_both_databases(value: str) -> None:
    written = mapping.encode(value)
    assert "\x00" not in written
    assert written.encode().decode() == written


def test_ordinary_text_is_stored_unchanged() -> None:
    assert mapping.encode("Blåbærsyltetøy – 100 % 😀") == "Blåbærsyltetøy – 100 % 😀"


@given(hostile_values.moments)
def test_a_time_is_read_back_to_the_microsecond_and_in_utc(at: datetime) -> None:
    back = mapping.from_micros(mapping.to_micros(at))
    assert back == at
    assert back.utcoffset() == timedelta(0)


@given(st.lists(hostile_values.moments))
def test_encoded_times_sort_like_times(moments: list[datetime]) -> None:
    assert [mapping.from_micros(column) for column in sorted(map(mapping.to_micros, moments))] == sorted(
        moments
    )


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(TypeError):
        mapping.to_micros(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


@given(hostile_values.rules)
def test_a_rule_is_read_back_unchanged(rule: Rule) -> None:
    assert mapping.rule_of(mapping.rule_json(rule)) == rule


@given(hostile_values.typed)
def test_form_input_is_read_back_unchanged(form_input: FormInput) -> None:
    assert mapping.input_of(mapping.input_json(form_input)) == form_input


def test_form_input_without_files_can_be_read_by_an_older_version() -> None:
    assert "files" not in mapping.input_json(FormInput(rule="r", customers="c-1"))
