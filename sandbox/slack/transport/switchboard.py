"""Where people's doings meet the bot: the state that both see, and the line that payloads go over."""

from dataclasses import dataclass, field

from sandbox.slack.state.tickets import Tickets
from sandbox.slack.state.views import ViewStacks
from sandbox.slack.state.workspace import Json, Workspace
from sandbox.slack.transport.delivery import Ack, Line


@dataclass(frozen=True, slots=True)
class Delivery:
    """One payload that went to the bot, and its ack."""

    kind: str
    payload: Json
    ack: Ack


@dataclass(slots=True)
class Switchboard:
    """Delivers what people do, and remembers it; change `line` to reach the bot another way."""

    workspace: Workspace
    stacks: ViewStacks
    tickets: Tickets
    line: Line
    deliveries: list[Delivery] = field(default_factory=list)

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Deliver a payload once."""
        ack = await self.line.deliver(kind, payload)
        self.deliveries.append(Delivery(kind, payload, ack))
        return ack
