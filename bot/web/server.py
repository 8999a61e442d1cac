"""The web application: Slack's endpoint and the health checks, on one port."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Final

from aiohttp import web

from bot.errors import ConfigError
from bot.web.connections import IDLE_SECONDS, BoundedSite, Connections, raise_file_limit
from bot.web.health import Readiness
from bot.web.refused_address import refused_address
from bot.web.slack_endpoint import SlackEndpoint

MAX_BODY_BYTES: Final = 1024 * 1024
"""Slack documents 250 kB for a modal, the largest thing that it sends."""
SHUTDOWN_SECONDS: Final = 3
"""The time for open requests to end: Slack waits no longer."""
ACCEPT_TURNS: Final = 3
"""Turns of the event loop from a connection in the backlog to one that the server knows."""


def build_web(*, slack: SlackEndpoint | None, ready: Callable[[], Awaitable[Readiness]]) -> web.Application:
    """Add the routes: `/healthz`, `/readyz` and, unless in Socket Mode, `/slack/events`."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_request: web.Request) -> web.Response:
        readiness = await ready()
        return web.json_response(
            {"ready": readiness.ready, **asdict(readiness)}, status=200 if readiness.ready else 503
        )

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    if slack:
        app.router.add_post("/slack/events", slack.answer)
    return app


@asynccontextmanager
async def serve(
    app: web.Application, *, host: str, port: int, connections: Connections | None = None
) -> AsyncIterator[int]:
    """Listen until the block ends; yields the port, a free one for 0; raises ConfigError."""
    # no access log: a line for each request would cost more than its answer
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, keepalive_timeout=IDLE_SECONDS
    )
    connections = connections or Connections(raise_file_limit())
    app.middlewares.append(connections.middleware)
    await runner.setup()
    try:
        try:
            await BoundedSite(runner, host, port, connections).start()
        except OSError as error:
            refused = await refused_address(host, port, error)
            unusable = ConfigError([f"HOST, PORT: {refused.problem}"])
            unusable.advice = refused.advice
            raise unusable from error
        yield runner.addresses[0][1]
    finally:
        await close(runner)


async def accept_pending() -> None:
    """Let a server accept the connections in its backlog; call this right before it stops.

    From Python 3.12 asyncio leaks a socket if the server stops between accepting it and making its transport:
    `Server._attach` fails. A client that is cancelled while it connects leaves such a connection behind.
    """
    for _ in range(ACCEPT_TURNS):
        await asyncio.sleep(0)


async def close(runner: web.AppRunner) -> None:
    """Let connections arrive, stop listening, and close every connection."""
    await accept_pending()
    await runner.cleanup()
