"""What Dintero's list of the rule has of the unknown, in words: what was seen, and that nothing follows from it."""

from collections.abc import Callable
from datetime import datetime

from bot.domain.requests.batches import Verification
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape

LIST = "Dintero's list of the rule"


def line(found: Verification | None, formatter: Formatter, when: Callable[[datetime], str]) -> list[str]:
    """Tell in mrkdwn what was seen; nothing where nobody looked."""
    if found is None:
        return []
    before = " They may have stood there before, so they still count as unknown." if found.there else ""
    return [f"*Read back {when(found.at)}:* {_seen(found, formatter)}{before}"]


def beside(found: Verification) -> str:
    """Say for one who was not seen how far was looked, behind why that one is unknown; in plain text."""
    if found.failed:
        return f"{LIST} could not be read back"
    if found.whole:
        return f"{LIST} did not have them"
    return (
        f"the first {found.refs} entries of {LIST} did not have them"
        if found.refs
        else f"{LIST} is too long to be read back"
    )


def _seen(found: Verification, formatter: Formatter) -> str:
    if found.failed:
        so_far = f", but as far as it was read it has {_whom(found, formatter)}" if found.there else ""
        return f"{LIST} could not be read ({escape(found.failed, 100)}){so_far}."
    if found.whole:
        return f"{LIST} has {_whom(found, formatter)}."
    if found.refs:
        return f"the first {formatter.number(found.refs)} entries of {LIST} have {_whom(found, formatter)}; the others were not read."
    return f"{LIST} is too long to be read."


def _whom(found: Verification, formatter: Formatter) -> str:
    unknown = formatter.number(found.unknown)
    if found.unknown == 1:
        return "the unknown one" if found.there else "nothing of the unknown one"
    if found.there in {0, found.unknown}:
        return f"all {unknown} unknown ones" if found.there else f"none of the {unknown} unknown ones"
    return f"{formatter.number(found.there)} of the {unknown} unknown ones"
