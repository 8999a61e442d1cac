"""What Dintero's list of a rule's customers shows of the unconfirmed ones; they stay unconfirmed."""

from typing import Final

from bot.domain.requests.batches import Verification
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape
from bot.slack.rendering.technical import technical

UNREAD: Final = N_("Dintero's list couldn't be read ({why}).")
CUT_OFF: Final = N_("Dintero's list couldn't be read to its end: {listed} of {unconfirmed} so far.")


def line(found: Verification | None, formatter: Formatter) -> list[str]:
    """Say in mrkdwn when the list was read and what it showed; nothing if it was not read."""
    if found is None:
        return []
    when = formatter.slack_date(found.at)
    return [_("*Checked {when}:* {result}", when=when, result=seen(found))]


def of_one(found: Verification | None) -> str:
    """Say of one unconfirmed customer what the list showed, if it does not have them; plain text."""
    if found is None:
        return _("No answer: may or may not have it")
    if found.failed:
        return _("No answer; Dintero's list couldn't be read")
    if found.whole:
        return _("No answer; Dintero's list doesn't have this customer")
    if found.refs:
        return _("No answer; not among the first {entries} entries of Dintero's list", entries=found.refs)
    return _("No answer; Dintero's list is too long to check")


def seen(found: Verification) -> str:
    """Say in sentences of mrkdwn what the list showed."""
    if not found.there:
        return _listed(found)
    stay = ngettext(
        "That may be from before, so they stay unconfirmed.",
        "That may be from before, so they stay unconfirmed.",
        found.unknown,
    )
    return f"{_listed(found)} {stay}"


def _listed(found: Verification) -> str:
    """Say how many of the unconfirmed ones the list has, as far as it was read."""
    values = {"listed": found.there, "unconfirmed": found.unknown, "entries": found.refs}
    if found.failed:
        why = escape(technical(found.failed), 100)
        return _(CUT_OFF if found.there else UNREAD, why=why, **values)
    if found.whole and not found.there:
        return ngettext(
            "Dintero doesn't list this customer.", "Dintero lists none of the {count}.", found.unknown
        )
    if found.whole and found.there == found.unknown:
        return ngettext("Dintero lists this customer.", "Dintero lists all {count}.", found.unknown)
    if found.whole:
        return _("Dintero lists {listed} of {unconfirmed}.", **values)
    if not found.refs:
        return _("Dintero's list is too long to check.")
    if not found.there:
        return ngettext(
            "The first {entries} entries of Dintero's list don't have this customer.",
            "The first {entries} entries of Dintero's list have none of the {count}.",
            found.unknown,
            **values,
        )
    return ngettext(
        "The first {entries} entries of Dintero's list have this customer.",
        "The first {entries} entries of Dintero's list have {listed} of the {count}.",
        found.unknown,
        **values,
    )
