"""What all handlers share: the services they call, and how they read a button's payload."""

from dataclasses import dataclass
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId, RequestId
from bot.domain.ports import BackgroundTasks
from bot.services.decisions import DecisionService
from bot.services.drafting.drafts import DraftService
from bot.services.overview import OverviewService
from bot.services.preferences import PreferenceService
from bot.services.results.check_again import CheckAgainService
from bot.services.rule_history import RuleHistory
from bot.slack.messages.card_buttons import SEPARATOR
from bot.slack.modal_controller import ModalController
from bot.slack.rendering.formatting import Formatter
from bot.slack.reply import Drawing

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HandlerContext:
    """The services and renderers of the handlers; a middleware puts it into Bolt's context."""

    drafts: DraftService
    decisions: DecisionService
    preferences: PreferenceService
    rule_history: RuleHistory
    check_again: CheckAgainService
    background: BackgroundTasks
    modal_controller: ModalController
    formatter: Formatter

    @property
    def overview(self) -> OverviewService:
        """What one person may see of a channel, or of their own requests."""
        decisions = self.decisions
        return OverviewService(
            repository=decisions.repository,
            access=decisions.access,
            clock=decisions.clock,
            progress_tracker=decisions.progress_tracker,
        )

    def open_modal(self, payload: Body, title: str, draw: Drawing, respond: AsyncRespond) -> None:
        """Open a modal in the background, after the ack."""
        opening = self.modal_controller.open(payload["trigger_id"], title, draw, respond=respond)
        self.background.spawn(opening)


def pressed(body: Body) -> tuple[str, str]:
    """Read the action and the value of a pressed button, or of the chosen option of a menu."""
    action = body["actions"][0]
    option = action.get("selected_option")
    if not option:
        return str(action["action_id"]), str(action.get("value") or "")
    chosen, _, value = str(option.get("value") or "").partition(SEPARATOR)
    return chosen, value


def card_target(body: Body) -> tuple[RequestId, ChannelId]:
    """Read the request and channel of a pressed button; the services check both against the database."""
    _, request = pressed(body)
    channel = (body.get("channel") or {}).get("id")
    return RequestId(request), ChannelId(str(channel or ""))


async def is_modal_action(body: Body) -> bool:
    """Match buttons inside a modal; elsewhere the same action id is a stray one."""
    return bool(body.get("view"))
