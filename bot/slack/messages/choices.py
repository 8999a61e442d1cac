"""Answers that let a person choose: a channel to request in, or a request to cancel."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from slackblocks import ActionsBlock, Block, Button, SectionBlock, Text

from bot.domain.ids import ChannelId
from bot.domain.policy.policy import Place, Refusal
from bot.domain.requests.notification import RequestSnapshot
from bot.slack.language.texts import _, ngettext
from bot.slack.messages.card_buttons import confirm_cancel
from bot.slack.messages.status import line
from bot.slack.rendering import reasons
from bot.slack.rendering.blocks import BUTTON_LABEL, BUTTON_VALUE, context, message, section
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import escape, mention, shorten

ADD_IN: Final = "discount_add_in"
"""The action of a channel's button; its value is the channel's id, and what was typed behind it."""
CANCEL: Final = "discount_cancel_typed"
MAX_PLACES: Final = 10
MAX_TYPED: Final = 1_500
"""Typed words that go along with a button: Slack takes 2,000 characters in its value."""


def places(found: Sequence[Place], typed: str = "") -> Message:
    """Ask in which channel to request a discount."""
    return _with_places(_("Where do you want to request a discount?"), found, typed)


def elsewhere(refusal: Refusal, formatter: Formatter, typed: str = "") -> Message:
    """Say why it is not possible here, with a button for each channel where it is."""
    text = reasons.refusal(replace(refusal, elsewhere=()), formatter)
    return _with_places(text, refusal.elsewhere, typed)


def nothing_here(channel: ChannelId) -> Message:
    """Say that no requests are made in a channel, and where to see one's own."""
    text = _(
        "No requests are made in {channel}. Type this in my direct messages to see yours.",
        channel=mention(channel),
    )
    return message(text, [section(text)])


def read_place(value: str) -> tuple[str, str]:
    """Read a channel's button: the channel, and what was typed with the command."""
    channel, _newline, typed = value.partition("\n")
    return channel, typed


def cancellable(
    found: Sequence[RequestSnapshot], formatter: Formatter, typed: str, *, is_own: bool
) -> Message:
    """Say what is missing, and list what may be cancelled."""
    missing = _("Add a request id, for example `/discount cancel R-7K2QF`.")
    if typed:
        missing = _(
            "“{typed}” isn't a request id. Add one, for example `/discount cancel R-7K2QF`.",
            typed=escape(typed, 60),
        )
    if not found:
        nothing = _("You can't cancel any request here.")
        return message(f"{missing} {nothing}", [section(missing), context(nothing)])
    shorts = ", ".join(each.request.short for each in found)
    rows: list[Block] = [_cancel_row(each, formatter, is_own=is_own) for each in found]
    return message(f"{missing} {shorts}", [section(missing), *rows])


def _with_places(text: str, found: Sequence[Place], typed: str) -> Message:
    rows: list[Block] = [_place_row(place, typed) for place in found[:MAX_PLACES]]
    if (more := len(found) - len(rows)) > 0:
        rows.append(
            context(
                ngettext(
                    "{count} more channel. Type `/discount add` there.",
                    "{count} more channels. Type `/discount add` there.",
                    more,
                )
            )
        )
    return message(text, [section(text), *rows])


def _place_row(place: Place, typed: str) -> Block:
    """Draw a channel as its button alone, or beside its mention if the policy gives it no name."""
    value = f"{place.id}\n{typed}" if typed and len(typed) <= MAX_TYPED else place.id
    name = shorten(f"#{place.name}", 40) if place.name else ""
    label = _("Request in {channel}…", channel=name) if name else _("Request here…")
    button = Button(
        shorten(label, BUTTON_LABEL),
        action_id=ADD_IN,
        value=value if len(value) <= BUTTON_VALUE else place.id,
        accessibility_label=shorten(label, BUTTON_LABEL),
    )
    if name:
        return ActionsBlock([button], block_id=f"place-{place.id}")
    return SectionBlock(Text(mention(place.id), verbatim=True), accessory=button)


def _cancel_row(snapshot: RequestSnapshot, formatter: Formatter, *, is_own: bool) -> SectionBlock:
    request = snapshot.request
    button = Button(
        _("Cancel request…"),
        action_id=CANCEL,
        value=request.short,
        accessibility_label=_("Cancel {id}", id=request.short),
        confirm=confirm_cancel(request),
    )
    return SectionBlock(Text(line(snapshot, formatter, is_own=is_own), verbatim=True), accessory=button)
