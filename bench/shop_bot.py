"""The bot as a process of its own, with the sandbox's shop around it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psutil

from bench.databases import SQLITE
from bench.processes import answering, free_port, process
from bench.raw_http import question
from sandbox.dintero import SandboxDintero
from sandbox.shop import Shop, open_shop, settings_for
from sandbox.slack.transport.delivery import SignedHttp


@asynccontextmanager
async def shop_with_bot(
    folder: Path, *, policy: str, url: str = SQLITE, dintero: SandboxDintero | None = None
) -> AsyncIterator[tuple[Shop, psutil.Process]]:
    """Open the shop, and start the bot with a policy (TOML); people's clicks reach it once it is ready."""
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop(dintero=dintero))
        (folder / "policy.toml").write_text(policy)
        port = free_port()
        settings = settings_for(shop, url) | {"PORT": str(port), "POLICY_FILE": "policy.toml"}
        child = await stack.enter_async_context(process("bot", "run", folder=folder, settings=settings))
        await answering(port, question("/readyz"), child)
        line = SignedHttp(f"http://127.0.0.1:{port}/slack/events", shop.slack.credentials.signing_secret)
        stack.push_async_callback(line.close)
        shop.slack.line = line
        yield shop, psutil.Process(child.pid)
