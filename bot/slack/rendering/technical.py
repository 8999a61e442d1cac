"""Translates why a call failed: the clients say it in English, and it is logged and stored so.

A text that is not listed, such as a reason in Dintero's own words, stays as it is.
"""

import re
from functools import cache
from typing import Final

from bot.slack.language.texts import N_, _

TEXTS: Final = (
    N_("Slack couldn't look up {what} ({why})."),
    N_("Slack couldn't look up {what} ({why}). The app is missing the scope {scope}. Add it and reinstall."),
    N_("the user group {group}"),
    N_("the channel {channel}"),
    N_("Slack isn't answering."),
    N_("Slack asks for fewer calls"),
    N_("can't reach Slack ({why})"),
    N_("status {status}"),
    N_("host name not found"),
    N_("connection refused"),
    N_("network unreachable"),
    N_("no secure connection (TLS failed)"),
    N_("no connection"),
    N_("no answer in time"),
    N_("the answer isn't from Slack"),
    N_("connection lost"),
    N_("no answer after {seconds} s"),
    N_("the call failed"),
    N_("can't reach Dintero ({why})"),
    N_("can't reach Dintero"),
    N_("unreadable answer from Dintero"),
    N_("Dintero answered {status} without a reason"),
    N_("Dintero rejected the access token twice"),
    N_("Dintero rejected the API client's id and secret"),
    N_("Dintero issued no token"),
    N_("Dintero issued no token for this account and API client (status {status})"),
    N_("the API client isn't allowed to do this"),
    N_("Dintero has no such rule"),
    N_("not a rule id"),
    N_("Dintero lists nobody for this rule"),
    N_("an id contains a broken character"),
    N_("too large for Dintero"),
    N_("rate limited by Dintero"),
    N_("waiting before retrying Dintero"),
    N_("Dintero took too long"),
    N_("still loading the rules"),
)
"""What the clients of Slack and Dintero say; placeholders are codes, ids, or one of these texts."""
CODED: Final = {
    "Dintero answered {status}": N_("error {status}"),
    "Slack refused the request ({code})": N_("Slack refused it"),
    "the app is missing a permission ({code})": N_("the app is missing a permission"),
    "Slack rejected the bot token ({code})": N_("Slack rejected the bot token"),
    "Slack error ({why})": N_("Slack had an error"),
}
"""Those with a code that helps nobody, and what people read: the code is in the log alone."""


def technical(why: str) -> str:
    """Write a failure in the language that holds now, without codes of Slack's.

    >>> technical("no answer after 30 s"), technical("customer c-1 is not known")
    ('no answer after 30 s', 'customer c-1 is not known')
    >>> technical("Slack refused the request (fatal_error)"), technical("Dintero answered 503")
    ('Slack refused it', 'error 503')
    """
    for shown, pattern in _patterns():
        if found := pattern.fullmatch(why):
            return _(shown, **{name: technical(value) for name, value in found.groupdict().items()})
    return why


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    shown = {text: text for text in TEXTS} | CODED
    placeholder, group = r"\\\{(\w+)\\\}", r"(?P<\1>.+)"
    return tuple((shown[text], re.compile(re.sub(placeholder, group, re.escape(text)))) for text in shown)
