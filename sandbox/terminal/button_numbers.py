"""Numbers the buttons in the channels; a button keeps its number, so that none is pressed by mistake."""

from itertools import count

from sandbox.slack.state.elements import Element, buttons
from sandbox.slack.state.workspace import Message
from sandbox.slack.user.rendering import Numbering

Place = tuple[str, str, str]


class Numbers:
    """Gives out numbers and finds their buttons."""

    def __init__(self) -> None:
        """Start at 1."""
        self._next = count(1)
        self._given: dict[Place, int] = {}
        self._messages: dict[int, Message] = {}

    def of(self, message: Message) -> Numbering:
        """Number a message's buttons; existing buttons keep their numbers."""
        return lambda element: self._number(message, element) if element.type == "button" else None

    def on(self, message: Message) -> dict[int, str]:
        """List a message's current buttons by number."""
        return {self._number(message, element): element.label for element in buttons(message.blocks)}

    def message(self, number: int) -> Message:
        """Find a number's message."""
        return self._messages[number]

    def _number(self, message: Message, element: Element) -> int:
        place = (message.channel, message.ts, element.label)
        if place not in self._given:
            self._given[place] = next(self._next)
            self._messages[self._given[place]] = message
        return self._given[place]
