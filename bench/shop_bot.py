"""The sandbox's shop with the bot as a process of its own, and requests by clicks."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import psutil

from bench.databases import SQLITE
from bench.processes import PATIENCE, answering, free_port, process
from bench.raw_http import question
from sandbox.dintero import SandboxDintero
from sandbox.shop import BOSS, SUPPORT, Shop, open_shop, settings_for
from sandbox.slack import Message, Modal
from sandbox.slack.transport.delivery import SignedHttp

POLICY: Final = f"""
currency = "NOK"
timezone = "Europe/Oslo"
admins = ["{BOSS}"]

[channels.{SUPPORT}]
rules = ["*"]
requesters = ["*"]
max_customers = 500
"""
"""The beginning of a policy; the approvers and the rest of the channel's keys follow."""


@asynccontextmanager
async def shop_with_bot(
    folder: Path, *, policy: str, url: str = SQLITE, dintero: SandboxDintero | None = None
) -> AsyncIterator[tuple[Shop, psutil.Process]]:
    """Open the shop, and start the bot with a policy (TOML); people's clicks reach it once it is ready."""
    (folder / "policy.toml").write_text(policy)
    async with open_shop(dintero=dintero) as shop, bot_of(shop, folder, url) as bot:
        yield shop, bot


@asynccontextmanager
async def bot_of(
    shop: Shop, folder: Path, url: str, *, patience: float = PATIENCE
) -> AsyncIterator[psutil.Process]:
    """Start the bot with the folder's policy; it is ready when the block begins."""
    port = free_port()
    settings = settings_for(shop, url, PORT=str(port))
    async with process("bot", "run", folder=folder, settings=settings) as child:
        await answering(port, question("/readyz"), child, patience=patience)
        shop.slack.line = SignedHttp(
            f"http://127.0.0.1:{port}/slack/events", shop.slack.credentials.signing_secret
        )
        try:
            yield psutil.Process(child.pid)
        finally:
            await shop.slack.line.close()


def filled_in(customers: str) -> dict[str, str]:
    """Return what people fill into the form."""
    return {"Rule": "Fjordkaffe: Spar 50,-", "Customer IDs": customers, "Reason": "A late parcel"}


async def ask(shop: Shop, form_input: Mapping[str, str]) -> Message:
    """Request a discount as Ann, from the command to the card."""
    shop.slack.stacks.clear(shop.ann.id)  # what was there before may have been redrawn until now
    asked = len(shop.slack.messages(shop.support))
    await shop.ann.command("/discount add", shop.support)
    form = await shop.ann.sees_view(submit="Review")
    await form.fill(form_input)
    await form.submit()
    await (await shop.ann.sees_view(submit="Request approval")).submit()
    return await shop.slack.until(lambda: next(iter(shop.slack.messages(shop.support)[asked:]), None))


async def open_approval(shop: Shop, card: Message) -> Modal:
    """Open a request's approval as Bo."""
    shop.slack.stacks.clear(shop.bo.id)
    await shop.bo.press("Approve…", card)
    return await shop.bo.sees_view(submit="Approve")


async def approve(shop: Shop) -> None:
    """Approve the newest request as Bo, from the click to the answer."""
    approval = await open_approval(shop, shop.slack.messages(shop.support)[-1])
    await approval.submit()
    await shop.bo.sees_view("Approved")
