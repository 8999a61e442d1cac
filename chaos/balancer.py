"""Load balancer: hands Slack's requests to the replicas in turn."""

from dataclasses import dataclass, field

from chaos.replica import Replica
from sandbox.slack import SignedHttp
from sandbox.slack.state.workspace import Json
from sandbox.slack.transport.delivery import NOT_REACHED, Ack


@dataclass(slots=True)
class Balancer:
    """A round-robin `Line`. A suspended replica keeps its turn: nobody knows yet."""

    ways: list[tuple[Replica, SignedHttp]]
    _turn: int = field(default=0)

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Deliver a payload to the next replica."""
        standing = [way for replica, way in self.ways if replica.up.is_set()]
        if not standing:
            return NOT_REACHED
        self._turn += 1
        return await standing[self._turn % len(standing)].deliver(kind, payload)

    async def close(self) -> None:
        """Close it."""
        for _, way in self.ways:
            await way.close()
