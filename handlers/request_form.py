"""The form of `/discount add`: rule search, **More…**, the review, its unreadable rows, and submitting."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.ids import RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.preferences import Results
from bot.domain.requests.person import Person
from bot.domain.requests.request import Request
from bot.domain.requests.views import Form, Review
from bot.errors import DeliveryDeferred
from bot.slack.language.texts import N_, _
from bot.slack.messages import confirmations
from bot.slack.messages.files import unreadable_rows_file
from bot.slack.modal_controller import REFUSED, close_of, message_view, show_loading
from bot.slack.modals import draft_offer, file_fields, request_form, review, rule_options
from bot.slack.rendering import reasons
from bot.slack.reply import Close, Drawn, Reply, View
from handlers.context import Body, HandlerContext, is_modal_action
from handlers.rule_buttons import push_details

CLEAR_SECONDS: Final = 1.0
"""How long the last ack waits for the request: only an ack can close a form."""
POSTED_ATTEMPTS: Final = 5
POSTED_SECONDS: Final = 0.3
"""How often, and after how long each time, a confirmation looks for the request's message."""
NOT_SENT: Final = N_("Not sent")
REDRAWN: Final = 1
"""The generation of a form that shows our values, not those that Slack remembers."""


def register(app: AsyncApp) -> None:
    """Register the form and its review."""
    app.options(request_form.RULE_ACTION)(suggest_rules)
    app.action(request_form.MORE_ACTION, matchers=[is_modal_action])(show_more)
    for again in request_form.AGAIN_ACTIONS:
        app.action(again, matchers=[is_modal_action])(ask_again)
    app.action(review.ODD_ROWS, matchers=[is_modal_action])(get_unreadable_rows)
    app.action(review.DETAILS, matchers=[is_modal_action])(push_rule)
    app.action(request_form.RULE_ACTION, matchers=[is_modal_action])(choose_rule)
    app.action(draft_offer.CONTINUE_ACTION, matchers=[is_modal_action])(continue_draft)
    app.action(draft_offer.EMPTY_ACTION, matchers=[is_modal_action])(start_empty)
    app.view(request_form.CALLBACK)(submit_form)
    app.view_closed(request_form.CALLBACK)(close_form)
    app.view(review.CALLBACK)(submit_review)


async def suggest_rules(ack: AsyncAck, payload: Body, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Search the rules for the text typed into Rule."""
    draft, _input = request_form.read(body["view"])
    found = await ctx.drafts.find_rules(draft, who, str(payload.get("value") or ""))
    await ack(options=rule_options.options(found, ctx.formatter))


async def choose_rule(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Save the input, and say at once if the chosen rule cannot be given."""
    view = body["view"]
    draft, form_input = request_form.read(view)
    form = await ctx.drafts.redraw(draft, who, form_input)
    await ack()
    if isinstance(form, Refusal):
        return
    drawn = as_on_screen(ctx, form, view)
    if request_form.shows_other_rule_faults(view, drawn):
        ctx.background.spawn(ctx.modal_controller.redraw_quietly(view["external_id"], drawn))


async def continue_draft(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Redraw the form for the draft that the person left."""
    view, draft = body["view"], RequestId(str(body["actions"][0]["value"]))
    draw = partial(draw_form, ctx, draft, who, generation=request_form.generation(view) + 1)
    await ack()
    ctx.redraw(view, draw, who)


async def start_empty(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Drop the draft that the person left, and redraw the form without the offer."""
    await ctx.drafts.discard(RequestId(str(body["actions"][0]["value"])), who)
    await redraw_in_place(ack, body["view"], who, ctx)


async def close_form(ack: AsyncAck, view: View, who: Person, ctx: HandlerContext) -> None:
    """Keep what was typed, for a day; nobody waits for an answer."""
    draft, form_input = request_form.read(view)
    if not form_input.is_empty:
        await ctx.drafts.save_input(draft, who, form_input)
    await ack()


async def show_more(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Redraw the form with the fields behind **More options**."""
    await redraw_in_place(ack, body["view"], who, ctx, more=True)


async def redraw_in_place(
    ack: AsyncAck, view: View, who: Person, ctx: HandlerContext, *, more: bool = False
) -> None:
    """Save the input, and draw the form with it."""
    draft, form_input = request_form.read(view)

    async def draw() -> Drawn:
        form = await ctx.drafts.redraw(draft, who, replace(form_input, more=more or form_input.more))
        return form if isinstance(form, Refusal) else as_on_screen(ctx, form, view)

    await ack()
    ctx.redraw(view, draw, who)


def as_on_screen(ctx: HandlerContext, form: Form, view: View) -> View:
    """Draw a form; what is in the inputs on screen stays."""
    generation, files = request_form.generation(view), file_fields.files_in_input(view)
    close = form_close(view)
    return request_form.build(form, ctx.formatter, generation=generation, files_in_input=files, close=close)


def form_close(view: View) -> Close:
    """Name the close button of a form: one that came back with faults lies on top of another."""
    return "Back" if view.get("previous_view_id") else "Cancel"


async def ask_again(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Redraw the form for the remaining customers of the request whose list was put in."""
    view, of = body["view"], str(body["actions"][0]["value"])
    draft, _input = request_form.read(view)

    async def draw() -> Drawn:
        form = await ctx.drafts.ask_again(draft, of, who)
        if isinstance(form, Refusal):
            return form
        generation, close = request_form.generation(view) + 1, form_close(view)
        return request_form.build(form, ctx.formatter, generation=generation, close=close)

    await ack()
    ctx.redraw(view, draw, who)


async def submit_form(ack: AsyncAck, view: View, who: Person, ctx: HandlerContext) -> None:
    """Save the input, then answer with the faults in their fields or with the review on top of the form."""
    draft, form_input = request_form.read(view)
    faults = await ctx.drafts.save_input(draft, who, form_input)
    if isinstance(faults, Refusal):
        text = reasons.refusal(faults, ctx.formatter)
        await ack(response_action="update", view=message_view(_(REFUSED), text, close=close_of(view)))
        return
    if faults:
        await ack(response_action="errors", errors=request_form.errors(faults, view, ctx.formatter))
        return
    below = view.get("previous_view_id")  # this form came back with faults, on top of the first one
    external = await show_loading(ack, view, _(review.TITLE), draft, on_top=not below)
    draw = partial(draw_review, ctx, draft, who)
    ctx.follow(external, draw, who, close="Back")
    if below:
        newest = request_form.generation(view) + 1
        again = partial(draw_form, ctx, draft, who, generation=newest)
        ctx.background.spawn(ctx.modal_controller.redraw_below(below, again))


async def draw_review(ctx: HandlerContext, draft: RequestId, who: Person) -> Drawn:
    """Draw the review, or the form once more with what is wrong."""
    found = await ctx.drafts.review(draft, who)
    match found:
        case Review():
            return review.build(found, ctx.formatter, await ctx.modal_controller.links(found.named))
        case Form():
            return request_form.build(found, ctx.formatter, generation=REDRAWN, close="Back")
    return found


async def submit_review(ack: AsyncAck, view: View, who: Person, ctx: HandlerContext) -> None:
    """Submit the request that the review showed; nothing stays open unless something is wrong."""
    draft, shown, named, mark = review.read(view)
    asking = asyncio.ensure_future(ctx.drafts.ask(draft, who, shown=shown, named=named, input_mark=mark))
    await asyncio.wait({asking}, timeout=CLEAR_SECONDS)
    if not asking.done():

        async def draw() -> Drawn:
            asked = await asking
            if isinstance(asked, Refusal):
                return await draw_unsent(ctx, draft, who, asked)
            return await confirmation(ctx, await posted(ctx, asked))

        external = await show_loading(ack, view, _(review.TITLE), draft)
        ctx.follow(external, draw, who, close="Back")
        return
    asked = asking.result()
    if isinstance(asked, Refusal):
        drawn = await draw_unsent(ctx, draft, who, asked)
        if isinstance(drawn, Reply):
            drawn = message_view(drawn.title, drawn.text, close=drawn.close)
        await ack(response_action="update", view=drawn)
        return
    await ack(response_action="clear")
    ctx.background.spawn(tell(ctx, asked))


async def tell(ctx: HandlerContext, asked: Request) -> None:
    """Tell the requester, whose form has closed, that the request is sent."""
    reply = await confirmation(ctx, await posted(ctx, asked))
    await ctx.modal_controller.confirm(asked.requester, asked.channel, reply.text)


async def posted(ctx: HandlerContext, asked: Request) -> Request:
    """Wait a moment until the request has its message in the channel, which the confirmation links to."""
    for _attempt in range(POSTED_ATTEMPTS):
        found = await ctx.decisions.repository.find(asked.id)
        if found and found.card_ts:
            return replace(asked, card_ts=found.card_ts)
        await asyncio.sleep(POSTED_SECONDS)
    return asked


async def confirmation(ctx: HandlerContext, asked: Request) -> Reply:
    """Confirm a request."""
    results = (await ctx.preferences.cached.get(asked.requester)).results
    reply = confirmations.asked(asked, ctx.formatter, is_told=results is Results.ALWAYS)
    return confirmations.unless_paused(reply, asked, await ctx.decisions.pause_service.now())


async def draw_unsent(ctx: HandlerContext, draft: RequestId, who: Person, refusal: Refusal) -> View | Reply:
    """Draw the form with the reason why it was not sent."""
    form = await ctx.drafts.reopen_form(draft, who, refusal)
    if isinstance(form, Refusal):
        return Reply(_(NOT_SENT), reasons.refusal(form, ctx.formatter), "Back")
    return request_form.build(form, ctx.formatter, generation=REDRAWN, close="Back")


async def get_unreadable_rows(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Send the files' rows without an id as a direct message, and say so on top of the review."""
    draft = review.read(body["view"]).draft

    async def draw() -> Reply | Refusal:
        found = await ctx.drafts.unreadable_rows(draft, who)
        if isinstance(found, Refusal):
            return found
        message = await asyncio.to_thread(unreadable_rows_file.build, *found)
        try:
            new = await ctx.modal_controller.file_messenger.send(message, who.id)
        except DeliveryDeferred:
            return confirmations.odd_rows_not_sent()
        return confirmations.odd_rows_sent(new=new)

    await ack()
    ctx.push_modal(body, _("Skipped rows"), draw, who)


async def push_rule(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Show all about the rule on top of the review."""
    await push_details(ack, body, who, ctx, ctx.drafts.rule(review.read(body["view"]).draft, who))


async def draw_form(
    ctx: HandlerContext, draft: RequestId, who: Person, *, offer: bool = False, generation: int = 0
) -> Drawn:
    """Draw the form of a draft; it may `offer` to go on with an unfinished one."""
    form = await ctx.drafts.form(draft, who, offer=offer)
    return (
        form if isinstance(form, Refusal) else request_form.build(form, ctx.formatter, generation=generation)
    )
