import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from bot.dintero.client import RENEWAL_MARGIN_SECONDS, ClientCredentials, DinteroClient
from bot.dintero.connection import open_dintero
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
    """A clock in seconds that tests set."""

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
    """A client that uses the test's clock."""
    async with client_by(clock, sandbox) as opened:
        yield opened


async def test_concurrent_calls_share_the_first_token(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.latency = 0.02
    await asyncio.gather(*(dintero.rule(RULE) for _ in range(20)))
    assert sandbox.tokens.issued == 1


@pytest.mark.parametrize(
    ("lifetime", "kept"),
    [
        pytest.param(5000, 5000 - RENEWAL_MARGIN_SECONDS, id="shortly before it expires"),
        pytest.param(60, 30, id="at half a short life"),
    ],
)
async def test_a_token_is_renewed_before_it_expires(
    timed: DinteroClient, sandbox: SandboxDintero, clock: Clock, lifetime: int, kept: float
) -> None:
    sandbox.tokens.expires_in = lifetime
    await timed.rule(RULE)
    clock.seconds += kept - 1
    await timed.rule(RULE)
    assert sandbox.tokens.issued == 1
    clock.seconds += 1
    await timed.rule(RULE)
    assert sandbox.tokens.issued == 2


async def test_a_token_without_a_lifetime_is_kept(
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


async def test_after_a_401_the_token_is_renewed_and_the_call_repeated(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    await dintero.rule(RULE)
    sandbox.tokens.revoke_all()
    await dintero.add_customers(RULE, [CustomerId("ann")], once=OnceKey("k"))
    assert sandbox.tokens.issued == 2
    assert [call.status for call in sandbox.ledger.calls] == [401, 200]


async def test_concurrent_401s_share_one_new_token(dintero: DinteroClient, sandbox: SandboxDintero) -> None:
    await dintero.rule(RULE)
    sandbox.tokens.revoke_all()
    sandbox.latency = 0.02
    await asyncio.gather(*(dintero.rule(RULE) for _ in range(20)))
    assert sandbox.tokens.issued == 2


async def test_a_second_401_is_an_error(dintero: DinteroClient, sandbox: SandboxDintero) -> None:
    sandbox.faults.always(Fault.unauthorized(), on=Operation.RULE)
    with pytest.raises(TokenRefused):
        await dintero.rule(RULE)
    assert sandbox.tokens.issued == 2


async def test_a_scope_added_in_backoffice_works_from_the_next_call(
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
async def test_without_a_token_nothing_is_sent_and_the_next_call_fetches_one(
    fault: Fault, error: type[DinteroError], dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(fault, on=Operation.TOKEN)
    with pytest.raises(DinteroError) as raised:
        await dintero.add_customers(RULE, [CustomerId("ann")], once=OnceKey("k"))
    assert type(raised.value) is error
    assert sandbox.ledger.calls == []
    await dintero.add_customers(RULE, [CustomerId("ann")], once=OnceKey("k"))
    assert sandbox.ledger.held(RULE, "ann") == 1


async def test_a_429_for_the_token_says_how_long_to_wait(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(Fault.busy(7), on=Operation.TOKEN)
    with pytest.raises(RateLimitedError) as raised:
        await dintero.rules()
    assert raised.value.retry_after == 7


async def test_after_a_hanging_token_request_the_next_call_fetches_a_token(sandbox: SandboxDintero) -> None:
    sandbox.faults.next(Fault.hang(), on=Operation.TOKEN)
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET, timeout=2) as impatient:
        with pytest.raises(TokenUnavailable):
            await impatient.rule(RULE)
        assert (await impatient.rule(RULE)).id == RULE


async def test_a_401_without_a_new_token_means_nothing_was_done(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    await dintero.rule(RULE)
    sandbox.tokens.revoke_all()
    sandbox.faults.next(Fault.cut(), on=Operation.TOKEN)
    with pytest.raises(TokenUnavailable):
        await dintero.add_customers(RULE, [CustomerId("ann")], once=OnceKey("k"))
    assert sandbox.ledger.holders(RULE) == {}


async def test_a_call_cut_with_its_second_token_has_an_unknown_outcome(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(Fault.unauthorized(), Fault.cut(after=True))
    with pytest.raises(OutcomeUnknownError):
        await dintero.add_customers(RULE, [CustomerId("ann")], once=OnceKey("k"))
    assert sandbox.ledger.held(RULE, "ann") == 1


async def test_a_503_for_the_token_says_how_long_to_wait(
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
async def test_wrong_credentials_are_named_as_the_cause(
    sandbox: SandboxDintero, account: str, client_id: str, client_secret: str
) -> None:
    async with open_dintero(sandbox.url, account, client_id, client_secret) as stranger:
        with pytest.raises(TokenRefused, match="id and secret"):
            await stranger.rules()


async def test_a_secret_may_contain_any_character(sandbox: SandboxDintero) -> None:
    sandbox.tokens.client_secret = "pa:ss wørd/%"
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, "pa:ss wørd/%") as client:
        assert (await client.rule(RULE)).id == RULE


async def test_secrets_are_in_no_log_error_or_repr(
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
        texts = []
        for _ in range(2):
            with pytest.raises(OutcomeUnknownError) as raised:
                await client.rule(RULE)
            texts.append(repr(raised.value))
        texts += [repr(auth), repr(auth._cached), caplog.text]  # noqa: SLF001 - the cached token must not show either
    for secret in (CLIENT_SECRET, "the-token-itself", "Basic "):
        assert not [text for text in texts if secret in text]
