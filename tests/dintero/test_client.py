import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.dintero.client import DinteroClient, open_dintero
from bot.domain.ids import CustomerId, OnceKey, RuleId
from bot.errors import BatchRejectedError, DinteroError, OutcomeUnknownError, RuleNotFound, TokenUnavailable
from sandbox.dintero import Fault, Operation, SandboxDintero
from sandbox.dintero.catalogue import SEED_RULE
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET

RULE = RuleId(SEED_RULE)
ANN = [CustomerId("ann")]
KEY = OnceKey("k")

Answer = Callable[[web.Request], Awaitable[web.Response]]
NASTY = [
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


def bare(number: int) -> dict[str, Any]:
    return {"id": f"r{number:03}", "reward": {"type": "discount_amount", "value": number}}


@asynccontextmanager
async def client_of(answer: Answer, **options: Any) -> AsyncGenerator[DinteroClient]:
    """A client of a server that gives everyone a token and answers all else as it is told."""

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


def listing(page: Callable[[str | None], list[Any]]) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(page(request.query.get("starting_after")))

    return answer


async def test_all_rules_are_read_however_many_pages_there_are(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    read = await dintero.rules()
    assert [rule.id for rule in read] == list(sandbox.rules)
    assert {rule.reward.type for rule in read} >= {
        "discount_amount",
        "discount_debit",
        "discount_mix_new_price",
    }


async def test_rules_that_cannot_be_given_are_read_too(dintero: DinteroClient) -> None:
    read = await dintero.rules()
    assert any(rule.deleted_at for rule in read)
    assert any(not rule.active for rule in read)


async def test_a_server_that_allows_shorter_pages_is_read_to_its_end() -> None:
    rules = [bare(number) for number in range(25)]

    def page(after: str | None) -> list[Any]:
        start = 0 if after is None else int(after[1:]) + 1
        return rules[start : start + 10]

    async with client_of(listing(page)) as client:
        assert len(await client.rules()) == 25


async def test_a_server_that_does_not_know_the_cursor_is_not_asked_for_ever() -> None:
    async with client_of(listing(lambda _: [bare(1), bare(2)])) as client:
        assert [rule.id for rule in await client.rules()] == ["r001", "r002"]


async def test_a_rule_that_stands_on_two_pages_is_listed_once() -> None:
    pages = {None: [bare(1), bare(2)], "r002": [bare(2), bare(3)], "r003": [bare(3)]}
    async with client_of(listing(lambda after: pages[after])) as client:
        assert [rule.id for rule in await client.rules()] == ["r001", "r002", "r003"]


async def test_a_rule_that_cannot_be_read_hides_neither_its_neighbours_nor_the_next_page() -> None:
    pages: dict[str | None, list[Any]] = {None: [bare(1), {"id": "odd"}], "odd": [bare(2), None], "r002": []}
    async with client_of(listing(lambda after: pages[after])) as client:
        assert [rule.id for rule in await client.rules()] == ["r001", "r002"]


@pytest.mark.parametrize("body", [[None], [{}], {"rules": []}, None, "rules"])
async def test_a_list_that_cannot_be_read_on_is_no_short_list(body: Any) -> None:
    async with client_of(listing(lambda _: body)) as client:
        with pytest.raises(OutcomeUnknownError):
            await client.rules()


async def test_an_account_without_rules_has_none() -> None:
    async with client_of(listing(lambda _: [])) as client:
        assert await client.rules() == ()


@pytest.mark.parametrize("status", [400, 404])
async def test_a_list_that_is_refused_is_no_fault_of_a_rule_or_a_customer(
    status: int, dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(Fault.error(status, "no such thing"), on=Operation.RULES)
    with pytest.raises(DinteroError) as raised:
        await dintero.rules()
    assert type(raised.value) is DinteroError


async def test_text_that_is_no_rules_id_is_a_rule_that_is_not_found(dintero: DinteroClient) -> None:
    with pytest.raises(RuleNotFound):
        await dintero.rule(RuleId("spar hundre"))


@pytest.mark.parametrize("rule", NASTY)
async def test_a_rules_id_cannot_leave_its_place_in_the_path(rule: str) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.rel_url.raw_path)
        assert request.headers.get("X-Evil") is None
        return web.json_response(bare(1))

    async with client_of(answer) as client:
        await client.add_customers(RuleId(rule), ANN, once=KEY)
    segments = asked[0].split("/")
    assert (segments[:-2], segments[-1]) == (
        ["", "v1", "accounts", ACCOUNT, "discounts", "rules"],
        "customers",
    )


@pytest.mark.parametrize("rule", ["", ".", "..", "...", "\ud800"])
async def test_an_id_that_cannot_stand_in_a_path_is_not_asked_for(
    rule: str, dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    with pytest.raises(RuleNotFound):
        await dintero.add_customers(RuleId(rule), ANN, once=KEY)
    with pytest.raises(RuleNotFound):
        await dintero.rule(RuleId(rule))
    assert sandbox.ledger.calls == []


async def test_an_id_that_cannot_be_sent_is_refused_here(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    with pytest.raises(BatchRejectedError):
        await dintero.add_customers(RULE, [CustomerId("half \ud800")], once=KEY)
    assert sandbox.ledger.calls == []


async def test_every_request_says_who_is_asking() -> None:
    seen: list[web.BaseRequest] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response(bare(1))

    async with client_of(answer) as client:
        await client.rule(RULE)
    headers = seen[0].headers
    names = ("System-Name", "System-Version", "System-Plugin-Name", "System-Plugin-Version")
    ours = ("discount-bot", version("discount-bot"))
    assert tuple(headers[f"Dintero-{name}"] for name in names) == ours * 2
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"] == "/".join(ours)
    assert headers["Authorization"] == "Bearer t"


async def test_the_once_only_key_goes_with_every_batch(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    await dintero.add_customers(RULE, ANN, once=KEY)
    assert [(call.key, call.customers) for call in sandbox.ledger.calls] == [("k", ("ann",))]


async def test_a_call_may_last_so_long_in_all_also_where_bytes_keep_coming(sandbox: SandboxDintero) -> None:
    sandbox.faults.next(Fault.trickle())
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET, timeout=1.5) as client:
        with pytest.raises(OutcomeUnknownError, match=r"within 1\.5 s"):
            await client.add_customers(RULE, ANN, once=KEY)


async def test_whoever_is_cancelled_is_cancelled_and_no_outcome_is_made_up(
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


async def test_a_server_that_is_not_there_could_not_be_reached(sandbox: SandboxDintero) -> None:
    await sandbox.stop()
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET) as client:
        with pytest.raises(TokenUnavailable, match="could not be reached"):
            await client.add_customers(RULE, ANN, once=KEY)


async def test_a_redirect_is_not_followed(dintero: DinteroClient, sandbox: SandboxDintero) -> None:
    sandbox.faults.next(Fault.answer(307, headers={"Location": "http://example.com/"}))
    with pytest.raises(OutcomeUnknownError, match="Dintero answered 307"):
        await dintero.add_customers(RULE, ANN, once=KEY)


@pytest.mark.parametrize(
    "body", ["", "[", "[]", "null", "7", "{}", '{"id": "r"}', "[" * 100_000, '{"id": ' + "9" * 5000 + "}"]
)
async def test_a_200_without_a_rule_says_nothing_that_counts(
    body: str, dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(Fault.answer(200, body, after=True))
    with pytest.raises(OutcomeUnknownError, match="could not be read"):
        await dintero.add_customers(RULE, ANN, once=KEY)


async def test_sixty_four_calls_are_in_flight_at_once(
    dintero: DinteroClient, sandbox: SandboxDintero
) -> None:
    together = asyncio.Barrier(64)

    async def meet(*_: object) -> None:
        await together.wait()

    sandbox.on_call = meet
    await asyncio.gather(
        *(dintero.add_customers(RULE, [CustomerId(f"c{number}")], once=KEY) for number in range(64))
    )
    assert len(sandbox.ledger.grants) == 64


@pytest.mark.parametrize("scheme", ["https", "http"], ids=["TLS wrong", "no such name"])
async def test_a_server_that_cannot_be_found_or_trusted_could_not_be_reached_and_nothing_was_sent(
    sandbox: SandboxDintero, scheme: str
) -> None:
    url = sandbox.url.replace("http://", "https://") if scheme == "https" else "http://dintero.invalid/v1"
    async with open_dintero(url, ACCOUNT, CLIENT_ID, CLIENT_SECRET) as client:
        with pytest.raises(TokenUnavailable, match="could not be reached"):
            await client.add_customers(RULE, ANN, once=KEY)
    assert not sandbox.ledger.calls
