"""The card's buttons, and the modals that they open."""

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.domain.requests.request import Event, Request
from bot.slack.messages import card, confirmations
from bot.slack.modal_controller import loading_view, next_external_id, reply_or_fault
from bot.slack.modals import approval, rejection, request_form
from bot.slack.rendering import reasons
from bot.slack.reply import Reply, View
from handlers.context import HandlerContext
from handlers.payloads import card_target
from handlers.request_form import draw_form


def register(app: AsyncApp) -> None:
    """Listen to the buttons and to the modals behind them."""
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
    """Show an approver what a yes is for."""
    request, channel = card_target(body)

    async def draw(external: str) -> View | Reply:
        found = await ctx.decisions.open_approval(request, who, channel)
        if isinstance(found, Refusal):
            return Reply(approval.TITLE, reasons.refusal(found, ctx.formatter))
        links = await ctx.modal_controller.links(found.review.named)
        return approval.build(found, ctx.formatter, external_id=external, links=links)

    await ack()
    ctx.background.spawn(ctx.modal_controller.open(body["trigger_id"], approval.TITLE, draw, respond=respond))


async def submit_approval(ack: AsyncAck, view: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Say yes to what was shown."""
    submission = approval.read(view)
    miscounted = await ctx.decisions.check_confirmation(submission.request, submission.typed)
    if miscounted:
        await ack(
            response_action="errors", errors=approval.errors(reasons.refusal_plain(miscounted, ctx.formatter))
        )
        return

    async def approve() -> Request | Refusal:
        return await ctx.decisions.approve(
            submission.request, submission.round, who, typed=submission.typed, shown=submission.shown
        )

    async def say(approved: Request) -> Reply:
        return confirmations.approved(approved, await ctx.decisions.still_needed(approved))

    await _finish(ack, view, approval.TITLE, who, ctx, approve, say)


async def open_rejection(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Ask an approver why not."""
    request, channel = card_target(body)

    async def draw(external: str) -> View | Reply:
        found = await ctx.decisions.open_rejection(request, who, channel)
        if isinstance(found, Refusal):
            return Reply(rejection.TITLE, reasons.refusal(found, ctx.formatter))
        return rejection.build(found, ctx.formatter, external_id=external)

    await ack()
    ctx.background.spawn(
        ctx.modal_controller.open(body["trigger_id"], rejection.TITLE, draw, respond=respond)
    )


async def submit_rejection(ack: AsyncAck, view: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Say no, with the reason."""
    request, why = rejection.read(view)
    if not why:
        await ack(
            response_action="errors",
            errors=rejection.errors("Say in a few words why not: the requester reads it."),
        )
        return

    async def reject() -> Request | Refusal:
        return await ctx.decisions.reject(request, who, why)

    async def say(rejected: Request) -> Reply:
        return confirmations.rejected(rejected)

    await _finish(ack, view, rejection.TITLE, who, ctx, reject, say)


async def cancel(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Take the request back."""
    request, channel = card_target(body)
    await _answer(
        ack, respond, ctx, lambda: ctx.decisions.cancel(request, who, channel), confirmations.cancelled
    )


async def carry_on(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Go on with a stopped request."""
    request, channel = card_target(body)
    await _answer(
        ack,
        respond,
        ctx,
        lambda: ctx.decisions.resume(request, who, channel),
        lambda now: confirmations.resolved(now, Event.CONTINUED),
    )


async def end_here(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Leave a stopped request as it is."""
    request, channel = card_target(body)
    await _answer(
        ack,
        respond,
        ctx,
        lambda: ctx.decisions.end_here(request, who, channel),
        lambda now: confirmations.resolved(now, Event.ENDED_HERE),
    )


async def give_now(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """End the hold of an approved request."""
    request, channel = card_target(body)
    await _answer(
        ack, respond, ctx, lambda: ctx.decisions.give_now(request, who, channel), confirmations.hurried
    )


async def ask_again(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Open the form for whom an ended request left out, on a draft of whoever pressed."""
    request, channel = card_target(body)

    async def draw(external: str) -> View | Reply:
        draft = await ctx.drafts.create_remainder(request, who, channel)
        if isinstance(draft, Refusal):
            return Reply(request_form.TITLE, reasons.refusal(draft, ctx.formatter))
        return await draw_form(ctx, draft.id, who)(external)

    await ack()
    ctx.background.spawn(
        ctx.modal_controller.open(body["trigger_id"], request_form.TITLE, draw, respond=respond)
    )


Act = Callable[[], Awaitable[Request | Refusal]]
Say = Callable[[Request], Reply]


async def _finish(
    ack: AsyncAck,
    view: dict[str, Any],
    title: str,
    who: Person,
    ctx: HandlerContext,
    act: Act,
    say: Callable[[Request], Awaitable[Reply]],
) -> None:
    """Do it behind a loading view, which becomes the answer."""
    external = next_external_id(view)

    async def draw(_external: str) -> View | Reply:
        done = await act()
        if isinstance(done, Refusal):
            return Reply(title, reasons.refusal(done, ctx.formatter))
        return confirmations.told(await say(done), done, await ctx.decisions.pause_service.now())

    await ack(response_action="update", view=loading_view(title, external_id=external))
    ctx.background.spawn(ctx.modal_controller.redraw(external, draw, user=who.id))


async def _answer(ack: AsyncAck, respond: AsyncRespond, ctx: HandlerContext, act: Act, say: Say) -> None:
    """Do it, and tell the person alone how it went."""

    async def answer() -> str:
        done = await act()
        if isinstance(done, Refusal):
            return reasons.refusal(done, ctx.formatter)
        return confirmations.told(say(done), done, await ctx.decisions.pause_service.now()).text

    async def told() -> None:
        await ctx.modal_controller.reply(respond, await reply_or_fault(answer()))

    await ack()
    ctx.background.spawn(told())
