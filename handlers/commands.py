"""The command `/discount …`, and the buttons of its answers."""

from collections.abc import Awaitable
from functools import partial

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId, ShortId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.person import Person
from bot.domain.requests.request import Request
from bot.services.access import is_direct
from bot.slack import command_parser
from bot.slack.command_parser import (
    Add,
    Cancel,
    Command,
    Pause,
    ShowRule,
    Status,
    UnknownCommand,
    Word,
)
from bot.slack.language.texts import _
from bot.slack.messages import choices, confirmations, help, status  # noqa: A004 - the command's own word
from bot.slack.modal_controller import REFUSED, message_view
from bot.slack.modals import request_form, settings
from bot.slack.modals.customer_list import page_number
from bot.slack.rendering import pause_banner, reasons
from bot.slack.rendering.formatting import Message
from bot.slack.reply import Drawn, View
from handlers import rule_buttons
from handlers.context import Answer, Body, HandlerContext, pressed, pressed_in
from handlers.request_form import draw_form


def register(app: AsyncApp) -> None:
    """Register the command and the buttons."""
    app.command("/discount")(discount)
    app.view(settings.CALLBACK)(submit_settings)
    app.action(choices.ADD_IN)(add_in)
    app.action(choices.CANCEL)(cancel_chosen)
    for turn in (status.NEWER, status.OLDER):
        app.action(turn)(turn_page)


async def discount(
    ack: AsyncAck, payload: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Run the command; everything that needs a look-up follows the ack."""
    command, channel = command_parser.read(payload.get("text") or ""), ChannelId(payload["channel_id"])
    match command:
        case Add():
            await open_form(ack, command, payload, respond, who, ctx)
        case Word.SETTINGS:
            await ack()
            ctx.open_modal(payload, _(settings.TITLE), partial(draw_settings, ctx, who), respond)
        case Word.HELP:
            message = help.build(ctx.formatter, status_help(channel, ctx))
            await ack(text=message.text, blocks=message.blocks)
        case UnknownCommand():
            message = help.not_understood(command)
            await ack(text=message.text, blocks=message.blocks)
        case _:
            await ack()
            ctx.answer(respond, explained(answer(command, who, channel, ctx)))


async def open_form(
    ack: AsyncAck, command: Add, payload: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Open the form of the channel; in direct messages and where it is not possible, offer other channels."""
    channel = ChannelId(payload["channel_id"])
    typed = " ".join(str(payload.get("text") or "").split(maxsplit=1)[1:])  # as Slack escapes it
    if is_direct(channel):
        await ack()
        ctx.answer(respond, offer_places(who, ctx, typed))
        return
    draft = await add(command, who, channel, ctx)
    if not isinstance(draft, Refusal):
        await ack()
        draw = partial(draw_first_form, ctx, draft, who, offer=not (command.rule or command.customers))
        ctx.open_modal(payload, _(request_form.TITLE), draw, respond)
    elif draft.reason is RefusalReason.UNLISTED_CHANNEL:
        message = await refused_here(draft, who, ctx, typed)
        await ack(text=message.text, blocks=message.blocks)
    else:
        await ack(reasons.refusal(draft, ctx.formatter))


async def add(command: Add, who: Person, channel: ChannelId, ctx: HandlerContext) -> Request | Refusal:
    """Store a draft with the command's words, for the form to open."""
    policy = await ctx.drafts.access.allowed_channel(who, channel)
    if isinstance(policy, Refusal):
        return policy
    form_input = ctx.drafts.prefill(command.rule, command.customers, quoted=command.quoted, allowed=policy)
    return await ctx.drafts.open_draft(who, channel, form_input)


async def draw_first_form(ctx: HandlerContext, draft: Request, who: Person, *, offer: bool = False) -> Drawn:
    """Draw the form of a draft, perhaps with an `offer`; a person who may not request here learns where."""
    drawn = await draw_form(ctx, draft.id, who, offer=offer)
    if isinstance(drawn, Refusal) and drawn.reason is RefusalReason.NOT_A_REQUESTER:
        return await ctx.overview.with_places(drawn, who)
    return drawn


async def offer_places(who: Person, ctx: HandlerContext, typed: str) -> Answer:
    """Offer the channels where this person may request."""
    found = await ctx.overview.places(who)
    return found if isinstance(found, Refusal) else choices.places(found, typed)


async def refused_here(refusal: Refusal, who: Person, ctx: HandlerContext, typed: str) -> Message:
    """Say why a request is not possible here, and offer the channels where it is."""
    return choices.elsewhere(await ctx.overview.with_places(refusal, who), ctx.formatter, typed)


async def explained(answering: Awaitable[Answer]) -> Answer:
    """Await an answer; a channel outside the policy has no requests to list."""
    found = await answering
    if isinstance(found, Refusal) and found.reason is RefusalReason.UNLISTED_CHANNEL:
        return choices.nothing_here(ChannelId(found.detail))
    return found


async def answer(command: Command, who: Person, channel: ChannelId, ctx: HandlerContext) -> Answer:
    """Run a command that only its sender sees, and return the answer."""
    decisions, formatter = ctx.decisions, ctx.formatter
    match command:
        case Status():
            return await show_status(command, who, channel, ctx)
        case ShowRule(words=text):
            return await rule_buttons.answer(text, who, channel, ctx)
        case Cancel():
            return await cancel(command.short, who, channel, ctx, command.typed)
        case Pause(why=why):
            paused = await decisions.pause_service.pause(who, why)
            if isinstance(paused, Refusal):
                return paused
            return pause_banner.begun(paused[0], formatter, change=paused[1])
        case Word.RESUME:
            resumed = await decisions.pause_service.resume(who)
            return resumed if isinstance(resumed, Refusal) else pause_banner.ended(changed=resumed)
    raise TypeError(command)


async def show_status(command: Status, who: Person, channel: ChannelId, ctx: HandlerContext) -> Answer:
    """Show the first page of requests, or one in full; a wrong id suggests the nearest."""
    if command.short is None:
        return await show_page(who, channel, 1, ctx)
    found = await ctx.decisions.status(command.short, who, channel)
    if isinstance(found, Refusal):
        return await ctx.overview.nearest(found, command.short, who, channel)
    return status.one(found, ctx.formatter)


async def show_page(who: Person, channel: ChannelId, page: int, ctx: HandlerContext) -> Answer:
    """Show a page of requests."""
    found = await ctx.overview.status(who, channel, page)
    if isinstance(found, Refusal):
        return found
    return status.build(found, ctx.formatter, await ctx.decisions.pause_service.now())


async def cancel(
    short: ShortId | None, who: Person, channel: ChannelId, ctx: HandlerContext, typed: str = ""
) -> Answer:
    """Cancel a request; a wrong id suggests the nearest, and none lists what this person may cancel."""
    if short is None:
        found = await ctx.overview.cancellable(who, channel)
        if isinstance(found, Refusal):
            return found
        return choices.cancellable(found, ctx.formatter, typed, is_own=is_direct(channel))
    cancelled = await ctx.decisions.cancel(short, who, None, typed_in=channel)
    if isinstance(cancelled, Refusal):
        return await ctx.overview.nearest(cancelled, short, who, channel)
    return confirmations.cancelled(cancelled)


async def add_in(ack: AsyncAck, body: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext) -> None:
    """Open the form of the chosen channel, after checking that this person may request there."""
    place, typed = choices.read_place(pressed(body)[1])
    channel = ChannelId(place)
    command = command_parser.read(f"add {typed}")
    words = command if isinstance(command, Add) else Add("", (), quoted=False)

    async def draw() -> Drawn:
        if refusal := await ctx.drafts.access.may_request_from_afar(who, channel):
            return refusal
        draft = await add(words, who, channel, ctx)
        return draft if isinstance(draft, Refusal) else await draw_first_form(ctx, draft, who)

    await ack()
    ctx.open_modal(body, _(request_form.TITLE), draw, respond)


async def cancel_chosen(
    ack: AsyncAck, body: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Cancel the chosen request; the service checks it again."""
    short = command_parser.short_id(pressed(body)[1])
    await ack()
    ctx.answer(respond, cancel(short, who, pressed_in(body), ctx))


async def turn_page(
    ack: AsyncAck, body: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Show newer or older requests in place of the page."""
    _action, page = pressed(body)
    await ack()
    ctx.answer(respond, show_page(who, pressed_in(body), page_number(page) or 1, ctx), replace=True)


async def draw_settings(ctx: HandlerContext, who: Person) -> Drawn:
    """Show a person what they prefer."""
    found = await ctx.preferences.settings(who)
    return found if isinstance(found, Refusal) else settings.build(found)


async def submit_settings(ack: AsyncAck, view: View, who: Person, ctx: HandlerContext) -> None:
    """Save what a person chose, and close the modal."""
    saved = await ctx.preferences.save(who, *settings.read(view))
    if isinstance(saved, Refusal):
        text = reasons.refusal(saved, ctx.formatter)
        await ack(response_action="update", view=message_view(_(REFUSED), text))
    else:
        await ack()


def status_help(channel: ChannelId, ctx: HandlerContext) -> str:
    """Choose what the help says of `/discount status` in this place."""
    if is_direct(channel):
        return help.STATUS_DIRECT
    return help.STATUS if channel in ctx.drafts.access.policy.channels else help.STATUS_UNLISTED
