"""The simulation's parameters: figures of one process, and others' documented limits.

Idling, memory, connections, storage and statements were measured. The costs of a call, a customer, a
portion and a click come from profiles, fitted to `GIVEN`: they agree by construction. The machine was
busy with other work.

After new measurements, change the figures here and run `python -m simulation`.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one process, in seconds unless noted."""

    latency: float = 0.050
    """Dintero's latency, as in the bench; the real one is not documented."""
    call: float = 0.0005
    """CPU time of a call to Dintero and its answer, of any size."""
    customer: float = 0.000_000_3
    """CPU time per customer in it: unpack, format as JSON, send."""
    outcome: float = 0.0004
    """CPU time to write an outcome to PostgreSQL."""
    click: float = 0.002
    """CPU time of a command, click or form: ack, row and redraw; an estimate."""
    line: float = 0.001
    """Round trip to Dintero, besides its latency."""
    begins: float = 0.022
    """From the start of a giving to its first portion: four commits."""
    read: float = 0.000_000_8
    """Per customer of that portion."""
    ends: float = 0.012
    """From the last answer to `done`."""
    statement: float = 0.0036
    """Time of a single write to PostgreSQL's disk; sixteen together take as long as two (1,900 a second)."""
    statements_at_once: int = 7
    taken_over: float = 4.0
    """Maximum time from a kill -9 until another replica continues."""
    idle: float = 0.009
    """Share of a core of an idle process, with or without 10,000 waiting requests."""
    idle_statements: float = 14.0
    """Statements a second of such a process: leases, deadlines, the outbox, the engine's polls."""
    memory: float = 127e6
    """Memory of such a process, in bytes."""
    connections: int = 9
    """Its PostgreSQL connections, with the engine's; up to 14 when it is busy."""
    stored: float = 38.0
    """Bytes per customer id on PostgreSQL, with its outcome: 3.8 MB per 100,000."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Others' limits."""

    message_every: float = 1.0
    """Slack: one message a second in a channel (chat.postMessage)."""
    edits_a_minute: int = 50
    """Slack: chat.update is of Tier 3."""
    sockets: int = 10
    """Slack: Socket Mode connections per app, and so replicas of a workspace."""
    connections: int = 100
    """PostgreSQL's default `max_connections`; 3 are reserved for its superuser."""
    wide: int = 8
    """A request's concurrency, by the policy's default."""
    batch: int = 500
    """Batch size, by the policy's default."""


MEASURED: Final = Measured()
LIMITS: Final = Limits()

GIVEN: Final = {(100_000, 500, 8): 0.92, (1_000_000, 1_000, 32): 0.88}
"""The measured share of the ideal speed (batches ÷ lanes × latency), by customers, batch and lanes.

Measured on SQLite, where other programs take least of the two cores.
"""
AGREES_WITHIN: Final = 0.05
"""The allowed difference between simulation and measurement, as a share."""
