"""Fallbacks: clicks of an older version's buttons, and failures of ours. Every click gets an answer."""

import re
import uuid
from typing import Any, Final

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.requests.person import Person
from bot.slack.modal_controller import message_view
from bot.slack.reply import Reply
from handlers.context import Body, HandlerContext

ANYTHING: Final = re.compile(".*")
TITLE: Final = "Out of date"
OUTDATED: Final = (
    "This is of an older version of the bot, and does nothing any more. "
    "`/discount status` shows what is open here."
)

log = structlog.get_logger()


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
        ctx.background.spawn(ctx.modal_controller.reply(respond, OUTDATED))
    elif body.get("view"):

        async def draw() -> Reply:
            return Reply(TITLE, OUTDATED)

        external = str(body["view"].get("external_id") or "")
        ctx.background.spawn(ctx.modal_controller.redraw(external, TITLE, draw, user=who.id))


async def submit(ack: AsyncAck) -> None:
    """Answer an unknown form."""
    await ack(response_action="update", view=message_view(TITLE, OUTDATED))


async def suggest(ack: AsyncAck) -> None:
    """Offer no options in an unknown list."""
    await ack(options=[])


async def fail(
    error: Exception, body: Body, respond: AsyncRespond, ctx: HandlerContext | None
) -> BoltResponse:
    """Report a failure under an id that the log has too; a form stays open with its input."""
    fault = uuid.uuid4().hex[:8]
    log.error("handler failed", fault=fault, exc_info=error)
    text = f"Something went wrong on the bot's side (fault {fault}), and nothing was done. Please try again."
    answer: dict[str, Any] | str = ""
    if body.get("type") == "view_submission":
        inputs = (block["block_id"] for block in body["view"]["blocks"] if block.get("type") == "input")
        if field := next(inputs, None):
            answer = {"response_action": "errors", "errors": {field: text}}
        else:
            view = message_view("Something went wrong", text)
            answer = {"response_action": "update", "view": view}
    elif body.get("type") == "block_suggestion":
        answer = {"options": []}
    elif "command" in body:
        answer = {"response_type": "ephemeral", "text": text}
    elif body.get("response_url") and ctx:
        ctx.background.spawn(ctx.modal_controller.reply(respond, text))
    return BoltResponse(status=200, body=answer)
