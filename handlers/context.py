"""What every handler works with, as one value that the app puts into Bolt's context."""

from dataclasses import dataclass

from bot.domain.ports import BackgroundTasks
from bot.services.decisions import DecisionService
from bot.services.drafting.drafts import DraftService
from bot.slack.modal_controller import ModalController
from bot.slack.rendering.formatting import Formatter


@dataclass(frozen=True, slots=True)
class HandlerContext:
    """Where people meet the desk."""

    drafts: DraftService
    decisions: DecisionService
    background: BackgroundTasks
    modal_controller: ModalController
    formatter: Formatter
