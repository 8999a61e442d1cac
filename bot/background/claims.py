"""The requests that this process gives, each held under a number of its own for as long as the process's lease lasts."""

import asyncio
from dataclasses import dataclass, field

from bot.cluster.membership import Membership, Term
from bot.domain.ids import RequestId
from bot.domain.ports import Clock, DinteroApi, Repository
from bot.errors import LeaseLost
from bot.giving.engine import GivingRun
from bot.giving.lease import FencedRepository, LeasedDinteroApi
from bot.giving.retry import RetryPolicy
from bot.giving.scheduler import CallScheduler


@dataclass(slots=True, eq=False)
class ClaimedRun:
    """One run of a request's giving. It takes the request with its first portion: a run that has nothing to do takes it from nobody."""

    request: RequestId
    runs: "ClaimedRuns"
    term: Term
    _run: GivingRun | None = None
    _taking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def portion(self, number: int) -> None:
        """Give to one row of customers.

        Raises:
            Interrupted: the program is closing, or another process gives it now.
        """
        async with self._taking:
            run = self._run = self._run or await self._take()
        await run.portion(number)

    def recheck(self) -> None:
        """Let nothing more out before the books were asked whether the giving goes on."""
        if self._run:
            self._run.recheck()

    async def _take(self) -> GivingRun:
        of = self.runs
        await self.term.ours()
        # what is read meanwhile is the same whoever holds it: nothing of it changes while it is given
        found, fence = await asyncio.gather(
            of.repository.find(self.request), of.repository.claim(self.request, term=self.term.number or None)
        )
        if found is None or found.rule is None:
            raise LookupError(self.request)
        if fence is None:
            raise LeaseLost(self.request)
        repository, dintero = (
            FencedRepository(of.repository, fence, self.term),
            LeasedDinteroApi(of.dintero, self.term),
        )
        return GivingRun(
            found, found.rule, repository, dintero, of.retry_policy, of.closing, of.clock, of.scheduler
        )


@dataclass(frozen=True, slots=True)
class ClaimedRuns:
    """All that runs now, and what each is given with."""

    repository: Repository
    dintero: DinteroApi
    retry_policy: RetryPolicy
    closing: asyncio.Event
    clock: Clock
    scheduler: CallScheduler
    membership: Membership
    _running: set[ClaimedRun] = field(default_factory=set)

    def register(self, request: RequestId) -> ClaimedRun:
        """Begin a run; of one request there can be two for a moment, of which the later one holds it."""
        run = ClaimedRun(request, self, Term(self.membership, self.membership.term))
        self._running.add(run)
        return run

    def unregister(self, run: ClaimedRun) -> None:
        """Forget a run that is over."""
        self._running.discard(run)

    def recheck(self) -> None:
        """Let nothing more out before the books were asked whether it goes on: somebody may have cancelled."""
        for run in self._running:
            run.recheck()
