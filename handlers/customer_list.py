"""**Show customers** and **Get the list**: the ids, or those of whoever was not given it, for requester, approvers and admins."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId, RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.slack.messages import confirmations
from bot.slack.modal_controller import reply_or_fault
from bot.slack.modals import customer_list
from bot.slack.rendering import reasons
from bot.slack.reply import Drawing, Reply, View
from handlers.context import HandlerContext
from handlers.payloads import card_target, is_modal_action


def register(app: AsyncApp) -> None:
    """Listen to the card's button, and to those that turn the pages."""
    app.action(customer_list.SHOW)(show)
    app.action(customer_list.LIST)(get_list)
    for turn in customer_list.TURNS:
        app.action(turn, matchers=[is_modal_action])(turn_page)


async def show(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Show the first page."""
    request, channel = card_target(body)
    await ack()
    drawing = _draw(ctx, request, who, channel, 1)
    ctx.background.spawn(
        ctx.modal_controller.open(body["trigger_id"], customer_list.TITLE, drawing, respond=respond)
    )


async def get_list(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Send the list of those who were not given it, as a file in the person's direct messages."""
    request, channel = card_target(body)

    async def answer() -> str:
        sent = await ctx.decisions.send_list(request, who, channel)
        return (
            reasons.refusal(sent, ctx.formatter)
            if isinstance(sent, Refusal)
            else confirmations.list_sent(sent).text
        )

    async def told() -> None:
        await ctx.modal_controller.reply(respond, await reply_or_fault(answer()))

    await ack()
    ctx.background.spawn(told())


async def turn_page(ack: AsyncAck, body: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Show another page; whether this person may see it is asked anew."""
    request, page = customer_list.read_turn(body)
    await ack()
    ctx.background.spawn(
        ctx.modal_controller.redraw(
            body["view"]["external_id"], _draw(ctx, request, who, None, page), user=who.id
        )
    )


def _draw(
    ctx: HandlerContext, request: RequestId, who: Person, channel: ChannelId | None, page: int
) -> Drawing:
    async def draw(external: str) -> View | Reply:
        found = await ctx.decisions.customers(request, who, channel, page)
        if isinstance(found, Refusal):
            return Reply(customer_list.TITLE, reasons.refusal(found, ctx.formatter))
        return customer_list.build(found, ctx.formatter, external_id=external)

    return draw
