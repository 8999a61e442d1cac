"""What a handler answers with: a text, or a view."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.domain.policy.policy import Refusal
from bot.slack.language.texts import N_

View = dict[str, Any]
CLOSES: Final = (N_("Done"), N_("Back"), N_("Cancel"), N_("Close"))
"""The close buttons of modals: **Back** on top of another, **Cancel** in forms, **Close** after a submit."""
Close = Literal["Done", "Back", "Cancel", "Close"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that needs no form: shown in the open modal, else to the person alone in the channel."""

    title: str
    text: str
    close: Close = "Done"
    """**Done** closes the views below, too; the others lead back to them."""


Drawn = View | Reply | Refusal
"""What a modal shows; the modal controller renders a refusal."""
Drawing = Callable[[], Awaitable[Drawn]]
