"""What a bot says of its health at `/readyz`, and how to ask a running one."""

from dataclasses import dataclass
from typing import Final

import aiohttp

ANSWER_SECONDS: Final = 3
"""The bot tries its database for two."""
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - to ask there, not to listen


@dataclass(frozen=True, slots=True)
class Readiness:
    """The state of the bot's neighbours. Without Dintero people can still request and approve."""

    database: bool
    slack: bool
    dintero: str

    @property
    def ready(self) -> bool:
        """Whether this process should get requests."""
        return self.database and self.slack


async def ask_readiness(host: str, port: int) -> Readiness | None:
    """Ask the bot at an address; None if nobody answers there, or no bot does."""
    address = EVERYWHERE.get(host, host)
    url = f"http://{f'[{address}]' if ':' in address else address}:{port}/readyz"
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
            said = await answer.json()
            return Readiness(bool(said["database"]), bool(said["slack"]), str(said["dintero"]))
    except (aiohttp.ClientError, OSError, ValueError, LookupError, TypeError):
        return None
