"""What a handler answers with: a sentence, or a view and who draws it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that needs no form: said in a modal where one stands, else to the person alone where they are."""

    title: str
    text: str


Drawing = Callable[[str], Awaitable[View | Reply]]
"""Draws a view for an external id."""
