"""The connection to Dintero: the one HTTP client of the process."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from typing import Final

import httpx
from httpx_aiohttp import HttpxAiohttpClient

from bot.dintero.client import TIMEOUT_SECONDS, ClientCredentials, DinteroClient

CONNECTIONS: Final = 128
"""Enough for several requests with 8 to 32 batches in flight each, and for lookups."""
LOOPBACK: Final = ("all://127.0.0.1", "all://localhost", "all://[::1]")
"""Addresses that never go through a proxy from the environment."""


@asynccontextmanager
async def open_dintero(
    base_url: str,
    account: str,
    client_id: str,
    client_secret: str,
    timeout: float = TIMEOUT_SECONDS,  # noqa: ASYNC109 - of each call
) -> AsyncGenerator[DinteroClient]:
    """Open the process's one HTTP client, and close it at exit; `timeout` limits each call, in seconds."""
    ours = version("discount-bot")
    async with HttpxAiohttpClient(
        base_url=base_url,
        auth=ClientCredentials(base_url, account, client_id, client_secret),
        # Dintero recommends the system headers for all requests
        headers={
            "Accept": "application/json",
            "User-Agent": f"discount-bot/{ours}",
            "Dintero-System-Name": "discount-bot",
            "Dintero-System-Version": ours,
            "Dintero-System-Plugin-Name": "discount-bot",
            "Dintero-System-Plugin-Version": ours,
        },
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        limits=httpx.Limits(
            max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=15
        ),
        timeout=None,
        verify=_tls(),
        mounts=dict.fromkeys(LOOPBACK),
    ) as http:
        yield DinteroClient(http, account=account, timeout=timeout)


@cache
def _tls() -> ssl.SSLContext:
    """Load the system's certificates once per process, which takes tens of milliseconds."""
    return httpx.create_ssl_context()
