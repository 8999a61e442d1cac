"""What a person sees at once of what they did, and what stops them before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.errors import DiscountBotError

NO_CONNECTION: Final = "We had some trouble connecting. Try again?"
REQUIRED: Final = "This field is required"


class CannotDo(DiscountBotError):
    """Slack does not let a person do this: there is no such button, the view is closed, the text is too long, or the like."""

    advice = "Look at what is on the screen."


@dataclass(frozen=True, slots=True)
class Reaction:
    """What is seen at once. Truthful only of the ack: what the bot does later shows in the channel or in a view."""

    text: str = ""
    """What only this person was told, as plain text."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """In red beside the inputs, by label."""
    trouble: str = ""
    """What Slack itself says where the bot did not answer as it must."""
    confirmed: str = ""
    """What a confirmation dialog asked, where there was one."""
