"""Checks that the bot can listen at HOST and PORT, by listening there for a moment."""

import asyncio

from bot.check.result import CheckFailed
from bot.web.refused_address import refused_address


async def check_address(host: str, port: int) -> str:
    """Listen and stop at once; a bot that runs there already is no fault.

    Raises:
        CheckFailed: the address is not available.
    """
    if port == 0:
        return f"{host}, any free port"
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
    except OSError as error:
        refused = await refused_address(host, port, error)
        if refused.by_bot:
            return f"{refused.problem}; stop it before you start another one"
        raise CheckFailed(refused.problem, advice=refused.advice) from None
    server.close()
    await server.wait_closed()
    return f"{host}:{port} is free"
