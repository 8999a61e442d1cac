"""The command `/discount …`."""

from functools import partial

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.domain.requests.request import Request
from bot.slack import command_parser
from bot.slack.command_parser import (
    Add,
    Cancel,
    Command,
    Help,
    Pause,
    Resume,
    Settings,
    ShowRule,
    Status,
    UnknownCommand,
)
from bot.slack.language.texts import _
from bot.slack.messages import confirmations, help, status  # noqa: A004 - the command's own word
from bot.slack.modals import request_form
from bot.slack.modals import settings as settings_modal
from bot.slack.rendering import pause_banner, reasons
from bot.slack.rendering.formatting import Message
from bot.slack.reply import Reply
from handlers import rule_buttons, settings
from handlers.context import Body, HandlerContext
from handlers.request_form import draw_form


def register(app: AsyncApp) -> None:
    """Register the command."""
    app.command("/discount")(discount)


async def discount(
    ack: AsyncAck, payload: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Run the command; everything that needs a look-up follows the ack."""
    command, channel = command_parser.read(payload.get("text") or ""), ChannelId(payload["channel_id"])
    match command:
        case Add():
            draft = await add(command, who, channel, ctx)
            if isinstance(draft, Refusal):
                await ack(reasons.refusal(draft, ctx.formatter))
                return
            await ack()
            ctx.open_modal(payload, request_form.TITLE, partial(draw_form, ctx, draft.id, who), respond)
        case Settings():
            await ack()
            ctx.open_modal(payload, _(settings_modal.TITLE), partial(settings.draw, ctx, who), respond)
        case Help():
            message = help.build(ctx.formatter)
            await ack(text=message.text, blocks=message.blocks)
        case UnknownCommand():
            message = help.not_understood(command)
            await ack(text=message.text, blocks=message.blocks)
        case _:
            await ack()
            answering = answer(command, who, channel, ctx)
            ctx.background.spawn(ctx.modal_controller.answer(respond, answering))


async def add(command: Add, who: Person, channel: ChannelId, ctx: HandlerContext) -> Request | Refusal:
    """Store a draft with the command's words, for the form to open."""
    policy = await ctx.drafts.access.allowed_channel(who, channel)
    if isinstance(policy, Refusal):
        return policy
    form_input = ctx.drafts.prefill(command.rule, command.customers, quoted=command.quoted, allowed=policy)
    return await ctx.drafts.open_draft(who, channel, form_input)


async def answer(
    command: Command, who: Person, channel: ChannelId, ctx: HandlerContext
) -> Message | Reply | str | Refusal:
    """Run a command that only its sender sees, and return the answer."""
    decisions, formatter = ctx.decisions, ctx.formatter
    match command:
        case Status(short=None):
            recent = await decisions.recent(who, channel)
            if isinstance(recent, Refusal):
                return recent
            return status.build(recent, formatter, await decisions.pause_service.now())
        case Status(short=str() as short):
            found = await decisions.status(short, who, channel)
            return found if isinstance(found, Refusal) else status.one(found, formatter)
        case ShowRule(words=text):
            return await rule_buttons.answer(text, who, channel, ctx)
        case Cancel(short=short):
            cancelled = await decisions.cancel(short, who, None, typed_in=channel)
            return (
                cancelled
                if isinstance(cancelled, Refusal)
                else confirmations.cancelled(cancelled, ctx.formatter)
            )
        case Pause(why=why):
            paused = await decisions.pause_service.pause(who, why)
            if isinstance(paused, Refusal):
                return paused
            return pause_banner.begun(paused[0], formatter, change=paused[1])
        case Resume():
            resumed = await decisions.pause_service.resume(who)
            return resumed if isinstance(resumed, Refusal) else pause_banner.ended(changed=resumed)
    raise TypeError(command)
