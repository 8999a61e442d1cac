"""The reply to a person right after their action succeeded; mrkdwn."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bot.domain.requests.pause import Pause
from bot.domain.requests.request import Request, State, StopReason
from bot.services.results.check_again import Checked
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering import verification
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import linked, mention
from bot.slack.reply import Reply

BLOCKED: Final[dict[StopReason, str]] = {
    StopReason.BUSY: N_("Dintero isn't answering. *{request}* will be sent when Dintero is back."),
    StopReason.RULE_GONE: N_("The rule is deleted in Dintero, so *{request}* will stop."),
    StopReason.RULE_INACTIVE: N_(
        "The rule is inactive in Dintero, so *{request}* will stop. "
        "When the rule is active, press *Continue*."
    ),
    StopReason.RULE_EXPIRED: N_(
        "The rule has expired, so *{request}* will stop. Extend the rule in Dintero, then press *Continue*."
    ),
    StopReason.RULE_CHANGED: N_(
        "The rule changed in Dintero since, so *{request}* will need approval again."
    ),
}
"""What is known to keep an approved request from being sent now."""


def asked(request: Request, formatter: Formatter, *, is_told: bool = False) -> Reply:
    """Confirm a new request, with a link to its message; `is_told`: the requester gets its result."""
    reply = _asked(request, formatter, is_told=is_told)
    if link := formatter.permalink(request.channel, request.card_ts):
        opens = linked(_("Open request"), link)
        return replace(reply, text=f"{reply.text}\n{opens}")
    return reply


def _asked(request: Request, formatter: Formatter, *, is_told: bool) -> Reply:
    title, texts = N_("Sending"), [N_("No approval needed. *{request}* is being sent now.")]
    if request.state is State.WAITING:
        title, texts = N_("Sent for approval"), [N_("*{request}* is waiting for approval in {channel}.")]
        texts += [N_("I'll message you when it's decided.")] if is_told else []
    elif request.approvals or request.state not in {State.APPROVED, State.GIVING}:
        title, texts = N_("Already requested"), [N_("*{request}* is already in {channel}.")]
    elif request.give_after:
        title, texts = N_("On hold"), [N_("No approval needed. *{request}* is on hold until {until}.")]
    return Reply(_(title), " ".join(_(text, **_facts(request, formatter)) for text in texts))


def approved(request: Request, formatter: Formatter, still_needed: int = 0) -> Reply:
    """Confirm an approval."""
    if request.state is State.WAITING:
        more = ngettext(
            "*{request}* needs {count} more approval.",
            "*{request}* needs {count} more approvals.",
            max(still_needed, 1),
            request=request.short,
        )
        return Reply(_("Approved"), more)
    text = N_("Sending *{request}* now. The result goes to its thread.")
    if request.state is not State.APPROVED:
        text = N_("You already approved *{request}*. It's in {channel}.")
    elif request.give_after:
        text = N_("*{request}* is on hold until {until}.")
    return Reply(_("Approved"), _(text, **_facts(request, formatter)))


def _facts(request: Request, formatter: Formatter) -> dict[str, str]:
    until = formatter.slack_date(request.give_after) if request.give_after else ""
    return {"request": request.short, "channel": mention(request.channel), "until": until}


def unless_paused(reply: Reply, request: Request, pause: Pause | None, *, is_click: bool = False) -> Reply:
    """Replace a reply that promises what the pause delays; with `is_click` nobody has just approved it."""
    if pause is None or request.state is not State.APPROVED:
        return reply
    text = N_("The bot is paused. *{request}* will be sent when an admin ends the pause.")
    if is_click:
        text = N_("The bot is paused. *{request}* continues when an admin ends the pause.")
    return Reply(reply.title, _(text, request=request.short))


def unless_blocked(reply: Reply, request: Request, obstacle: StopReason | None) -> Reply:
    """Replace a reply that promises what is known to fail: an unusable rule, or a Dintero that is down."""
    if obstacle is None or request.state is not State.APPROVED or request.give_after:
        return reply
    return Reply(reply.title, _(BLOCKED.get(obstacle, BLOCKED[StopReason.BUSY]), request=request.short))


def rejected(request: Request) -> Reply:
    """Confirm a rejection."""
    text = N_("Nothing was given. {person} can read your reason in the thread of *{request}*.")
    if request.started_at:
        text = N_(
            "Customers who already got it keep it. "
            "{person} can read your reason in the thread of *{request}*."
        )
    return Reply(_("Rejected"), _(text, request=request.short, person=mention(request.requester)))


def cancelled(request: Request) -> Reply:
    """Confirm a cancellation; while it is sent, it takes effect after the calls under way."""
    if request.state is not State.GIVING:
        return Reply(_("Cancelled"), _("*{request}* is cancelled.", request=request.short))
    text = _(
        "Cancelling *{request}*. Calls already sent will finish. The thread will show the result.",
        request=request.short,
    )
    return Reply(_("Cancelling"), text)


def _confirming(title: str, text: str) -> Callable[[Request], Reply]:
    return lambda request: Reply(_(title), _(text, request=request.short))


continued: Final = _confirming(
    N_("Continuing"), N_("Continuing *{request}* with the remaining customers. Nobody gets it twice.")
)
ended: Final = _confirming(N_("Ended"), N_("Ended *{request}*. The result is in its thread."))
list_sent: Final = _confirming(
    N_("Sending"), N_("I'm sending you the list of *{request}* as a direct message. This is logged.")
)
hurried: Final = _confirming(
    N_("Hold skipped"), N_("Hold skipped. Sending *{request}* now. The result goes to its thread.")
)


def odd_rows_sent(*, new: bool) -> Reply:
    """Say where the skipped rows are."""
    text = N_("The skipped rows are already in your direct messages.")
    if new:
        text = N_("Skipped rows sent to your direct messages.")
    return Reply(_("Skipped rows"), _(text), "Back")


def odd_rows_not_sent() -> Reply:
    """Say that Slack did not take the skipped rows."""
    return Reply(_("Skipped rows"), _("Slack didn't accept the file. Try again in a minute."), "Back")


def checked(result: Checked, formatter: Formatter) -> str:
    """Say what a check for the unconfirmed customers found."""
    found = result.verification
    if found is None or result.running or not result.unconfirmed:
        return _(_not_checked(result), request=result.request.short)
    sentences = [_("Checked at {time}.", time=formatter.clock(found.at)), verification.seen(found)]
    if found.failed:
        sentences.append(_("Try again in a minute."))
    return " ".join(sentences)


def _not_checked(result: Checked) -> str:
    if result.running:
        return N_("Another check of *{request}* is still running. The request will show its result.")
    if not result.unconfirmed:
        return N_("*{request}* has no unconfirmed customers, so there's nothing to check.")
    if result.request.reserved:
        return N_("Dintero's list can't show this, because *{request}* is for everyone.")
    return N_("*{request}* has too many unconfirmed customers to check.")
