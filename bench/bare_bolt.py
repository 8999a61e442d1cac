"""The baseline for acks: Bolt as its documentation starts it, with handlers that only ack.

`python -m bench.bare_bolt <port> <Slack's port>`
"""

import asyncio
import sys

import uvloop
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bench.constants import BOT_TOKEN, SIGNING_SECRET
from bot.slack.modals.request_form import RULE_ACTION


def main(port: int, slack: int) -> None:
    """Serve by Bolt's own server; only Slack's address is not the default."""
    client = AsyncWebClient(token=BOT_TOKEN, base_url=f"http://127.0.0.1:{slack}/api/")
    app = AsyncApp(client=client, signing_secret=SIGNING_SECRET)

    @app.command("/discount")
    async def discount(ack: AsyncAck) -> None:
        await ack()

    @app.options(RULE_ACTION)
    async def suggest(ack: AsyncAck) -> None:
        await ack(options=[])

    app.server(port=port, host="127.0.0.1").start()


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    main(int(sys.argv[1]), int(sys.argv[2]))
