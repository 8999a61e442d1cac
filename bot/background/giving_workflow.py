"""Gives each started request in a durable workflow, which survives restarts and dead processes."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

import structlog
from dbos import DBOS, SetWorkflowID, StepOptions
from sqlalchemy.exc import SQLAlchemyError

from bot.background.durable_engine import close_engine, open_engine
from bot.cluster.replica import Membership
from bot.database.engine_pool import EnginePool
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import RequestId
from bot.domain.policy.policy import RefusalReason
from bot.domain.ports import Clock, DinteroApi
from bot.domain.requests.request import Request, State, StopReason
from bot.errors import LeaseLost, RunInterrupted
from bot.giving.engine import GivingRun
from bot.giving.finish import Completion
from bot.giving.retry import RetryPolicy
from bot.giving.scheduler import CallScheduler
from bot.giving.start import Preflight
from bot.outages import log_failure

LANES: Final = 3
"""Portions under way at once: the next one's customers are read while the last calls of this one run."""
FAILED: Final = frozenset({"ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
UNLIMITED: Final = 1_000_000
STEP_FIRST_WAIT_SECONDS: Final = 0.5
STEP_LONGEST_WAIT_SECONDS: Final = 2.0
"""For the steps that the engine cannot record; the waits grow from one to the other."""
STEP: Final = StepOptions(
    retries_allowed=True, max_attempts=UNLIMITED, interval_seconds=2.0, backoff_rate=1.0
)
"""An exception out of a step would be final, so it is repeated, soon after the database is back."""

Work = Callable[[], Awaitable[None]]

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class ClaimedRun:
    """One run of a giving. Its first portion claims the request; a run with nothing to do claims none."""

    request: RequestId
    round: int
    term: int
    run: GivingRun | None = None
    is_refused: bool = False
    """Whether the check before it found that nothing more may be given."""
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class GivingWorkflow:
    """The durable workflow `give_2`, on DBOS Transact. One a process, like the engine's registry."""

    repository: SqlRepository
    dintero: DinteroApi
    clock: Clock
    retry_policy: RetryPolicy
    scheduler: CallScheduler
    membership: Membership
    completion: Completion
    preflight: Preflight
    engine_url: str
    finished: Callable[[], None] = lambda: None
    """Called after each giving."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _runs: set[ClaimedRun] = field(default_factory=set)
    _workflow: Any = None
    _pool: EnginePool | None = None
    _term: int = 0
    """The term in which this process last resumed its own workflows; older ones are orphans too."""

    def launch(self) -> None:
        """Start the engine; it resumes the workflows that an earlier process left under this name."""
        self._term = self.membership.term
        self._pool = open_engine(self.engine_url, self.membership.name)

        async def give(request: str, round_: int, portions: int) -> None:
            """Give a request's portions in lanes, then end it."""
            if task := asyncio.current_task():
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            await self._give(RequestId(request), round_, portions)

        # A workflow ends under the name under which it began. A change of inputs or steps needs a new name;
        # the old one stays here, unchanged, until it has drained (docs/replicas.md).
        self._workflow = DBOS.workflow(name="give_2", max_recovery_attempts=UNLIMITED)(give)
        DBOS.launch()

    async def close(self) -> None:
        """Close the engine."""
        await close_engine(self._pool)

    async def start(self, request: Request) -> None:
        """Start a request's workflow, unless it has begun; stop a giving whose workflow is over already."""
        workflow = workflow_id(request.id, request.round)
        portions = await self.repository.portions(request.id)
        with SetWorkflowID(workflow):
            handle = await DBOS.start_workflow_async(self._workflow, request.id, request.round, portions)
        if started_here(handle):
            return
        status = await DBOS.get_workflow_status_async(workflow)
        if status and status.status in FAILED:
            log.error("giving failed", request_id=request.id, round=request.round, why=repr(status.error))
            await self._stop(request, "the bot met a fault of its own")
        elif status and status.status == "SUCCESS":
            found = await self.repository.find(request.id)
            if found and (found.state, found.round) == (State.GIVING, request.round):
                log.error(
                    "the database is older than what was done: a backup was put back; the request is stopped",
                    request=request.short,
                    round=request.round,
                )
                await self.repository.mark_all_started(request.id)
                await self._stop(request, RefusalReason.DATABASE_OLDER, StopReason.POLICY)

    async def claim(
        self, request: RequestId, term: int, *, until: datetime, is_rule_compared: bool = True
    ) -> GivingRun:
        """Claim a request for this process, in a term of its own; of two claims only the later one may write.

        `until` is when its approvals end. Raises LeaseLost if the term is over: others have gone on.
        """
        check_lease = partial(self.membership.ours, term)
        await check_lease()
        # The request does not change while it is given, so it can be read before the claim.
        found, fence = await asyncio.gather(
            self.repository.find(request), self.repository.claim(request, term=term or None)
        )
        if found is None or found.rule is None:
            raise LookupError(request)
        if fence is None:
            raise LeaseLost(request)
        return GivingRun(
            found,
            self.repository,
            self.dintero,
            fence,
            check_lease,
            self.retry_policy,
            self.closing,
            self.clock,
            self.scheduler,
            until,
            is_rule_compared,
        )

    async def take_over(self) -> None:
        """Resume the workflows of processes that are gone, and those of an earlier term of this one.

        Each is queued again, and taken from there by one process. Only the leader resumes those of others.
        """
        term, new_term = self.membership.term, self.membership.term != self._term
        if not (self.membership.is_leader or new_term):
            return
        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        if pending:
            # The living are read after the workflows: a process that has joined since is not dead.
            living, leads = await self.repository.live_replicas(), self.membership.is_leader
            for workflow in pending:
                name = workflow.executor_id or ""
                if (new_term and name == self.membership.name) or (leads and name not in living):
                    log.info("taken over", workflow=workflow.workflow_id, from_replica=name)
                    await DBOS.resume_workflow_async(workflow.workflow_id)
                    self.wake()
        self._term = term

    def wake(self) -> None:
        """Look at once for workflows to resume."""
        if self._pool:
            self._pool.wake()

    def recheck(self) -> None:
        """Let no call out before the database was asked whether its giving continues."""
        for claimed in self._runs:
            if claimed.run:
                claimed.run.recheck()

    async def _give(self, request: RequestId, round_: int, portions: int) -> None:
        steps = [DBOS.reserve_step() for _ in range(portions)]
        log.info("giving", request_id=request, round=round_, portions=portions)
        claimed = ClaimedRun(request, round_, self.membership.term)
        self._runs.add(claimed)

        async def lane(first: int) -> None:
            for number in range(first, portions, LANES):
                portion = partial(self._portion, claimed, number)
                step = partial(steps[number].run_async, {**STEP, "name": "portion"}, portion)
                await self._run_step(step, portion)

        try:
            results = await asyncio.gather(*map(lane, range(LANES)), return_exceptions=True)
            for result in results:
                if result:
                    raise result
            finish = partial(self._finish, claimed)
            step = partial(DBOS.run_step_async, {**STEP, "name": "finish"}, finish)
            await self._run_step(step, finish)
        finally:
            self._runs.discard(claimed)

    async def _run_step(self, step: Work, work: Work) -> None:
        """Run a step; if the engine cannot record it (its disk is full), repeat the work without the engine.

        Otherwise the whole workflow would fail; the engine may even have recorded the failure as the result.
        A repeat is harmless: our own database knows the rest.
        """
        try:
            return await step()
        except SQLAlchemyError as error:
            log.error("the durable engine could not record a step; giving goes on without", why=str(error))  # noqa: TRY400
        wait = STEP_FIRST_WAIT_SECONDS
        while True:
            try:
                return await work()
            except Exception as error:  # noqa: BLE001 - any exception would end the giving
                log_failure(log, "a step is repeated", error, seconds=wait)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self.closing.wait()
                raise asyncio.CancelledError
            wait = min(wait * 1.5, STEP_LONGEST_WAIT_SECONDS)

    async def _portion(self, claimed: ClaimedRun, number: int) -> None:
        """Give one portion; an interrupted one leaves its step undone for the process that gives next."""
        if self.closing.is_set():
            raise asyncio.CancelledError
        try:
            async with claimed.claiming:
                await self._admit(claimed)
            if claimed.run:
                await claimed.run.portion(number)
        except RunInterrupted as interrupted:
            raise asyncio.CancelledError from interrupted
        log.debug("portion ended", request_id=claimed.request, portion=number)

    async def _admit(self, claimed: ClaimedRun) -> None:
        """Claim a request whose approvals still count, once a run; if they do not, the run does nothing."""
        if claimed.run is None and not claimed.is_refused:
            has_just_begun = self.preflight.has_just_begun(claimed.request, claimed.round)
            until = await self.preflight.admit(claimed.request, claimed.round)
            claimed.is_refused = until is None
            if until:
                claimed.run = await self.claim(
                    claimed.request, claimed.term, until=until, is_rule_compared=has_just_begun
                )

    async def _finish(self, claimed: ClaimedRun) -> None:
        """End it, after portions that the engine has as done and our rows do not: a backup was put back."""
        request, round_ = claimed.request, claimed.round
        for number in await self.repository.unsettled(request):
            await self._portion(claimed, number)
        await self.completion.finish(request, round_)
        self.finished()
        tally = await self.repository.tally(request)
        log.info("giving ended", request_id=request, round=round_, **tally.counts)

    async def _stop(self, request: Request, why: str, stop: StopReason = StopReason.UNKNOWN_FOR_GOOD) -> None:
        await self.repository.request_stop(request.id, stop, why)
        await self.completion.finish(request.id, request.round)


def workflow_id(request: RequestId, round_: int) -> str:
    """Name the workflow of a request's round."""
    return f"{request}:{round_}"


def started_here(handle: object) -> bool:
    """Check, without a query, whether a workflow began by this start: only then its handle has a task."""
    return isinstance(getattr(handle, "task", None), asyncio.Future)
