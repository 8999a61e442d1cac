"""The buttons of a rule: showing one of several, and all its details."""

from collections.abc import Awaitable
from functools import partial

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.person import Person
from bot.domain.rules.rule import Rule
from bot.slack.language.texts import _
from bot.slack.messages import rule
from bot.slack.modals import rule_details
from bot.slack.rendering.formatting import Message
from bot.slack.reply import Drawn
from handlers.context import Body, HandlerContext, pressed, pressed_in


def register(app: AsyncApp) -> None:
    """Register the buttons."""
    app.action(rule.SHOW)(show)
    app.action(rule.DETAILS)(open_details)


async def show(ack: AsyncAck, body: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext) -> None:
    """Show the chosen rule, to the person alone."""
    await ack()
    ctx.answer(respond, answer(pressed(body)[1], who, pressed_in(body), ctx))


async def open_details(
    ack: AsyncAck, body: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Open everything about the rule."""
    await ack()
    draw = partial(draw_details, ctx, pressed(body)[1], who, pressed_in(body))
    ctx.open_modal(body, rule_details.TITLE, draw, respond)


async def push_details(
    ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext, finding: Awaitable[Rule | Refusal]
) -> None:
    """Show everything about a rule on top of the modal with the button."""

    async def draw() -> Drawn:
        found = await finding
        return found if isinstance(found, Refusal) else rule_details.build(found, ctx.formatter)

    await ack()
    ctx.push_modal(body, _(rule_details.TITLE), draw, who)


async def answer(text: str, who: Person, channel: ChannelId, ctx: HandlerContext) -> Message | Refusal:
    """Find the rule that a person means, or list those that may be meant."""
    found = await ctx.drafts.find_rule(text, who, channel)
    if isinstance(found, list):
        return rule.several(found, ctx.formatter, is_named=bool(text))
    if isinstance(found, Refusal):
        return found
    chosen, usable = found
    await ctx.rule_history.keep(chosen)
    history = await ctx.rule_history.of(chosen, channel)
    return rule.build(chosen, usable, ctx.formatter, history=history)


async def draw_details(ctx: HandlerContext, text: str, who: Person, channel: ChannelId) -> Drawn:
    """Draw everything about a rule; the service checks that the person may see it here."""
    found = await ctx.drafts.find_rule(text, who, channel)
    if isinstance(found, list):
        return Refusal(RefusalReason.RULE_GONE, text)
    return found if isinstance(found, Refusal) else rule_details.build(found[0], ctx.formatter, found[1])
