"""What a person sees right after an action, and what Slack does not let them do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.errors import DiscountBotError

NO_CONNECTION: Final = "We had some trouble connecting. Try again?"
REQUIRED: Final = "This field is required"


class CannotDo(DiscountBotError):
    """Slack does not allow this: no such button, a closed view, a text too long, or the like."""

    advice = "Look at what is on the screen."


@dataclass(frozen=True, slots=True)
class Reaction:
    """The immediate reaction: what the ack did. Later effects show in the channel or in a view."""

    text: str = ""
    """The ephemeral answer as plain text."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """The errors beside the inputs, by label."""
    trouble: str = ""
    """Slack's own message if the bot did not answer properly."""
    confirmed: str = ""
    """The question of the confirmation dialog, if one showed."""
