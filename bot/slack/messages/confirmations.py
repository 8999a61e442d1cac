"""What a person reads right after they did something that went well; mrkdwn."""

from bot.domain.requests.request import Event, Pause, Request, State
from bot.slack.reply import Reply


def asked(request: Request) -> Reply:
    """Say what asking came to."""
    if request.state is State.WAITING:
        text = f"*{request.short}* is asked for. Its card stands in <#{request.channel}>; you get a direct message when it is decided."
        return Reply("Asked for approval", text)
    if request.approvals or request.state not in {State.APPROVED, State.GIVING}:
        text = (
            f"*{request.short}* was asked for already. Its card in <#{request.channel}> shows how it stands."
        )
        return Reply("Asked for already", text)
    if request.give_after:
        return Reply(
            "Held",
            f"*{request.short}* needs no approval, and is held for now. Its card in <#{request.channel}> shows until when.",
        )
    text = f"*{request.short}* needs no approval: it is being given now. Its card in <#{request.channel}> shows how it goes."
    return Reply("Under way", text)


def approved(request: Request, still_needed: int = 0) -> Reply:
    """Say what a yes came to."""
    if request.state is State.WAITING:
        more = "one more is needed" if still_needed <= 1 else f"{still_needed} more are needed"
        return Reply("Your yes counts", f"Your yes counts; {more} before *{request.short}* is given.")
    if request.state is not State.APPROVED:
        return Reply(
            "Approved",
            f"Your yes to *{request.short}* counts. Its card in <#{request.channel}> shows how it stands.",
        )
    if request.give_after:
        return Reply(
            "Approved",
            f"*{request.short}* is approved, and held for now. Its card in <#{request.channel}> shows until when.",
        )
    return Reply(
        "Approved",
        f"*{request.short}* is approved: giving starts now. The summary comes into the thread of its card.",
    )


def told(sentence: Reply, request: Request, pause: Pause | None) -> Reply:
    """Promise nothing that the pause holds up."""
    if pause is None or request.state is not State.APPROVED:
        return sentence
    text = f"*{request.short}* may be given, but the bot is paused just now: its giving begins by itself once an admin ends the pause."
    return Reply(sentence.title, text)


def rejected(request: Request) -> Reply:
    """Say that nothing will be given, or nothing more."""
    given = (
        "whoever was given it before keeps it, and nobody else gets it"
        if request.started_at
        else "nothing was given"
    )
    return Reply("Rejected", f"*{request.short}* is rejected; {given}. <@{request.requester}> is told why.")


def cancelled(request: Request) -> Reply:
    """Say that it is taken back, or will be once what is under way has ended."""
    if request.state is State.GIVING:
        text = f"*{request.short}* stops once the calls under way have ended. The thread of its card will say who had been given it by then."
        return Reply("Cancelling", text)
    return Reply("Cancelled", f"*{request.short}* is cancelled.")


def resolved(request: Request, event: Event) -> Reply:
    """Say what becomes of a stopped request."""
    if event is Event.CONTINUED:
        text = f"*{request.short}* goes on for whoever was not given it yet. Nobody gets it twice."
        return Reply("Going on", text)
    return Reply("Ended", f"*{request.short}* ends here. The summary comes into the thread of its card.")


def list_sent(request: Request) -> Reply:
    """Say where the list comes."""
    text = f"The list of those who were not given *{request.short}* comes to you as a direct message; that you have it stands in the audit."
    return Reply("On its way", text)


def odd_rows_sent(*, new: bool) -> Reply:
    """Say where the rows are that were left out."""
    where = (
        "have come to you as a file in your direct messages with the bot"
        if new
        else "stand in your direct messages with the bot already"
    )
    return Reply("Unreadable rows", f"The rows that gave no id {where}. Close this to go back to the review.")


def odd_rows_not_sent() -> Reply:
    """Say that they could not be sent."""
    return Reply(
        "Unreadable rows", "Slack did not take the file. Close this, and press the button again in a minute."
    )


def hurried(request: Request) -> Reply:
    """Say that the hold is over."""
    return Reply(
        "Hold ended",
        f"*{request.short}* is held no longer: giving starts now. The summary comes into the thread of its card.",
    )
