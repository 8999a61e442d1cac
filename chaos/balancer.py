"""What stands before several replicas: hands each of Slack's requests to the next one that stands."""

from dataclasses import dataclass, field

from chaos.replica import Replica
from sandbox.slack import SignedHttp
from sandbox.slack.state.workspace import Json
from sandbox.slack.transport.delivery import NOT_REACHED, Ack


@dataclass(slots=True)
class Balancer:
    """A `Line`, by turns. Whoever is stopped but alive still has its turn: nobody knows yet."""

    ways: list[tuple[Replica, SignedHttp]]
    _turn: int = field(default=0)

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Deliver a payload to whoever is next."""
        standing = [way for replica, way in self.ways if replica.up.is_set()]
        if not standing:
            return NOT_REACHED
        self._turn += 1
        return await standing[self._turn % len(standing)].deliver(kind, payload)

    async def close(self) -> None:
        """Let go of what is open."""
        for _, way in self.ways:
            await way.close()
