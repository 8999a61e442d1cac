"""The buttons of a request's card, and the menu with the rare ones."""

from typing import Any, Final

from slackblocks import ActionsBlock, Block, Button, ConfirmationDialogue, Option, OverflowMenu, PlainText

from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.prior_grants import can_ask_again
from bot.domain.requests.request import Request, State, StopReason
from bot.services.results.customer_lists import has_not_given_list
from bot.slack.language.texts import _
from bot.slack.modals import customer_list
from bot.slack.rendering import request_facts
from bot.slack.rendering.formatting import Formatter

APPROVE: Final = "discount_approve_open"
REJECT: Final = "discount_reject_open"
CANCEL: Final = "discount_cancel"
CONTINUE: Final = "discount_continue"
END: Final = "discount_end_here"
GIVE_NOW: Final = "discount_give_now"
AGAIN: Final = "discount_ask_again"
EDIT_RESEND: Final = "discount_edit_resend"
CHECK_AGAIN: Final = "discount_check_again"
MENU: Final = "discount_menu"
BUTTONS: Final = "discount_buttons"
SEPARATOR: Final = ":"
"""Between the action and the request's id in the value of a menu's option."""

Label = tuple[str, str]


def buttons(snapshot: RequestSnapshot, formatter: Formatter) -> list[Block]:
    """Draw the buttons of the state: decide, reject, rest."""
    if snapshot.request.state is State.STOPPED:
        row = _stopped(snapshot, formatter)
    else:
        row = _BY_STATE.get(snapshot.request.state, _ended)(snapshot)
    return [ActionsBlock([*row], block_id=BUTTONS)] if row else []


def cancel_effect(request: Request) -> str:
    """Say what cancelling does now."""
    if request.state is State.GIVING:
        return _("Calls already sent will finish. Nobody else will get it.")
    if request.started_at:
        return _("Customers who already got it keep it. Nobody else will get it.")
    return _("Nothing has been given yet. You can send a new request later.")


def _waiting(snapshot: RequestSnapshot) -> list[Button | OverflowMenu]:
    request = snapshot.request
    approve, reject = (
        _("Approve {request}", request=request.short),
        _("Reject {request}", request=request.short),
    )
    return [
        _button(request, (_("Approve…"), APPROVE), style="primary", accessibility_label=approve),
        _button(request, (_("Reject…"), REJECT), accessibility_label=reject),
        *_menu(request, _view(), (_("Cancel request…"), CANCEL)),
    ]


def _running(snapshot: RequestSnapshot) -> list[Button | OverflowMenu]:
    request = snapshot.request
    row: list[Button | OverflowMenu] = []
    if not request.cancel_asked_by:
        row.append(_button(request, (_("Cancel request…"), CANCEL), confirm=confirm_cancel(request)))
    if request.state is State.APPROVED and request.give_after:
        row.append(_button(request, (_("Skip hold…"), GIVE_NOW), confirm=_confirm_skip(request)))
    return [*row, *_menu(request, _view())]


def _stopped(snapshot: RequestSnapshot, formatter: Formatter) -> list[Button | OverflowMenu]:
    request = snapshot.request
    ends_first = request.stop is StopReason.RULE_GONE
    may_continue = not ends_first and not request_facts.other_account(request, formatter)
    end = _button(
        request,
        (_("End request…"), END),
        style="primary" if ends_first else None,
        confirm=_confirm_end(request, formatter),
        accessibility_label=_("End {request}", request=request.short),
    )
    go_on = _button(
        request,
        (_("Continue"), CONTINUE),
        style="primary" if may_continue else None,
        accessibility_label=_("Continue {request}", request=request.short),
    )
    row = [end, go_on] if ends_first else [go_on, end]
    if snapshot.tally.unknown:
        check = _("Check {request} again", request=request.short)
        row.append(_button(request, (_("Check again"), CHECK_AGAIN), accessibility_label=check))
    return [*row, *_menu(request, *_list_of(snapshot), _view())]


def _ended(snapshot: RequestSnapshot) -> list[Button | OverflowMenu]:
    request = snapshot.request
    if request.purged_at:
        return []
    return [_button(request, label) for label in (*_again(snapshot), *_list_of(snapshot), _view())]


def _again(snapshot: RequestSnapshot) -> list[Label]:
    """Offer the remaining customers, or the same request once more if it never started."""
    request = snapshot.request
    if can_ask_again(request, snapshot.tally):
        return [(_("Request again…"), AGAIN)]
    unstarted = request.ended and request.started_at is None
    return [(_("Edit and resend…"), EDIT_RESEND)] if unstarted and request.state is not State.DONE else []


def _list_of(snapshot: RequestSnapshot) -> list[Label]:
    has_list = has_not_given_list(snapshot.request, snapshot.tally)
    return [(_("Send me the list"), customer_list.LIST)] if has_list else []


def _view() -> Label:
    return _("View customers"), customer_list.SHOW


def _menu(request: Request, *labels: Label) -> list[Button | OverflowMenu]:
    """Draw the rare actions: a menu, or a button if it is only one."""
    if len(labels) == 1:
        return [_button(request, label) for label in labels]
    options = [
        Option(text=PlainText(label), value=f"{action}{SEPARATOR}{request.id}") for label, action in labels
    ]
    return [OverflowMenu(action_id=MENU, options=options)]


def _button(request: Request, label: Label, **more: Any) -> Button:
    return Button(label[0], action_id=label[1], value=request.id, **more)


def confirm_cancel(request: Request) -> ConfirmationDialogue:
    """Ask before a request is cancelled."""
    return ConfirmationDialogue(
        title=_("Cancel {id}?", id=request.short),
        text=cancel_effect(request),
        confirm=_("Cancel request"),
        deny=_("Keep request"),
    )


def _confirm_skip(request: Request) -> ConfirmationDialogue:
    return ConfirmationDialogue(
        title=_("Send {id} now?", id=request.short),
        text=_("The hold ends, and the discount is sent to Dintero. Only bot admins can do this."),
        confirm=_("Send now"),
        deny=_("Keep the hold"),
    )


def _confirm_end(request: Request, formatter: Formatter) -> ConfirmationDialogue:
    name = formatter.name(request.requester)
    return ConfirmationDialogue(
        title=_("End {id}?", id=request.short),
        text=_("Customers who don't have it yet won't get it. {name} gets a list of them.", name=name),
        confirm=_("End request"),
        deny=_("Keep open"),
        style="danger",
    )


_BY_STATE: Final = {State.WAITING: _waiting, State.APPROVED: _running, State.GIVING: _running}
