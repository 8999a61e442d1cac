import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from sandbox.dintero import Fault, Point, SandboxDintero
from sandbox.dintero.catalogue import SEED_RULE, catalogue
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET

RULES = f"/accounts/{ACCOUNT}/discounts/rules"
CUSTOMERS = f"{RULES}/{SEED_RULE}/customers"
TOKEN = f"/accounts/{ACCOUNT}/auth/token"
ASKED = {"grant_type": "client_credentials", "audience": f"https://api.dintero.com/v1/accounts/{ACCOUNT}"}


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sandbox(clock: Clock) -> AsyncIterator[SandboxDintero]:
    async with SandboxDintero(catalogue(clock()), clock=clock) as opened:
        yield opened


@pytest.fixture
async def stranger(sandbox: SandboxDintero) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a token."""
    async with httpx.AsyncClient(transport=AiohttpTransport(), base_url=sandbox.url) as http:
        yield http


@pytest.fixture
async def http(stranger: httpx.AsyncClient) -> httpx.AsyncClient:
    """Somebody with a token."""
    answer = await stranger.post(TOKEN, json=ASKED, auth=(CLIENT_ID, CLIENT_SECRET))
    stranger.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return stranger


async def test_a_token_says_how_long_it_lives(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post(TOKEN, json=ASKED, auth=(CLIENT_ID, CLIENT_SECRET))
    assert (answer.status_code, answer.json()["token_type"], answer.json()["expires_in"]) == (
        200,
        "Bearer",
        14_400,
    )


@pytest.mark.parametrize(
    ("credentials", "change", "status"),
    [
        ((CLIENT_ID, "wrong"), {}, 401),
        (("nobody", CLIENT_SECRET), {}, 401),
        ((CLIENT_ID, CLIENT_SECRET), {"grant_type": "password"}, 400),
        ((CLIENT_ID, CLIENT_SECRET), {"audience": "https://api.dintero.com/v1/accounts/P12345678"}, 403),
        ((CLIENT_ID, CLIENT_SECRET), {"audience": None}, 403),
    ],
)
async def test_nobody_else_gets_a_token(
    stranger: httpx.AsyncClient, credentials: tuple[str, str], change: dict[str, str], status: int
) -> None:
    assert (await stranger.post(TOKEN, json=ASKED | change, auth=credentials)).status_code == status


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer made-up", "Basic !", "Basic /w==", "Token x"]
)
async def test_without_a_token_nothing_is_told_or_done(
    stranger: httpx.AsyncClient, sandbox: SandboxDintero, authorization: str
) -> None:
    stranger.headers["Authorization"] = authorization
    for call in (
        stranger.get(RULES),
        stranger.get(CUSTOMERS),
        stranger.post(CUSTOMERS, json={"customers": ["ann"]}),
    ):
        answer = await call
        assert answer.status_code == 401
        assert answer.json()["error"]["message"] == "Access forbidden, invalid JWT token was used"
    assert (await stranger.post(TOKEN, json=ASKED)).status_code == 401
    assert sandbox.ledger.grants == []


async def test_a_token_ends(http: httpx.AsyncClient, clock: Clock) -> None:
    clock.time += timedelta(seconds=14_399)
    assert (await http.get(RULES)).status_code == 200
    clock.time += timedelta(seconds=1)
    assert (await http.get(RULES)).status_code == 401


async def test_a_token_is_good_for_its_own_account_only(http: httpx.AsyncClient) -> None:
    assert (await http.get(RULES.replace(ACCOUNT, "P12345678"))).status_code == 403


async def test_ten_rules_come_unless_more_are_asked_for(http: httpx.AsyncClient) -> None:
    assert len((await http.get(RULES)).json()) == 10
    assert len((await http.get(RULES, params={"limit": 100})).json()) == 100


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5", ""])
async def test_no_more_than_a_hundred_come_at_once(http: httpx.AsyncClient, limit: str) -> None:
    assert (await http.get(RULES, params={"limit": limit})).status_code == 400


async def test_a_page_goes_on_after_the_rule_that_is_named(http: httpx.AsyncClient) -> None:
    whole = [rule["id"] for rule in (await http.get(RULES, params={"limit": 20})).json()]
    rest = [
        rule["id"]
        for rule in (await http.get(RULES, params={"limit": 10, "starting_after": whole[9]})).json()
    ]
    assert rest == whole[10:]
    assert (await http.get(RULES, params={"starting_after": "nothing"})).status_code == 400


async def every(http: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    while True:
        cursor = {"starting_after": rules[-1]["id"]} if rules else {}
        page = (await http.get(RULES, params=query | cursor | {"limit": "100"})).json()
        if not page:
            return rules
        rules += page


async def test_rules_can_be_listed_by_their_state(http: httpx.AsyncClient, sandbox: SandboxDintero) -> None:
    listed = {
        state: {rule["id"] for rule in await every(http, state=state)}
        for state in ("all", "active", "deleted", "inactive")
    }
    scheduled, over = await every(http, state="scheduled"), await every(http, state="completed")
    assert listed["all"] == set(sandbox.rules)
    assert listed["active"].isdisjoint(
        listed["deleted"] | listed["inactive"] | {rule["id"] for rule in [*scheduled, *over]}
    )
    assert all(rule["deleted_at"] for rule in await every(http, state="deleted"))
    assert not any("deleted_at" in rule for rule in await every(http))
    assert all((listed["deleted"], listed["inactive"], scheduled, over))
    assert (await http.get(RULES, params={"state": "odd"})).status_code == 400


async def test_statistics_come_with_a_list_only_when_asked_for(http: httpx.AsyncClient) -> None:
    assert not any("statistics" in rule for rule in await every(http))
    assert all("statistics" in rule for rule in await every(http, include="statistics"))


async def test_who_holds_a_rule_can_be_read(http: httpx.AsyncClient) -> None:
    await http.post(CUSTOMERS, json={"customers": ["ann", "bo", "*"]})
    refs = (await http.get(CUSTOMERS)).json()
    assert [ref["customer_id"] for ref in refs] == ["ann", "bo", None]
    assert (
        await http.get(CUSTOMERS, params={"starting_after": refs[0]["id"], "limit": 1000})
    ).json() == refs[1:]
    assert (await http.get(CUSTOMERS, params={"limit": 1001})).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"customers",
        b"[]",
        b"{}",
        b'{"customers": []}',
        b'{"customers": "ann"}',
        b'{"customers": [1]}',
        b'{"customers": [null]}',
        b'{"customers": [{"id": "ann"}]}',
        b'{"customers": ["ann", ""]}',
        b'{"customers": ["ann", " bo"]}',
        b'{"customers": ["ann"], "offering_constraint_id": 5}',
    ],
)
async def test_a_call_that_is_not_as_documented_is_refused_whole_and_noted(
    http: httpx.AsyncClient, sandbox: SandboxDintero, body: bytes
) -> None:
    answer = await http.post(CUSTOMERS, content=body)
    assert (answer.status_code, [call.status for call in sandbox.ledger.calls]) == (400, [400])
    assert answer.json()["error"]["message"]
    assert sandbox.ledger.grants == []


async def test_a_rule_that_is_expired_or_inactive_is_given_all_the_same(
    http: httpx.AsyncClient, sandbox: SandboxDintero
) -> None:
    sandbox.rules[SEED_RULE]["active"] = False
    assert (await http.post(CUSTOMERS, json={"customers": ["ann"]})).status_code == 200
    assert sandbox.ledger.held(SEED_RULE, "ann") == 1


async def test_both_points_of_every_call_can_be_watched(
    http: httpx.AsyncClient, sandbox: SandboxDintero
) -> None:
    seen: list[tuple[Point, int, int]] = []

    async def watch(point: Point, number: int) -> None:
        seen.append((point, number, len(sandbox.ledger.grants)))

    sandbox.on_call = watch
    for customer in ("ann", "bo"):
        await http.post(CUSTOMERS, json={"customers": [customer]})
    await http.get(RULES)
    assert seen == [(Point.BEFORE, 1, 0), (Point.AFTER, 1, 1), (Point.BEFORE, 2, 1), (Point.AFTER, 2, 2)]


async def test_faults_come_one_a_call_and_then_the_lasting_one_until_it_is_cleared(
    http: httpx.AsyncClient, sandbox: SandboxDintero
) -> None:
    sandbox.faults.next(Fault.busy(), None, Fault.broken(503))
    sandbox.faults.always(Fault.broken(500))

    async def status() -> int:
        return (await http.post(CUSTOMERS, json={"customers": ["ann"]})).status_code

    assert [await status() for _ in range(5)] == [429, 200, 503, 500, 500]
    sandbox.faults.clear()
    assert await status() == 200
    assert [call.status for call in sandbox.ledger.calls] == [429, 200, 503, 500, 500, 200]


async def test_whoever_hangs_is_let_go_when_it_stops(
    http: httpx.AsyncClient, sandbox: SandboxDintero
) -> None:
    arrived = asyncio.Event()

    async def tell(*_: object) -> None:
        arrived.set()

    sandbox.on_call = tell
    sandbox.faults.next(Fault.hang(after=True))
    call = asyncio.create_task(http.post(CUSTOMERS, json={"customers": ["ann"]}, timeout=None))
    await arrived.wait()
    await sandbox.stop()
    with pytest.raises(httpx.TransportError):
        await call
    assert sandbox.ledger.calls[0].status is None


async def test_it_can_be_stopped_and_started_again_with_what_was_given(
    http: httpx.AsyncClient, sandbox: SandboxDintero
) -> None:
    await http.post(CUSTOMERS, json={"customers": ["ann"]})
    url = sandbox.url
    await sandbox.stop()
    await sandbox.start(sandbox.port)
    assert sandbox.url == url
    assert (await http.get(CUSTOMERS)).json()[0]["customer_id"] == "ann"


@pytest.mark.parametrize("turns", range(8))
async def test_a_connection_that_arrives_as_it_stops_is_closed(sandbox: SandboxDintero, turns: int) -> None:
    connecting = asyncio.create_task(asyncio.open_connection("127.0.0.1", sandbox.port))
    for _ in range(turns):
        await asyncio.sleep(0)
    connecting.cancel()
    await sandbox.stop()
    with suppress(asyncio.CancelledError, ConnectionError):
        (await connecting)[1].close()


async def test_every_call_is_noted_with_its_answer_and_its_time(
    sandbox: SandboxDintero, http: httpx.AsyncClient
) -> None:
    sandbox.faults.next(Fault.cut(after=True), Fault.busy())
    for _ in range(3):
        with suppress(httpx.HTTPError):
            await http.post(CUSTOMERS, json={"customers": ["ann"], "offering_constraint_id": "once"})
    await http.get(RULES)
    entries = [
        (entry.operation, entry.status, entry.add and entry.add.granted)
        for entry in sandbox.ledger.access_log
    ]
    assert entries == [
        ("token", 200, None),
        ("add", None, 1),
        ("add", 429, 0),
        ("add", 200, 0),
        ("rules", 200, None),
    ]
    assert all(entry.seconds is not None for entry in sandbox.ledger.access_log)
