"""Fixtures of the giving tests: a database, a sandbox Dintero, and the comparison of both."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

from bot.clock import FOREVER, SystemClock
from bot.database.repositories.repository import SqlRepository
from bot.dintero.connection import open_dintero
from bot.domain.customers.packing import pack
from bot.domain.ids import ChannelId, CustomerId, RuleId, TeamId, UserId
from bot.domain.ports import Clock, DinteroApi
from bot.domain.requests.batches import Tally
from bot.domain.requests.request import (
    Approval,
    FormInput,
    Request,
    State,
    digest,
    new_once_key,
    new_request_id,
    new_short_id,
)
from bot.domain.rules.rule import Rule
from bot.errors import LeaseLost
from bot.giving.engine import GivingRun
from bot.giving.retry import RetryPolicy
from bot.giving.scheduler import CallScheduler
from sandbox.dintero import Ledger, Point, SandboxDintero
from sandbox.dintero.catalogue import SEED_RULE
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET
from tests.support.digests import digest_of

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
AT_ONCE = RetryPolicy(first=0.001, longest=0.002, total=20.0, attempts=3)
"""Few and short retries, so that lasting failures end at once."""
RULE = RuleId(SEED_RULE)

_numbers = count(1)


def customers(number: int) -> tuple[CustomerId, ...]:
    """Make customers that no other test uses."""
    group = next(_numbers)
    return tuple(CustomerId(f"c{group}-{at}") for at in range(number))


def traffic_of(retry_policy: RetryPolicy) -> CallScheduler:
    """Make the scheduler of a process."""
    return CallScheduler(first=retry_policy.first, longest=retry_policy.longest)


@dataclass(slots=True)
class Ends:
    """The customers by outcome, as the database has them."""

    given: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    not_tried: set[str] = field(default_factory=set)


async def ends_of(repository: SqlRepository, request: Request) -> Ends:
    """Sort the customers of a request by outcome."""
    ends = Ends()
    for number in range(await repository.portions(request.id)):
        asked = await repository.customers(request.id, number)
        outcomes = {outcome.batch: outcome for outcome in await repository.outcomes(request.id, number)}
        for at in range(0, len(asked), request.batch_size):
            batch, outcome = set(asked[at : at + request.batch_size]), outcomes.get(at // request.batch_size)
            if outcome is None:
                continue
            refused, unknown = {one.customer for one in outcome.refused}, set(outcome.unknown)
            not_tried = set(outcome.not_tried)
            ends.refused |= refused
            ends.unknown |= unknown
            ends.not_tried |= not_tried
            ends.given |= batch - refused - unknown - not_tried
    return ends


@dataclass(slots=True)
class Ground:
    """A database and a Dintero, in which requests are given."""

    repository: SqlRepository
    sandbox: SandboxDintero
    dintero: DinteroApi
    rule: Rule
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    clock: Clock = field(default_factory=SystemClock)
    run: GivingRun | None = None
    """The last run."""
    scheduler: CallScheduler | None = None
    """Shared by several givings of one process; None: each giving is that of a process of its own."""
    until: datetime = FOREVER
    """When the approvals end."""
    lost_lease: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once other processes have gone on in place of this one."""

    @property
    def ledger(self) -> Ledger:
        return self.sandbox.ledger

    async def asked(
        self, who: Sequence[CustomerId], *, size: int = 4, concurrency: int = 1, batches: int = 8
    ) -> Request:
        """Write a request that is being given, in batches of this size."""
        draft = Request(
            id=new_request_id(),
            short=new_short_id(),
            team=TeamId("T0"),
            account=ACCOUNT,
            channel=ChannelId("C0"),
            requester=UserId("U0ANN"),
            created_at=NOW,
            rule=self.rule,
            customers=len(who),
            customers_digest=digest_of(who),
            batch_size=size,
            batches_per_portion=batches,
            concurrency=concurrency,
        )
        await self.repository.open_draft(draft, FormInput())
        async with self.repository.unit_of_work(draft.id) as unit:
            assert unit
            await unit.put_packed(pack(who, portion=size * batches))
            await unit.save(
                replace(
                    draft,
                    once_key=new_once_key(),
                    state=State.GIVING,
                    asked_at=NOW,
                    started_at=NOW,
                )
            )
        return await self.now(draft)

    async def now(self, request: Request) -> Request:
        """Read a request."""
        found = await self.repository.find(request.id)
        assert found
        return found

    async def change(self, request: Request, **changes: object) -> Request:
        """Change a request's row."""
        async with self.repository.unit_of_work(request.id) as unit:
            assert unit
            await unit.save(replace(unit.request, **changes))  # type: ignore[arg-type]
        return await self.now(request)

    async def agreed(self, request: Request) -> Request:
        """Let a request need one approval, and give it."""
        request = await self.change(request, approvals=1)
        async with self.repository.unit_of_work(request.id) as unit:
            assert unit
            await unit.vote(Approval(request.id, request.round, UserId("U0BO"), NOW, digest(request)))
        return request

    async def cancel(self, request: Request) -> None:
        """Cancel a giving in the process that gives it."""
        await self.change(request, cancel_asked_by=UserId("U0ANN"))
        if self.run:
            self.run.recheck()

    async def next_round(self, request: Request) -> Request:
        """Continue a giving that stopped."""
        found = await self.now(request)
        return await self.change(found, state=State.GIVING, round=found.round + 1, stop=None, note="")

    async def check_lease(self) -> None:
        if self.lost_lease.is_set():
            raise LeaseLost("this process")

    async def claim(self, request: Request, retry_policy: RetryPolicy = AT_ONCE) -> GivingRun:
        """Claim a request as a process that has just started."""
        fence = await self.repository.claim(request.id)
        assert fence
        self.run = GivingRun(
            request,
            self.repository,
            self.dintero,
            fence,
            self.check_lease,
            retry_policy,
            self.closing,
            self.clock,
            self.scheduler or traffic_of(retry_policy),
            self.until,
        )
        return self.run

    async def give(
        self, request: Request, *, lanes: bool = False, retry_policy: RetryPolicy = AT_ONCE
    ) -> Tally:
        """Give a request as a process that has just started, and check the tally."""
        run = await self.claim(request, retry_policy)
        portions = range(await self.repository.portions(request.id))
        if lanes:
            await asyncio.gather(*map(run.portion, portions))
        else:
            for number in portions:
                await run.portion(number)
        return await self.truth(request)

    async def ends(self, request: Request) -> Ends:
        """Sort the customers of a request by outcome."""
        return await ends_of(self.repository, request)

    async def truth(self, request: Request) -> Tally:
        """Compare the database with Dintero's ledger, and return the tally."""
        tally, ends = await self.repository.tally(request.id), await self.ends(request)
        key = request.once_key
        holders = {grant.customer for grant in self.ledger.grants if grant.key == key}
        assert not self.ledger.more_than_once(RULE)
        assert ends.given <= holders
        assert not holders & (ends.refused | ends.not_tried)
        assert len(holders) <= tally.given + tally.unknown
        assert (tally.given, tally.refused) == (len(ends.given), len(ends.refused))
        assert (
            tally.given + tally.refused + tally.unknown + tally.not_tried == tally.asked == request.customers
        )
        return tally


@asynccontextmanager
async def open_ground(repository: SqlRepository, *, timeout: float = 60) -> AsyncIterator[Ground]:  # noqa: ASYNC109 - of each call
    """Open a Dintero beside a database."""
    async with (
        SandboxDintero() as sandbox,
        open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET, timeout=timeout) as dintero,
    ):
        yield Ground(repository, sandbox, dintero, await dintero.rule(RULE))


@dataclass(slots=True)
class InFlight:
    """Counts the calls under way; the first ones wait until there are `wanted` of them."""

    wanted: int
    now: int = 0
    most: int = 0
    _reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, point: Point, _number: int) -> None:
        if point is Point.AFTER:
            self.now -= 1
            return
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == self.wanted:
            self._reached.set()
        await asyncio.wait_for(self._reached.wait(), 60)
