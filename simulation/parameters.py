"""What the simulation is made of: figures of one process, and limits that others document.

Idling, memory, connections, storage and statements were measured. What a call, a customer, a portion and a click cost was read off
profiles, and settled so that `GIVEN` comes out: it agrees by construction. All of it on a machine that was busy otherwise.

Whoever measures anew writes the new figures here, and runs `python -m simulation` once more.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one process; seconds, where nothing else is said."""

    latency: float = 0.050
    """Of Dintero, as in the bench; its own is not documented."""
    call: float = 0.0005
    """Of the core for a call to Dintero and its answer, whatever its size."""
    customer: float = 0.000_000_3
    """Of the core for each customer in it: unpacked, written as JSON, sent."""
    outcome: float = 0.0004
    """Of the core for writing to PostgreSQL what came of a call."""
    click: float = 0.002
    """Of the core for a command, a click or a form: its ack, its row, what is drawn after it; an estimate."""
    line: float = 0.001
    """To Dintero and back, beside its latency."""
    begins: float = 0.022
    """From the start of a giving, as its row has it, until its first portion is read: four commits."""
    read: float = 0.000_000_8
    """For each customer of that portion."""
    ends: float = 0.012
    """From the last answer to `done`."""
    statement: float = 0.0036
    """Until a single write is on PostgreSQL's disk; sixteen at once take as long together as two (1,900 a second)."""
    statements_at_once: int = 7
    taken_over: float = 4.0
    """From a kill -9 until another replica goes on, at most."""
    idle: float = 0.009
    """Share of a core that a process takes to which nothing happens, 10,000 requests waiting or none."""
    idle_statements: float = 14.0
    """That such a process asks PostgreSQL a second: leases, due-times, the outbox, the engine's own polls."""
    memory: float = 127e6
    """Bytes of such a process."""
    connections: int = 9
    """To PostgreSQL of such a process, the engine's included; while it gives and is clicked on, up to 14."""
    stored: float = 38.0
    """Bytes of a customer id on PostgreSQL, with what came of it: 3.8 MB per 100,000."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What others allow."""

    message_every: float = 1.0
    """Slack: one message a second in a channel (chat.postMessage)."""
    edits_a_minute: int = 50
    """Slack: chat.update is of Tier 3."""
    sockets: int = 10
    """Slack: connections of Socket Mode an app, and so replicas of a workspace in that mode."""
    connections: int = 100
    """PostgreSQL's own default of `max_connections`; 3 of them are kept for its superuser."""
    wide: int = 8
    """Batches in flight of one request, as the policy has it by default."""
    batch: int = 500
    """Customers of a batch, as the policy has it by default."""


MEASURED: Final = Measured()
LIMITS: Final = Limits()

GIVEN: Final = {(100_000, 500, 8): 0.92, (1_000_000, 1_000, 32): 0.88}
"""What share of the ideal speed (batches ÷ lanes × latency) one process was measured to reach, by customers, batch and lanes.

On SQLite: there the other programs of the measuring take least of what the two cores have.
"""
AGREES_WITHIN: Final = 0.05
"""How far the simulation of those may be from what was measured, as a share."""
