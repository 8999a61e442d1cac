"""One workspace's bot: clicks, lanes, messages at Slack's pace, and successors of killed processes."""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from simpy import AllOf, Event, Resource

from bot.services.drafting.recipients import BATCHES_PER_PORTION
from simulation.arrivals import Asked
from simulation.parameters import Limits
from simulation.resources import Cluster, Process, Steps

ASKING: Final = (0.0, 5.0, 1.0, 1.0, 1.0, 22.0, 15.0)
"""Seconds between the requester's actions: `/discount add`, four rule searches, form, review."""
APPROVING: Final = (555.0, 15.0)
"""Seconds until the approver presses the button, and until the submission."""
TO_APPROVED: Final = sum(ASKING) + sum(APPROVING)
MESSAGES: Final = 2
"""Messages of each step in the channel: the card or its edit, and the thread's line or summary."""
RETRY_AFTER: Final = 1.0
"""`Retry-After` of Dintero's 429, in seconds."""


@dataclass(slots=True)
class Seen:
    """The recorded results."""

    acks: list[float] = field(default_factory=list)
    done: list[tuple[int, float]] = field(default_factory=list)
    """Each request's customers and seconds from start to end."""
    lags: list[float] = field(default_factory=list)
    """Seconds that messages waited for Slack."""
    sent: int = 0
    """Accepted calls to Dintero."""
    again: int = 0
    """Of those, repeats of accepted batches."""
    turned_away: int = 0
    given: int = 0
    widest: int = 0
    """Maximum concurrent calls of one process."""


@dataclass(slots=True)
class Batch:
    """A batch and the number of times it was given."""

    customers: int
    sent: int = 0


class Dintero:
    """One account; it may reject calls beyond a rate."""

    def __init__(self, most: float | None) -> None:
        self._most = most
        self._left, self._at = most or 0.0, 0.0

    def takes(self, now: float) -> bool:
        """Tell whether it accepts one more call now."""
        if self._most is None:
            return True
        self._left, self._at = min(self._most, self._left + (now - self._at) * self._most), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Workspace:
    """One team's bot: processes on one database, one channel, one Dintero account."""

    def __init__(
        self,
        site: Cluster,
        limits: Limits,
        *,
        replicas: int,
        seen: Seen,
        random: Random,
        dintero_takes: float | None = None,
    ) -> None:
        self._site = site
        self._env = site.env
        self._limits = limits
        self._random = random
        self._channel = Resource(site.env, 1)
        self._dintero = Dintero(dintero_takes)
        self.processes = [Process(site) for _ in range(replicas)]
        self.seen = seen

    def request(self, asked: Asked) -> Steps:
        """Request, approve, give, and post each step."""
        yield self._env.timeout(max(asked.at - self._env.now, 0))
        for waits in (ASKING, APPROVING):
            for wait in waits:
                yield self._env.timeout(wait)
                yield from self._click()
            self._env.process(self._say())
        yield from self.give(asked.customers)
        self._env.process(self._say())

    def kill(self, at: float) -> Steps:
        """Kill the giving process and start another."""
        yield self._env.timeout(at - self._env.now)
        self.processes.pop(0).die()
        self.processes.append(Process(self._site))

    def give(self, customers: int) -> Steps:
        """Give in batches and lanes; a successor continues with batches without an outcome."""
        size, began = self._limits.batch, self._env.now
        todo = deque(Batch(min(size, customers - at)) for at in range(0, customers, size))
        portion = min(size * max(BATCHES_PER_PORTION, self._limits.wide), customers)
        yield self._env.timeout(self._site.measured.begins + self._site.measured.read * portion)
        written: list[Event] = []
        while todo:
            process = self.processes[0]
            lanes = [
                self._env.process(self._lane(process, todo, written))
                for _ in range(min(self._limits.wide, len(todo)))
            ]
            yield AllOf(self._env, lanes)
            yield AllOf(self._env, written)
            if not process.alive:
                yield self._env.timeout(self._site.measured.taken_over)
        yield self._env.timeout(self._site.measured.ends)
        self.seen.done.append((customers, self._env.now - began))

    def _lane(self, process: Process, todo: deque[Batch], written: list[Event]) -> Steps:
        """Make calls in turn, without waiting for written outcomes."""
        while todo and process.alive:
            batch = todo.popleft()
            if (yield from self._call(process, batch)):
                written.append(self._env.process(self._settle(process, todo, batch)))
            else:
                todo.appendleft(batch)

    def _settle(self, process: Process, todo: deque[Batch], batch: Batch) -> Steps:
        """Write an outcome; unwritten ones of a killed process are repeated."""
        yield from process.work(self._site.measured.outcome)
        yield from self._site.write()
        if process.alive:
            self.seen.given += batch.customers
        else:
            todo.append(batch)

    def _call(self, process: Process, batch: Batch) -> Generator[Any, Any, bool]:
        """Make a call; return whether its answer reached a live process."""
        measured = self._site.measured
        yield from process.place()
        sent, cuts = self._env.now, process.limiter.cuts
        self.seen.widest = max(self.seen.widest, process.limiter.under_way)
        yield from process.work(measured.call / 2 + measured.customer * batch.customers)
        took = process.alive and self._dintero.takes(self._env.now)
        if took:
            self.seen.again += batch.sent > 0
            self.seen.sent += 1
            batch.sent += 1
        yield self._env.timeout(measured.line + measured.latency)
        yield from process.work(measured.call / 2)
        if took:
            process.limiter.answered(self._env.now - sent, cuts)
        else:
            self.seen.turned_away += process.alive
            process.limiter.cut(cuts)
            process.limiter.leave_alone(self._env.now + RETRY_AFTER)
        process.leave()
        return took and process.alive

    def _click(self) -> Steps:
        """Handle a click in any process: save, then answer."""
        began = self._env.now
        process = self._random.choice(self.processes)
        yield from process.work(self._site.measured.click)
        yield from self._site.write()
        self.seen.acks.append(self._env.now - began)

    def _say(self) -> Steps:
        """Post a step's messages one after the other, as Slack allows."""
        for _ in range(MESSAGES):
            asked = self._env.now
            with self._channel.request() as turn:
                yield turn
                self.seen.lags.append(self._env.now - asked)
                yield self._env.timeout(self._limits.message_every)
