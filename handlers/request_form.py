"""The form of `/discount add`: rule search, **More…**, the review, its unreadable rows, and submitting."""

import asyncio
from dataclasses import replace

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.ids import RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.domain.requests.views import Form, Review
from bot.errors import DeliveryDeferred
from bot.slack.messages import confirmations, unreadable_rows_file
from bot.slack.modal_controller import message_view, show_loading
from bot.slack.modals import file_fields, request_form, review, rule_options
from bot.slack.rendering import reasons
from bot.slack.reply import Drawn, Reply, View
from handlers.context import Body, HandlerContext, is_modal_action

REDRAWN = 1
"""The generation of a form that shows our values, not those that Slack remembers."""


def register(app: AsyncApp) -> None:
    """Register the form and its review."""
    app.options(request_form.RULE_ACTION)(suggest_rules)
    app.action(request_form.MORE_ACTION, matchers=[is_modal_action])(show_more)
    for again in request_form.AGAIN_ACTIONS:
        app.action(again, matchers=[is_modal_action])(ask_again)
    app.action(review.ODD_ROWS, matchers=[is_modal_action])(get_unreadable_rows)
    app.view(request_form.CALLBACK)(submit_form)
    app.view(review.CALLBACK)(submit_review)


async def suggest_rules(ack: AsyncAck, payload: Body, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Search the rules for the text typed into Rule."""
    draft, _ = request_form.read(body["view"])
    found = await ctx.drafts.find_rules(draft, who, str(payload.get("value") or ""))
    await ack(options=rule_options.options(found, ctx.formatter))


async def show_more(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Redraw the form with the fields behind **More…**."""
    view = body["view"]
    draft, form_input = request_form.read(view)

    async def draw() -> Drawn:
        form = await ctx.drafts.redraw(draft, who, replace(form_input, more=True))
        if isinstance(form, Refusal):
            return form
        generation, files = request_form.generation(view), file_fields.files_in_input(view)
        return request_form.build(form, ctx.formatter, generation=generation, files_in_input=files)

    await ack()
    redrawing = ctx.modal_controller.redraw(view["external_id"], request_form.TITLE, draw, user=who.id)
    ctx.background.spawn(redrawing)


async def ask_again(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Redraw the form for the remaining customers of the request whose list was put in."""
    view, of = body["view"], str(body["actions"][0]["value"])
    draft, _ = request_form.read(view)

    async def draw() -> Drawn:
        form = await ctx.drafts.ask_again(draft, of, who)
        if isinstance(form, Refusal):
            return form
        return request_form.build(form, ctx.formatter, generation=request_form.generation(view) + 1)

    await ack()
    ctx.background.spawn(
        ctx.modal_controller.redraw(view["external_id"], request_form.TITLE, draw, user=who.id)
    )


async def submit_form(ack: AsyncAck, view: View, who: Person, ctx: HandlerContext) -> None:
    """Save the input, then answer with the faults in their fields or with the review."""
    draft, form_input = request_form.read(view)
    faults = await ctx.drafts.save_input(draft, who, form_input)
    if isinstance(faults, Refusal):
        text = reasons.refusal(faults, ctx.formatter)
        await ack(response_action="update", view=message_view(request_form.TITLE, text))
        return
    if faults:
        await ack(response_action="errors", errors=request_form.errors(faults, view, ctx.formatter))
        return

    async def draw() -> Drawn:
        found = await ctx.drafts.review(draft, who)
        match found:
            case Review():
                return review.build(found, ctx.formatter, await ctx.modal_controller.links(found.named))
            case Form():
                return request_form.build(found, ctx.formatter, generation=REDRAWN)
        return found

    external = await show_loading(ack, view, review.TITLE, draft)
    ctx.background.spawn(ctx.modal_controller.redraw(external, request_form.TITLE, draw, user=who.id))


async def submit_review(ack: AsyncAck, view: View, who: Person, ctx: HandlerContext) -> None:
    """Submit the request that the review showed."""
    draft, shown, named = review.read(view)

    async def draw() -> Drawn:
        asked = await ctx.drafts.ask(draft, who, shown=shown, named=named)
        if not isinstance(asked, Refusal):
            pause = await ctx.decisions.pause_service.now()
            return confirmations.unless_paused(confirmations.asked(asked, ctx.formatter), asked, pause)
        form = await ctx.drafts.reopen_form(draft, who, asked)
        if isinstance(form, Refusal):
            return form
        return request_form.build(form, ctx.formatter, generation=REDRAWN)

    external = await show_loading(ack, view, review.TITLE, draft)
    ctx.background.spawn(ctx.modal_controller.redraw(external, "Not asked for", draw, user=who.id))


async def get_unreadable_rows(ack: AsyncAck, body: Body, who: Person, ctx: HandlerContext) -> None:
    """Send the files' rows without an id as a direct message, and say so on top of the review."""
    draft = review.read(body["view"]).draft

    async def draw() -> Reply | Refusal:
        found = await ctx.drafts.unreadable_rows(draft, who)
        if isinstance(found, Refusal):
            return found
        message = await asyncio.to_thread(unreadable_rows_file.build, *found, ctx.formatter)
        try:
            new = await ctx.modal_controller.file_messenger.send(message, who.id)
        except DeliveryDeferred:
            return confirmations.odd_rows_not_sent()
        return confirmations.odd_rows_sent(new=new)

    await ack()
    ctx.background.spawn(ctx.modal_controller.push(body["trigger_id"], "Unreadable rows", draw, user=who.id))


async def draw_form(ctx: HandlerContext, draft: RequestId, who: Person) -> Drawn:
    """Draw the form of a draft."""
    form = await ctx.drafts.form(draft, who)
    return form if isinstance(form, Refusal) else request_form.build(form, ctx.formatter)
