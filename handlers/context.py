"""What every handler works with, as one value that the app puts into Bolt's context."""

from dataclasses import dataclass

from bot.domain.ports import Jobs
from bot.services.decisions import Desk
from bot.services.drafting.drafts import Asking
from bot.slack.modal_controller import Screens
from bot.slack.rendering.formatting import Look


@dataclass(frozen=True, slots=True)
class Counter:
    """Where people meet the desk."""

    asking: Asking
    desk: Desk
    jobs: Jobs
    screens: Screens
    look: Look
