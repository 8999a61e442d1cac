"""Refusals in words: what is the matter, why, who can help, what to do next and where else."""

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.policy.policy import Place, Refusal, RefusalReason
from bot.slack.language.texts import N_, _, in_quotes, joined, ngettext
from bot.slack.rendering.blocks import fit
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mention, mentions, phrase, shorten
from bot.slack.rendering.refusals.customers import CUSTOMERS
from bot.slack.rendering.refusals.limits import LIMITS
from bot.slack.rendering.refusals.people import PEOPLE
from bot.slack.rendering.refusals.requests import REQUESTS
from bot.slack.rendering.refusals.rules import RULES
from bot.slack.rendering.refusals.words import Text, Words

TEXTS: Final[dict[RefusalReason, Text]] = {**PEOPLE, **RULES, **CUSTOMERS, **LIMITS, **REQUESTS}
MAX_PLACES: Final = 5
OPERATOR: Final = N_("the person who runs discount-bot")
BOLD: Final = re.compile(r"\*([^*]+)\*")
BOT_ADMIN: Final = N_("a bot admin")

STAND_INS: Final[dict[RefusalReason, str]] = {
    RefusalReason.OWN_REQUEST: N_("another approver"),
    RefusalReason.NOT_AN_APPROVER: N_("an approver of this channel"),
    RefusalReason.NOT_YOURS: N_("its requester or an approver"),
}
"""Who to ask when nobody can be named and an admin could not help."""


def refusal(refusal: Refusal, formatter: Formatter) -> str:
    """Write a refusal in mrkdwn."""
    stand_in = STAND_INS.get(refusal.reason)
    people = _helpers(refusal) or (() if stand_in else formatter.admins)
    who = mentions(people) if people else _(stand_in or OPERATOR)
    if people and refusal.reason is RefusalReason.NOT_YOURS:
        requester, *others = dict.fromkeys([*people, *formatter.admins])
        who = phrase([formatter.name(requester), *map(mention, others)])
    words = Words(
        refusal=refusal,
        who=who,
        places=_joined_places([mention(place.id) for place in refusal.elsewhere]),
        quote=lambda text: in_quotes(escape(text, 80)),
        say=lambda text: escape(text, 300),
        mention=mention,
        formatter=formatter,
    )
    return fit(_whole(words), 1_500)


def refusal_plain(refusal: Refusal, formatter: Formatter) -> str:
    """Write a refusal in plain text, as below a field, where nobody can be mentioned."""
    words = Words(
        refusal=refusal,
        who=_(STAND_INS.get(refusal.reason, BOT_ADMIN)),
        places=_joined_places(_channel_names(refusal.elsewhere)),
        quote=lambda text: in_quotes(shorten(text, 60)),
        say=lambda text: shorten(text, 120),
        mention=lambda _id: "",
        formatter=formatter,
    )
    text = shorten(_whole(words), 300)
    return BOLD.sub(lambda found: in_quotes(found[1]), text).replace("`", "")


def _helpers(refusal: Refusal) -> tuple[str, ...]:
    """Return who can help; in a late click `who` is the person who was first, and helps nobody."""
    return () if refusal.reason is RefusalReason.WRONG_STATE else refusal.who


def _whole(words: Words) -> str:
    write, empty = TEXTS[words.refusal.reason], words.refusal.empty
    text = words.fill(write) if isinstance(write, str) else write(words)
    return f"{text} {_about_groups(empty)}" if empty else text


def _about_groups(empty: Sequence[str]) -> str:
    return ngettext(
        "The user group {groups} has no members. It may be deleted or disabled in Slack.",
        "The user groups {groups} have no members. They may be deleted or disabled in Slack.",
        len(empty),
        groups=joined(list(empty)),
    )


def _channel_names(places: Sequence[Place]) -> list[str]:
    return [f"#{shorten(place.name, 40)}" for place in places if place.name]


def _joined_places(places: Sequence[str]) -> str:
    return joined(list(places[:MAX_PLACES]), "or") if places else ""
