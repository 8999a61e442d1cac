"""One workspace's bot: clicks are acked, lists given in lanes, messages said at Slack's pace; the work of a killed process goes on."""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from simpy import AllOf, Event, Resource

from bot.services.drafting.drafts import BATCHES_PER_PORTION
from simulation.arrivals import Asked
from simulation.parameters import Limits
from simulation.resources import Cluster, Process, Steps

ASKING: Final = (0.0, 5.0, 1.0, 1.0, 1.0, 22.0, 15.0)
"""Seconds between what the requester sends: `/discount add`, four looks at the rules, the form, the review."""
APPROVING: Final = (555.0, 15.0)
"""Seconds until the approver presses the button, and then submits the form."""
TO_APPROVED: Final = sum(ASKING) + sum(APPROVING)
MESSAGES: Final = 2
"""Said in the channel of each step: the card or its edit counts as one, the line in the thread, or the summary, as another."""
RETRY_AFTER: Final = 1.0
"""Seconds that a 429 of Dintero's asks for."""


@dataclass(slots=True)
class Seen:
    """What came of it all."""

    acks: list[float] = field(default_factory=list)
    done: list[tuple[int, float]] = field(default_factory=list)
    """Of each request how many customers it had, and the seconds from its start to its end."""
    lags: list[float] = field(default_factory=list)
    """Seconds that a message waited for Slack."""
    sent: int = 0
    """Calls to Dintero that were carried out."""
    again: int = 0
    """Of those, how many for a batch that had been carried out before."""
    turned_away: int = 0
    given: int = 0
    widest: int = 0
    """Calls of one process that were out at once, at most."""


@dataclass(slots=True)
class Batch:
    """Some customers, and how often they were given it."""

    customers: int
    sent: int = 0


class Dintero:
    """One account; it may take only so many calls a second, and turns away whoever comes above that."""

    def __init__(self, most: float | None) -> None:
        self._most = most
        self._left, self._at = most or 0.0, 0.0

    def takes(self, now: float) -> bool:
        """Say whether it carries out one more call now."""
        if self._most is None:
            return True
        self._left, self._at = min(self._most, self._left + (now - self._at) * self._most), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Workspace:
    """One team's bot: so many processes on one database, one channel, one account of Dintero's."""

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
        """Ask, approve, give; tell of each."""
        yield self._env.timeout(max(asked.at - self._env.now, 0))
        for waits in (ASKING, APPROVING):
            for wait in waits:
                yield self._env.timeout(wait)
                yield from self._click()
            self._env.process(self._say())
        yield from self.give(asked.customers)
        self._env.process(self._say())

    def kill(self, at: float) -> Steps:
        """End the process that gives by kill -9, and start another in its place."""
        yield self._env.timeout(at - self._env.now)
        self.processes.pop(0).die()
        self.processes.append(Process(self._site))

    def give(self, customers: int) -> Steps:
        """Give to so many, in batches and lanes; whoever takes over does what has no outcome yet."""
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
        """Make one call after the other; none waits until the outcome of the last one is written."""
        while todo and process.alive:
            batch = todo.popleft()
            if (yield from self._call(process, batch)):
                written.append(self._env.process(self._settle(process, todo, batch)))
            else:
                todo.appendleft(batch)

    def _settle(self, process: Process, todo: deque[Batch], batch: Batch) -> Steps:
        """Write an outcome; what a process has not written when it is killed, another sends again."""
        yield from process.work(self._site.measured.outcome)
        yield from self._site.write()
        if process.alive:
            self.seen.given += batch.customers
        else:
            todo.append(batch)

    def _call(self, process: Process, batch: Batch) -> Generator[Any, Any, bool]:
        """Make one call; says whether its answer came to somebody who lives."""
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
        """Take a click in any of the processes: its row is written before it is answered."""
        began = self._env.now
        process = self._random.choice(self.processes)
        yield from process.work(self._site.measured.click)
        yield from self._site.write()
        self.seen.acks.append(self._env.now - began)

    def _say(self) -> Steps:
        """Say what there is to say of a step, one message after the other, as Slack allows."""
        for _ in range(MESSAGES):
            asked = self._env.now
            with self._channel.request() as turn:
                yield turn
                self.seen.lags.append(self._env.now - asked)
                yield self._env.timeout(self._limits.message_every)
