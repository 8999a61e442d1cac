"""The guided tour: five steps, each done when the shop shows that it was."""

from http import HTTPStatus
from typing import Final, NamedTuple

from sandbox.browser.sandbox import Sandbox
from sandbox.dintero.ledger import Call
from sandbox.slack.state.elements import buttons


class TourStep(NamedTuple):
    """A step, and whether it is done."""

    title: str
    text: str
    done: bool


TEXTS: Final = {
    "Request a discount": "Be Ann: choose her at the top. Type /discount add below and press Send.",
    "Fill in the form": "Choose the rule “50 kr off”. Type a customer id such as kari-1001, and a reason. "
    "Press Review, then Request approval.",
    "Break Dintero": "On Dintero’s side, press Next beside “Cut after”. Dintero will save the next discount, "
    "but its answer gets lost.",
    "Approve as Bo": "Choose Bo at the top. Press Approve… on the request, then Approve.",
    "Watch it recover": "The bot repeats the call with the same campaign key: see the calls. "
    "In the ledger, each customer has it once.",
}
"""The steps, and what to do in each."""
ANOTHER: Final = (
    "No call has failed yet, and no request waits for approval. As Ann, request another discount. "
)
"""Comes before the text where a discount was given while Dintero worked."""


def steps(sandbox: Sandbox) -> list[TourStep]:
    """List the steps. A later step that is done means that the ones before it are."""
    shop, since = sandbox.shop, sandbox.toured_from
    sent = [message for channel in (shop.support, shop.quick, shop.careful) for message in channel.messages]
    cards = [one for one in sent if one.user == shop.slack.bot.id and float(one.ts) >= since]
    calls = [call for call in shop.dintero.ledger.calls if call.at.timestamp() >= since]
    waits = any(button.label == "Approve…" for card in cards for button in buttons(card.blocks))
    log = shop.dintero.ledger.access_log
    under_way = {entry.add.number for entry in log if entry.add and entry.seconds is None}
    failed = [call for call in calls if call.number not in under_way and _has_failed(call)]
    keys = {call.key for call in failed}
    facts = (
        bool(shop.slack.stacks.of(shop.ann.id) or cards),
        waits or bool(calls),
        shop.dintero.is_broken and (waits or bool(calls)),
        bool(failed),
        any(call.status == HTTPStatus.OK and call.key in keys for call in calls),
    )
    another = {"Break Dintero", "Approve as Bo"} if calls and not waits and not under_way else set()
    return [
        TourStep(title, (ANOTHER if title in another else "") + text, any(facts[number:]))
        for number, (title, text) in enumerate(TEXTS.items())
    ]


def finished(sandbox: Sandbox) -> bool:
    """Tell whether every step is done."""
    return all(step.done for step in steps(sandbox))


def _has_failed(call: Call) -> bool:
    """Tell whether a call ended without an answer, or with one of a Dintero in trouble."""
    if call.status is None or call.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return call.status >= HTTPStatus.INTERNAL_SERVER_ERROR
