"""`/discount …`: what each of its words does."""

from collections.abc import Awaitable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.slack import command_parser
from bot.slack.command_parser import (
    Add,
    Cancel,
    Command,
    Help,
    Pause,
    Resume,
    ShowRule,
    Status,
    UnknownCommand,
)
from bot.slack.messages import confirmations, help, rule, status  # noqa: A004 - the command's own word
from bot.slack.modal_controller import reply_or_fault
from bot.slack.modals import request_form
from bot.slack.rendering import pause_banner, reasons
from bot.slack.rendering.formatting import Message
from handlers.context import HandlerContext
from handlers.request_form import draw_form


def register(app: AsyncApp) -> None:
    """Listen to the command."""
    app.command("/discount")(discount)


async def discount(
    ack: AsyncAck, payload: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Do what the command says; whatever takes a look-up comes after the ack."""
    asked, channel = command_parser.read(payload.get("text") or ""), ChannelId(payload["channel_id"])
    if isinstance(asked, Add):
        await add(ack, payload, respond, who, ctx, asked)
        return
    if isinstance(asked, Help | UnknownCommand):
        message = (
            help.build(ctx.formatter)
            if isinstance(asked, Help)
            else help.not_understood(asked.text, asked.nearest or "", asked.why)
        )
        await ack(text=message.text, blocks=message.blocks)
        return
    await ack()
    ctx.background.spawn(_tell(respond, ctx, answer(asked, who, channel, ctx)))


async def add(
    ack: AsyncAck,
    payload: dict[str, Any],
    respond: AsyncRespond,
    who: Person,
    ctx: HandlerContext,
    typed: Add,
) -> None:
    """Keep a draft with what the command holds, and open the form on it."""
    channel = ChannelId(payload["channel_id"])
    listed = ctx.drafts.channel_policy(who, channel)
    if isinstance(listed, Refusal):
        await ack(reasons.refusal(listed, ctx.formatter))
        return
    draft = await ctx.drafts.open_draft(
        who, channel, ctx.drafts.prefill(typed.rule, typed.customers, quoted=typed.quoted)
    )
    await ack()
    ctx.background.spawn(
        ctx.modal_controller.open(
            payload["trigger_id"], request_form.TITLE, draw_form(ctx, draft.id, who), respond=respond
        )
    )


async def answer(asked: Command, who: Person, channel: ChannelId, ctx: HandlerContext) -> Message | str:
    """Find what the person alone is told."""
    match asked:
        case Status(short=None):
            stories = await ctx.decisions.recent(who, channel)
            if isinstance(stories, Refusal):
                return reasons.refusal(stories, ctx.formatter)
            return status.build(stories, ctx.formatter, await ctx.decisions.pause_service.now())
        case Status(short=str() as short):
            story = await ctx.decisions.status(short, who, channel)
            return (
                reasons.refusal(story, ctx.formatter)
                if isinstance(story, Refusal)
                else status.one(story, ctx.formatter)
            )
        case ShowRule(words=text):
            return await _rule(text, who, channel, ctx)
        case Cancel(short=short):
            cancelled = await ctx.decisions.cancel(short, who, None, typed_in=channel)
            return (
                reasons.refusal(cancelled, ctx.formatter)
                if isinstance(cancelled, Refusal)
                else confirmations.cancelled(cancelled).text
            )
        case Pause(why=why):
            pausing = await ctx.decisions.pause_service.pause(who, why)
            if isinstance(pausing, Refusal):
                return reasons.refusal(pausing, ctx.formatter)
            return pause_banner.begun(pausing[0], ctx.formatter, changed=pausing[1])
        case Resume():
            resumed = await ctx.decisions.pause_service.resume(who)
            return (
                reasons.refusal(resumed, ctx.formatter)
                if isinstance(resumed, Refusal)
                else pause_banner.ended(changed=resumed)
            )
    raise TypeError(asked)


async def _rule(text: str, who: Person, channel: ChannelId, ctx: HandlerContext) -> Message | str:
    found = await ctx.drafts.find_rule(text, who, channel)
    if isinstance(found, Refusal):
        return reasons.refusal(found, ctx.formatter)
    if isinstance(found, list):
        return rule.several(found, ctx.formatter)
    return rule.build(*found, ctx.formatter)


async def _tell(respond: AsyncRespond, ctx: HandlerContext, answering: Awaitable[Message | str]) -> None:
    told = await reply_or_fault(answering)
    if isinstance(told, str):
        await ctx.modal_controller.reply(respond, told)
    else:
        await ctx.modal_controller.reply(respond, told.text, told.blocks)
