"""Clicks and forms that nothing else answers: buttons of an older version, and faults of our own. No click is ever silent."""

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
from handlers.context import HandlerContext

ANYTHING: Final = re.compile(".*")
OUTDATED: Final = "This is of an older version of the bot, and does nothing any more. `/discount status` shows what is open here."

log = structlog.get_logger()


def register(app: AsyncApp) -> None:
    """Listen to whatever is left; to be registered last."""
    app.action(ANYTHING)(press)
    app.view(ANYTHING)(submit)
    app.options(ANYTHING)(suggest)
    app.error(fail)


async def press(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, ctx: HandlerContext
) -> None:
    """Answer a button that nobody knows, where it stands; a link's button has nothing to be told."""
    await ack()
    if body["actions"][0].get("url"):
        return
    if body.get("response_url"):
        ctx.background.spawn(ctx.modal_controller.reply(respond, OUTDATED))
    elif body.get("view"):
        ctx.background.spawn(
            ctx.modal_controller.redraw(str(body["view"].get("external_id") or ""), _outdated, user=who.id)
        )


async def submit(ack: AsyncAck) -> None:
    """Answer a form that nobody knows."""
    await ack(response_action="update", view=message_view("Out of date", OUTDATED))


async def suggest(ack: AsyncAck) -> None:
    """Offer nothing in a list that nobody knows."""
    await ack(options=[])


async def fail(
    error: Exception, body: dict[str, Any], respond: AsyncRespond, ctx: HandlerContext | None
) -> BoltResponse:
    """Tell the person of a fault of ours under an id that stands in the log; a form stays open with all that was typed."""
    fault = uuid.uuid4().hex[:8]
    log.error("handler failed", fault=fault, exc_info=error)
    sentence = (
        f"Something went wrong on the bot's side (fault {fault}), and nothing was done. Please try again."
    )
    if body.get("type") == "view_submission":
        field = next(
            (block["block_id"] for block in body["view"]["blocks"] if block.get("type") == "input"), None
        )
        if field is None:
            return BoltResponse(
                status=200,
                body={
                    "response_action": "update",
                    "view": message_view("Something went wrong", sentence),
                },
            )
        return BoltResponse(status=200, body={"response_action": "errors", "errors": {field: sentence}})
    if body.get("type") == "block_suggestion":
        return BoltResponse(status=200, body={"options": []})
    if "command" in body:
        return BoltResponse(status=200, body={"response_type": "ephemeral", "text": sentence})
    if body.get("response_url") and ctx:
        ctx.background.spawn(ctx.modal_controller.reply(respond, sentence))
    return BoltResponse(status=200)


async def _outdated(_external: str) -> Reply:
    return Reply("Out of date", OUTDATED)
