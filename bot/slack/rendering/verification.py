"""What Dintero's list of a rule's customers shows of the unconfirmed ones; they stay unconfirmed."""

from bot.domain.requests.batches import Verification
from bot.slack.language.texts import _, ngettext
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape
from bot.slack.rendering.technical import technical


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


def listed_one() -> str:
    """Say of one unconfirmed customer that the list has them; plain text."""
    return _("No answer; Dintero lists this customer, perhaps from before")


def seen(found: Verification) -> str:
    """Say in sentences of mrkdwn what the list showed."""
    if found.failed:
        return _failed(found)
    if found.whole:
        return _whole(found)
    if not found.refs:
        return _("Dintero's list is too long to check.")
    if not found.there:
        return ngettext(
            "The first {entries} entries of Dintero's list don't have this customer.",
            "The first {entries} entries of Dintero's list have none of the {count}.",
            found.unknown,
            entries=found.refs,
        )
    return ngettext(
        "The first {entries} entries of Dintero's list have this customer. "
        "They may have had it before, so they stay unconfirmed.",
        "The first {entries} entries of Dintero's list have {listed} of the {count}. "
        "They may have had it before, so they stay unconfirmed.",
        found.unknown,
        entries=found.refs,
        listed=found.there,
    )


def _whole(found: Verification) -> str:
    if not found.there:
        return ngettext(
            "Dintero doesn't list this customer.",
            "Dintero lists none of the {count}.",
            found.unknown,
        )
    if found.there == found.unknown:
        return ngettext(
            "Dintero lists this customer. They may have had it before, so they stay unconfirmed.",
            "Dintero lists all {count}. They may have had it before, so they stay unconfirmed.",
            found.unknown,
        )
    return _(
        "Dintero lists {listed} of {unconfirmed}. They may have had it before, so they stay unconfirmed.",
        listed=found.there,
        unconfirmed=found.unknown,
    )


def _failed(found: Verification) -> str:
    why = escape(technical(found.failed), 100)
    if not found.there:
        return _("Dintero's list couldn't be read ({why}).", why=why)
    return _(
        "Dintero's list couldn't be read to its end ({why}). So far it has {listed} of {unconfirmed}. "
        "They may have had it before, so they stay unconfirmed.",
        why=why,
        listed=found.there,
        unconfirmed=found.unknown,
    )
