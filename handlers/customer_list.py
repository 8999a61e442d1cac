"""**Show customers**: the ids, page by page, for requester, approvers and admins."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId, RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.slack.modals import customer_list
from bot.slack.reply import Drawing, View
from handlers.context import HandlerContext, card_target, is_modal_action


def register(app: AsyncApp) -> None:
    """Register the card's button, and those that turn the pages."""
    app.action(customer_list.SHOW)(show)
    for turn in customer_list.TURNS:
        app.action(turn, matchers=[is_modal_action])(turn_page)


async def show(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Show the first page."""
    request, channel = card_target(body)
    await ack()
    draw = _draw(ctx, request, who, channel, 1)
    ctx.open_modal(body, customer_list.TITLE, draw, respond)


async def turn_page(ack: AsyncAck, body: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Show another page; the service checks the person again."""
    request, page = customer_list.read_turn(body)
    await ack()
    draw, external = _draw(ctx, request, who, None, page), body["view"]["external_id"]
    ctx.background.spawn(ctx.modal_controller.redraw(external, customer_list.TITLE, draw, user=who.id))


def _draw(
    ctx: HandlerContext, request: RequestId, who: Person, channel: ChannelId | None, page: int
) -> Drawing:
    async def draw(external: str) -> View | Refusal:
        found = await ctx.decisions.customers(request, who, channel, page)
        if isinstance(found, Refusal):
            return found
        return customer_list.build(found, ctx.formatter, external_id=external)

    return draw
