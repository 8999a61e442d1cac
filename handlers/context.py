"""What all handlers share: the services, payloads, modals that open and answers to submissions."""

from dataclasses import dataclass
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId, RequestId
from bot.domain.ports import BackgroundTasks
from bot.domain.requests.person import Person
from bot.services.decisions import DecisionService
from bot.services.drafting.drafts import DraftService
from bot.slack.modal_controller import ModalController, loading_view
from bot.slack.rendering.formatting import Formatter
from bot.slack.reply import Drawing, View

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HandlerContext:
    """The services and renderers of the handlers; a middleware puts it into Bolt's context."""

    drafts: DraftService
    decisions: DecisionService
    background: BackgroundTasks
    modal_controller: ModalController
    formatter: Formatter

    def open_modal(self, payload: Body, title: str, draw: Drawing, respond: AsyncRespond) -> None:
        """Open a modal in the background, after the ack."""
        opening = self.modal_controller.open(payload["trigger_id"], title, draw, respond=respond)
        self.background.spawn(opening)

    async def answer_submission(
        self, ack: AsyncAck, view: View, title: str, draw: Drawing, who: Person, loading: View | None = None
    ) -> None:
        """Acknowledge with a loading view, and draw the answer over it; a refusal gets the title."""
        # a submission that is delivered twice has one answer
        external = f"{view['id']}.{view['hash']}"
        loading = (loading or loading_view(title)) | {"external_id": external}
        await ack(response_action="update", view=loading)
        self.background.spawn(self.modal_controller.redraw(external, title, draw, user=who.id))


def card_target(body: Body) -> tuple[RequestId, ChannelId]:
    """Read the request and channel of a pressed button; the services check both against the database."""
    request, channel = body["actions"][0].get("value"), (body.get("channel") or {}).get("id")
    return RequestId(str(request or "")), ChannelId(str(channel or ""))


async def is_modal_action(body: Body) -> bool:
    """Match buttons inside a modal; elsewhere the same action id is a stray one."""
    return bool(body.get("view"))
