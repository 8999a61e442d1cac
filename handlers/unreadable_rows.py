"""**Get the unreadable rows** in the review: those rows of the files that gave no id, as a file for whoever put the files in."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.errors import DeliveryDeferred
from bot.slack.messages import confirmations, unreadable_rows_file
from bot.slack.modals import review
from bot.slack.rendering import reasons
from bot.slack.reply import Reply, View
from handlers.context import HandlerContext
from handlers.payloads import is_modal_action


def register(app: AsyncApp) -> None:
    """Listen to the review's button."""
    app.action(review.ODD_ROWS, matchers=[is_modal_action])(get_odd_rows)


async def get_odd_rows(ack: AsyncAck, body: dict[str, Any], who: Person, ctx: HandlerContext) -> None:
    """Send them to the person's direct messages, and say so on top of the review."""
    draft = review.read(body["view"])

    async def draw(_external: str) -> View | Reply:
        found = await ctx.drafts.unreadable_rows(draft, who)
        if isinstance(found, Refusal):
            return Reply(review.ODD_TITLE, reasons.refusal(found, ctx.formatter))
        request, files = found
        try:
            new = await ctx.modal_controller.file_messenger.send(
                unreadable_rows_file.build(request, files, ctx.formatter), who.id
            )
        except DeliveryDeferred:
            return confirmations.odd_rows_not_sent()
        return confirmations.odd_rows_sent(new=new)

    await ack()
    ctx.background.spawn(ctx.modal_controller.push(body["trigger_id"], review.ODD_TITLE, draw, user=who.id))
