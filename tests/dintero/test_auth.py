import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from bot.dintero.auth import RENEWED_BEFORE, ClientCredentials
from bot.dintero.client import DinteroClient, open_dintero
from bot.domain.ids import CustomerId, OnceKey, RuleId
from bot.errors import (
    DinteroError,
    OutcomeUnknownError,
    RateLimitedError,
    ScopeMissing,
    TokenRefused,
    TokenUnavailable,
)
from sandbox.dintero import Fault, Operation, SandboxDintero
from sandbox.dintero.catalogue import SEED_RULE
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET

RULE = RuleId(SEED_RULE)


class Clock:
    """A clock that is set by hand, in seconds."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@asynccontextmanager
async def client_by(clock: Clock, sandbox: SandboxDintero) -> AsyncGenerator[DinteroClient]:
    auth = ClientCredentials(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET, clock=clock)
    async with httpx.AsyncClient(transport=AiohttpTransport(), base_url=sandbox.url, auth=auth) as http:
        yield DinteroClient(http, account=ACCOUNT, timeout=5)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def timed(sandbox: SandboxDintero, clock: Clock) -> AsyncIterator[DinteroClient]:
    """A client that goes by the clock that is set by hand."""
    async with client_by(clock, sandbox) as opened:
        yield opened


async def test_all_who_wait_for_the_first_token_get_the_same_one(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.latency = 0.02
    await asyncio.gather(*(dintero.rule(RULE) for _ in range(20)))
    assert sandbox.tokens.issued == 1


async def test_a_token_is_kept_until_shortly_before_its_end(
    timed: DinteroClient, sandbox: SandboxDintero, clock: Clock
) -> None:
    sandbox.tokens.expires_in = 5000
    await timed.rule(RULE)
    clock.seconds += 5000 - RENEWED_BEFORE - 1
    await timed.rule(RULE)
    assert sandbox.tokens.issued == 1
    clock.seconds += 1
    await timed.rule(RULE)
    assert sandbox.tokens.issued == 2


async def test_a_token_of_short_life_is_renewed_at_half_of_it(
    timed: DinteroClient, sandbox: SandboxDintero, clock: Clock
) -> None:
    sandbox.tokens.expires_in = 60
    await timed.rule(RULE)
    clock.seconds += 29
    await timed.rule(RULE)
    assert sandbox.tokens.issued == 1
    clock.seconds += 1
    await timed.rule(RULE)
    assert sandbox.tokens.issued == 2


async def test_a_token_that_does_not_say_how_long_it_lives_is_kept(
    timed: DinteroClient, sandbox: SandboxDintero, clock: Clock
) -> None:
    sandbox.faults.next(
        Fault.answer(200, '{"access_token": "abc", "token_type": "Bearer"}'), on=Operation.TOKEN
    )
    sandbox.faults.always(Fault.error(500, "not about the token"), on=Operation.RULE)
    for _ in range(2):
        clock.seconds += 10_000_000
        with pytest.raises(OutcomeUnknownError):
            await timed.rule(RULE)
    sandbox.faults.clear()
    await timed.rule(RULE)
    assert sandbox.tokens.issued == 1


async def test_a_refused_token_is_renewed_once_and_the_call_made_again(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    await dintero.rule(RULE)
    sandbox.tokens.revoke_all()
    await dintero.add_customers(RULE, [CustomerId("ann")], once=OnceKey("k"))
    assert sandbox.tokens.issued == 2
    assert [call.status for call in sandbox.ledger.calls] == [401, 200]


async def test_all_whose_token_was_refused_at_once_wait_for_one_new_one(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    await dintero.rule(RULE)
    sandbox.tokens.revoke_all()
    sandbox.latency = 0.02
    await asyncio.gather(*(dintero.rule(RULE) for _ in range(20)))
    assert sandbox.tokens.issued == 2


async def test_a_new_token_that_is_refused_too_ends_the_matter(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.always(Fault.unauthorized(), on=Operation.RULE)
    with pytest.raises(TokenRefused):
        await dintero.rule(RULE)
    assert sandbox.tokens.issued == 2


async def test_a_scope_that_is_added_in_backoffice_counts_at_the_next_call(
    sandbox: SandboxDintero, dintero: DinteroClient
) -> None:
    sandbox.tokens.scopes = frozenset({"write:discounts"})
    with pytest.raises(ScopeMissing):
        await dintero.rule(RULE)
    sandbox.tokens.scopes = frozenset({"read:discounts", "write:discounts"})
    assert (await dintero.rule(RULE)).id == RULE


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.busy(7), RateLimitedError),
        (Fault.broken(500), TokenUnavailable),
        (Fault.broken(503), TokenUnavailable),
        (Fault.unauthorized(), TokenRefused),
        (Fault.forbidden(), ScopeMissing),
        (Fault.error(400, "audience"), TokenRefused),
        (Fault.not_found(), TokenRefused),
        (Fault.answer(302), TokenUnavailable),
        (Fault.answer(200, "<html>"), TokenUnavailable),
        (Fault.answer(200, "{}"), TokenUnavailable),
        (Fault.answer(200, '{"access_token": 5, "expires_in": 60}'), TokenUnavailable),
        (Fault.answer(200, '{"access_token": "a\\r\\nX-Evil: 1", "expires_in": 60}'), TokenUnavailable),
        (Fault.cut(), TokenUnavailable),
        (Fault.cut_halfway(), TokenUnavailable),
        (Fault.garbled(), TokenUnavailable),
    ],
)
async def test_without_a_token_the_call_does_not_go_out_and_the_next_one_asks_again(
    fault: Fault, error: type[DinteroError], dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(fault, on=Operation.TOKEN)
    with pytest.raises(DinteroError) as raised:
        await dintero.add_customers(RULE, [CustomerId("ann")], once=OnceKey("k"))
    assert type(raised.value) is error
    assert sandbox.ledger.calls == []
    await dintero.add_customers(RULE, [CustomerId("ann")], once=OnceKey("k"))
    assert sandbox.ledger.held(RULE, "ann") == 1


async def test_a_wait_that_dintero_asks_for_before_it_gives_a_token_is_told(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(Fault.busy(7), on=Operation.TOKEN)
    with pytest.raises(RateLimitedError) as raised:
        await dintero.rules()
    assert raised.value.retry_after == 7


async def test_whoever_waited_for_a_token_that_hangs_asks_for_one_itself(sandbox: SandboxDintero) -> None:
    sandbox.faults.next(Fault.hang(), on=Operation.TOKEN)
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET, timeout=2) as impatient:
        with pytest.raises(TokenUnavailable):
            await impatient.rule(RULE)
        assert (await impatient.rule(RULE)).id == RULE


async def test_a_call_that_was_refused_with_its_token_and_gets_no_other_was_not_carried_out(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    await dintero.rule(RULE)
    sandbox.tokens.revoke_all()
    sandbox.faults.next(Fault.cut(), on=Operation.TOKEN)
    with pytest.raises(TokenUnavailable):
        await dintero.add_customers(RULE, [CustomerId("ann")], once=OnceKey("k"))
    assert sandbox.ledger.holders(RULE) == {}


async def test_a_call_that_is_cut_with_its_second_token_may_have_been_carried_out(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(Fault.unauthorized(), Fault.cut(after=True))
    with pytest.raises(OutcomeUnknownError):
        await dintero.add_customers(RULE, [CustomerId("ann")], once=OnceKey("k"))
    assert sandbox.ledger.held(RULE, "ann") == 1


async def test_how_long_to_wait_for_a_token_is_told_with_whatever_may_pass(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(Fault.answer(503, headers={"Retry-After": "9"}), on=Operation.TOKEN)
    with pytest.raises(TokenUnavailable) as raised:
        await dintero.rules()
    assert raised.value.retry_after == 9


@pytest.mark.parametrize(
    ("account", "client_id", "client_secret"),
    [
        ("T00000000", CLIENT_ID, CLIENT_SECRET),
        (ACCOUNT, "nobody", CLIENT_SECRET),
        (ACCOUNT, CLIENT_ID, "wrong"),
        (ACCOUNT, "ø", "pass:ørd"),
    ],
)
async def test_wrong_credentials_are_told_as_such(
    sandbox: SandboxDintero, account: str, client_id: str, client_secret: str
) -> None:
    async with open_dintero(sandbox.url, account, client_id, client_secret) as stranger:
        with pytest.raises(TokenRefused, match="id and secret"):
            await stranger.rules()


async def test_a_secret_may_hold_any_character(sandbox: SandboxDintero) -> None:
    sandbox.tokens.client_secret = "pa:ss wørd/%"
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, "pa:ss wørd/%") as client:
        assert (await client.rule(RULE)).id == RULE


async def test_secrets_stand_in_no_log_no_error_and_no_repr(
    sandbox: SandboxDintero, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    auth = ClientCredentials(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET)
    token = '{"access_token": "the-token-itself", "expires_in": 60}'
    sandbox.faults.next(Fault.answer(200, token), on=Operation.TOKEN)
    async with httpx.AsyncClient(transport=AiohttpTransport(), base_url=sandbox.url, auth=auth) as http:
        client = DinteroClient(http, account=ACCOUNT)
        sandbox.faults.next(Fault.broken(), on=Operation.RULE)
        sandbox.faults.always(Fault.cut(), on=Operation.RULE)
        said = []
        for _ in range(2):
            with pytest.raises(OutcomeUnknownError) as raised:
                await client.rule(RULE)
            said.append(repr(raised.value))
        said += [repr(auth), repr(auth._held), caplog.text]  # noqa: SLF001 - where the token is kept, it must not show
    for secret in (CLIENT_SECRET, "the-token-itself", "Basic "):
        assert not [text for text in said if secret in text]
