"""The one message per request in its channel: what is asked, where it stands, and the buttons that fit its state."""

from typing import Final

from slackblocks import Block, Button

from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.prior_grants import can_ask_again
from bot.domain.requests.request import Request, State
from bot.services.customer_lists import has_not_given_list
from bot.slack.modals import customer_list
from bot.slack.rendering import pause_banner, request_facts
from bot.slack.rendering.blocks import actions, button, confirmation, context, message, section, sections
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
AGAIN_BUTTON: Final = "Ask again for these…"
BUTTONS: Final = "discount_buttons"


def build(snapshot: RequestSnapshot, formatter: Formatter) -> Message:
    """Draw the card as the books have it now."""
    request = snapshot.request
    return message(
        text(snapshot, formatter),
        [
            section(
                f"{mention(request.requester)} asks to give {request_facts.rule_name(request)} to {request_facts.whom(request, formatter)}"
            ),
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
    who = mention(request.requester)
    what = f"{request_facts.rule_name(request)} to {request_facts.whom(request, formatter)}"
    return f"{mark(snapshot)}: {who} asks to give {what} ({request.short}, {request_facts.stage(request)})"


def lines(snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Say the facts of a request, for whoever meets it."""
    request = snapshot.request
    rule = request.rule
    return [
        *(request_facts.rule_lines(rule, formatter) if rule else []),
        request_facts.customers(request, formatter),
        *([request_facts.cost_line(request.price, formatter)] if rule else []),
        *request_facts.tier(request.tier, formatter),
        request_facts.account(request),
        *request_facts.first(snapshot.first, formatter, {}),
        *request_facts.own_key(request),
        *request_facts.reason(request),
        *request_facts.forgotten(request, formatter),
        *([f"*Asked:* {formatter.slack_date(request.asked_at)}"] if request.asked_at else []),
    ]


def _buttons(snapshot: RequestSnapshot) -> list[Block]:
    request = snapshot.request
    again = (
        [button(AGAIN_BUTTON, action=AGAIN, value=request.id)]
        if can_ask_again(request, snapshot.tally)
        else []
    )
    row = _row(request) or [*again, *([] if request.purged_at else [_show(request)])]
    if has_not_given_list(request, snapshot.tally):
        row.insert(-1, button(customer_list.LIST_BUTTON, action=customer_list.LIST, value=request.id))
    return [actions(BUTTONS, *row)] if row else []


def _row(request: Request) -> list[Button]:
    """Draw the buttons by which it can still be moved on, the one that shows the customers last; none where nothing moves it."""
    if request.state is State.WAITING:
        approve = button("Approve…", action=APPROVE, value=request.id, style="primary")
        reject = button("Reject…", action=REJECT, value=request.id)
        return [approve, reject, _cancel(request), _show(request)]
    if request.state is State.STOPPED:
        go_on = button("Continue…", action=CONTINUE, value=request.id, style="primary")
        return [go_on, _end(request), _show(request)]
    if request.state is State.APPROVED and request.give_after:
        return [_cancel(request), button("Give now", action=GIVE_NOW, value=request.id), _show(request)]
    if request.state in {State.APPROVED, State.GIVING} and not request.cancel_asked_by:
        return [_cancel(request), _show(request)]
    return []


def _show(request: Request) -> Button:
    return button(customer_list.BUTTON, action=customer_list.SHOW, value=request.id)


def _cancel(request: Request) -> Button:
    if request.state is State.GIVING:
        meant = "What is on its way to Dintero ends first; whoever was given it by then keeps it."
    elif request.started_at or (request.state is State.APPROVED and not request.give_after):
        meant = "Whoever was given it by then keeps it; nobody else gets it."
    else:
        meant = "Nothing has been given yet, and nothing will be. To give it after all, it has to be asked for again."
    sure = confirmation(f"Cancel {request.short}?", meant, yes="Cancel request", no="Keep it")
    return button("Cancel request", action=CANCEL, value=request.id, style="danger", confirm=sure)


def _end(request: Request) -> Button:
    meant = "Whoever has not been given it by now will not be. Whoever was keeps it."
    sure = confirmation(f"End {request.short} here?", meant, yes="End here", no="Not yet")
    return button("End here…", action=END, value=request.id, style="danger", confirm=sure)
