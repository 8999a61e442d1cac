"""Says why the bot cannot listen at HOST and PORT, and what to do."""

import errno
import os
import socket
from dataclasses import dataclass
from typing import Final

from bot.web.health import ask_readiness

FIXES: Final = {
    errno.EADDRINUSE: "Set PORT to a free port, or stop the program that uses this one.",
    errno.EACCES: "Set PORT to a port above 1023.",
}
OTHER_FIX: Final = "Set HOST to an address of this machine, such as 127.0.0.1."
BOT_FIX: Final = "Stop it first. If it is another shop's, set PORT to a free port."


@dataclass(frozen=True, slots=True)
class RefusedAddress:
    """Why nobody can listen at an address; `by_bot`: another discount-bot does."""

    problem: str
    advice: str
    by_bot: bool = False


async def refused_address(host: str, port: int, error: OSError) -> RefusedAddress:
    """Explain what the system answered, in its own words and not in those of a library."""
    code = error.errno or errno.EADDRNOTAVAIL  # of several addresses, asyncio names no cause
    if code == errno.EADDRINUSE and await ask_readiness(host, port):
        return RefusedAddress(f"a discount-bot is already running at {host}:{port}", BOT_FIX, by_bot=True)
    why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(code)
    return RefusedAddress(f"can't listen at {host}:{port} ({why})", FIXES.get(code, OTHER_FIX))
