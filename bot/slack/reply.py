"""What a handler answers with: a text, or a view."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that needs no form: shown in the open modal, else to the person alone in the channel."""

    title: str
    text: str


Drawing = Callable[[str], Awaitable[View | Reply]]
"""Draws a view for an external id."""
