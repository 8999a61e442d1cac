"""One day of chaos: real bots, users and faults; then calm, and the comparison."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.policy.policy import Tier
from bot.domain.requests.request import State
from chaos.balancer import Balancer
from chaos.fast_clock import LAPSE, LapsedClock
from chaos.host_faults import HostFaults
from chaos.invariants import Comparison, compare
from chaos.process_killer import Killing
from chaos.replica import Replica, living
from chaos.schedule import PUT_BACK_DURING, FaultKind, KillPoint, Plan, Trouble
from chaos.service_faults import ServiceFaults
from chaos.simulated_users import CUSTOMER, LATER, SimulatedUsers
from chaos.start_watcher import Witness
from sandbox.dintero import Point, SandboxDintero
from sandbox.shop import POLICY, QUICK, SUPPORT, Shop, open_shop, settings_for, with_channel
from sandbox.slack import SandboxSlack, SignedHttp
from sandbox.slack.server import TIME_LIMIT
from sandbox.tcp_proxy import Streams, TcpProxy, wire
from tests.journeys.process import as_toml

OPEN: Final = (State.WAITING, State.APPROVED, State.GIVING, State.STOPPED)
CALM: Final = 300.0
"""Seconds for everything to end once no fault is left."""
LATE: Final = 2.0
"""Days, besides the calm, for all requests to be made."""
LOOK: Final = 0.1
STARTS: Final = 5
TIMEOUT: Final = "2"
MANY, REFUSED_EVERY = 100_000_000, 4_999
"""Of so many customers, Dintero refuses every REFUSED_EVERYth."""
STORMY: Final = with_channel(
    with_channel(
        replace(POLICY, channels={channel: POLICY.channels[channel] for channel in (SUPPORT, QUICK)}),
        SUPPORT,
        max_customers=100_000,
        max_amount=None,
        allow_unpriced=False,
        repeat_days=0,
        tiers=(Tier(approvals=2, above_customers=100),),
    ),
    QUICK,
    repeat_days=0,
)


@dataclass(frozen=True, slots=True)
class Result:
    """One day's schedule and result."""

    plan: Plan
    kills: Counter[KillPoint]
    troubles: Counter[FaultKind]
    did: Counter[str]
    comparison: Comparison
    log: str


@dataclass(slots=True)
class Scenario:
    """The parts of a running day."""

    plan: Plan
    clock: LapsedClock
    shop: Shop
    repository: SqlRepository
    replicas: list[Replica]
    killing: Killing
    witness: Witness
    outside: ServiceFaults
    machine: HostFaults
    users: SimulatedUsers
    made: Counter[FaultKind] = field(default_factory=Counter)

    async def goes_wrong(self) -> list[str]:
        """Run the schedule until all requests are made; return what could not be."""
        asking = asyncio.create_task(self.users.ask_all(self.plan.asks), name="the asking")
        work = [asking, asyncio.create_task(self.killing.go_on(self.plan.kills), name="the killing")]
        troubles = [
            asyncio.create_task(self._trouble(trouble), name=trouble.what) for trouble in self.plan.troubles
        ]
        try:
            longest = LATE * self.plan.shape.hours * 3600 / LAPSE + CALM
            done, late = await asyncio.wait(
                (*work, *troubles), timeout=longest, return_when=asyncio.FIRST_EXCEPTION
            )
            await asyncio.gather(*done)
            asked = f"{self.users.did['asked for']} of {len(self.plan.asks)} requests had been asked for"
            return [f"{one.get_name()} was not over long after the day, when {asked}" for one in late]
        finally:
            for task in (*work, *troubles):
                task.cancel()
            await asyncio.gather(*work, *troubles, return_exceptions=True)

    async def _trouble(self, trouble: Trouble) -> None:
        await self.clock.until(trouble.at)
        seconds = trouble.lasts * 3600 / LAPSE
        if during := PUT_BACK_DURING.get(trouble.what):
            await asyncio.gather(
                self.outside.happens(replace(trouble, what=during), seconds),
                self.machine.put_back(trouble.amount, seconds),
            )
        elif not await self.outside.happens(trouble, seconds):
            await self.machine.happens(trouble, seconds)
        self.made[trouble.what] += 1

    async def ends(self) -> list[str]:
        """Stop all replicas; work that came up meanwhile, such as a card redraw, is done after a restart."""
        unended = list[str]()
        for _ in range(STARTS):
            for replica in self.replicas:
                await replica.ends_for_good()
            if unended or not await self.repository.due_messages(LATER, limit=1):
                break
            for replica in self.replicas:
                replica.begins_again()
            unended += await self.comes_to_its_end()
        return unended

    async def comes_to_its_end(self) -> list[str]:
        """Wait until every request has ended and the outbox is empty; return what has not."""
        self.users.calm = True
        self.shop.dintero.faults.clear()
        loop = asyncio.get_running_loop()
        until = loop.time() + CALM
        while loop.time() < until:
            left = await self.repository.in_state(*OPEN)
            if not left and not await self.repository.due_messages(LATER, limit=1):
                return []
            await asyncio.sleep(LOOK)
        return [
            *(
                f"{one.short} is {one.state} after {CALM:g} s of calm"
                for one in await self.repository.in_state(*OPEN)
            ),
            *(
                f"{one.request} {one.key} is unsaid after {CALM:g} s of calm"
                for one in await self.repository.due_messages(LATER, limit=9)
            ),
        ]


async def day(folder: Path, url: str, planned: Plan, *, restart: Callable[[], None] = lambda: None) -> Result:
    """Run a day, wait for the end, stop the bots and compare everything."""
    async with _begun(folder, url, planned, restart) as today:
        for replica in today.replicas:
            await replica.stands()
        working = asyncio.create_task(today.users.at_work())
        try:
            unended = await today.goes_wrong()
            unended += await today.comes_to_its_end()
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        unended += await today.ends()
        jumped = any(today.made[what] for what in (FaultKind.CLOCK, *PUT_BACK_DURING))
        found = await compare(
            today.shop, today.repository, url, STORMY, deleted=today.outside.deleted, jumped=jumped
        )
        besides = [*today.witness.faults, *(fault for one in today.replicas for fault in one.faults)]
        return _result(today, replace(found, faults=(*found.faults, *unended, *besides)))


def _result(today: Scenario, found: Comparison) -> Result:
    calls = today.shop.dintero.ledger.calls
    did = today.users.did + Counter(
        {
            "starts": sum(one.lives for one in today.replicas),
            "times that one ended by itself": sum(one.ended_by_itself for one in today.replicas),
            "calls to Dintero": len(calls),
            "batches sent again": len(calls) - len({(call.key, call.customers) for call in calls}),
        }
    )
    log = "".join(one.log.read_text(errors="replace") for one in today.replicas)
    return Result(today.plan, today.killing.made, today.made, did, found, log)


@asynccontextmanager
async def _begun(
    folder: Path, url: str, planned: Plan, restart: Callable[[], None]
) -> AsyncIterator[Scenario]:
    """Open the shop and the database, start the replicas, and connect Slack to them."""
    clock, shape = LapsedClock.beginning(folder), planned.shape
    (folder / "policy.toml").write_text(as_toml(STORMY))
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(
            open_shop(slack=SandboxSlack(time_limit=TIME_LIMIT), dintero=SandboxDintero(clock=clock.now))
        )
        shop.dintero.refuses.update(f"{CUSTOMER}{number}" for number in range(0, MANY, REFUSED_EVERY))
        repository = await stack.enter_async_context(open_repository(url))
        replicas: list[Replica] = []
        killing = Killing(shop, replicas, clock)
        way = await stack.enter_async_context(wire(_to(shop.slack.api_url))) if shape.socket else None
        if way:
            shop.slack.web_api.api_url = f"http://127.0.0.1:{way.port}/api/"
        wires = (
            [await _wired(stack, killing, number, url) for number in range(shape.replicas)]
            if shape.postgresql
            else []
        )
        ports = [_free_port() for _ in range(shape.replicas)]
        for number, port in enumerate(ports):
            through = _through(url, wires[number]) if wires else url
            settings = settings_for(
                shop, through, socket_mode=shape.socket, PORT=str(port), DINTERO_TIMEOUT=TIMEOUT
            )
            replicas.append(Replica(f"replica-{number}", folder, settings, clock.began))
            await stack.enter_async_context(living(replicas[-1]))
        if not shape.socket:
            _balanced(stack, shop, replicas, ports)
        chance = random.Random(planned.seed)  # noqa: S311 - the same people for the same seed
        yield Scenario(
            planned,
            clock,
            shop,
            repository,
            replicas,
            killing,
            _watched(shop, repository, killing),
            ServiceFaults(shop, way),
            HostFaults(replicas, clock, url, wires, restart),
            SimulatedUsers(shop, repository, clock, chance, folder),
        )


def _watched(shop: Shop, repository: SqlRepository, killing: Killing) -> Witness:
    """Report each call to Dintero before a kill at it."""
    witness = Witness(repository, shop.dintero.ledger)

    async def both(point: Point, number: int) -> None:
        await witness.sees(point, number)
        await killing.dintero(point)

    shop.dintero.on_call = both
    return witness


def _balanced(stack: AsyncExitStack, shop: Shop, replicas: list[Replica], ports: list[int]) -> None:
    secret = shop.slack.credentials.signing_secret
    balancer = Balancer(
        [
            (one, SignedHttp(f"http://127.0.0.1:{port}/slack/events", secret))
            for one, port in zip(replicas, ports, strict=True)
        ]
    )
    shop.slack.line = balancer
    stack.push_async_callback(balancer.close)


async def _wired(stack: AsyncExitStack, killing: Killing, number: int, url: str) -> TcpProxy:
    """Connect a replica to PostgreSQL through a proxy that counts its writes."""
    socket_ = f"{make_url(url).query['host']}/.s.PGSQL.5432"
    laid = await stack.enter_async_context(wire(lambda: asyncio.open_unix_connection(socket_)))
    laid.on_writes = lambda done: killing.writes(number, done)
    return laid


def _through(url: str, proxy: TcpProxy) -> str:
    """The database's address behind a proxy."""
    at = make_url(url).set(
        host="127.0.0.1", port=proxy.port, query={"sslmode": "disable", "gssencmode": "disable"}
    )
    return at.render_as_string(hide_password=False)


def _to(api_url: str) -> Callable[[], Awaitable[Streams]]:
    port = make_url(api_url).port
    return lambda: asyncio.open_connection("127.0.0.1", port)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
