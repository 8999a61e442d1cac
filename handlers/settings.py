"""The modal of `/discount settings`."""

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.slack.language.texts import _
from bot.slack.modal_controller import REFUSED, message_view
from bot.slack.modals import settings
from bot.slack.rendering import reasons
from bot.slack.reply import Drawn, View
from handlers.context import HandlerContext


def register(app: AsyncApp) -> None:
    """Register the modal."""
    app.view(settings.CALLBACK)(submit)


async def draw(ctx: HandlerContext, who: Person) -> Drawn:
    """Show a person what they prefer."""
    found = await ctx.preferences.settings(who)
    return found if isinstance(found, Refusal) else settings.build(found)


async def submit(ack: AsyncAck, view: View, who: Person, ctx: HandlerContext) -> None:
    """Save what a person chose, and close the modal."""
    saved = await ctx.preferences.save(who, *settings.read(view))
    if isinstance(saved, Refusal):
        text = reasons.refusal(saved, ctx.formatter)
        await ack(response_action="update", view=message_view(_(REFUSED), text))
        return
    await ack()
