"""Why sending stopped, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.pause import Pause, PausedFor
from bot.domain.requests.request import StopReason
from bot.slack.language.texts import N_, _
from bot.slack.rendering.mrkdwn import escape, mentions
from bot.slack.rendering.refusals.short import SHORTLY
from bot.slack.rendering.technical import technical


@dataclass(frozen=True, slots=True)
class StopTexts:
    """What happened, in one sentence, and what to do."""

    what: str
    next: str


STOPS: Final[dict[StopReason | None, StopTexts]] = {
    StopReason.TOKEN_REFUSED: StopTexts(
        N_("Dintero rejected my credentials."),
        N_(
            "Ask the person who runs discount-bot to fix them"
            " (Dintero Backoffice → Settings → API clients). Then press *Continue*."
        ),
    ),
    StopReason.SCOPE_MISSING: StopTexts(
        N_("My Dintero API client is missing a permission."),
        N_(
            "Ask the person who runs discount-bot to add read:discounts and write:discounts."
            " Then press *Continue*."
        ),
    ),
    StopReason.RULE_GONE: StopTexts(
        N_("The rule was deleted in Dintero."),
        N_("*End request…* closes it and sends you a list of the remaining customers."),
    ),
    StopReason.RULE_INACTIVE: StopTexts(
        N_("The rule is inactive in Dintero."),
        N_("Activate it and press *Continue*, or *End request…* to stop here."),
    ),
    StopReason.RULE_EXPIRED: StopTexts(
        N_("The rule has expired."),
        N_("Extend it in Dintero and press *Continue*, or *End request…* to stop here."),
    ),
    StopReason.UNKNOWN_FOR_GOOD: StopTexts(
        N_("Dintero isn't answering."),
        N_("Press *Continue* when Dintero is back. Nobody gets it twice."),
    ),
    StopReason.RULE_CHANGED: StopTexts(
        N_("The rule changed, and nobody can approve the new version."),
        N_("Change it back in Dintero and press *Continue*, or *End request…* to stop here."),
    ),
    StopReason.BUSY: StopTexts(
        N_("Dintero is overloaded."),
        N_("Press *Continue* in a few minutes. Nobody gets it twice."),
    ),
    StopReason.POLICY: StopTexts(
        N_("This channel's settings no longer allow it."),
        N_("A bot admin can change them; then press *Continue*. Or press *End request…* to stop here."),
    ),
    StopReason.BUDGET: StopTexts(
        N_("The channel's budget is used up."),
        N_("Press *Continue* when older spending has dropped out, or when an admin has raised it."),
    ),
    None: StopTexts(
        N_("It stopped unexpectedly."),
        N_("Press *Continue* to try again, or *End request…* to stop here. Nobody gets it twice."),
    ),
}
SPECIAL: Final[dict[RefusalReason, StopTexts]] = {
    RefusalReason.DATABASE_CHANGED: StopTexts(
        N_("The stored request is no longer what people approved."),
        N_(
            "Ask the person who runs discount-bot what changed it."
            " Press *End request…*, then send a new request with `/discount add`."
        ),
    ),
    RefusalReason.DATABASE_OLDER: StopTexts(
        N_("A backup was restored that is older than what happened here."),
        N_(
            "Read this thread from its end. If it was cancelled or ended since, press *End request…*."
            " Otherwise press *Continue*: nobody gets it twice."
        ),
    ),
    RefusalReason.OTHER_ACCOUNT: StopTexts(
        N_("I now use another Dintero account."),
        N_("Ask the person who runs discount-bot to switch back. Then press *Continue*."),
    ),
}
"""Stops whose note says all: it is the name of one of these reasons."""
DINTERO_AWAY: Final = frozenset({StopReason.UNKNOWN_FOR_GOOD, StopReason.BUSY})
SELF_PAUSED: Final = frozenset({PausedFor.UNKNOWN, PausedFor.FAULTS})


def heading(reason: StopReason | None, note: str = "") -> str:
    """Say why sending stopped as the first line of a message."""
    if not is_unexpected(reason, note):
        return _("⚠️ *Stopped:* {reason}", reason=what_stopped(reason, note))
    if words := shortly(note):
        return _("⚠️ *Stopped unexpectedly:* {note}.", note=words)
    return _("⚠️ *Stopped unexpectedly.*")


def is_unexpected(reason: StopReason | None, note: str = "") -> bool:
    """Say whether nobody knows why it stopped."""
    return reason is None and note not in SPECIAL


def what_stopped(reason: StopReason | None, note: str = "") -> str:
    """Say in one sentence why sending stopped."""
    texts = _texts(reason, note)
    says_all = note in SPECIAL or reason is StopReason.RULE_GONE
    what, words = _(texts.what), "" if says_all else shortly(note)
    return _("{reason} ({note}).", reason=what.rstrip("."), note=words) if words else what


def what_next(
    reason: StopReason | None,
    note: str = "",
    *,
    lister: str = "",
    pause: Pause | None = None,
    admins: Sequence[str] = (),
) -> str:
    """Say what to do about a stop; `lister` gets the list after its end, and is empty for the reader."""
    if tells_pause(reason, note, pause):
        return _until_resumed(admins)
    texts = _texts(reason, note)
    if lister and texts is STOPS[StopReason.RULE_GONE]:
        return _("*End request…* closes it and sends {name} a list of the remaining customers.", name=lister)
    return _(texts.next)


def tells_pause(reason: StopReason | None, note: str, pause: Pause | None) -> bool:
    """Say whether the advice is to end the pause that the bot began by itself, as Dintero was away."""
    by_itself = pause is not None and pause.by is None and pause.why in SELF_PAUSED
    return by_itself and reason in DINTERO_AWAY and note not in SPECIAL


def _until_resumed(admins: Sequence[str]) -> str:
    return _(
        "Sending is paused. When Dintero is back, {admins} types `/discount resume`. Then press *Continue*.",
        admins=mentions(admins) or _("a bot admin"),
    )


def shortly(note: str) -> str:
    """Write a note in mrkdwn; the name of a reason becomes its words."""
    text = note.strip()
    return _(SHORTLY[text]) if text in SHORTLY else technical(escape(text, 300)).rstrip(".")


def _texts(reason: StopReason | None, note: str) -> StopTexts:
    return SPECIAL[RefusalReason(note)] if note in SPECIAL else STOPS[reason]
