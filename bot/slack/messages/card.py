"""A request's card, its one message in the channel: the facts, the state, and the buttons that fit it."""

from functools import partial
from typing import Final

from slackblocks import ActionsBlock, Block, Button, ConfirmationDialogue

from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.prior_grants import can_ask_again
from bot.domain.requests.request import Request, State
from bot.services.customer_lists import has_not_given_list
from bot.slack.modals import customer_list
from bot.slack.rendering import pause_banner, request_facts
from bot.slack.rendering.blocks import context, message, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import mention
from bot.slack.rendering.request_state import mark, status_line

APPROVE: Final = "discount_approve_open"
REJECT: Final = "discount_reject_open"
CANCEL: Final = "discount_cancel"
CONTINUE: Final = "discount_continue"
END: Final = "discount_end_here"
GIVE_NOW: Final = "discount_give_now"
AGAIN: Final = "discount_ask_again"
CHECK_AGAIN: Final = "discount_check_again"
BUTTONS: Final = "discount_buttons"


def build(snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Draw the card in the request's present state."""
    request = snapshot.request
    return message(
        text(snapshot, formatter),
        [
            section(_asks(request, formatter)),
            *sections(lines(snapshot, formatter), most=4),
            section(status_line(snapshot, formatter)),
            *pause_banner.blocks(snapshot.pause, formatter),
            *_buttons(snapshot),
            context(f"{request.short} · {request_facts.stage(request)}"),
        ],
    )


def text(snapshot: RequestSnapshot, formatter: Formatter) -> str:
    """Say the card in a sentence, for notifications."""
    request = snapshot.request
    asks = _asks(request, formatter)
    return f"{mark(snapshot)}: {asks} ({request.short}, {request_facts.stage(request)})"


def _asks(request: Request, formatter: Formatter) -> str:
    what = f"{request_facts.rule_name(request)} to {request_facts.whom(request, formatter)}"
    return f"{mention(request.requester)} asks to give {what}"


def lines(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Say the facts of a request."""
    request = snapshot.request
    rule = request.rule
    return [
        *(request_facts.rule_lines(rule, formatter) if rule else []),
        request_facts.customers(request, formatter),
        *([request_facts.cost_line(request.price, formatter)] if rule else []),
        *request_facts.tier(request.tier, formatter, request),
        request_facts.account(request, formatter),
        *request_facts.first(request, snapshot.first, formatter, {}),
        *request_facts.own_key(request),
        *request_facts.reason(request),
        *request_facts.forgotten(request, formatter),
        *([f"*Asked:* {formatter.slack_date(request.asked_at)}"] if request.asked_at else []),
    ]


def _buttons(snapshot: RequestSnapshot) -> list[Block]:
    """Draw the buttons; the one that shows the customers is the last, with the list before it."""
    request = snapshot.request
    draw = partial(Button, value=request.id)
    cancel = draw("Cancel request", action_id=CANCEL, style="danger", confirm=_confirm_cancel(request))
    show = draw("Show customers", action_id=customer_list.SHOW)
    row: list[Button] = []
    if request.state is State.WAITING:
        approve = draw("Approve…", action_id=APPROVE, style="primary")
        row = [approve, draw("Reject…", action_id=REJECT), cancel, show]
    elif request.state is State.STOPPED:
        lost = "Whoever has not been given it by now will not be. Whoever was keeps it."
        confirm = _confirmation(f"End {request.short} here?", lost, yes="End here", no="Not yet")
        end = draw("End here…", action_id=END, style="danger", confirm=confirm)
        row = [draw("Continue…", action_id=CONTINUE, style="primary"), end, show]
    elif request.state is State.APPROVED and request.give_after:
        row = [cancel, draw("Give now", action_id=GIVE_NOW), show]
    elif request.state in {State.APPROVED, State.GIVING} and not request.cancel_asked_by:
        row = [cancel, show]
    else:
        if can_ask_again(request, snapshot.tally):
            row.append(draw("Ask again for these…", action_id=AGAIN))
        if not request.purged_at:
            row.append(show)
    if has_not_given_list(request, snapshot.tally):
        row.insert(-1, draw("Get the list", action_id=customer_list.LIST))
    return [ActionsBlock([*row], block_id=BUTTONS)] if row else []


def _confirm_cancel(request: Request) -> ConfirmationDialogue:
    if request.state is State.GIVING:
        effect = "What is on its way to Dintero ends first; whoever was given it by then keeps it."
    elif request.started_at or (request.state is State.APPROVED and not request.give_after):
        effect = "Whoever was given it by then keeps it; nobody else gets it."
    else:
        effect = (
            "Nothing has been given yet, and nothing will be. "
            "To give it after all, it has to be asked for again."
        )
    return _confirmation(f"Cancel {request.short}?", effect, yes="Cancel request", no="Keep it")


def _confirmation(title: str, text: str, *, yes: str, no: str) -> ConfirmationDialogue:
    return ConfirmationDialogue(title=title, text=text, confirm=yes, deny=no, style="danger")
