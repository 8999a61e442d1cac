"""The button **Check again** of a stopped request."""

import asyncio
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.slack.messages import card_buttons, confirmations
from handlers.context import Body, HandlerContext, card_target

FIRST_ANSWER_SECONDS: Final = 3.0
"""A list that takes longer to read is announced: a long one, or a Dintero that is slow, takes a minute."""


def register(app: AsyncApp) -> None:
    """Register the button."""
    app.action(card_buttons.CHECK_AGAIN)(check)


async def check(ack: AsyncAck, body: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext) -> None:
    """Look for the unconfirmed customers in Dintero's list, and tell the person alone what was found."""
    request, channel = card_target(body)

    async def answer() -> str | Refusal:
        checked = await ctx.check_again.check(request, who, channel)
        return checked if isinstance(checked, Refusal) else confirmations.checked(checked, ctx.formatter)

    async def work() -> None:
        checking = asyncio.ensure_future(answer())
        await asyncio.wait({checking}, timeout=FIRST_ANSWER_SECONDS)
        if not checking.done():
            await ctx.modal_controller.reply(respond, confirmations.checking())
        await ctx.modal_controller.answer(respond, checking)

    await ack()
    ctx.background.spawn(work())
