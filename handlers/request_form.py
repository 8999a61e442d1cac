"""The form of `/discount add`: choosing a rule, More…, the review, and asking."""

from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.ids import FileId, RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.domain.requests.views import Form, Review
from bot.slack.messages import confirmations
from bot.slack.modal_controller import loading_view, message_view, next_external_id
from bot.slack.modals import file_fields, request_form, review, rule_options
from bot.slack.rendering import reasons
from bot.slack.reply import Drawing, Reply, View
from handlers.context import HandlerContext
from handlers.payloads import is_modal_action

REDRAWN = 1
"""The generation of a form that shows our values, not those that Slack remembers."""


def register(app: AsyncApp) -> None:
    """Listen to the form and to its review."""
    app.options(request_form.RULE_ACTION)(suggest_rules)
    app.action(request_form.MORE_ACTION, matchers=[is_modal_action])(show_more)
    app.view(request_form.CALLBACK)(submit_form)
    app.view(review.CALLBACK)(submit_review)


async def suggest_rules(
    ack: AsyncAck, payload: dict[str, Any], body: dict[str, Any], who: Person, ctx: HandlerContext
) -> None:
    """Search the rules for what is typed into Rule."""
    draft, _ = request_form.read(body["view"])
    found = await ctx.drafts.find_rules(draft, who, str(payload.get("value") or ""))
    await ack(options=rule_options.options(found, ctx.formatter))


async def show_more(ack: AsyncAck, body: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Draw the form again with what stood behind More…."""
    view = body["view"]
    draft, form_input = request_form.read(view)
    more = replace(form_input, more=True)

    async def draw(external: str) -> View | Reply:
        form = await ctx.drafts.redraw(draft, who, more)
        return _form_or_no(
            form,
            ctx,
            external,
            generation=request_form.generation(view),
            files_in_input=file_fields.files_in_input(view),
        )

    await ack()
    ctx.background.spawn(ctx.modal_controller.redraw(view["external_id"], draw, user=who.id))


async def submit_form(ack: AsyncAck, view: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Keep what was typed, then answer: with the faults in their fields, or with the review to come."""
    draft, form_input = request_form.read(view)
    faults = await ctx.drafts.save_input(draft, who, form_input)
    if isinstance(faults, Refusal):
        await ack(
            response_action="update",
            view=message_view(request_form.TITLE, reasons.refusal(faults, ctx.formatter)),
        )
        return
    if faults:
        await ack(response_action="errors", errors=request_form.errors(faults, view, ctx.formatter))
        return
    external = next_external_id(view)
    await ack(
        response_action="update",
        view=loading_view(review.TITLE, external_id=external, metadata=draft),
    )
    ctx.background.spawn(ctx.modal_controller.redraw(external, draw_review(ctx, draft, who), user=who.id))


async def submit_review(ack: AsyncAck, view: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Ask for what the review showed."""
    draft, external = review.read(view), next_external_id(view)

    async def draw(_external: str) -> View | Reply:
        asked = await ctx.drafts.ask(draft, who)
        if not isinstance(asked, Refusal):
            return confirmations.told(
                confirmations.asked(asked), asked, await ctx.decisions.pause_service.now()
            )
        again = await ctx.drafts.reopen_form(draft, who, asked)
        if isinstance(again, Refusal):
            return Reply("Not asked for", reasons.refusal(again, ctx.formatter))
        return _form_or_no(again, ctx, external, generation=REDRAWN)

    await ack(
        response_action="update",
        view=loading_view(review.TITLE, external_id=external, metadata=draft),
    )
    ctx.background.spawn(ctx.modal_controller.redraw(external, draw, user=who.id))


def draw_form(ctx: HandlerContext, draft: RequestId, who: Person) -> Drawing:
    """Draw the form for whoever may ask."""

    async def draw(external: str) -> View | Reply:
        return _form_or_no(await ctx.drafts.form(draft, who), ctx, external)

    return draw


def draw_review(ctx: HandlerContext, draft: RequestId, who: Person) -> Drawing:
    """Draw the review; a fault found only now brings the form back, filled in, with the fault in its place."""

    async def draw(external: str) -> View | Reply:
        judged = await ctx.drafts.review(draft, who)
        if isinstance(judged, Review):
            links = await ctx.modal_controller.links(judged.named)
            return review.build(judged, ctx.formatter, external_id=external, links=links)
        return _form_or_no(judged, ctx, external, generation=REDRAWN)

    return draw


def _form_or_no(
    form: Form | Refusal,
    ctx: HandlerContext,
    external: str,
    *,
    generation: int = 0,
    files_in_input: frozenset[FileId] = request_form.NO_FILES_IN_INPUT,
) -> View | Reply:
    if isinstance(form, Refusal):
        return Reply(request_form.TITLE, reasons.refusal(form, ctx.formatter))
    return request_form.build(
        form, ctx.formatter, external_id=external, generation=generation, files_in_input=files_in_input
    )
