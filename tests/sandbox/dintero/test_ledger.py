from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sandbox.dintero import Ledger

NOW = datetime(2026, 5, 1, tzinfo=UTC)

few = st.lists(st.sampled_from("abcde"), max_size=6)


def give(ledger: Ledger, customers: list[str], key: str | None, rule: str = "r1") -> int:
    call = ledger.arrived(rule, customers, key, NOW)
    ledger.carry_out(call, NOW)
    return call.granted


@given(st.lists(few))
def test_under_one_key_nobody_ever_holds_a_rule_twice(batches: list[list[str]]) -> None:
    ledger = Ledger()
    granted = sum(give(ledger, batch, "k") for batch in batches)
    assert ledger.more_than_once("r1") == {}
    assert ledger.holders("r1") == dict.fromkeys({customer for batch in batches for customer in batch}, 1)
    assert granted == len(ledger.grants)


@given(st.lists(few))
def test_without_a_key_it_is_given_again_every_time(batches: list[list[str]]) -> None:
    ledger = Ledger()
    for batch in batches:
        give(ledger, batch, None)
    asked = [customer for batch in batches for customer in batch]
    assert all(ledger.held("r1", customer) == asked.count(customer) for customer in "abcde")


def test_another_key_or_another_rule_gives_it_again() -> None:
    ledger = Ledger()
    give(ledger, ["ann"], "k")
    give(ledger, ["ann"], "other")
    give(ledger, ["ann"], "k", rule="r2")
    assert (ledger.held("r1", "ann"), ledger.held("r2", "ann")) == (2, 1)
    assert ledger.more_than_once("r1") == {"ann": 2}
    assert [grant.key for grant in ledger.of("r1")] == ["k", "other"]


def test_a_call_that_was_not_carried_out_gives_nothing() -> None:
    ledger = Ledger()
    call = ledger.arrived("r1", ["ann", "bo"], "k", NOW)
    assert (call.number, call.count, call.carried_out, call.granted, call.status) == (1, 2, False, 0, None)
    assert ledger.grants == []
