"""The web application, and running it on a port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from bot.errors import ConfigError
from bot.web.health import Health, Ready
from bot.web.slack_endpoint import SlackEndpoint

LARGEST_BODY: Final = 1024 * 1024
"""Bytes; Slack documents 250 kB for a modal, the largest thing that it sends."""
LAST_ANSWERS: Final = 3
"""Seconds that open requests are given at the end: Slack waits no longer."""


def build_web(*, slack: SlackEndpoint | None, ready: Ready) -> web.Application:
    """Put the addresses together; without an endpoint, in Socket Mode, there is none for Slack."""
    app = web.Application(client_max_size=LARGEST_BODY)
    health = Health(ready)
    app.router.add_get("/healthz", health.healthz)
    app.router.add_get("/readyz", health.readyz)
    if slack:
        app.router.add_post("/slack/events", slack.answer)
    return app


@asynccontextmanager
async def serve(app: web.Application, *, host: str, port: int) -> AsyncIterator[int]:
    """Listen until the block ends; hands over the port, which is a free one where 0 was asked for.

    Raises:
        ConfigError: nobody can listen there.
    """
    # no access log: a line a request would cost more than the answer, and Slack's own log tells the rest
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_ANSWERS)
    await runner.setup()
    try:
        await _listen(runner, host, port)
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as refused:
        raise ConfigError(
            [f"HOST, PORT: cannot listen on {host}:{port} ({refused.strerror}); allowed: a free port"]
        ) from refused
