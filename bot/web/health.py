"""Whether this process is well: what `/healthz` and `/readyz` answer."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Readiness:
    """How its neighbours are. Dintero's state is only told: without it people still ask and approve."""

    database: bool
    slack: bool
    dintero: str

    @property
    def ready(self) -> bool:
        """Whether requests should come to this process."""
        return self.database and self.slack


Ready = Callable[[], Awaitable[Readiness]]


@dataclass(frozen=True, slots=True)
class Health:
    """The two questions that whoever runs the bot asks it."""

    ready: Ready

    async def healthz(self, _request: web.Request) -> web.Response:
        """Say that the process answers at all."""
        return web.json_response({"ok": True})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Say how the neighbours are; 503 keeps requests away."""
        readiness = await self.ready()
        return web.json_response(
            {"ready": readiness.ready, **asdict(readiness)}, status=200 if readiness.ready else 503
        )
