"""The card's buttons, and the modals they open."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId, RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.domain.requests.request import Event, Request
from bot.services.decisions import DecisionService
from bot.slack.messages import card, confirmations
from bot.slack.modal_controller import loading_view, next_external_id
from bot.slack.modals import approval, customer_list, rejection, request_form
from bot.slack.rendering import reasons
from bot.slack.reply import Reply, View
from handlers.context import HandlerContext, card_target
from handlers.request_form import draw_form

Act = Callable[[DecisionService, RequestId, Person, ChannelId], Awaitable[Request | Refusal]]

CLICKS: Final[dict[str, tuple[Act, Callable[[Request], Reply]]]] = {
    card.CANCEL: (DecisionService.cancel, confirmations.cancelled),
    card.CONTINUE: (DecisionService.resume, partial(confirmations.resolved, event=Event.CONTINUED)),
    card.END: (DecisionService.end_here, partial(confirmations.resolved, event=Event.ENDED_HERE)),
    card.GIVE_NOW: (DecisionService.give_now, confirmations.hurried),
    customer_list.LIST: (DecisionService.send_list, confirmations.list_sent),
}
"""The buttons that need no modal: what each does, and how that is confirmed."""


def register(app: AsyncApp) -> None:
    """Register the buttons, and the modals behind them."""
    app.action(card.APPROVE)(open_approval)
    app.action(card.REJECT)(open_rejection)
    app.action(card.AGAIN)(ask_again)
    for button in CLICKS:
        app.action(button)(click)
    app.view(approval.CALLBACK)(submit_approval)
    app.view(rejection.CALLBACK)(submit_rejection)


async def click(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Act at once, and answer the person alone."""
    act, confirm = CLICKS[body["actions"][0]["action_id"]]
    request, channel = card_target(body)

    async def answer() -> Reply | Refusal:
        done = await act(ctx.decisions, request, who, channel)
        if isinstance(done, Refusal):
            return done
        return confirmations.unless_paused(confirm(done), done, await ctx.decisions.pause_service.now())

    await ack()
    ctx.background.spawn(ctx.modal_controller.answer(respond, answer()))


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
    ctx.open_modal(body, approval.TITLE, draw, respond)


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
        return confirmations.unless_paused(reply, approved, await ctx.decisions.pause_service.now())

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
    ctx.open_modal(body, rejection.TITLE, draw, respond)


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


async def ask_again(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Open the form for the remaining customers, on a new draft of this person."""
    request, channel = card_target(body)

    async def draw(external: str) -> View | Reply | Refusal:
        draft = await ctx.drafts.create_remainder(request, who, channel)
        return draft if isinstance(draft, Refusal) else await draw_form(ctx, draft.id, who)(external)

    await ack()
    ctx.open_modal(body, request_form.TITLE, draw, respond)


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

    await ack(response_action="update", view=loading_view(title, external_id=external))
    ctx.background.spawn(ctx.modal_controller.redraw(external, title, draw, user=who.id))
