"""What Dintero's list of the rule has of the unknown, in words: what was seen, and that nothing follows from it."""

from collections.abc import Callable
from datetime import datetime

from bot.domain.rules.holders import ReadBack
from bot.slack.rendering.formatting import Look
from bot.slack.rendering.mrkdwn import said

LIST = "Dintero's list of the rule"


def line(found: ReadBack | None, look: Look, when: Callable[[datetime], str]) -> list[str]:
    """Tell in mrkdwn what was seen; nothing where nobody looked."""
    if found is None:
        return []
    before = " They may have stood there before, so they still count as unknown." if found.there else ""
    return [f"*Read back {when(found.at)}:* {_seen(found, look)}{before}"]


def beside(found: ReadBack) -> str:
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


def _seen(found: ReadBack, look: Look) -> str:
    if found.failed:
        so_far = f", but as far as it was read it has {_whom(found, look)}" if found.there else ""
        return f"{LIST} could not be read ({said(found.failed, 100)}){so_far}."
    if found.whole:
        return f"{LIST} has {_whom(found, look)}."
    if found.refs:
        return f"the first {look.number(found.refs)} entries of {LIST} have {_whom(found, look)}; the others were not read."
    return f"{LIST} is too long to be read."


def _whom(found: ReadBack, look: Look) -> str:
    unknown = look.number(found.unknown)
    if found.unknown == 1:
        return "the unknown one" if found.there else "nothing of the unknown one"
    if found.there in {0, found.unknown}:
        return f"all {unknown} unknown ones" if found.there else f"none of the {unknown} unknown ones"
    return f"{look.number(found.there)} of the {unknown} unknown ones"
