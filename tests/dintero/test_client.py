import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.dintero.client import DinteroClient
from bot.dintero.connection import open_dintero
from bot.domain.ids import CustomerId, OnceKey, RuleId
from bot.errors import (
    BatchRejectedError,
    DinteroError,
    OutcomeUnknownError,
    RuleNotFound,
    ScopeMissing,
    TokenRefused,
    TokenUnavailable,
)
from sandbox.dintero import Fault, Operation, SandboxDintero
from sandbox.dintero.catalogue import SEED_RULE
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET

RULE = RuleId(SEED_RULE)
ANN = [CustomerId("ann")]
KEY = OnceKey("k")

Answer = Callable[[web.Request], Awaitable[web.Response]]
HOSTILE_IDS = [
    "a/b",
    "a%2Fb",
    "a?limit=1",
    "a#b",
    "../customers",
    "a\\b",
    "a b",
    "æøå",
    "a\r\nX-Evil: 1",
    "a;b",
    "a:b@c",
    "%",
    "%2e%2e",
    "...x",
    "//example.com",
    "\x00",
]


def minimal_rule(number: int) -> dict[str, Any]:
    return {"id": f"r{number:03}", "reward": {"type": "discount_amount", "value": number}}


@asynccontextmanager
async def client_of(answer: Answer, **options: Any) -> AsyncGenerator[DinteroClient]:
    """A client of a server that issues tokens and answers everything else with `answer`."""

    async def token(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "t", "token_type": "Bearer", "expires_in": 60})

    app = web.Application()
    app.router.add_post("/v1/accounts/{aid}/auth/token", token)
    app.router.add_route("*", r"/{anything:[\s\S]*}", answer)
    async with (
        TestServer(app) as server,
        open_dintero(str(server.make_url("/v1")), ACCOUNT, "id", "secret", **options) as client,
    ):
        yield client


def rule_pages(page: Callable[[str | None], list[Any]]) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(page(request.query.get("starting_after")))

    return answer


async def test_rules_are_read_from_all_pages(dintero: DinteroClient, sandbox: SandboxDintero) -> None:
    read = await dintero.rules()
    assert [rule.id for rule in read] == list(sandbox.rules)
    assert {rule.reward.type for rule in read} >= {
        "discount_amount",
        "discount_debit",
        "discount_mix_new_price",
    }


async def test_deleted_and_inactive_rules_are_read_too(dintero: DinteroClient) -> None:
    read = await dintero.rules()
    assert any(rule.deleted_at for rule in read)
    assert any(not rule.active for rule in read)


async def test_shorter_pages_are_read_to_the_end() -> None:
    rules = [minimal_rule(number) for number in range(25)]

    def page(after: str | None) -> list[Any]:
        start = 0 if after is None else int(after[1:]) + 1
        return rules[start : start + 10]

    async with client_of(rule_pages(page)) as client:
        assert len(await client.rules()) == 25


async def test_reading_ends_if_the_server_ignores_the_cursor() -> None:
    async with client_of(rule_pages(lambda _: [minimal_rule(1), minimal_rule(2)])) as client:
        assert [rule.id for rule in await client.rules()] == ["r001", "r002"]


async def test_a_rule_on_two_pages_is_listed_once() -> None:
    pages = {
        None: [minimal_rule(1), minimal_rule(2)],
        "r002": [minimal_rule(2), minimal_rule(3)],
        "r003": [minimal_rule(3)],
    }
    async with client_of(rule_pages(lambda after: pages[after])) as client:
        assert [rule.id for rule in await client.rules()] == ["r001", "r002", "r003"]


async def test_an_unreadable_rule_hides_no_other_rule() -> None:
    pages: dict[str | None, list[Any]] = {
        None: [minimal_rule(1), {"id": "odd"}],
        "odd": [minimal_rule(2), None],
        "r002": [],
    }
    async with client_of(rule_pages(lambda after: pages[after])) as client:
        assert [rule.id for rule in await client.rules()] == ["r001", "r002"]


@pytest.mark.parametrize("body", [[None], [{}], {"rules": []}, None, "rules"])
async def test_an_unreadable_list_is_an_error(body: Any) -> None:
    async with client_of(rule_pages(lambda _: body)) as client:
        with pytest.raises(OutcomeUnknownError):
            await client.rules()


async def test_an_account_may_have_no_rules() -> None:
    async with client_of(rule_pages(lambda _: [])) as client:
        assert await client.rules() == ()


@pytest.mark.parametrize("status", [400, 404])
async def test_a_refused_list_blames_no_rule_or_customer(
    status: int, dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(Fault.error(status, "no such thing"), on=Operation.RULES)
    with pytest.raises(DinteroError) as raised:
        await dintero.rules()
    assert type(raised.value) is DinteroError


async def test_text_that_is_no_rule_id_is_a_rule_not_found(dintero: DinteroClient) -> None:
    with pytest.raises(RuleNotFound):
        await dintero.rule(RuleId("spar hundre"))


@pytest.mark.parametrize("rule", HOSTILE_IDS)
async def test_a_rule_id_is_always_one_segment_of_the_path(rule: str) -> None:
    paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.rel_url.raw_path)
        assert request.headers.get("X-Evil") is None
        return web.json_response(minimal_rule(1))

    async with client_of(answer) as client:
        await client.add_customers(RuleId(rule), ANN, once=KEY)
    segments = paths[0].split("/")
    assert (segments[:-2], segments[-1]) == (
        ["", "v1", "accounts", ACCOUNT, "discounts", "rules"],
        "customers",
    )


@pytest.mark.parametrize("rule", ["", ".", "..", "...", "\ud800"])
async def test_an_id_that_cannot_be_in_a_path_is_not_sent(
    rule: str, dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    with pytest.raises(RuleNotFound):
        await dintero.add_customers(RuleId(rule), ANN, once=KEY)
    with pytest.raises(RuleNotFound):
        await dintero.rule(RuleId(rule))
    assert sandbox.ledger.calls == []


async def test_a_customer_id_that_cannot_be_encoded_is_rejected(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    with pytest.raises(BatchRejectedError):
        await dintero.add_customers(RULE, [CustomerId("half \ud800")], once=KEY)
    assert sandbox.ledger.calls == []


async def test_every_request_identifies_the_bot() -> None:
    seen: list[web.BaseRequest] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response(minimal_rule(1))

    async with client_of(answer) as client:
        await client.rule(RULE)
    headers = seen[0].headers
    names = ("System-Name", "System-Version", "System-Plugin-Name", "System-Plugin-Version")
    ours = ("discount-bot", version("discount-bot"))
    assert tuple(headers[f"Dintero-{name}"] for name in names) == ours * 2
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"] == "/".join(ours)
    assert headers["Authorization"] == "Bearer t"


async def test_cookies_are_not_kept() -> None:
    cookies: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        cookies.append(dict(request.cookies))
        response = web.json_response(minimal_rule(1))
        response.set_cookie("session", "1")
        return response

    async with client_of(answer) as client:
        await client.rule(RULE)
        await client.rule(RULE)
    assert cookies == [{}, {}]


async def test_every_batch_carries_its_idempotency_key(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    await dintero.add_customers(RULE, ANN, once=KEY)
    assert [(call.key, call.customers) for call in sandbox.ledger.calls] == [("k", ("ann",))]


async def test_the_timeout_holds_even_if_bytes_keep_coming(sandbox: SandboxDintero) -> None:
    sandbox.faults.next(Fault.trickle())
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET, timeout=1.5) as client:
        with pytest.raises(OutcomeUnknownError, match=r"after 1\.5 s"):
            await client.add_customers(RULE, ANN, once=KEY)


async def test_a_cancelled_call_raises_cancelled_error(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    arrived = asyncio.Event()

    async def tell(*_: object) -> None:
        arrived.set()

    sandbox.on_call = tell
    sandbox.faults.next(Fault.hang())
    call = asyncio.create_task(dintero.add_customers(RULE, ANN, once=KEY))
    await arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (await dintero.add_customers(RULE, ANN, once=KEY)).id == RULE


async def test_a_stopped_server_could_not_be_reached(sandbox: SandboxDintero) -> None:
    await sandbox.stop()
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET) as client:
        with pytest.raises(TokenUnavailable, match="can't reach Dintero"):
            await client.add_customers(RULE, ANN, once=KEY)


async def test_a_redirect_is_not_followed(dintero: DinteroClient, sandbox: SandboxDintero) -> None:
    sandbox.faults.next(Fault.answer(307, headers={"Location": "http://example.com/"}))
    with pytest.raises(OutcomeUnknownError, match="Dintero answered 307"):
        await dintero.add_customers(RULE, ANN, once=KEY)


@pytest.mark.parametrize(
    "body", ["", "[", "[]", "null", "7", "{}", '{"id": "r"}', "[" * 100_000, '{"id": ' + "9" * 5000 + "}"]
)
async def test_a_200_without_a_rule_is_an_unknown_outcome(
    body: str, dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(Fault.answer(200, body, after=True))
    with pytest.raises(OutcomeUnknownError, match="unreadable answer"):
        await dintero.add_customers(RULE, ANN, once=KEY)


async def test_64_calls_can_be_in_flight_at_once(dintero: DinteroClient, sandbox: SandboxDintero) -> None:
    together = asyncio.Barrier(64)

    async def meet(*_: object) -> None:
        await together.wait()

    sandbox.on_call = meet
    await asyncio.gather(
        *(dintero.add_customers(RULE, [CustomerId(f"c{number}")], once=KEY) for number in range(64))
    )
    assert len(sandbox.ledger.grants) == 64


@pytest.mark.parametrize("scheme", ["https", "http"], ids=["TLS wrong", "no such name"])
async def test_nothing_is_sent_to_a_server_that_cannot_be_found_or_trusted(
    sandbox: SandboxDintero, scheme: str
) -> None:
    url = sandbox.url.replace("http://", "https://") if scheme == "https" else "http://dintero.invalid/v1"
    async with open_dintero(url, ACCOUNT, CLIENT_ID, CLIENT_SECRET) as client:
        with pytest.raises(TokenUnavailable, match="can't reach Dintero"):
            await client.add_customers(RULE, ANN, once=KEY)
    assert not sandbox.ledger.calls


async def test_a_refused_client_is_told_once_and_its_end_too(
    dintero: DinteroClient, sandbox: SandboxDintero, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.always(Fault.error(401, "no"), on=Operation.TOKEN)
    for _ in range(3):
        with pytest.raises(TokenRefused):
            await dintero.rules()
    (refused,) = caplog.messages
    assert refused.startswith("Dintero rejects the API client (it rejected the API client's id and secret). ")
    sandbox.faults.clear()
    await dintero.rules()
    await dintero.rules()
    assert caplog.messages[1:] == ["Dintero accepts the API client again after 0 s."]


async def test_a_missing_scope_to_give_does_not_end_with_the_next_reading(
    dintero: DinteroClient, sandbox: SandboxDintero, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.always(Fault.error(403, "no"), on=Operation.ADD)
    for _ in range(2):
        with pytest.raises(ScopeMissing):
            await dintero.add_customers(RULE, ANN, once=KEY)
        await dintero.rules()
    sandbox.faults.clear()
    await dintero.add_customers(RULE, ANN, once=KEY)
    refused, accepted = caplog.messages
    assert refused.startswith("Dintero rejects giving discounts (the API client isn't allowed to do this). ")
    assert accepted.startswith("Dintero accepts giving discounts again after ")
