"""The resources: cores, processes with an event loop each, PostgreSQL; each has a queue."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from simpy import Environment, Event, Resource

from bot.giving.concurrency_limit import ConcurrencyLimiter
from simulation.parameters import Measured

Steps: TypeAlias = Generator[Any, Any, None]


class TrackedResource:
    """A limited resource, and the time it was in use."""

    def __init__(self, env: Environment, many: int) -> None:
        self._env = env
        self._resource = Resource(env, many)
        self.many = many
        self.seconds = 0.0
        self.by_hour: dict[int, float] = {}

    def use(self, seconds: float) -> Steps:
        """Wait for one, and use it."""
        with self._resource.request() as turn:
            yield turn
            yield self._env.timeout(seconds)
        hour = int(self._env.now // 3600)
        self.seconds += seconds
        self.by_hour[hour] = self.by_hour.get(hour, 0.0) + seconds

    @property
    def busiest(self) -> float:
        """The share in use in the busiest hour."""
        return max(self.by_hour.values(), default=0.0) / 3600 / self.many


class Process:
    """A `discount-bot run`: one thing at a time, on a core, with the real `ConcurrencyLimiter`."""

    def __init__(self, site: "Cluster") -> None:
        self._env = site.env
        self._cores = site.cores
        self._loop = Resource(site.env, 1)
        self._waiting: list[Event] = []
        self.limiter = ConcurrencyLimiter()
        self.alive = True

    def work(self, seconds: float) -> Steps:
        """Work for some time, once loop and core are free."""
        with self._loop.request() as turn:
            yield turn
            yield from self._cores.use(seconds)

    def place(self) -> Steps:
        """Wait for a free place for a call to Dintero, and take it."""
        while self.alive and not self.limiter.has_capacity(self._env.now):
            alone = self.limiter.alone_until - self._env.now
            if alone > 0:
                yield self._env.timeout(alone)
            else:
                self._waiting.append(self._env.event())
                yield self._waiting[-1]
        self.limiter.under_way += 1

    def leave(self) -> None:
        """Free a place and wake the waiters."""
        self.limiter.under_way -= 1
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            event.succeed()

    def die(self) -> None:
        """Die as by kill -9, with all waiters."""
        self.alive = False
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            event.succeed()


@dataclass(slots=True)
class Cluster:
    """Machines and one PostgreSQL, shared by all workspaces."""

    env: Environment
    measured: Measured
    cores: TrackedResource
    postgres: TrackedResource

    def write(self) -> Steps:
        """Write a statement to disk."""
        yield from self.postgres.use(self.measured.statement)


def site(env: Environment, measured: Measured, *, cores: int) -> Cluster:
    """Set up the machines and a PostgreSQL on its own machine."""
    return Cluster(
        env, measured, TrackedResource(env, cores), TrackedResource(env, measured.statements_at_once)
    )
