"""The guided tour: five steps, each done when the shop shows that it was."""

from typing import Final, NamedTuple

from sandbox.browser.sandbox import Sandbox
from sandbox.slack.state.elements import buttons


class TourStep(NamedTuple):
    """A step, and whether it is done."""

    title: str
    text: str
    done: bool


TEXTS: Final = {
    "Request a discount": "You are Ann. Type /discount add in the field below and press Send.",
    "Fill in the form": "Choose the rule “50 kr off”, type a customer id, such as kari-1001, and a reason. "
    "Press Review, then Ask for approval.",
    "Break Dintero": "On Dintero’s side, press Next beside “Cut after”. Dintero will give the next discount, "
    "but the bot will not hear of it.",
    "Approve as Bo": "Choose Bo at the top. Press Approve… on the request, then Approve.",
    "Watch it recover": "The bot repeats the call under the same once-only key: see the calls. "
    "In the ledger each customer has it once.",
}
"""The steps, and what to do in each."""


def steps(sandbox: Sandbox) -> list[TourStep]:
    """List the steps. A later step that is done means that the ones before it are."""
    shop, ledger = sandbox.shop, sandbox.shop.dintero.ledger
    sent = [message for channel in (shop.support, shop.quick, shop.careful) for message in channel.messages]
    cards = [message for message in sent if message.user == shop.slack.bot.id]
    asked = any(button.label == "Approve…" for card in cards for button in buttons(card.blocks))
    broken = shop.dintero.is_broken or any(call.status is None for call in ledger.calls)
    facts = (
        bool(shop.slack.stacks.of(shop.ann.id) or cards),
        asked or bool(ledger.calls),
        broken and bool(asked or ledger.calls),
        bool(ledger.calls),
        len(ledger.calls) > 1 and bool(ledger.grants) and ledger.calls[-1].status is not None,
    )
    return [TourStep(title, text, any(facts[number:])) for number, (title, text) in enumerate(TEXTS.items())]
