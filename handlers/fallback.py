"""Fallbacks: clicks of an older version's buttons, and failures of ours. Every click gets an answer."""

import re
from typing import Any, Final

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.requests.person import Person
from bot.errors import DeliveredBefore
from bot.slack.language.texts import N_, _
from bot.slack.modal_controller import WRONG, close_of, explain, external_id_of, message_view
from bot.slack.modals import rule_options
from bot.slack.reply import Reply, View
from handlers.context import Body, HandlerContext

ANYTHING: Final = re.compile(".*")
TITLE: Final = N_("Out of date")
OUTDATED: Final = N_("This message is from an older version. Use `/discount status`.")


def register(app: AsyncApp) -> None:
    """Register the fallbacks, after all other listeners."""
    app.action(ANYTHING)(press)
    app.view(ANYTHING)(submit)
    app.options(ANYTHING)(suggest)
    app.error(fail)


async def press(ack: AsyncAck, body: Body, respond: AsyncRespond, who: Person, ctx: HandlerContext) -> None:
    """Answer an unknown button where it is; a link's button needs no answer."""
    await ack()
    if body["actions"][0].get("url"):
        return
    if body.get("response_url"):
        ctx.background.spawn(ctx.modal_controller.reply(respond, _(OUTDATED)))
    elif body.get("view"):

        async def draw() -> Reply:
            return Reply(_(TITLE), _(OUTDATED), close_of(body["view"]))

        external = str(body["view"].get("external_id") or "")
        ctx.background.spawn(ctx.modal_controller.redraw(external, draw, user=who.id))


async def submit(ack: AsyncAck, view: View) -> None:
    """Answer an unknown form."""
    told = message_view(_(TITLE), _(OUTDATED), close=close_of(view))
    await ack(response_action="update", view=told)


async def suggest(ack: AsyncAck) -> None:
    """Offer no options in an unknown list."""
    await ack(options=[])


async def fail(
    error: Exception, body: Body, respond: AsyncRespond | None, ctx: HandlerContext | None
) -> BoltResponse:
    """Answer a payload whose handler failed or took too long; a form stays open with its input."""
    text = explain(error)
    answer: dict[str, Any] | str = ""
    if body.get("type") == "view_submission" and isinstance(error, DeliveredBefore):
        view = body["view"]
        told = message_view(_("Delivered twice"), text, close=close_of(view))
        told |= {"external_id": external_id_of(view)}
        answer = {"response_action": "update", "view": told}
    elif body.get("type") == "view_submission":
        answer = _failed_submission(body["view"], text)
    elif body.get("type") == "block_suggestion":
        answer = {"options": rule_options.without_rules(text)}
    elif "command" in body:
        answer = {"response_type": "ephemeral", "text": text}
    elif body.get("response_url") and respond and ctx:
        ctx.background.spawn(ctx.modal_controller.reply(respond, text))
    return BoltResponse(status=200, body=answer)


def _failed_submission(view: View, text: str) -> dict[str, Any]:
    """Put the text at the form's first input, if it has one."""
    inputs = (block["block_id"] for block in view["blocks"] if block.get("type") == "input")
    if field := next(inputs, None):
        return {"response_action": "errors", "errors": {field: text.replace("`", "")}}
    return {"response_action": "update", "view": message_view(_(WRONG), text, close=close_of(view))}
