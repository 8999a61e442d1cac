"""Asks a running bot how it is, at the address where it answers health checks."""

from typing import Final

import aiohttp

from bot.web.server import Readiness

ANSWER_SECONDS: Final = 3
"""The bot tries its database for two."""
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - to ask there, not to listen


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
