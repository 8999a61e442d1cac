"""Who gives a request: of several processes one at a time holds it, under a number that rises whenever it changes hands."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.ids import CustomerId, Fence, OnceKey, RequestId, RuleId
from bot.domain.ports import DinteroApi, Repository, UnitOfWork
from bot.domain.requests.batches import BatchOutcome, Portion, Tally
from bot.domain.requests.request import StopReason
from bot.domain.rules.rule import Holder, Rule


class Lease(Protocol):
    """The time for which a process may give."""

    async def ours(self) -> None:
        """Make sure that this process may give now; wait where it cannot know for the moment.

        Raises:
            LeaseLost: others have gone on in its place.
        """


class DeliveryRepository(Protocol):
    """What a giving asks of the books."""

    async def start_portion(self, request: RequestId, portion: int) -> Portion | None:
        """Note that every batch of a portion may go out from now on, and read it."""

    async def outcomes(self, request: RequestId, portion: int) -> tuple[BatchOutcome, ...]:
        """Read what came of a portion's batches so far."""

    async def record_outcomes(self, request: RequestId, *outcomes: BatchOutcome) -> bool:
        """Write what came of different batches; answer whether the giving shall go on."""

    async def request_stop(self, request: RequestId, stop: StopReason, note: str) -> None:
        """Ask for the giving to stop."""

    async def may_continue(self, request: RequestId) -> bool:
        """Say whether the giving shall go on."""

    async def answered(self, request: RequestId, rule: Rule) -> None:
        """Keep the rule as Dintero last answered it."""

    async def tally(self, request: RequestId) -> Tally:
        """Add up the four ends."""

    async def largest_batch(self, account: str, since: datetime) -> int | None:
        """Read how many customers a call may have."""

    async def learn_batch(self, account: str, size: int, at: datetime) -> None:
        """Keep how many customers a call may have."""

    def unit_of_work(self, request: RequestId) -> AbstractAsyncContextManager[UnitOfWork | None]:
        """Open the request's page."""


@dataclass(frozen=True, slots=True)
class FencedRepository:
    """The books as a giving writes them that holds its request under a number."""

    repository: Repository
    fence: Fence
    lease: Lease

    async def start_portion(self, request: RequestId, portion: int) -> Portion | None:
        """Take a portion up under the number."""
        return await self.repository.start_portion(request, portion, fence=self.fence)

    async def outcomes(self, request: RequestId, portion: int) -> tuple[BatchOutcome, ...]:
        """Read what came of a portion's batches so far."""
        return await self.repository.outcomes(request, portion)

    async def record_outcomes(self, request: RequestId, *outcomes: BatchOutcome) -> bool:
        """Write what came of different batches under the number."""
        return await self.repository.record_outcomes(request, *outcomes, fence=self.fence)

    async def request_stop(self, request: RequestId, stop: StopReason, note: str) -> None:
        """Ask for the giving to stop under the number."""
        await self.repository.request_stop(request, stop, note, fence=self.fence)

    async def may_continue(self, request: RequestId) -> bool:
        """Say whether the giving shall go on."""
        return await self.repository.may_continue(request)

    async def answered(self, request: RequestId, rule: Rule) -> None:
        """Keep Dintero's answer under the number."""
        await self.repository.answered(request, rule, fence=self.fence)

    async def tally(self, request: RequestId) -> Tally:
        """Add up the four ends."""
        return await self.repository.tally(request)

    async def largest_batch(self, account: str, since: datetime) -> int | None:
        """Read how many customers a call may have."""
        return await self.repository.largest_batch(account, since)

    async def learn_batch(self, account: str, size: int, at: datetime) -> None:
        """Keep how many customers a call may have."""
        await self.repository.learn_batch(account, size, at)

    @asynccontextmanager
    async def unit_of_work(self, request: RequestId) -> AsyncIterator[UnitOfWork | None]:
        """Open the request's page while the lease lasts: one that was stopped and wakes would tell the thread of its own silence.

        Raises:
            LeaseLost: others have gone on in this process's place.
        """
        await self.lease.ours()
        async with self.repository.unit_of_work(request) as unit:
            yield unit


@dataclass(frozen=True, slots=True)
class LeasedDinteroApi:
    """Dintero as a giving calls it that may do so only while its process has the lease: this is looked at before every call."""

    dintero: DinteroApi
    lease: Lease

    async def rules(self) -> tuple[Rule, ...]:
        """Read all rules."""
        return await self.dintero.rules()

    async def rule(self, rule: RuleId) -> Rule:
        """Read one rule."""
        return await self.dintero.rule(rule)

    async def refs(self, rule: RuleId, *, after: str | None = None) -> tuple[Holder, ...]:
        """Read who has a rule."""
        return await self.dintero.refs(rule, after=after)

    async def add_customers(self, rule: RuleId, customers: Sequence[CustomerId], *, once: OnceKey) -> Rule:
        """Give while the lease lasts.

        Raises:
            LeaseLost: others have gone on in this process's place; nothing was sent.
        """
        await self.lease.ours()
        return await self.dintero.add_customers(rule, customers, once=once)
