"""A scenario of many workspaces, and the result of a simulated day."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from simpy import Environment

from simulation.arrivals import Asked, a_day
from simulation.parameters import LIMITS, MEASURED, Limits, Measured
from simulation.resources import Cluster, site
from simulation.workspace_model import TO_APPROVED, Seen, Workspace

KEPT_DAYS: Final = 90
"""The policy's default `retention_days`."""
SPARE_CONNECTIONS: Final = 5
"""Additional connections of a busy process."""
LONG: Final = 10_000
"""Customers of a list long enough to be killed within."""
INTO: Final = 0.12
"""Seconds from the approval to the kill."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """The processes and the load of a day."""

    workspaces: int
    replicas: int
    cores: int
    requests: int
    customers: int
    kills: int = 0
    dintero_takes: float | None = None
    """Calls a second that an account accepts; None for no limit."""
    seed: int = 4
    measured: Measured = field(default=MEASURED)
    limits: Limits = field(default=LIMITS)

    @property
    def processes(self) -> int:
        """The number of processes."""
        return self.workspaces * self.replicas

    @property
    def connections(self) -> int:
        """PostgreSQL's connections, if one process of each workspace is busy."""
        return self.processes * self.measured.connections + self.workspaces * SPARE_CONNECTIONS

    @property
    def stored(self) -> float:
        """PostgreSQL's bytes once retention balances new requests."""
        return self.customers * self.measured.stored * KEPT_DAYS


@dataclass(frozen=True, slots=True)
class Day:
    """The result of a day."""

    plan: Scenario
    asked: tuple[Asked, ...]
    seen: Seen
    site: Cluster

    @property
    def cores_busiest(self) -> float:
        """The share of cores in use in the busiest hour, idle load included."""
        return self.site.cores.busiest + self.plan.processes * self.plan.measured.idle / self.plan.cores

    def took(self, *, above: int = 0, up_to: int = 1_000_000) -> list[float]:
        """The durations of requests of some size, in seconds."""
        return [seconds for customers, seconds in self.seen.done if above < customers <= up_to]


def simulated(plan: Scenario) -> Day:
    """Simulate a day to the end of its last request."""
    env, random = Environment(), Random(plan.seed)  # noqa: S311 - a simulation's
    where, seen = site(env, plan.measured, cores=plan.cores), Seen()
    workspaces = [
        Workspace(
            where,
            plan.limits,
            replicas=plan.replicas,
            seen=seen,
            random=random,
            dintero_takes=plan.dintero_takes,
        )
        for _ in range(plan.workspaces)
    ]
    asked = a_day(
        workspaces=plan.workspaces, requests=plan.requests, customers=plan.customers, seed=plan.seed
    )
    for one in asked:
        env.process(workspaces[one.workspace].request(one))
    for one in random.sample([one for one in asked if one.customers > LONG], plan.kills):
        env.process(workspaces[one.workspace].kill(one.at + TO_APPROVED + INTO))
    env.run()
    return Day(plan, tuple(asked), seen, where)


def one_list(customers: int, batch: int, wide: int, *, measured: Measured = MEASURED) -> float:
    """The simulated share of the ideal speed with a single list."""
    env = Environment()
    limits, seen = replace(LIMITS, batch=batch, wide=wide), Seen()
    workspace = Workspace(site(env, measured, cores=1), limits, replicas=1, seen=seen, random=Random(0))  # noqa: S311
    env.process(workspace.give(customers))
    env.run()
    return -(-customers // batch) / wide * measured.latency / seen.done[0][1]
