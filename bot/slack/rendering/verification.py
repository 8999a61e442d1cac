"""What Dintero's list of a rule's holders shows of the unknown customers; they stay unknown all the same."""

from typing import Final

from bot.domain.requests.batches import Verification
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape

LIST: Final = "Dintero's list of the rule"


def line(found: Verification | None, formatter: Formatter) -> list[str]:
    """Say in mrkdwn what the list showed; nothing if it was not read."""
    if found is None:
        return []
    before = " They may have stood there before, so they still count as unknown." if found.there else ""
    return [f"*Read back {formatter.slack_date(found.at)}:* {_seen(found, formatter)}{before}"]


def of_one(found: Verification) -> str:
    """Say for one customer who was not on the list how much of it was read; plain text."""
    if found.failed:
        return f"{LIST} could not be read back"
    if found.whole:
        return f"{LIST} did not have them"
    if found.refs:
        return f"the first {found.refs} entries of {LIST} did not have them"
    return f"{LIST} is too long to be read back"


def _seen(found: Verification, formatter: Formatter) -> str:
    unknown = formatter.number(found.unknown)
    if found.unknown == 1:
        seen = "the unknown one" if found.there else "nothing of the unknown one"
    elif found.there in {0, found.unknown}:
        seen = f"all {unknown} unknown ones" if found.there else f"none of the {unknown} unknown ones"
    else:
        seen = f"{formatter.number(found.there)} of the {unknown} unknown ones"
    if found.failed:
        so_far = f", but as far as it was read it has {seen}" if found.there else ""
        return f"{LIST} could not be read ({escape(found.failed, 100)}){so_far}."
    if found.whole:
        return f"{LIST} has {seen}."
    if found.refs:
        entries = f"the first {formatter.number(found.refs)} entries of {LIST}"
        return f"{entries} have {seen}; the others were not read."
    return f"{LIST} is too long to be read."
