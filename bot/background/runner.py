"""Runs approved requests to the end, across restarts, and owns every background task; knows the durable engine, as `workflows` does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID, StepOptions

from bot.background.claims import ClaimedRun, ClaimedRuns
from bot.background.daily import DailyTasks
from bot.background.outbox_relay import OutboxRelay
from bot.background.progress_updates import ProgressUpdater
from bot.background.workflows import (
    close_engine,
    delete_finished,
    enable_wal,
    resume_orphans,
    run_step_or_fallback,
    started_here,
)
from bot.cluster.membership import Membership
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import RequestId
from bot.domain.ports import Clock, DinteroApi
from bot.domain.requests.request import Request, State, StopReason
from bot.errors import DatabaseUnavailable, RunInterrupted
from bot.giving.finish import Completion
from bot.giving.lookups import RuleLookups
from bot.giving.retry import RetryPolicy
from bot.giving.scheduler import CallScheduler
from bot.giving.start import Preflight
from bot.services.decisions import DecisionService
from bot.services.drafting.rule_catalog import RuleCatalog

LANES: Final = 3
"""Portions under way at once for one request: the next one's customers are read while the last one's calls run out."""
SWEEP_SECONDS: Final = 20.0
RULES_SECONDS: Final = 60.0
CLOCK_SECONDS: Final = 60.0
OUTBOX_SECONDS: Final = 1.0
PROGRESS_SECONDS: Final = 1.0
TIDY_SECONDS: Final = 3600.0
WORKFLOWS_KEPT: Final = timedelta(days=7)
FAILED: Final = frozenset({"ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
SUCCEEDED: Final = "SUCCESS"
AT_ONCE: Final = 64
"""Requests that may be on their way to their start together: each may wait for Slack or Dintero, and holds up no other."""
DRAFTS_LIVE: Final = timedelta(days=1)
GRACE_SECONDS: Final = 8.0
"""How long batches in flight may take to end once the program closes."""
FOR_EVER: Final = 1_000_000
TAKE_OVER_SECONDS: Final = 2.0
IDLE_SECONDS: Final = 5.0
"""So long the engine of a process that was stopped in the middle of a transaction keeps the others waiting."""
STEP: Final = StepOptions(
    name=None,
    retries_allowed=True,
    max_attempts=FOR_EVER,
    interval_seconds=0.5,
    backoff_rate=1.05,
    should_retry=None,
    preemptible=False,
    timeout_seconds=None,
)
"""An exception out of a step would be final; so every step is repeated. The waits grow slowly: 0.5 s to a minute in a hundred tries."""

log = structlog.get_logger()


class BackgroundRunner:
    """The port `BackgroundTasks`, on DBOS Transact. One a process: the engine's registry is the process's."""

    def __init__(
        self,
        *,
        repository: SqlRepository,
        dintero: DinteroApi,
        clock: Clock,
        retry_policy: RetryPolicy,
        engine_url: str,
        membership: Membership,
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._engine_url = engine_url
        self._membership = membership
        self._term = membership.term
        """The time of this process in which it last went on with its own: what an earlier time left is as others' that are gone."""
        self._closing = asyncio.Event()
        self._look = asyncio.Event()
        self._speak = asyncio.Event()
        self._others = asyncio.Event()
        self._was_first = membership.is_leader
        self._new_to_it = (asyncio.Event(), asyncio.Event())
        """Set where this process has become the one for what is done once, of which an hour is too long to wait for."""
        self._tasks: set[asyncio.Task[object]] = set()
        self._workflows: set[asyncio.Task[Any]] = set()
        self._looking = 0
        scheduler = CallScheduler(first=retry_policy.first, longest=retry_policy.longest)
        self.lookups = RuleLookups(dintero, scheduler)
        """By which whatever else is asked of Dintero goes the way of its givings."""
        self._runs = ClaimedRuns(
            repository, dintero, retry_policy, self._closing, clock, scheduler, membership
        )
        self._starts: dict[RequestId, asyncio.Task[None]] = {}
        self._passed_over: set[RequestId] = set()
        """Those that a sweep found on their way already: what has changed about them since, only another look shows."""
        self._turns = asyncio.Semaphore(AT_ONCE)

    @property
    def busy(self) -> bool:
        """Whether work after a click, or a look at what is due, runs or was asked for; giving does not count."""
        return bool(self._tasks or self._looking or self._look.is_set() or self._speak.is_set())

    def wake(self) -> None:
        """Look at once for what there is to give and to say, and whether what is being given goes on, in every process."""
        self._look_at_once()
        if self._membership.has_peers:
            self.spawn(self._repository.notify(self._membership.name))

    def _look_at_once(self) -> None:
        """Do so in this process, where another one told of something, or this one has to go on with what others did."""
        self._runs.recheck()
        was_first, self._was_first = self._was_first, self._membership.is_leader
        newly = self._new_to_it if self._was_first and not was_first else ()
        for sooner in (self._look, self._speak, self._others, *newly):
            sooner.set()

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Do a piece of work after the click was answered; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def drain(self) -> None:
        """Let no batch out any more: the program is closing."""
        self._closing.set()
        self._runs.recheck()
        self._speak.set()

    @asynccontextmanager
    async def lifespan(
        self,
        *,
        decisions: DecisionService,
        preflight: Preflight,
        completion: Completion,
        relay: OutboxRelay,
        progress_updater: ProgressUpdater,
        catalog: RuleCatalog,
        daily_tasks: DailyTasks,
        set_the_clock: Callable[[], Awaitable[None]],
    ) -> AsyncIterator[None]:
        """Go on with what an earlier process left, and work until the block ends; then be out within ten seconds."""
        self._launch(completion)
        self._membership.when_changed(self._look_at_once)
        telling = asyncio.create_task(self._every(OUTBOX_SECONDS, self._once(relay.deliver_due), self._speak))
        work = [
            self._every(
                SWEEP_SECONDS, self._once(lambda: self._sweep(decisions, preflight, completion)), self._look
            ),
            self._every(RULES_SECONDS, catalog.refresh),
            self._every(CLOCK_SECONDS, set_the_clock),
            self._every(PROGRESS_SECONDS, lambda: self._show_progress(progress_updater)),
            self._every(TIDY_SECONDS, self._once(self._tidy), self._new_to_it[0]),
            self._every(TIDY_SECONDS, self._once(daily_tasks.run_once), self._new_to_it[1]),
        ]
        if self._membership.term:
            work.append(self._every(TAKE_OVER_SECONDS, self._take_over, self._others))
        loops = list(map(asyncio.create_task, work))
        try:
            yield
        finally:
            await self._run_out(telling)
            left = (telling, *loops, *self._starts.values(), *self._tasks, *self._workflows)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            await close_engine()

    def _launch(self, completion: Completion) -> None:
        enable_wal(self._engine_url)
        DBOS(
            config=DBOSConfig(
                name="discount-bot",
                system_database_url=self._engine_url,
                application_version="1",
                executor_id=self._membership.name,
                sys_db_idle_transaction_timeout_sec=IDLE_SECONDS,
                max_executor_threads=16,
                enable_otlp=False,
                log_level="WARNING",
            )
        )

        async def give(request: str, round_: int, portions: int) -> None:
            """Give a request's portions in lanes, then end it."""
            if task := asyncio.current_task():
                self._workflows.add(task)
                task.add_done_callback(self._workflows.discard)
            await self._give(RequestId(request), round_, portions, completion)

        # What has begun under a name goes on under that name, in whichever version is there then: whoever changes its inputs or steps gives
        # it a new one, and keeps the old one here, as it was, until it has drained (docs/replicas.md, and a test guards it).
        self._workflow = DBOS.workflow(name="give_2", max_recovery_attempts=FOR_EVER)(give)
        DBOS.launch()

    async def _give(self, request: RequestId, round_: int, portions: int, completion: Completion) -> None:
        steps = [DBOS.reserve_step() for _ in range(portions)]
        log.info("giving", request_id=request, round=round_, portions=portions)

        run = self._runs.register(request)

        async def lane(first: int) -> None:
            for number in range(first, portions, LANES):
                step = partial(
                    steps[number].run_async, {**STEP, "name": "portion"}, self._portion, run, number
                )
                await run_step_or_fallback(step, partial(self._portion, run, number), self._closing)

        try:
            ends = await asyncio.gather(*map(lane, range(LANES)), return_exceptions=True)
        finally:
            self._runs.unregister(run)
        for end in ends:
            if end:
                raise end
        finish = partial(self._finish, completion, request, round_)
        await run_step_or_fallback(
            partial(DBOS.run_step_async, {**STEP, "name": "finish"}, finish), finish, self._closing
        )

    async def _portion(self, run: ClaimedRun, number: int) -> None:
        """Give one portion; cut short by the closing program, or by another that gives it now, it leaves the step undone for that one."""
        if self._closing.is_set():
            raise asyncio.CancelledError
        try:
            await run.portion(number)
        except RunInterrupted as interrupted:
            raise asyncio.CancelledError from interrupted
        log.debug("portion ended", request_id=run.request, portion=number)

    async def _finish(self, completion: Completion, request: RequestId, round_: int) -> None:
        await completion.finish(request, round_)
        self.wake()
        tally = await self._repository.tally(request)
        log.info(
            "giving ended",
            request_id=request,
            round=round_,
            given=tally.given,
            refused=tally.refused,
            unknown=tally.unknown,
            not_tried=tally.not_tried,
        )

    async def _show_progress(self, progress_updater: ProgressUpdater) -> None:
        """Show how all givings get on, those of other processes too: one process edits the cards, and any may be asked for the pace."""
        edits = self._membership.is_leader
        with nullcontext() if edits else suppress(DatabaseUnavailable):
            await progress_updater.run_once(
                [request.id for request in await self._repository.in_state(State.GIVING)], edits=edits
            )

    async def _sweep(self, decisions: DecisionService, preflight: Preflight, completion: Completion) -> None:
        """Expire what is overdue, and send what is approved on its way to its start, without waiting for it.

        What was started and not ended is started again, harmlessly.
        """
        for look in (
            decisions.pause_service.run_once,
            decisions.expire_overdue,
            decisions.remind_due,
        ):
            try:
                await look()
            except Exception:
                log.exception("not looked at", what=look.__qualname__)
        for request in await self._repository.in_state(State.APPROVED, State.GIVING):
            if request.id in self._starts:
                self._passed_over.add(request.id)
            else:
                self._starts[request.id] = asyncio.create_task(self._begin(request.id, preflight, completion))
        self._speak.set()

    async def _begin(self, request: RequestId, preflight: Preflight, completion: Completion) -> None:
        """Begin one request, once more where a sweep came by meanwhile; a failure is logged, and the next sweep tries again."""
        again = True
        try:
            while again:
                await self._begin_once(request, preflight, completion)
                self._speak.set()
                again = request in self._passed_over
                self._passed_over.discard(request)
        finally:
            del self._starts[request]

    async def _begin_once(self, request: RequestId, preflight: Preflight, completion: Completion) -> None:
        try:
            async with self._turns:
                ready = await preflight.begin(request)
                if ready is not None:
                    await self._start(ready, completion)
        except Exception:
            log.exception("not started", request_id=request)

    async def _start(self, request: Request, completion: Completion) -> None:
        workflow = f"{request.id}:{request.round}"
        portions = await self._repository.portions(request.id)
        with SetWorkflowID(workflow):
            handle = await DBOS.start_workflow_async(self._workflow, request.id, request.round, portions)
        if started_here(handle):
            return
        status = await DBOS.get_workflow_status_async(workflow)
        if status and status.status in FAILED:
            log.error("giving failed", request_id=request.id, round=request.round, why=repr(status.error))
            await self._give_up(request, completion, "the bot met a fault of its own")
        elif status and status.status == SUCCEEDED and await self._is_back(request):
            log.error(
                "giving was over, and is not any more: the database is an older one",
                request_id=request.id,
                round=request.round,
            )
            await self._repository.mark_all_started(request.id)
            await self._give_up(request, completion, "the database is older than what was done")

    async def _is_back(self, request: Request) -> bool:
        """Say of a giving whose workflow is over whether the books, read after that, still have it; then they are a restored copy."""
        found = await self._repository.find(request.id)
        return found is not None and (found.state, found.round) == (State.GIVING, request.round)

    async def _give_up(self, request: Request, completion: Completion, why: str) -> None:
        await self._repository.request_stop(request.id, StopReason.UNKNOWN_FOR_GOOD, why)
        await completion.finish(request.id, request.round)

    async def _tidy(self) -> None:
        """Forget drafts that nobody asked with, and what the engine remembers of workflows long over."""
        await self._repository.forget_drafts(self._clock.now() - DRAFTS_LIVE)
        await delete_finished(self._clock.now() - WORKFLOWS_KEPT)

    async def _take_over(self) -> None:
        """Go on with what processes had under way that are gone, an earlier time of this one among them."""
        term, earlier = self._membership.term, self._membership.term != self._term
        if self._membership.is_leader or earlier:
            await resume_orphans(lambda: self._gone(earlier=earlier))
            self._term = term

    async def _gone(self, *, earlier: bool) -> Callable[[str], bool]:
        """Say which processes are gone; only the first goes on with what is another's."""
        living, own, first = (
            await self._repository.live_replicas(),
            self._membership.name,
            self._membership.is_leader,
        )
        return lambda name: (earlier and name == own) or (first and name not in living)

    def _once(self, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        """Let work be done by the first of several processes alone."""

        async def by_the_first() -> None:
            if self._membership.is_leader:
                self._looking += 1
                try:
                    await work()
                finally:
                    self._looking -= 1

        return by_the_first

    async def _every(
        self, seconds: float, work: Callable[[], Awaitable[object]], sooner: asyncio.Event | None = None
    ) -> None:
        """Do a piece of work now and then, or sooner when asked; a failure is logged, and it goes on."""
        event = sooner or asyncio.Event()
        while not self._closing.is_set():
            event.clear()
            try:
                await work()
            except Exception:
                log.exception("background work failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), seconds)

    async def _run_out(self, telling: asyncio.Task[None]) -> None:
        """Let the batches in flight end, what was clicked be written, and the messages under way be said, within the grace."""
        self.drain()
        await asyncio.wait({telling, *self._workflows, *self._tasks}, timeout=GRACE_SECONDS)

    def _done(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("work after a click failed", exc_info=error)
