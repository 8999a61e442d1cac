"""A person who cancels a waiting request: from the menu of its card, or by the last release's button."""

from sandbox.slack.state.elements import buttons
from sandbox.slack.state.workspace import Message
from sandbox.slack.user.person import SandboxPerson


async def cancel(person: SandboxPerson, card: Message) -> None:
    """Choose it in the menu, and confirm."""
    await person.press("Cancel request…", card)
    await (await person.sees_view(submit="Cancel request")).submit()


async def cancel_at_once(person: SandboxPerson, card: Message) -> None:
    """Press the button of a card that the last release posted: it acts at once."""
    stale = card.as_it_is()
    request = buttons(card.blocks)[0].element["value"]
    text = {"type": "plain_text", "text": "Cancel request"}
    button = {"type": "button", "action_id": "discount_cancel", "value": request, "text": text}
    stale.blocks = [{"type": "actions", "block_id": "discount_buttons", "elements": [button]}]
    await person.press("Cancel request", stale)
