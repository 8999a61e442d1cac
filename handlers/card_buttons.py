"""The card's buttons, and the modals that they open."""

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.domain.requests.request import Event, Request
from bot.slack.messages import card, confirmations
from bot.slack.modal_controller import next_external_id, said_safely
from bot.slack.modals import approval, placeholders, rejection, request_form
from bot.slack.rendering import reasons
from bot.slack.reply import Sentence, View
from handlers.context import Counter
from handlers.payloads import on_card
from handlers.request_form import draw_form


def register(app: AsyncApp) -> None:
    """Listen to the buttons and to the modals behind them."""
    app.action(card.APPROVE)(open_approval)
    app.action(card.REJECT)(open_rejection)
    app.action(card.CANCEL)(cancel)
    app.action(card.CONTINUE)(carry_on)
    app.action(card.END)(end_here)
    app.action(card.GIVE_NOW)(give_now)
    app.action(card.AGAIN)(ask_again)
    app.view(approval.CALLBACK)(submit_approval)
    app.view(rejection.CALLBACK)(submit_rejection)


async def open_approval(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter
) -> None:
    """Show an approver what a yes is for."""
    request, channel = on_card(body)

    async def draw(external: str) -> View | Sentence:
        found = await counter.desk.consider(request, who, channel)
        if isinstance(found, Refusal):
            return Sentence(approval.TITLE, reasons.refusal(found, counter.look))
        links = await counter.screens.links(found.review.named)
        return approval.build(found, counter.look, external_id=external, links=links)

    await ack()
    counter.jobs.soon(counter.screens.open(body["trigger_id"], approval.TITLE, draw, respond=respond))


async def submit_approval(ack: AsyncAck, view: dict[str, Any], who: Person, counter: Counter) -> None:
    """Say yes to what was shown."""
    yes = approval.read(view)
    miscounted = await counter.desk.miscounted(yes.request, yes.typed)
    if miscounted:
        await ack(
            response_action="errors", errors=approval.errors(reasons.refusal_plain(miscounted, counter.look))
        )
        return

    async def approve() -> Request | Refusal:
        return await counter.desk.approve(yes.request, yes.round, who, typed=yes.typed, shown=yes.shown)

    async def say(approved: Request) -> Sentence:
        return confirmations.approved(approved, await counter.desk.still_needed(approved))

    await _finish(ack, view, approval.TITLE, who, counter, approve, say)


async def open_rejection(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter
) -> None:
    """Ask an approver why not."""
    request, channel = on_card(body)

    async def draw(external: str) -> View | Sentence:
        found = await counter.desk.rejectable(request, who, channel)
        if isinstance(found, Refusal):
            return Sentence(rejection.TITLE, reasons.refusal(found, counter.look))
        return rejection.build(found, counter.look, external_id=external)

    await ack()
    counter.jobs.soon(counter.screens.open(body["trigger_id"], rejection.TITLE, draw, respond=respond))


async def submit_rejection(ack: AsyncAck, view: dict[str, Any], who: Person, counter: Counter) -> None:
    """Say no, with the reason."""
    request, why = rejection.read(view)
    if not why:
        await ack(
            response_action="errors",
            errors=rejection.errors("Say in a few words why not: the requester reads it."),
        )
        return

    async def reject() -> Request | Refusal:
        return await counter.desk.reject(request, who, why)

    async def say(rejected: Request) -> Sentence:
        return confirmations.rejected(rejected)

    await _finish(ack, view, rejection.TITLE, who, counter, reject, say)


async def cancel(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter
) -> None:
    """Take the request back."""
    request, channel = on_card(body)
    await _answer(
        ack, respond, counter, lambda: counter.desk.cancel(request, who, channel), confirmations.cancelled
    )


async def carry_on(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter
) -> None:
    """Go on with a stopped request."""
    request, channel = on_card(body)
    await _answer(
        ack,
        respond,
        counter,
        lambda: counter.desk.carry_on(request, who, channel),
        lambda now: confirmations.resolved(now, Event.CONTINUED),
    )


async def end_here(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter
) -> None:
    """Leave a stopped request as it is."""
    request, channel = on_card(body)
    await _answer(
        ack,
        respond,
        counter,
        lambda: counter.desk.end_here(request, who, channel),
        lambda now: confirmations.resolved(now, Event.ENDED_HERE),
    )


async def give_now(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter
) -> None:
    """End the hold of an approved request."""
    request, channel = on_card(body)
    await _answer(
        ack, respond, counter, lambda: counter.desk.give_now(request, who, channel), confirmations.hurried
    )


async def ask_again(
    ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter
) -> None:
    """Open the form for whom an ended request left out, on a draft of whoever pressed."""
    request, channel = on_card(body)

    async def draw(external: str) -> View | Sentence:
        draft = await counter.asking.open_rest(request, who, channel)
        if isinstance(draft, Refusal):
            return Sentence(request_form.TITLE, reasons.refusal(draft, counter.look))
        return await draw_form(counter, draft.id, who)(external)

    await ack()
    counter.jobs.soon(counter.screens.open(body["trigger_id"], request_form.TITLE, draw, respond=respond))


Act = Callable[[], Awaitable[Request | Refusal]]
Say = Callable[[Request], Sentence]


async def _finish(
    ack: AsyncAck,
    view: dict[str, Any],
    title: str,
    who: Person,
    counter: Counter,
    act: Act,
    say: Callable[[Request], Awaitable[Sentence]],
) -> None:
    """Do it behind a loading view, which becomes the answer."""
    external = next_external_id(view)

    async def draw(_external: str) -> View | Sentence:
        done = await act()
        if isinstance(done, Refusal):
            return Sentence(title, reasons.refusal(done, counter.look))
        return confirmations.told(await say(done), done, await counter.desk.pauses.now())

    await ack(response_action="update", view=placeholders.loading(title, external_id=external))
    counter.jobs.soon(counter.screens.redraw(external, draw, user=who.id))


async def _answer(ack: AsyncAck, respond: AsyncRespond, counter: Counter, act: Act, say: Say) -> None:
    """Do it, and tell the person alone how it went."""

    async def answer() -> str:
        done = await act()
        if isinstance(done, Refusal):
            return reasons.refusal(done, counter.look)
        return confirmations.told(say(done), done, await counter.desk.pauses.now()).text

    async def told() -> None:
        await counter.screens.tell(respond, await said_safely(answer()))

    await ack()
    counter.jobs.soon(told())
