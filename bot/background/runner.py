"""Owns all background tasks: periodic work, the starts of approved requests, and work after clicks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog

from bot.background.audit_head import AuditHeadKeeper
from bot.background.daily import DailyTasks
from bot.background.giving_workflow import GivingWorkflow
from bot.background.outbox_relay import OutboxRelay
from bot.background.progress_updates import ProgressUpdater
from bot.background.repeating import Repeater
from bot.background.workflow_records import delete_finished
from bot.cluster.replica import Membership
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import RequestId
from bot.domain.ports import Clock
from bot.domain.requests.request import Request, State
from bot.giving.start import Preflight
from bot.outages import log_failure
from bot.services.access import AccessControl
from bot.services.decisions import DecisionService
from bot.services.drafting.rule_catalog import RULES_RETRY_SECONDS, RuleCatalog

SWEEP_SECONDS: Final = 20.0
CLOCK_SECONDS: Final = 60.0
HEAD_SECONDS: Final = 10.0
PING_SECONDS: Final = 10.0
"""After a fail-over, only a write shows that connections lead to a server that takes none."""
OUTBOX_SECONDS: Final = 1.0
PROGRESS_SECONDS: Final = 1.0
NO_PROGRESS_SECONDS: Final = 5.0
"""How often this process looks for givings of others while it knows of none."""
TIDY_SECONDS: Final = 3600.0
TAKE_OVER_SECONDS: Final = 10.0
"""Beside the notification that a process is gone."""
WORKFLOWS_KEPT: Final = timedelta(days=7)
MESSAGES_KEPT: Final = timedelta(days=7)
"""Nothing reads a message that was sent; so long, an operator can."""
DRAFTS_KEPT: Final = timedelta(days=1)
DELIVERIES_KEPT: Final = timedelta(hours=1)
"""A signature counts for five minutes; the rest allows for clocks that differ."""
MAX_CONCURRENT_STARTS: Final = 64
"""Each start may wait for Slack or Dintero, and must not hold up another."""
GRACE_SECONDS: Final = 8.0
"""How long batches in flight may take to end once the program closes."""

log = structlog.get_logger()


class BackgroundRunner:
    """The port `BackgroundTasks`."""

    def __init__(
        self,
        repository: SqlRepository,
        clock: Clock,
        membership: Membership,
        preflight: Preflight,
        giving: GivingWorkflow,
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._membership = membership
        self._preflight = preflight
        self._giving = giving
        giving.finished = self.wake
        self._sweep_now, self._deliver_now, self._take_over_now, self._ping_now = (
            asyncio.Event() for _ in range(4)
        )
        self._hourly_now = (asyncio.Event(), asyncio.Event())
        self._repeater = Repeater()
        self._was_leader = membership.is_leader
        self._tasks: set[asyncio.Task[object]] = set()
        self._leading = 0
        """Work of the leader under way."""
        self._starts: dict[RequestId, asyncio.Task[None]] = {}
        self._passed_over: set[RequestId] = set()
        """Requests that a sweep found on their way already: another start sees what changed since."""
        self._progress_due_at = 0.0
        """When the givings are looked for next, by the loop's clock."""
        self._was_away = False
        """Whether the database did not answer the last ping."""
        self._start_slots = asyncio.Semaphore(MAX_CONCURRENT_STARTS)

    @property
    def busy(self) -> bool:
        """Whether work after a click, or the leader's work, runs or is due at once; givings do not count."""
        return bool(self._tasks or self._leading or self._sweep_now.is_set() or self._deliver_now.is_set())

    def wake(self) -> None:
        """Run all work at once, in every process: starts, messages, and rechecks of givings."""
        self._wake_here()
        if self._membership.has_peers:
            self.spawn(self._repository.notify(self._membership.name))

    def prepare_start(self, request: Request, access: AccessControl) -> None:
        """Ask Dintero what a start needs, while the approval before it is checked with these look-ups."""
        if self._membership.is_leader:
            self._preflight.head_starts.begin(request, access)

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Run work after a click was answered; an exception is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._work_ended)

    def drain(self) -> None:
        """Let no batch out any more: the program is closing."""
        self._giving.closing.set()
        self._giving.recheck()
        self._repeater.close()

    @asynccontextmanager
    async def lifespan(
        self,
        *,
        decisions: DecisionService,
        relay: OutboxRelay,
        progress_updater: ProgressUpdater,
        catalog: RuleCatalog,
        daily_tasks: DailyTasks,
        head_keeper: AuditHeadKeeper,
        sync_clock: Callable[[], Awaitable[None]],
    ) -> AsyncIterator[None]:
        """Resume the work of an earlier process, and work until the block ends; then end in ten seconds."""
        self._giving.launch()
        self._membership.when_changed(self._wake_here)
        every, lead = self._repeater.repeat, partial(partial, self._lead)
        deliver = lead(partial(relay.deliver_due, self._deliver_now))
        delivery = asyncio.create_task(every(OUTBOX_SECONDS, deliver, self._deliver_now))
        work = [
            every(SWEEP_SECONDS, lead(partial(self._sweep, decisions)), self._sweep_now),
            every(RULES_RETRY_SECONDS, catalog.refresh_if_due),
            every(CLOCK_SECONDS, sync_clock),
            every(HEAD_SECONDS, head_keeper.run_once),
            every(PROGRESS_SECONDS, partial(self._update_progress, progress_updater)),
            every(TIDY_SECONDS, lead(self._tidy), self._hourly_now[0]),
            every(TIDY_SECONDS, lead(daily_tasks.run_once), self._hourly_now[1]),
        ]
        if self._membership.term:
            work.append(every(TAKE_OVER_SECONDS, self._giving.take_over, self._take_over_now))
            work.append(every(PING_SECONDS, self._ping, self._ping_now))
        loops = list(map(asyncio.create_task, work))
        try:
            yield
        finally:
            self.drain()
            await asyncio.wait({delivery, *self._giving.tasks, *self._tasks}, timeout=GRACE_SECONDS)
            left = (delivery, *loops, *self._starts.values(), *self._tasks, *self._giving.tasks)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            await self._giving.close()

    def _wake_here(self) -> None:
        """Run all work at once in this process; the hourly work too, if it has just become the leader."""
        self._giving.recheck()
        self._giving.wake()
        self._progress_due_at = 0.0
        was_leader, self._was_leader = self._was_leader, self._membership.is_leader
        hourly = self._hourly_now if self._was_leader and not was_leader else ()
        for event in (self._sweep_now, self._deliver_now, self._take_over_now, self._ping_now, *hourly):
            event.set()

    async def _sweep(self, decisions: DecisionService) -> None:
        """Start each approved request without waiting, expire and remind; a second start is harmless."""
        for request in await self._repository.in_state(State.APPROVED, State.GIVING):
            if request.id in self._starts:
                self._passed_over.add(request.id)
            else:
                self._starts[request.id] = asyncio.create_task(self._start(request.id))
        for run_once in (decisions.pause_service.run_once, decisions.expire_overdue, decisions.remind_due):
            try:
                await run_once()
            except Exception as error:  # noqa: BLE001 - the other parts go on
                log_failure(log, "part of a sweep failed", error, part=run_once.__qualname__)
        self._deliver_now.set()

    async def _start(self, request: RequestId) -> None:
        """Start one request, once more if a sweep came by; after a failure the next sweep tries again."""
        try:
            while True:
                try:
                    async with self._start_slots:
                        if ready := await self._preflight.begin(request):
                            await self._giving.start(ready)
                except Exception as error:  # noqa: BLE001 - the next sweep tries again
                    log_failure(log, "not started", error, request_id=request)
                self._deliver_now.set()
                if request not in self._passed_over:
                    return
                self._passed_over.discard(request)
        finally:
            del self._starts[request]

    async def _ping(self) -> None:
        """Try a write; once the database answers again, all work goes on at once."""
        was_away, self._was_away = self._was_away, True
        await self._repository.ping()
        self._was_away = False
        if was_away:
            self._wake_here()

    async def _update_progress(self, progress_updater: ProgressUpdater) -> None:
        """Update the progress of all givings, those of other processes too; the leader edits the cards."""
        now = asyncio.get_running_loop().time()
        if now < self._progress_due_at:
            return
        giving = [request.id for request in await self._repository.in_state(State.GIVING)]
        await progress_updater.run_once(giving, edits=self._membership.is_leader)
        self._progress_due_at = 0.0 if giving else now + NO_PROGRESS_SECONDS

    async def _tidy(self) -> None:
        """Delete drafts that were never submitted, and old deliveries, messages and workflows."""
        await self._repository.forget_deliveries(self._clock.now() - DELIVERIES_KEPT)
        await self._repository.forget_drafts(self._clock.now() - DRAFTS_KEPT)
        await self._repository.forget_sent(self._clock.now() - MESSAGES_KEPT)
        await delete_finished(self._clock.now() - WORKFLOWS_KEPT)

    async def _lead(self, work: Callable[[], Awaitable[object]]) -> None:
        if self._membership.is_leader:
            self._leading += 1
            try:
                await work()
            finally:
                self._leading -= 1

    def _work_ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            log_failure(log, "work after a click failed", error)
