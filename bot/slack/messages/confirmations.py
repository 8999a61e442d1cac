"""The reply to a person right after their action succeeded; mrkdwn."""

from typing import Final

from bot.domain.requests.request import Event, Pause, Request, State
from bot.slack.reply import Reply

SUMMARY_FOLLOWS: Final = "The summary comes into the thread of its card."


def asked(request: Request) -> Reply:
    """Confirm a new request."""
    name, channel = f"*{request.short}*", f"<#{request.channel}>"
    if request.state is State.WAITING:
        then = "you get a direct message when it is decided"
        return Reply("Asked for approval", f"{name} is asked for. Its card stands in {channel}; {then}.")
    card = f"Its card in {channel} shows"
    if request.approvals or request.state not in {State.APPROVED, State.GIVING}:
        return Reply("Asked for already", f"{name} was asked for already. {card} how it stands.")
    if request.give_after:
        return Reply("Held", f"{name} needs no approval, and is held for now. {card} until when.")
    return Reply("Under way", f"{name} needs no approval: it is being given now. {card} how it goes.")


def approved(request: Request, still_needed: int = 0) -> Reply:
    """Confirm an approval."""
    name, card = f"*{request.short}*", f"Its card in <#{request.channel}> shows"
    if request.state is State.WAITING:
        more = "one more is needed" if still_needed <= 1 else f"{still_needed} more are needed"
        return Reply("Your yes counts", f"Your yes counts; {more} before {name} is given.")
    if request.state is not State.APPROVED:
        return Reply("Approved", f"Your yes to {name} counts. {card} how it stands.")
    if request.give_after:
        return Reply("Approved", f"{name} is approved, and held for now. {card} until when.")
    return Reply("Approved", f"{name} is approved: giving starts now. {SUMMARY_FOLLOWS}")


def unless_paused(reply: Reply, request: Request, pause: Pause | None) -> Reply:
    """Replace a reply that promises what the pause holds up."""
    if pause is None or request.state is not State.APPROVED:
        return reply
    begins = "its giving begins by itself once an admin ends the pause"
    return Reply(reply.title, f"*{request.short}* may be given, but the bot is paused just now: {begins}.")


def rejected(request: Request) -> Reply:
    """Confirm a rejection."""
    kept = "whoever was given it before keeps it, and nobody else gets it"
    given = kept if request.started_at else "nothing was given"
    return Reply("Rejected", f"*{request.short}* is rejected; {given}. <@{request.requester}> is told why.")


def cancelled(request: Request) -> Reply:
    """Confirm a cancellation; during giving it takes effect once the calls under way have ended."""
    if request.state is not State.GIVING:
        return Reply("Cancelled", f"*{request.short}* is cancelled.")
    then = "The thread of its card will say who had been given it by then."
    return Reply("Cancelling", f"*{request.short}* stops once the calls under way have ended. {then}")


def resolved(request: Request, event: Event) -> Reply:
    """Confirm that a stopped request continues or ends."""
    if event is Event.CONTINUED:
        text = f"*{request.short}* goes on for whoever was not given it yet. Nobody gets it twice."
        return Reply("Going on", text)
    return Reply("Ended", f"*{request.short}* ends here. {SUMMARY_FOLLOWS}")


def list_sent(request: Request) -> Reply:
    """Confirm that the list of customers who were not given it follows."""
    what = f"The list of those who were not given *{request.short}*"
    text = f"{what} comes to you as a direct message; that you have it stands in the audit."
    return Reply("On its way", text)


def odd_rows_sent(*, new: bool) -> Reply:
    """Say where the unreadable rows are."""
    sent = "have come to you as a file in your direct messages with the bot"
    where = sent if new else "stand in your direct messages with the bot already"
    return Reply("Unreadable rows", f"The rows that gave no id {where}. Close this to go back to the review.")


def odd_rows_not_sent() -> Reply:
    """Say that Slack did not take the unreadable rows."""
    text = "Slack did not take the file. Close this, and press the button again in a minute."
    return Reply("Unreadable rows", text)


def hurried(request: Request) -> Reply:
    """Confirm the end of a hold."""
    return Reply("Hold ended", f"*{request.short}* is held no longer: giving starts now. {SUMMARY_FOLLOWS}")
