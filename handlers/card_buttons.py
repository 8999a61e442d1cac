"""The card's buttons, and the modals they open."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId, RequestId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.person import Person
from bot.domain.requests.request import Request
from bot.services.decisions import DecisionService
from bot.services.requests import settle_lost
from bot.slack.language.texts import _
from bot.slack.messages import card_buttons, confirmations, lost_requests
from bot.slack.modal_controller import show_loading
from bot.slack.modals import approval, cancellation, customer_list, rejection, request_form, rule_details
from bot.slack.rendering import reasons
from bot.slack.reply import Drawn, Reply, View
from handlers.context import Body, HandlerContext, card_target, is_modal_action, pressed
from handlers.fallback import press
from handlers.request_form import draw_form

Act = Callable[[DecisionService, RequestId, Person, ChannelId], Awaitable[Request | Refusal]]
Confirm = Callable[[Request], Reply]
DrawModal = Callable[[HandlerContext, RequestId, Person, ChannelId], Awaitable[Drawn]]

CLICKS: Final[dict[str, tuple[Act, Confirm]]] = {
    card_buttons.CANCEL: (DecisionService.cancel, confirmations.cancelled),
    card_buttons.CONTINUE: (DecisionService.resume, confirmations.continued),
    card_buttons.END: (DecisionService.end_here, confirmations.ended),
    card_buttons.GIVE_NOW: (DecisionService.give_now, confirmations.hurried),
    customer_list.LIST: (DecisionService.send_list, confirmations.list_sent),
}
"""The buttons that need no modal: what each does, and how that is confirmed."""

FIRST_ANSWER_SECONDS: Final = 3.0
"""A check that takes longer is announced: a long list, or a Dintero that is slow, takes a minute."""


def register(app: AsyncApp) -> None:
    """Register the buttons, and the modals behind them."""
    for button in CLICKS:
        app.action(button)(click)
    app.action(customer_list.SHOW, matchers=[is_modal_action])(push_customers)
    app.action(approval.DETAILS)(push_rule)
    for button in MODALS:
        if button not in CLICKS:
            app.action(button)(open_modal)
    app.action(card_buttons.MENU)(choose)
    app.action(card_buttons.CHECK_AGAIN)(check)
    app.view(approval.CALLBACK)(submit_approval)
    app.view(rejection.CALLBACK)(submit_rejection)
    app.view(cancellation.CALLBACK)(submit_cancellation)
    app.action(lost_requests.SETTLE)(settle)
    for turn in customer_list.TURNS:
        app.action(turn, matchers=[is_modal_action])(turn_page)


async def click(ack: AsyncAck, body: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext) -> None:
    """Act at once, and answer the person alone."""
    act, confirm = CLICKS[pressed(body)[0]]
    request, channel = card_target(body)

    async def answer() -> Reply | Refusal:
        done = await act(ctx.decisions, request, who, channel)
        if isinstance(done, Refusal):
            return done
        return confirmations.unless_paused(
            confirm(done), done, await ctx.decisions.pause_service.now(), is_click=True
        )

    await ack()
    ctx.answer(respond, answer())


async def choose(ack: AsyncAck, body: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext) -> None:
    """Do what was chosen from the menu of a request."""
    chosen, _request = pressed(body)
    if chosen in MODALS:
        await open_modal(ack, body, respond, who, ctx)
    elif chosen in CLICKS:
        await click(ack, body, respond, who, ctx)
    else:
        await press(ack, body, respond, who, ctx)


async def settle(ack: AsyncAck, respond: AsyncRespond, who: Person, ctx: HandlerContext) -> None:
    """End the warnings of requests that a restored backup lacks."""
    decisions = ctx.decisions

    async def answer() -> str | Refusal:
        done = await settle_lost(decisions.repository, decisions.access, decisions.clock, who)
        return done if isinstance(done, Refusal) else lost_requests.settled(done)

    await ack()
    ctx.answer(respond, answer())


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
            checks = _("Checking Dintero's list. This can take a minute.")
            await ctx.modal_controller.reply(respond, checks)
        await ctx.modal_controller.answer(respond, checking)

    await ack()
    ctx.background.spawn(work())


async def open_modal(
    ack: AsyncAck, body: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Open the button's modal."""
    title, draw = MODALS[pressed(body)[0]]
    request, channel = card_target(body)
    await ack()
    ctx.open_modal(body, _(title), partial(draw, ctx, request, who, channel), respond)


async def draw_approval(
    ctx: HandlerContext, request: RequestId, who: Person, channel: ChannelId | None, *, warning: str = ""
) -> Drawn:
    """Show an approver what they would approve."""
    found = await ctx.approvals.open(request, who, channel)
    if isinstance(found, Refusal):
        return found
    links = await ctx.modal_controller.links(found.review.named)
    return approval.build(found, ctx.formatter, links, warning=warning)


async def draw_rejection(ctx: HandlerContext, request: RequestId, who: Person, channel: ChannelId) -> Drawn:
    """Ask an approver for the reason."""
    found = await ctx.decisions.open_rejection(request, who, channel)
    return found if isinstance(found, Refusal) else rejection.build(found, ctx.formatter)


async def draw_cancellation(
    ctx: HandlerContext, request: RequestId, who: Person, channel: ChannelId
) -> Drawn:
    """Ask a person who may cancel whether to do it."""
    found = await ctx.decisions.open_cancellation(request, who, channel)
    return found if isinstance(found, Refusal) else cancellation.build(found, ctx.formatter)


async def draw_remainder(ctx: HandlerContext, request: RequestId, who: Person, channel: ChannelId) -> Drawn:
    """Draw the form for the remaining customers, on a new draft of this person."""
    draft = await ctx.drafts.create_remainder(request, who, channel)
    return draft if isinstance(draft, Refusal) else await draw_form(ctx, draft.id, who)


async def draw_copy(ctx: HandlerContext, request: RequestId, who: Person, channel: ChannelId) -> Drawn:
    """Draw the form filled in as an ended request, on a new draft of this person."""
    draft = await ctx.drafts.create_copy(request, who, channel)
    return draft if isinstance(draft, Refusal) else await draw_form(ctx, draft.id, who)


async def draw_customers(
    ctx: HandlerContext, request: RequestId, who: Person, channel: ChannelId | None, page: int = 1
) -> Drawn:
    """Show a page of the ids to the requester, an approver or an admin."""
    found = await ctx.decisions.customers(request, who, channel, page)
    return found if isinstance(found, Refusal) else customer_list.build(found, ctx.formatter)


async def push_customers(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Show the ids on top of the approval."""
    request, _channel = card_target(body)
    draw = partial(draw_customers, ctx, request, who, None)
    await ack()
    ctx.push_modal(body, _(customer_list.TITLE), draw, who)


async def push_rule(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Show all about the request and its rule on top of the approval."""
    request, _channel = card_target(body)

    async def draw() -> Drawn:
        found = await ctx.approvals.view(request, who)
        if isinstance(found, Refusal):
            return found
        links = await ctx.modal_controller.links(found.review.named)
        return approval.details(found, ctx.formatter, links)

    await ack()
    ctx.push_modal(body, _(rule_details.TITLE), draw, who)


async def turn_page(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Show another page of the ids; the service checks the person again."""
    request, page = customer_list.read_turn(body)
    draw = partial(draw_customers, ctx, request, who, None, page)
    await ack()
    ctx.redraw(body["view"], draw, who)


async def submit_approval(ack: AsyncAck, view: View, who: Person, ctx: HandlerContext) -> None:
    """Approve what was shown."""
    read = approval.read(view)
    wrong = await ctx.approvals.check_confirmation(read.request, read.typed)
    if wrong and approval.asks(view):
        errors = {approval.COUNT_BLOCK: reasons.refusal_plain(wrong, ctx.formatter)}
        await ack(response_action="errors", errors=errors)
        return

    external = await show_loading(ack, view, _(approval.TITLE))
    ctx.follow(external, partial(draw_approved, ctx, read, who), who)


async def draw_approved(ctx: HandlerContext, read: approval.Submission, who: Person) -> Drawn:
    """Approve, and say what follows; draw the approval once more if there is something new to read."""
    approvals = ctx.approvals
    approved = await approvals.approve(
        read.request,
        read.round,
        who,
        typed=read.typed,
        shown=read.shown,
        named=read.named,
        changed_from=read.changed_from,
    )
    if isinstance(approved, Refusal):
        if approved.reason not in {RefusalReason.REPEATED, RefusalReason.REPEATED_LOST}:
            return approved
        warning = reasons.refusal(approved, ctx.formatter)
        return await draw_approval(ctx, read.request, who, None, warning=warning)
    reply = confirmations.approved(approved, ctx.formatter, await approvals.still_needed(approved))
    reply = confirmations.unless_blocked(reply, approved, approvals.obstacle(approved))
    return confirmations.unless_paused(reply, approved, await ctx.decisions.pause_service.now())


async def submit_rejection(ack: AsyncAck, view: View, who: Person, ctx: HandlerContext) -> None:
    """Reject, with the reason."""
    request, why = rejection.read(view)
    if not why:
        errors = {rejection.REASON_BLOCK: _(rejection.REASON_MISSING)}
        await ack(response_action="errors", errors=errors)
        return

    async def reject() -> Reply | Refusal:
        rejected = await ctx.decisions.reject(request, who, why)
        return rejected if isinstance(rejected, Refusal) else confirmations.rejected(rejected)

    external = await show_loading(ack, view, _(rejection.TITLE))
    ctx.follow(external, reject, who)


async def submit_cancellation(ack: AsyncAck, view: View, who: Person, ctx: HandlerContext) -> None:
    """Cancel what the person was asked about."""
    request, channel = cancellation.read(view)

    async def cancel() -> Reply | Refusal:
        cancelled = await ctx.decisions.cancel(request, who, channel)
        return cancelled if isinstance(cancelled, Refusal) else confirmations.cancelled(cancelled)

    external = await show_loading(ack, view, _(cancellation.TITLE))
    ctx.follow(external, cancel, who)


MODALS: Final[dict[str, tuple[str, DrawModal]]] = {
    card_buttons.APPROVE: (approval.TITLE, draw_approval),
    card_buttons.REJECT: (rejection.TITLE, draw_rejection),
    card_buttons.AGAIN: (request_form.TITLE, draw_remainder),
    card_buttons.EDIT_RESEND: (request_form.TITLE, draw_copy),
    customer_list.SHOW: (customer_list.TITLE, draw_customers),
    card_buttons.CANCEL: (cancellation.TITLE, draw_cancellation),
}
"""What opens a modal: its title, and what draws it. A menu has no dialog of its own, so it asks by one."""
