"""Checks that the bot can listen at HOST and PORT, by listening there for a moment."""

import asyncio
import errno
from typing import Final

from bot.check.result import CheckFailed
from bot.web.health import ask_readiness

FIXES: Final = {
    errno.EADDRINUSE: "Set PORT to a free port, or end the program that listens there.",
    errno.EACCES: "Set PORT to a port above 1023.",
}
OTHER_FIX: Final = "Set HOST to an address of this machine, such as 127.0.0.1."


async def check_address(host: str, port: int) -> str:
    """Listen and stop at once; a bot that runs there already is no fault.

    Raises:
        CheckFailed: the address is not available.
    """
    if port == 0:
        return f"{host}, at any free port"
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and await ask_readiness(host, port):
            return f"a discount-bot runs at {host}:{port} already; another one can start there once it ends"
        problem = f"cannot listen at {host}:{port} ({error.strerror or error})"
        raise CheckFailed(problem, advice=FIXES.get(error.errno or 0, OTHER_FIX)) from None
    server.close()
    await server.wait_closed()
    return f"{host}:{port} is free"
