"""Connects people's actions with the bot: shared state and the line for payloads."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.slack.state.tickets import Tickets
from sandbox.slack.state.views import ViewStacks
from sandbox.slack.state.workspace import Json, Workspace
from sandbox.slack.transport.delivery import NO_ACK_IN_TIME, Ack, Line


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivered payload and its ack."""

    kind: str
    payload: Json
    ack: Ack


@dataclass(slots=True)
class Switchboard:
    """Delivers actions and records them; set `line` to reach the bot another way."""

    workspace: Workspace
    stacks: ViewStacks
    tickets: Tickets
    line: Line
    time_limit: timedelta
    """How long Slack waits for an ack before it gives up and tells the person."""
    deliveries: list[Delivery] = field(default_factory=list)

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Deliver a payload once."""
        try:
            async with asyncio.timeout(self.time_limit.total_seconds()):
                ack = await self.line.deliver(kind, payload)
        except TimeoutError:
            ack = NO_ACK_IN_TIME
        self.deliveries.append(Delivery(kind, payload, ack))
        return ack
