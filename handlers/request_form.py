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
from bot.slack.modal_controller import next_external_id
from bot.slack.modals import file_fields, placeholders, request_form, review
from bot.slack.rendering import reasons
from bot.slack.reply import Drawing, Sentence, View
from handlers.context import Counter
from handlers.payloads import in_view

REDRAWN = 1
"""The generation of a form that shows our values, not those that Slack remembers."""


def register(app: AsyncApp) -> None:
    """Listen to the form and to its review."""
    app.options(request_form.RULE_ACTION)(suggest_rules)
    app.action(request_form.MORE_ACTION, matchers=[in_view])(show_more)
    app.view(request_form.CALLBACK)(submit_form)
    app.view(review.CALLBACK)(submit_review)


async def suggest_rules(
    ack: AsyncAck, payload: dict[str, Any], body: dict[str, Any], who: Person, counter: Counter
) -> None:
    """Search the rules for what is typed into Rule."""
    draft, _ = request_form.read(body["view"])
    found = await counter.asking.find_rules(draft, who, str(payload.get("value") or ""))
    await ack(options=request_form.options(found, counter.look))


async def show_more(ack: AsyncAck, body: dict[str, Any], who: Person, counter: Counter) -> None:
    """Draw the form again with what stood behind More…."""
    view = body["view"]
    draft, typed = request_form.read(view)
    more = replace(typed, more=True)

    async def draw(external: str) -> View | Sentence:
        form = await counter.asking.redraw(draft, who, more)
        return _form_or_no(
            form,
            counter,
            external,
            generation=request_form.generation(view),
            standing=file_fields.standing(view),
        )

    await ack()
    counter.jobs.soon(counter.screens.redraw(view["external_id"], draw, user=who.id))


async def submit_form(ack: AsyncAck, view: dict[str, Any], who: Person, counter: Counter) -> None:
    """Keep what was typed, then answer: with the faults in their fields, or with the review to come."""
    draft, typed = request_form.read(view)
    faults = await counter.asking.fill_in(draft, who, typed)
    if isinstance(faults, Refusal):
        await ack(
            response_action="update",
            view=placeholders.message(request_form.TITLE, reasons.refusal(faults, counter.look)),
        )
        return
    if faults:
        await ack(response_action="errors", errors=request_form.errors(faults, view, counter.look))
        return
    external = next_external_id(view)
    await ack(
        response_action="update",
        view=placeholders.loading(review.TITLE, external_id=external, metadata=draft),
    )
    counter.jobs.soon(counter.screens.redraw(external, draw_review(counter, draft, who), user=who.id))


async def submit_review(ack: AsyncAck, view: dict[str, Any], who: Person, counter: Counter) -> None:
    """Ask for what the review showed."""
    draft, external = review.read(view), next_external_id(view)

    async def draw(_external: str) -> View | Sentence:
        asked = await counter.asking.ask(draft, who)
        if not isinstance(asked, Refusal):
            return confirmations.told(confirmations.asked(asked), asked, await counter.desk.pauses.now())
        again = await counter.asking.again(draft, who, asked)
        if isinstance(again, Refusal):
            return Sentence("Not asked for", reasons.refusal(again, counter.look))
        return _form_or_no(again, counter, external, generation=REDRAWN)

    await ack(
        response_action="update",
        view=placeholders.loading(review.TITLE, external_id=external, metadata=draft),
    )
    counter.jobs.soon(counter.screens.redraw(external, draw, user=who.id))


def draw_form(counter: Counter, draft: RequestId, who: Person) -> Drawing:
    """Draw the form for whoever may ask."""

    async def draw(external: str) -> View | Sentence:
        return _form_or_no(await counter.asking.form(draft, who), counter, external)

    return draw


def draw_review(counter: Counter, draft: RequestId, who: Person) -> Drawing:
    """Draw the review; a fault found only now brings the form back, filled in, with the fault in its place."""

    async def draw(external: str) -> View | Sentence:
        judged = await counter.asking.review(draft, who)
        if isinstance(judged, Review):
            links = await counter.screens.links(judged.named)
            return review.build(judged, counter.look, external_id=external, links=links)
        return _form_or_no(judged, counter, external, generation=REDRAWN)

    return draw


def _form_or_no(
    form: Form | Refusal,
    counter: Counter,
    external: str,
    *,
    generation: int = 0,
    standing: frozenset[FileId] = request_form.NOTHING_STANDS,
) -> View | Sentence:
    if isinstance(form, Refusal):
        return Sentence(request_form.TITLE, reasons.refusal(form, counter.look))
    return request_form.build(
        form, counter.look, external_id=external, generation=generation, standing=standing
    )
