"""Faults stand beside the fields that they are about, each with what a person needs to find it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.customers.pasted import read_customers
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Field, FieldError
from bot.services.drafting.validation import (
    FIELD_OF,
    MAX_ONCE_KEY_LENGTH,
    as_faults,
    faults_of_ids,
    faults_of_key,
)


def test_all_kinds_of_bad_ids_are_reported_at_once_with_their_lines() -> None:
    text = "\n".join(["c-1", "x" * 256, "a\u200bb", "*", "/", "y" * 300, "*"])
    assert faults_of_ids(read_customers(text)) == (
        FieldError(Field.CUSTOMERS, Refusal(RefusalReason.NOT_AN_ID, "too_long/2, 6")),
        FieldError(Field.CUSTOMERS, Refusal(RefusalReason.NOT_AN_ID, "hidden/3")),
        FieldError(Field.CUSTOMERS, Refusal(RefusalReason.RESERVED_ID, "* /")),
    )


@given(st.text(max_size=300))
def test_ids_have_faults_exactly_if_something_was_unreadable(text: str) -> None:
    found = read_customers(text)
    assert bool(faults_of_ids(found)) is bool(found.unreadable or found.unclear)


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        "stamp-2020",
        "k" * MAX_ONCE_KEY_LENGTH,
        f"  {'k' * MAX_ONCE_KEY_LENGTH}  ",
        "two words",
        "ærlig",
    ],
)
def test_a_valid_key_has_no_fault(key: str) -> None:
    assert faults_of_key(FormInput(once_key=key)) == ()


@pytest.mark.parametrize("key", ["k" * (MAX_ONCE_KEY_LENGTH + 1), "a\nb", "a\u200bb", "a\tb"])
def test_an_invalid_key_is_reported_with_the_maximum_length(key: str) -> None:
    assert faults_of_key(FormInput(once_key=key)) == (
        FieldError(Field.ONCE_KEY, Refusal(RefusalReason.BAD_ONCE_KEY, "255")),
    )


@pytest.mark.parametrize("reason", list(RefusalReason), ids=str)
def test_every_refusal_has_a_field(reason: RefusalReason) -> None:
    (fault,) = as_faults((Refusal(reason),))
    assert fault.field is FIELD_OF.get(reason, Field.RULE)


def test_no_customers_is_not_reported_if_unreadable_ids_explain_it() -> None:
    none = Refusal(RefusalReason.NO_CUSTOMERS)
    unreadable = FieldError(Field.CUSTOMERS, Refusal(RefusalReason.RESERVED_ID, "*"))
    assert as_faults((none, Refusal(RefusalReason.NO_RULE)), [unreadable]) == (
        FieldError(Field.RULE, Refusal(RefusalReason.NO_RULE)),
    )
    assert as_faults((none,), [FieldError(Field.ONCE_KEY, Refusal(RefusalReason.BAD_ONCE_KEY))]) == (
        FieldError(Field.CUSTOMERS, none),
    )
