from collections.abc import AsyncIterator, Sequence

import pytest

from bot.dintero.connection import open_dintero
from bot.domain.ids import CustomerId, OnceKey, RuleId
from bot.domain.ports import DinteroApi
from bot.domain.rules.rule import Statistics
from bot.errors import (
    BatchRejectedError,
    BatchTooLargeError,
    DinteroError,
    OutcomeUnknownError,
    RateLimitedError,
    RuleNotFound,
    ScopeMissing,
    TokenRefused,
    TokenUnavailable,
)
from sandbox.dintero import Fault, Operation, SandboxDintero
from sandbox.dintero.catalogue import SEED_RULE
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET

RULE = RuleId(SEED_RULE)
NO_RULE = RuleId("00000000-0000-4000-8000-000000000000")
KEY = OnceKey("discount-bot-1")
PATIENCE, LITTLE_PATIENCE = 60, 2
"""Seconds: the latter where an answer never comes."""

BEFORE = {
    "429": (Fault.busy(2), RateLimitedError),
    "500 before": (Fault.broken(500), OutcomeUnknownError),
    "503 before": (Fault.broken(503), OutcomeUnknownError),
    "400": (Fault.error(400, "No"), BatchRejectedError),
    "413": (Fault.answer(413), BatchTooLargeError),
    "401 twice": (Fault.unauthorized(), TokenRefused),
    "403": (Fault.forbidden(), ScopeMissing),
    "404": (Fault.not_found(), RuleNotFound),
    "redirect": (Fault.answer(302, headers={"Location": "/"}), OutcomeUnknownError),
    "cut before": (Fault.cut(), OutcomeUnknownError),
    "hang before": (Fault.hang(), OutcomeUnknownError),
    "garbled before": (Fault.garbled(), OutcomeUnknownError),
}
"""Faults by which nothing is given."""

AFTER = {
    "500 after": (Fault.broken(500, after=True), OutcomeUnknownError),
    "504 after": (Fault.broken(504, after=True), OutcomeUnknownError),
    "cut after": (Fault.cut(after=True), OutcomeUnknownError),
    "cut halfway": (Fault.cut_halfway(), OutcomeUnknownError),
    "hang after": (Fault.hang(after=True), OutcomeUnknownError),
    "trickle": (Fault.trickle(), OutcomeUnknownError),
    "garbled after": (Fault.garbled(after=True), OutcomeUnknownError),
    "no JSON": (Fault.no_json(), OutcomeUnknownError),
    "no rule": (Fault.no_rule(), OutcomeUnknownError),
    "202": (Fault.answer(202, "{}", after=True), OutcomeUnknownError),
}
"""Faults by which all is given, and nobody knows."""

EVERY = BEFORE | AFTER


def customers(*ids: str) -> Sequence[CustomerId]:
    return [CustomerId(one) for one in ids]


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxDintero]:
    """A Dintero with the catalogue's rules."""
    async with SandboxDintero() as opened:
        yield opened


@pytest.fixture
async def dintero(sandbox: SandboxDintero, request: pytest.FixtureRequest) -> AsyncIterator[DinteroApi]:
    """The port, over HTTP."""
    endless = any(word in request.node.name for word in ("hang", "trickle"))
    patience = LITTLE_PATIENCE if endless else PATIENCE
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET, timeout=patience) as opened:
        yield opened


async def test_every_rule_is_listed_once(dintero: DinteroApi, sandbox: SandboxDintero) -> None:
    assert [rule.id for rule in await dintero.rules()] == list(sandbox.rules)


async def test_one_rule_is_read_with_its_statistics(dintero: DinteroApi, sandbox: SandboxDintero) -> None:
    before = (await dintero.rule(RULE)).statistics
    sandbox.use(RULE, times=2, amount=20_000)
    after = (await dintero.rule(RULE)).statistics
    assert before == Statistics(stamp=123, usage=28, amount=280_000, debit_balance=12_350)
    assert after == Statistics(stamp=123, usage=30, amount=300_000, debit_balance=12_350)


@pytest.mark.parametrize("rule", [NO_RULE, RuleId("spar hundre"), RuleId("..")])
async def test_an_unknown_rule_is_not_found(dintero: DinteroApi, rule: RuleId) -> None:
    with pytest.raises(RuleNotFound):
        await dintero.rule(rule)


async def test_a_batch_gives_the_rule_to_all_its_customers_and_returns_it(
    dintero: DinteroApi, sandbox: SandboxDintero
) -> None:
    answer = await dintero.add_customers(RULE, customers("ann", "bo", "a b"), once=KEY)
    assert (answer.id, answer.name) == (RULE, "Spar 100,-")
    assert answer.statistics is not None
    assert sandbox.ledger.holders(RULE) == {"ann": 1, "bo": 1, "a b": 1}


async def test_a_repeat_with_the_same_key_gives_nothing_more(
    dintero: DinteroApi, sandbox: SandboxDintero
) -> None:
    await dintero.add_customers(RULE, customers("ann", "bo"), once=KEY)
    await dintero.add_customers(RULE, customers("bo", "cy"), once=KEY)
    assert sandbox.ledger.holders(RULE) == {"ann": 1, "bo": 1, "cy": 1}


async def test_another_key_gives_the_rule_again(dintero: DinteroApi, sandbox: SandboxDintero) -> None:
    await dintero.add_customers(RULE, customers("ann"), once=KEY)
    await dintero.add_customers(RULE, customers("ann"), once=OnceKey("another"))
    assert sandbox.ledger.held(RULE, "ann") == 2


async def test_one_refused_customer_rejects_the_whole_batch(
    dintero: DinteroApi, sandbox: SandboxDintero
) -> None:
    sandbox.refuses.add("nobody")
    with pytest.raises(BatchRejectedError, match="not valid"):
        await dintero.add_customers(RULE, customers("ann", "nobody", "bo"), once=KEY)
    assert sandbox.ledger.grants == []


@pytest.mark.parametrize("customer", ["", " ann", "ann ", "a" * 256])
async def test_an_invalid_id_is_refused(customer: str, dintero: DinteroApi, sandbox: SandboxDintero) -> None:
    with pytest.raises(BatchRejectedError):
        await dintero.add_customers(RULE, customers("bo", customer), once=KEY)
    assert sandbox.ledger.grants == []


async def test_an_empty_batch_is_refused(dintero: DinteroApi) -> None:
    with pytest.raises(BatchRejectedError):
        await dintero.add_customers(RULE, [], once=KEY)


async def test_the_longest_id_is_accepted(dintero: DinteroApi, sandbox: SandboxDintero) -> None:
    await dintero.add_customers(RULE, customers("ø" * 255), once=KEY)
    assert sandbox.ledger.held(RULE, "ø" * 255) == 1


async def test_an_unknown_or_deleted_rule_is_given_to_nobody(
    dintero: DinteroApi, sandbox: SandboxDintero
) -> None:
    sandbox.delete(RULE)
    for rule in (NO_RULE, RULE):
        with pytest.raises(RuleNotFound):
            await dintero.add_customers(rule, customers("ann"), once=KEY)
    assert sandbox.ledger.grants == []


async def test_a_client_with_read_access_gives_nothing(dintero: DinteroApi, sandbox: SandboxDintero) -> None:
    sandbox.tokens.scopes = frozenset({"read:discounts"})
    assert (await dintero.rule(RULE)).id == RULE
    with pytest.raises(ScopeMissing):
        await dintero.add_customers(RULE, customers("ann"), once=KEY)
    assert sandbox.ledger.grants == []


@pytest.mark.parametrize("name", EVERY)
async def test_every_fault_raises_its_error_and_the_ledger_shows_its_effect(
    name: str, dintero: DinteroApi, sandbox: SandboxDintero
) -> None:
    fault, error = EVERY[name]
    sandbox.faults.always(fault)
    with pytest.raises(DinteroError) as raised:
        await dintero.add_customers(RULE, customers("ann", "bo"), once=KEY)
    assert type(raised.value) is error
    assert sandbox.ledger.holders(RULE) == ({"ann": 1, "bo": 1} if name in AFTER else {})


@pytest.mark.parametrize("name", EVERY)
async def test_a_repeat_with_the_same_key_after_any_fault_gives_exactly_once(
    name: str, dintero: DinteroApi, sandbox: SandboxDintero
) -> None:
    sandbox.faults.always(EVERY[name][0])
    with pytest.raises(DinteroError):
        await dintero.add_customers(RULE, customers("ann", "bo"), once=KEY)
    sandbox.faults.clear()
    await dintero.add_customers(RULE, customers("ann", "bo"), once=KEY)
    assert sandbox.ledger.holders(RULE) == {"ann": 1, "bo": 1}


@pytest.mark.parametrize("name", EVERY)
async def test_errors_are_readable(name: str, dintero: DinteroApi, sandbox: SandboxDintero) -> None:
    sandbox.faults.always(EVERY[name][0])
    with pytest.raises(DinteroError) as raised:
        await dintero.add_customers(RULE, customers("ann"), once=KEY)
    words = str(raised.value)
    assert 0 < len(words) < 80
    assert not [
        secret
        for secret in ("http", "127.0.0.1", RULE, ACCOUNT, CLIENT_SECRET, "Bearer", "Exception")
        if secret in words
    ]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("operation", [Operation.RULES, Operation.RULE])
async def test_every_fault_while_reading_raises_our_error(
    name: str, operation: Operation, dintero: DinteroApi, sandbox: SandboxDintero
) -> None:
    sandbox.faults.always(EVERY[name][0], on=operation)
    with pytest.raises(DinteroError) as raised:
        await (dintero.rules() if operation is Operation.RULES else dintero.rule(RULE))
    assert not isinstance(raised.value, BatchRejectedError)


@pytest.mark.parametrize("name", EVERY)
async def test_without_a_token_nothing_is_given(
    name: str, dintero: DinteroApi, sandbox: SandboxDintero
) -> None:
    sandbox.faults.always(EVERY[name][0], on=Operation.TOKEN)
    with pytest.raises((RateLimitedError, TokenUnavailable, TokenRefused, ScopeMissing)):
        await dintero.add_customers(RULE, customers("ann"), once=KEY)
    assert sandbox.ledger.calls == []


async def test_a_token_that_is_refused_once_is_renewed(dintero: DinteroApi, sandbox: SandboxDintero) -> None:
    sandbox.faults.next(Fault.unauthorized())
    await dintero.add_customers(RULE, customers("ann"), once=KEY)
    assert [call.status for call in sandbox.ledger.calls] == [401, 200]


async def test_an_error_carries_dinteros_retry_after(dintero: DinteroApi, sandbox: SandboxDintero) -> None:
    sandbox.faults.next(Fault.busy(17))
    with pytest.raises(RateLimitedError) as raised:
        await dintero.add_customers(RULE, customers("ann"), once=KEY)
    assert raised.value.retry_after == 17


async def test_the_holders_of_a_rule_are_read_page_by_page(dintero: DinteroApi) -> None:
    everybody = [f"c-{number}" for number in range(1_500)]
    await dintero.add_customers(RULE, customers(*everybody), once=KEY)
    first = await dintero.refs(RULE)
    then = await dintero.refs(RULE, after=first[-1].id)
    assert [ref.customer for ref in (*first, *then)] == everybody
    assert (len(first), await dintero.refs(RULE, after=then[-1].id)) == (1_000, ())


async def test_a_rule_for_everyone_lists_no_holders(dintero: DinteroApi) -> None:
    await dintero.add_customers(RULE, customers("*"), once=KEY)
    assert [ref.customer for ref in await dintero.refs(RULE)] == [None]


@pytest.mark.parametrize("rule", [NO_RULE, RuleId("spar hundre")])
async def test_an_unknown_rule_has_no_holders(dintero: DinteroApi, rule: RuleId) -> None:
    with pytest.raises(RuleNotFound):
        await dintero.refs(rule)


@pytest.mark.parametrize("body", ["{}", '[{"customer_id": "a"}]', "no JSON"])
async def test_an_unreadable_list_of_holders_raises(
    dintero: DinteroApi, sandbox: SandboxDintero, body: str
) -> None:
    sandbox.faults.next(Fault.answer(200, body), on=Operation.REFS)
    with pytest.raises(OutcomeUnknownError):
        await dintero.refs(RULE)
