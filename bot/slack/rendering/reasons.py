"""Refusals and stops in words: what is missing, who can change it, and what to do next."""

from typing import Final

from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import StopReason
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, fit, mention, mentions, shorten
from bot.slack.rendering.refusal_phrases import SHORTLY, STAND_INS, PhraseWriter, sentences

REQUESTERS_LIST: Final = "the requester gets the list of who is left"

OTHER_ACCOUNT: Final = (
    "the bot gives in another Dintero account now",
    (
        "Ask again with /discount add. "
        "Or whoever runs the bot sets DINTERO_ACCOUNT_ID back; then press Continue…."
    ),
)

STOPS: Final[dict[StopReason | None, tuple[str, str]]] = {
    StopReason.TOKEN_REFUSED: (
        "Dintero did not accept the bot's client id or secret",
        (
            "Whoever runs the bot has to mend them (Dintero Backoffice, Settings → API clients); "
            "then Continue… goes on."
        ),
    ),
    StopReason.SCOPE_MISSING: (
        "Dintero did not let the bot do this: its API client has too little scope",
        (
            "Whoever runs the bot has to give the client read:discounts and write:discounts; "
            "then Continue… goes on."
        ),
    ),
    StopReason.RULE_GONE: (
        "Dintero does not have the rule any more",
        f"Press End here…: {REQUESTERS_LIST}, for another rule.",
    ),
    StopReason.RULE_INACTIVE: (
        "the rule has been switched off in Dintero",
        "Switch it on again and press Continue…, or press End here… to leave it so.",
    ),
    StopReason.RULE_EXPIRED: (
        "the rule has expired",
        "Move its end in Dintero and press Continue…, or press End here… to leave it so.",
    ),
    StopReason.UNKNOWN_FOR_GOOD: (
        "Dintero gave no usable answer, however often it was asked",
        (
            "Press Continue… when Dintero is well again: "
            "nobody gets it twice, since the once-only key stays the same."
        ),
    ),
    StopReason.RULE_CHANGED: (
        "the rule is no longer what was asked for, and nobody is there who could agree to it as it is now",
        f"Change it back in Dintero and press Continue…, or press End here…: {REQUESTERS_LIST}.",
    ),
    StopReason.BUSY: ("Dintero was too busy and turned every call away", "Press Continue… in a few minutes."),
    StopReason.POLICY: (
        "the bot's policy does not allow it any more",
        "An admin of the bot can change it, and then Continue… goes on; or press End here… to leave it so.",
    ),
    StopReason.BUDGET: (
        "other requests have used what it would need of this channel's budget",
        (
            "What was given longer ago counts no more: "
            "press Continue… once there is room, or once an admin raised it."
        ),
    ),
    None: ("something kept it from going on", "Press Continue… to try again, or End here… to leave it so."),
}
DATABASE_CHANGED: Final = (
    "the bot's database has changed",
    "Whoever runs the bot has to find out who changed it. Press End here…, and ask again with /discount add.",
)

DATABASE_OLDER: Final = (
    "the bot's database is older than what was done here",
    (
        "Read this thread from its end. If it was cancelled or ended since, press End here…; "
        "else Continue…: nobody gets it twice, since the once-only key stays the same."
    ),
)


def refusal(refusal: Refusal, formatter: Formatter) -> str:
    """Write a refusal in mrkdwn: what is missing, and who can change it or what to do next."""
    stand_in = STAND_INS.get(refusal.reason)
    people = refusal.who or (() if stand_in else formatter.admins)
    if people and refusal.reason is RefusalReason.NOT_YOURS:
        people = tuple(dict.fromkeys([*people, *formatter.admins]))
    writer = PhraseWriter(
        quote=lambda text: f"“{escape(text, 80)}”",
        say=lambda text: escape(text, 300),
        who=mentions(people) if people else stand_in or "whoever runs the bot",
        name=lambda who: mention(who) if who else "Somebody",
        formatter=formatter,
    )
    return fit(sentences(refusal, writer), 1_500)


def refusal_plain(refusal: Refusal, formatter: Formatter) -> str:
    """Write a refusal in plain text, as below a field, where nobody can be mentioned."""
    writer = PhraseWriter(
        quote=lambda text: f"“{shorten(text, 60)}”",
        say=lambda text: shorten(text, 120),
        who=STAND_INS.get(refusal.reason, "an admin of the bot"),
        name=lambda _who: "Somebody else",
        formatter=formatter,
    )
    return shorten(sentences(refusal, writer), 300)


def stop(reason: StopReason | None, note: str = "") -> str:
    """Say in mrkdwn why giving stopped, and what to do; `note` is Dintero's or the policy's reason."""
    why, what_next = stop_words(reason, note)
    return f"{why[0].upper()}{why[1:]}{in_parentheses(note)}. {what_next}"


def stop_words(reason: StopReason | None, note: str) -> tuple[str, str]:
    """Find the words for a stop: why, and what to do."""
    special = {
        RefusalReason.DATABASE_CHANGED: DATABASE_CHANGED,
        RefusalReason.DATABASE_OLDER: DATABASE_OLDER,
        RefusalReason.OTHER_ACCOUNT: OTHER_ACCOUNT,
    }
    return special[RefusalReason(note)] if note in special else STOPS[reason]


def shortly(note: str) -> str:
    """Say a note in a few words of mrkdwn; the name of a reason becomes its words."""
    return SHORTLY.get(note.strip()) or escape(note.strip(), 300)


def in_parentheses(note: str) -> str:
    """Put a note in parentheses, in mrkdwn; the name of a reason becomes its words."""
    words = shortly(note)
    return f" ({words})" if words else ""
