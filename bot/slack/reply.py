"""What a handler answers with: a text, or a view."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.domain.policy.policy import Refusal

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that needs no form: shown in the open modal, else to the person alone in the channel."""

    title: str
    text: str


Drawn = View | Reply | Refusal
"""What a modal shows; the modal controller renders a refusal."""
Drawing = Callable[[], Awaitable[Drawn]]
