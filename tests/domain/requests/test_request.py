import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import ChannelId, OnceKey, RequestId, RuleId, ShortId, TeamId, UserId
from bot.domain.policy.policy import AppliedTier, TierTrigger
from bot.domain.requests.request import (
    ENDED,
    KEY_PREFIX,
    MOVES,
    SHORT_ALPHABET,
    Event,
    Request,
    State,
    digest,
    is_bots_key,
    new_once_key,
    new_short_id,
    next_state,
    transition,
)
from bot.domain.rules.rule import Reward, Rule

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
RULE = Rule(id=RuleId("r1"), reward=Reward(type="discount_amount", value=Decimal(10000)))
REQUEST = Request(
    id=RequestId("8f14"),
    short=ShortId("R-22222"),
    team=TeamId("T1"),
    account="T11112222",
    channel=ChannelId("C1"),
    requester=UserId("U1"),
    created_at=NOW,
    rule=RULE,
    customers=2,
    customers_digest="d",
    once_key=OnceKey("k"),
    approvals=1,
)

ALL_MOVES = """
    draft     asked          waiting
    draft     asked_at_once  approved
    waiting   last_approval  approved
    waiting   rejected       rejected
    waiting   cancelled      cancelled
    waiting   expired        expired
    approved  started        giving
    approved  cancelled      cancelled
    approved  stopped        stopped
    approved  rule_changed   waiting
    approved  consent_void   waiting
    giving    cancel_asked   giving
    giving    settled        done
    giving    wound_up       cancelled
    giving    stopped        stopped
    giving    rule_changed   waiting
    giving    consent_void   waiting
    stopped   continued      approved
    stopped   ended_here     done
"""
LEADS_TO = {
    (state, event): then for state, event, then in (line.split() for line in ALL_MOVES.strip().splitlines())
}


def test_the_table_covers_every_state_and_every_event() -> None:
    assert (len(State), len(Event), len(LEADS_TO)) == (9, 15, 19)


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_event_follows_the_design_exactly(state: State, event: Event) -> None:
    request = replace(REQUEST, state=state)
    then = LEADS_TO.get((state.value, event.value))
    assert next_state(request, event) == then
    if then is None:
        with pytest.raises(KeyError):
            transition(request, event)
    else:
        assert transition(request, event, note="why") == replace(request, state=State(then), note="why")


@given(st.lists(st.sampled_from(Event)))
def test_no_event_order_gives_before_approval_or_after_the_end(
    events: list[Event],
) -> None:
    request, seen = REQUEST, [REQUEST.state]
    for event in events:
        if next_state(request, event) is not None:
            request = transition(request, event)
            seen.append(request.state)
    for before, then in pairwise(seen):
        assert before not in ENDED
        assert then is not State.GIVING or before in {State.APPROVED, State.GIVING}


def test_only_final_states_allow_no_event() -> None:
    assert {state for state, _ in MOVES} == set(State) - ENDED
    assert [state for state in State if replace(REQUEST, state=state).ended] == [
        State.DONE,
        State.REJECTED,
        State.CANCELLED,
        State.EXPIRED,
    ]


def test_a_short_id_can_be_read_aloud() -> None:
    assert len(SHORT_ALPHABET) == 32
    assert not set("01OI") & set(SHORT_ALPHABET)
    made = {new_short_id() for _ in range(2000)}
    assert all(re.fullmatch("R-[2-9A-HJ-NP-Z]{5}", short) for short in made)
    assert len(made) > 1990


def test_a_key_of_the_bot_cannot_be_guessed_and_is_known_as_one() -> None:
    keys = {new_once_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(is_bots_key(key) and len(key) == len(KEY_PREFIX) + 32 for key in keys)


@pytest.mark.parametrize(
    "key",
    ["discount-bot-", " Discount-Bot-1", "DISCOUNT-BOT-x", "ｄｉｓｃｏｕｎｔ-bot-1"],  # noqa: RUF001
)
def test_a_key_in_any_spelling_of_the_prefix_is_the_bots(key: str) -> None:
    assert is_bots_key(key)


def test_an_account_is_production_by_its_first_letter() -> None:
    assert replace(REQUEST, account="P11112222").production
    assert not REQUEST.production


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account", "P11112222"),
        ("approvals", 2),
        ("tier", AppliedTier(1, TierTrigger.CUSTOMERS, 1)),
        ("channel", "C2"),
        ("customers", 3),
        ("customers_digest", "e"),
        ("once_key", "l"),
        ("id", "8f15"),
        ("requester", "U2"),
        ("rule", replace(RULE, id=RuleId("r2"))),
        ("rule", None),
    ],
)
def test_every_shown_value_is_part_of_the_digest(field: str, value: Any) -> None:
    assert digest(replace(REQUEST, **{field: value})) != digest(REQUEST)


@pytest.mark.parametrize(
    "other",
    [
        AppliedTier(2, TierTrigger.CUSTOMERS, 1),
        AppliedTier(1, TierTrigger.AMOUNT, 1),
        AppliedTier(1, TierTrigger.CUSTOMERS, 2),
    ],
)
def test_every_part_of_the_tier_is_in_the_digest(other: AppliedTier) -> None:
    shown = replace(REQUEST, tier=AppliedTier(1, TierTrigger.CUSTOMERS, 1))
    assert digest(replace(REQUEST, tier=other)) != digest(shown)


def test_the_terms_of_the_rule_are_part_of_the_digest() -> None:
    other = replace(REQUEST, rule=replace(RULE, active=False))
    assert digest(REQUEST) != digest(other)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", State.GIVING),
        ("round", 2),
        ("note", "n"),
        ("card_ts", "1.2"),
        ("last_answer", RULE),
        ("decided_by", "U3"),
    ],
)
def test_later_changes_of_a_request_keep_its_digest(field: str, value: Any) -> None:
    assert digest(replace(REQUEST, **{field: value})) == digest(REQUEST)


def test_a_digest_is_64_hexadecimal_characters() -> None:
    assert re.fullmatch("[0-9a-f]{64}", digest(REQUEST))
