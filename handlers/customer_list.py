"""**Show customers** and **Get the list**: the ids, or those of whoever was not given it, for requester, approvers and admins."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId, RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.slack.messages import confirmations
from bot.slack.modal_controller import said_safely
from bot.slack.modals import customer_list
from bot.slack.rendering import reasons
from bot.slack.reply import Drawing, Sentence, View
from handlers.context import Counter
from handlers.payloads import in_view, on_card


def register(app: AsyncApp) -> None:
    """Listen to the card's button, and to those that turn the pages."""
    app.action(customer_list.SHOW)(show)
    app.action(customer_list.LIST)(get_list)
    for turn in customer_list.TURNS:
        app.action(turn, matchers=[in_view])(turn_page)


async def show(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter
) -> None:
    """Show the first page."""
    request, channel = on_card(body)
    await ack()
    drawing = _draw(counter, request, who, channel, 1)
    counter.jobs.soon(counter.screens.open(body["trigger_id"], customer_list.TITLE, drawing, respond=respond))


async def get_list(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter
) -> None:
    """Send the list of those who were not given it, as a file in the person's direct messages."""
    request, channel = on_card(body)

    async def answer() -> str:
        sent = await counter.desk.send_list(request, who, channel)
        return (
            reasons.refusal(sent, counter.look)
            if isinstance(sent, Refusal)
            else confirmations.list_sent(sent).text
        )

    async def told() -> None:
        await counter.screens.tell(respond, await said_safely(answer()))

    await ack()
    counter.jobs.soon(told())


async def turn_page(ack: AsyncAck, body: dict[str, Any], who: Person, counter: Counter) -> None:
    """Show another page; whether this person may see it is asked anew."""
    request, page = customer_list.read_turn(body)
    await ack()
    counter.jobs.soon(
        counter.screens.redraw(
            body["view"]["external_id"], _draw(counter, request, who, None, page), user=who.id
        )
    )


def _draw(counter: Counter, request: RequestId, who: Person, channel: ChannelId | None, page: int) -> Drawing:
    async def draw(external: str) -> View | Sentence:
        found = await counter.desk.customers(request, who, channel, page)
        if isinstance(found, Refusal):
            return Sentence(customer_list.TITLE, reasons.refusal(found, counter.look))
        return customer_list.build(found, counter.look, external_id=external)

    return draw
