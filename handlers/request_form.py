"""The form of `/discount add`: rule search, **More…**, the review, its unreadable rows, and submitting."""

import asyncio
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.ids import FileId, RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.domain.requests.views import Form, Review
from bot.errors import DeliveryDeferred
from bot.slack.messages import confirmations, unreadable_rows_file
from bot.slack.modal_controller import loading_view, message_view, next_external_id
from bot.slack.modals import file_fields, request_form, review, rule_options
from bot.slack.rendering import reasons
from bot.slack.reply import Drawing, Reply, View
from handlers.context import HandlerContext, is_modal_action

REDRAWN = 1
"""The generation of a form that shows our values, not those that Slack remembers."""


def register(app: AsyncApp) -> None:
    """Register the form and its review."""
    app.options(request_form.RULE_ACTION)(suggest_rules)
    app.action(request_form.MORE_ACTION, matchers=[is_modal_action])(show_more)
    app.action(review.ODD_ROWS, matchers=[is_modal_action])(get_unreadable_rows)
    app.view(request_form.CALLBACK)(submit_form)
    app.view(review.CALLBACK)(submit_review)


async def suggest_rules(
    ack: AsyncAck, payload: dict[str, Any], body: dict[str, Any], who: Person, ctx: HandlerContext
) -> None:
    """Search the rules for the text typed into Rule."""
    draft, _ = request_form.read(body["view"])
    found = await ctx.drafts.find_rules(draft, who, str(payload.get("value") or ""))
    await ack(options=rule_options.options(found, ctx.formatter))


async def show_more(ack: AsyncAck, body: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Redraw the form with the fields behind **More…**."""
    view = body["view"]
    draft, form_input = request_form.read(view)

    async def draw(external: str) -> View | Refusal:
        form = await ctx.drafts.redraw(draft, who, replace(form_input, more=True))
        generation, files = request_form.generation(view), file_fields.files_in_input(view)
        return _build_form(form, ctx, external, generation=generation, files_in_input=files)

    await ack()
    ctx.background.spawn(
        ctx.modal_controller.redraw(view["external_id"], request_form.TITLE, draw, user=who.id)
    )


async def submit_form(ack: AsyncAck, view: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
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

    async def draw(external: str) -> View | Refusal:
        found = await ctx.drafts.review(draft, who)
        if not isinstance(found, Review):
            return _build_form(found, ctx, external, generation=REDRAWN)
        links = await ctx.modal_controller.links(found.named)
        return review.build(found, ctx.formatter, external_id=external, links=links)

    await _redraw(ack, view, request_form.TITLE, draft, draw, who, ctx)


async def submit_review(ack: AsyncAck, view: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Submit the request that the review showed."""
    draft = review.read(view)

    async def draw(external: str) -> View | Reply | Refusal:
        asked = await ctx.drafts.ask(draft, who)
        if isinstance(asked, Refusal):
            form = await ctx.drafts.reopen_form(draft, who, asked)
            return _build_form(form, ctx, external, generation=REDRAWN)
        return confirmations.unless_paused(
            confirmations.asked(asked), asked, await ctx.decisions.pause_service.now()
        )

    await _redraw(ack, view, "Not asked for", draft, draw, who, ctx)


async def get_unreadable_rows(ack: AsyncAck, body: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Send the files' rows without an id as a direct message, and say so on top of the review."""
    draft = review.read(body["view"])

    async def draw(_external: str) -> Reply | Refusal:
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
    ctx.background.spawn(ctx.modal_controller.push(body["trigger_id"], review.ODD_TITLE, draw, user=who.id))


def draw_form(ctx: HandlerContext, draft: RequestId, who: Person) -> Drawing:
    """Draw the form of a draft."""

    async def draw(external: str) -> View | Refusal:
        return _build_form(await ctx.drafts.form(draft, who), ctx, external)

    return draw


async def _redraw(
    ack: AsyncAck,
    view: dict[str, Any],
    refusal_title: str,
    draft: RequestId,
    draw: Drawing,
    who: Person,
    ctx: HandlerContext,
) -> None:
    """Acknowledge with a loading review, then draw the answer over it."""
    external = next_external_id(view)
    loading = loading_view(review.TITLE, external_id=external, metadata=draft)
    await ack(response_action="update", view=loading)
    ctx.background.spawn(ctx.modal_controller.redraw(external, refusal_title, draw, user=who.id))


def _build_form(
    form: Form | Refusal,
    ctx: HandlerContext,
    external: str,
    *,
    generation: int = 0,
    files_in_input: frozenset[FileId] = request_form.NO_FILES_IN_INPUT,
) -> View | Refusal:
    if isinstance(form, Refusal):
        return form
    return request_form.build(
        form, ctx.formatter, external_id=external, generation=generation, files_in_input=files_in_input
    )
