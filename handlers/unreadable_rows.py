"""**Get the unreadable rows** in the review: those rows of the files that gave no id, as a file for whoever put the files in."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.errors import SayLater
from bot.slack.messages import confirmations, unreadable_rows_file
from bot.slack.modals import review
from bot.slack.rendering import reasons
from bot.slack.reply import Sentence, View
from handlers.context import Counter
from handlers.payloads import in_view


def register(app: AsyncApp) -> None:
    """Listen to the review's button."""
    app.action(review.ODD_ROWS, matchers=[in_view])(get_odd_rows)


async def get_odd_rows(ack: AsyncAck, body: dict[str, Any], who: Person, counter: Counter) -> None:
    """Send them to the person's direct messages, and say so on top of the review."""
    draft = review.read(body["view"])

    async def draw(_external: str) -> View | Sentence:
        found = await counter.asking.odd_rows(draft, who)
        if isinstance(found, Refusal):
            return Sentence(review.ODD_TITLE, reasons.refusal(found, counter.look))
        request, files = found
        try:
            new = await counter.screens.post.send(
                unreadable_rows_file.build(request, files, counter.look), who.id
            )
        except SayLater:
            return confirmations.odd_rows_not_sent()
        return confirmations.odd_rows_sent(new=new)

    await ack()
    counter.jobs.soon(counter.screens.push(body["trigger_id"], review.ODD_TITLE, draw, user=who.id))
