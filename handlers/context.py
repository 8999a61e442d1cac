"""What all handlers share: the services they call, who called, and how they read a button's payload."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.middleware.async_middleware import AsyncMiddleware

from bot.domain.ids import ChannelId, RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.ports import BackgroundTasks
from bot.domain.requests.person import Person
from bot.services.approving.approvals import ApprovalService
from bot.services.decisions import DecisionService
from bot.services.drafting.drafts import DraftService
from bot.services.overview import OverviewService
from bot.services.preferences import PreferenceService
from bot.services.results.check_again import CheckAgainService
from bot.services.rule_history import RuleHistory
from bot.slack.client.directory import channel_of, person_of
from bot.slack.language.texts import ReaderLanguages, set_language
from bot.slack.messages.card_buttons import SEPARATOR
from bot.slack.modal_controller import ModalController, close_of
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.reply import Close, Drawing, Reply, View

Body = dict[str, Any]
Answer = Message | Reply | Refusal | str


@dataclass(frozen=True, slots=True)
class HandlerContext:
    """The services and renderers of the handlers; `Identify` puts it into Bolt's context."""

    drafts: DraftService
    decisions: DecisionService
    approvals: ApprovalService
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

    def push_modal(self, body: Body, title: str, draw: Drawing, who: Person) -> None:
        """Open a modal on top of the one with the button, in the background."""
        self.background.spawn(self.modal_controller.push(body["trigger_id"], title, draw, user=who.id))

    def redraw(self, view: View, draw: Drawing, who: Person) -> None:
        """Redraw the modal with the button, in the background."""
        self.follow(view["external_id"], draw, who, close=close_of(view))

    def follow(self, external_id: str, draw: Drawing, who: Person, *, close: Close = "Done") -> None:
        """Replace a loading modal by what follows, in the background."""
        self.background.spawn(self.modal_controller.redraw(external_id, draw, user=who.id, close=close))

    def answer(self, respond: AsyncRespond, answering: Awaitable[Answer], *, replace: bool = False) -> None:
        """Answer one person alone, in the background."""
        self.background.spawn(self.modal_controller.answer(respond, answering, replace=replace))


class Identify(AsyncMiddleware):
    """Hands the person and the context to the listeners, and sets the language that the person reads.

    A class, since Bolt inspects the arguments of functions at each call.
    """

    def __init__(self, ctx: HandlerContext, languages: ReaderLanguages) -> None:
        self._ctx = ctx
        self._languages = languages

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - there is none yet
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's name
    ) -> BoltResponse | None:
        """Refuse a payload that names nobody."""
        who = person_of(req.body)
        if who is None:
            return BoltResponse(status=400)
        req.context["who"], req.context["ctx"] = who, self._ctx
        set_language(await self._languages.chooser(who.id, channel_of(req.body)))
        return await next()


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
    return RequestId(pressed(body)[1]), pressed_in(body)


def pressed_in(body: Body) -> ChannelId:
    """Read the channel of a pressed button; empty in a modal."""
    return ChannelId(str((body.get("channel") or {}).get("id") or ""))


async def is_modal_action(body: Body) -> bool:
    """Match buttons inside a modal; elsewhere the same action id is a stray one."""
    return bool(body.get("view"))
