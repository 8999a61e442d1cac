"""The card's buttons, and the modals they open."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.domain.requests.request import Event, Request
from bot.slack.messages import card, confirmations
from bot.slack.modal_controller import next_external_id
from bot.slack.modals import approval, placeholders, rejection, request_form
from bot.slack.rendering import reasons
from bot.slack.reply import Reply, View
from handlers.context import HandlerContext, card_target
from handlers.request_form import draw_form


def register(app: AsyncApp) -> None:
    """Register the buttons, and the modals behind them."""
    app.action(card.APPROVE)(open_approval)
    app.action(card.REJECT)(open_rejection)
    app.action(card.CANCEL)(cancel)
    app.action(card.CONTINUE)(carry_on)
    app.action(card.END)(end_here)
    app.action(card.GIVE_NOW)(give_now)
    app.action(card.AGAIN)(ask_again)
    app.view(approval.CALLBACK)(submit_approval)
    app.view(rejection.CALLBACK)(submit_rejection)


async def open_approval(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Show an approver what they would approve."""
    request, channel = card_target(body)

    async def draw(external: str) -> View | Refusal:
        found = await ctx.decisions.open_approval(request, who, channel)
        if isinstance(found, Refusal):
            return found
        links = await ctx.modal_controller.links(found.review.named)
        return approval.build(found, ctx.formatter, external_id=external, links=links)

    await ack()
    ctx.background.spawn(ctx.modal_controller.open(body["trigger_id"], approval.TITLE, draw, respond=respond))


async def submit_approval(ack: AsyncAck, view: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Approve what was shown."""
    submission = approval.read(view)
    if wrong := await ctx.decisions.check_confirmation(submission.request, submission.typed):
        errors = approval.errors(reasons.refusal_plain(wrong, ctx.formatter))
        await ack(response_action="errors", errors=errors)
        return

    async def approve() -> Reply | Refusal:
        approved = await ctx.decisions.approve(
            submission.request, submission.round, who, typed=submission.typed, shown=submission.shown
        )
        if isinstance(approved, Refusal):
            return approved
        reply = confirmations.approved(approved, await ctx.decisions.still_needed(approved))
        return confirmations.told(reply, approved, await ctx.decisions.pause_service.now())

    await _finish(ack, view, approval.TITLE, who, ctx, approve)


async def open_rejection(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Ask an approver for the reason."""
    request, channel = card_target(body)

    async def draw(external: str) -> View | Refusal:
        found = await ctx.decisions.open_rejection(request, who, channel)
        if isinstance(found, Refusal):
            return found
        return rejection.build(found, ctx.formatter, external_id=external)

    await ack()
    ctx.background.spawn(
        ctx.modal_controller.open(body["trigger_id"], rejection.TITLE, draw, respond=respond)
    )


async def submit_rejection(ack: AsyncAck, view: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Reject, with the reason."""
    request, why = rejection.read(view)
    if not why:
        errors = rejection.errors("Say in a few words why not: the requester reads it.")
        await ack(response_action="errors", errors=errors)
        return

    async def reject() -> Reply | Refusal:
        rejected = await ctx.decisions.reject(request, who, why)
        return rejected if isinstance(rejected, Refusal) else confirmations.rejected(rejected)

    await _finish(ack, view, rejection.TITLE, who, ctx, reject)


async def cancel(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Cancel the request."""
    request, channel = card_target(body)
    await ack()
    _answer(ctx, respond, ctx.decisions.cancel(request, who, channel), confirmations.cancelled)


async def carry_on(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Continue a stopped request."""
    request, channel = card_target(body)
    await ack()
    reply = partial(confirmations.resolved, event=Event.CONTINUED)
    _answer(ctx, respond, ctx.decisions.resume(request, who, channel), reply)


async def end_here(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """End a stopped request as it is."""
    request, channel = card_target(body)
    await ack()
    reply = partial(confirmations.resolved, event=Event.ENDED_HERE)
    _answer(ctx, respond, ctx.decisions.end_here(request, who, channel), reply)


async def give_now(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """End the hold of an approved request."""
    request, channel = card_target(body)
    await ack()
    _answer(ctx, respond, ctx.decisions.give_now(request, who, channel), confirmations.hurried)


async def ask_again(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Open the form for the remaining customers, on a new draft of this person."""
    request, channel = card_target(body)

    async def draw(external: str) -> View | Reply | Refusal:
        draft = await ctx.drafts.create_remainder(request, who, channel)
        return draft if isinstance(draft, Refusal) else await draw_form(ctx, draft.id, who)(external)

    await ack()
    ctx.background.spawn(
        ctx.modal_controller.open(body["trigger_id"], request_form.TITLE, draw, respond=respond)
    )


async def _finish(
    ack: AsyncAck,
    view: dict[str, Any],
    title: str,
    who: Person,
    ctx: HandlerContext,
    act: Callable[[], Awaitable[Reply | Refusal]],
) -> None:
    """Act behind a loading view, which becomes the answer."""
    external = next_external_id(view)

    async def draw(_external: str) -> Reply | Refusal:
        return await act()

    await ack(response_action="update", view=placeholders.loading(title, external_id=external))
    ctx.background.spawn(ctx.modal_controller.redraw(external, title, draw, user=who.id))


def _answer(
    ctx: HandlerContext,
    respond: AsyncRespond,
    acting: Awaitable[Request | Refusal],
    confirm: Callable[[Request], Reply],
) -> None:
    """Answer the person alone once the action is over."""

    async def answer() -> Reply | Refusal:
        done = await acting
        if isinstance(done, Refusal):
            return done
        return confirmations.told(confirm(done), done, await ctx.decisions.pause_service.now())

    ctx.background.spawn(ctx.modal_controller.answer(respond, answer()))
