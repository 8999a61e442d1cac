"""The offer, on top of an empty form, to go on with a draft that the person left."""

from typing import Final

from slackblocks import ActionsBlock, Block, Button

from bot.domain.requests.views import UnfinishedDraft
from bot.slack.language.texts import _, joined, ngettext
from bot.slack.rendering.blocks import section
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape

CONTINUE_ACTION: Final = "discount_add_continue"
EMPTY_ACTION: Final = "discount_add_empty"
MAX_NAME: Final = 60
MAX_FILES_NAMED: Final = 3


def build(found: UnfinishedDraft, formatter: Formatter) -> list[Block]:
    """Ask whether to go on, with what the draft holds."""
    at = formatter.slack_date(found.request.created_at)
    question = _("*Continue your draft from {time}?*", time=at)
    buttons = [
        Button(_("Continue draft"), action_id=CONTINUE_ACTION, value=found.request.id, style="primary"),
        Button(_("Start empty"), action_id=EMPTY_ACTION, value=found.request.id),
    ]
    text = "\n".join(filter(None, [question, _content(found)]))
    return [section(text), ActionsBlock([*buttons], block_id="offer")]


def _content(found: UnfinishedDraft) -> str:
    """Say what the draft holds, shortly: its rule, its lines of ids and its files."""
    form_input = found.form_input
    parts = [found.rule.title if found.rule else form_input.rule]
    if lines := sum(bool(line.strip()) for line in form_input.customers.splitlines()):
        parts.append(ngettext("{count} line of ids", "{count} lines of ids", lines))
    parts += [file.name for file in form_input.files[:MAX_FILES_NAMED]]
    parts = [escape(part, MAX_NAME) for part in parts if part.strip()]
    return joined(parts) if parts else escape(form_input.reason.strip(), MAX_NAME)
