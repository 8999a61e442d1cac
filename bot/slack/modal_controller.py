"""Opens modals and redraws them, so that nobody looks at nothing: a loading modal stands while something has to be asked first."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

import aiohttp
import stamina
import structlog
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ids import RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.prior_grants import PriorRequest
from bot.slack.client.file_messages import FileMessenger
from bot.slack.modals import placeholders
from bot.slack.rendering import reasons
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.reply import Drawing, Reply, View

READY_SECONDS: Final = 0.25
"""What is ready by then is shown at once; for the rest a loading modal stands first (a trigger lives 3 s)."""
CLOSED: Final = "The form was closed before its answer came. `/discount status` shows what is asked for; `/discount add` opens a new form."
UNSHOWN: Final = "Slack did not show the answer in the form. `/discount status` shows what is asked for; `/discount add` opens a new form."
LINKS: Final = 5
"""How many earlier requests are linked to."""
PATIENCE: Final = 3.0
"""Seconds that an update waits for the view that an ack has just drawn, and an answer for a Slack that fails."""
MAY_PASS: Final = frozenset(
    {"not_found", "internal_error", "fatal_error", "service_unavailable", "ratelimited", "request_timeout"}
)
"""What Slack says for a moment: `not_found` is a view that an ack draws and that is not there yet."""
OPENED_BEFORE: Final = "exchanged_trigger_id"
TOO_LATE: Final = "expired_trigger_id"
TOO_SLOW: Final = "Slack was too slow to open the form. Please try that once more."
TOO_MANY: Final = 429
SERVER_FAULT: Final = 500

Answer = TypeVar("Answer")
log = structlog.get_logger()


class ModalController:
    """The modals that the bot opens, and what it tells one person alone; `patience` is in seconds."""

    def __init__(self, client: AsyncWebClient, formatter: Formatter, *, patience: float = PATIENCE) -> None:
        self._client = client
        self._formatter = formatter
        self._patience = patience
        self.file_messenger = FileMessenger(client)

    async def links(self, earlier: Sequence[PriorRequest]) -> dict[RequestId, str]:
        """Ask where the cards of earlier requests stand; one that cannot be found goes without a link."""
        found = await asyncio.gather(*(self._link(each) for each in earlier[:LINKS]))
        return {each.id: link for each, link in zip(earlier, found, strict=False) if link}

    async def _link(self, prior_request: PriorRequest) -> str:
        if prior_request.card_ts is None:
            return ""
        try:
            answer = await self._client.chat_getPermalink(
                channel=prior_request.channel, message_ts=prior_request.card_ts
            )
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError):
            return ""
        return str(answer["permalink"])

    async def open(self, trigger: str, title: str, draw: Drawing, *, respond: AsyncRespond) -> None:
        """Open what `draw` makes; a loading modal stands first where that takes a moment."""
        external = new_external_id()
        drawing = asyncio.ensure_future(self._drawn(title, draw, external))
        await asyncio.wait({drawing}, timeout=READY_SECONDS)
        if not drawing.done():
            if not await self._shown(trigger, placeholders.loading(title, external_id=external), respond):
                return
            await self._update(external, await drawing, partial(self.reply, respond))
            return
        drawn = drawing.result()
        if isinstance(drawn, Reply):
            await self.reply(respond, drawn.text)
        else:
            await self._shown(trigger, drawn, respond)

    async def redraw(self, external: str, title: str, draw: Drawing, *, user: str) -> None:
        """Draw what an ack left as a loading view; whoever closed it meanwhile gets the answer as a direct message."""
        await self._update(external, await self._drawn(title, draw, external), partial(self._tell, user))

    async def push(self, trigger: str, title: str, draw: Drawing, *, user: str) -> None:
        """Put what `draw` makes on top of the view that a button stands in; a press that is delivered twice does it once."""
        external = new_external_id()
        try:
            await self._client.views_push(
                trigger_id=trigger, view=placeholders.loading(title, external_id=external)
            )
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("modal not pushed", why=_why(error))
            if _why(error) != OPENED_BEFORE:
                await self._tell(user, TOO_SLOW)
            return
        await self.redraw(external, title, draw, user=user)

    async def answer(
        self, respond: AsyncRespond, answering: Awaitable[Message | Reply | Refusal | str]
    ) -> None:
        """Answer one person alone where they are; a refusal or a failure is put into words."""
        answer = await reply_or_fault(answering)
        if isinstance(answer, Refusal):
            answer = reasons.refusal(answer, self._formatter)
        text = answer if isinstance(answer, str) else answer.text
        await self.reply(respond, text, answer.blocks if isinstance(answer, Message) else None)

    async def reply(self, respond: AsyncRespond, text: str, blocks: Sequence[View] | None = None) -> None:
        """Tell one person alone where they are; repeated while Slack fails, since to be told twice does no harm."""
        async for attempt in stamina.retry_context(
            on=(_NotTaken, aiohttp.ClientError, TimeoutError),
            attempts=None,
            timeout=self._patience,
            wait_initial=0.1,
            wait_max=1.0,
            wait_jitter=0.1,
        ):
            with attempt:
                answer = await respond(
                    text=text, blocks=blocks, response_type="ephemeral", replace_original=False
                )
                if answer.status_code == TOO_MANY or answer.status_code >= SERVER_FAULT:
                    raise _NotTaken(answer.status_code)

    async def _drawn(self, title: str, draw: Drawing, external: str) -> View | Reply:
        """Draw a view; a refusal becomes a reply with this title."""
        drawn = await reply_or_fault(draw(external))
        if isinstance(drawn, str):
            return Reply("Something went wrong", drawn)
        return Reply(title, reasons.refusal(drawn, self._formatter)) if isinstance(drawn, Refusal) else drawn

    async def _shown(self, trigger: str, view: View, respond: AsyncRespond) -> bool:
        try:
            await self._client.views_open(trigger_id=trigger, view=view)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            fault, why = _new_fault(), _why(error)
            log.warning("modal not opened", why=why, fault=fault)
            if why != OPENED_BEFORE:  # what is delivered twice opens its form once
                await self.reply(
                    respond,
                    TOO_SLOW if why == TOO_LATE or isinstance(error, TimeoutError) else _fault_told(fault),
                )
            return False
        return True

    async def _update(
        self, external: str, drawn: View | Reply, say: Callable[[str], Awaitable[None]]
    ) -> None:
        """Draw the view that stands; where that cannot be done, `say` the answer."""
        view = (
            placeholders.message(drawn.title, drawn.text, external_id=external)
            if isinstance(drawn, Reply)
            else drawn
        )
        try:
            async for attempt in stamina.retry_context(
                on=_may_pass,
                attempts=None,
                timeout=self._patience,
                wait_initial=0.05,
                wait_max=0.5,
                wait_jitter=0.05,
            ):
                with attempt:
                    await self._client.views_update(external_id=external, view=view)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            log.info("modal not redrawn", why=_why(error))
            said = CLOSED if _why(error) == "not_found" else UNSHOWN
            await say(drawn.text if isinstance(drawn, Reply) else said)

    async def _tell(self, user: str, text: str) -> None:
        """Tell somebody in a direct message, repeated like `tell`."""
        async for attempt in stamina.retry_context(
            on=_may_pass,
            attempts=None,
            timeout=self._patience,
            wait_initial=0.1,
            wait_max=1.0,
            wait_jitter=0.1,
        ):
            with attempt:
                opened = await self._client.conversations_open(users=user)
                await self._client.chat_postMessage(channel=opened["channel"]["id"], text=text)


class _NotTaken(Exception):
    """Slack did not take an answer, and may in a moment."""


def new_external_id() -> str:
    """Make an id for a view; Slack wants one that no other view of the team ever had."""
    return uuid.uuid4().hex


def next_external_id(view: View) -> str:
    """Name the view that answers a submission: the same for a submission that is delivered twice, so that both draw one view."""
    return f"{view['id']}.{view['hash']}"


async def reply_or_fault(answering: Awaitable[Answer]) -> Answer | str:
    """Await an answer, or tell of a fault under an id that stands in the log too."""
    try:
        return await answering
    except Exception:
        fault = _new_fault()
        log.exception("answer failed", fault=fault)
        return _fault_told(fault)


def _new_fault() -> str:
    return uuid.uuid4().hex[:8]


def _fault_told(fault: str) -> str:
    return f"Something went wrong on the bot's side (fault `{fault}`). Try again; if it goes on, show this to whoever runs the bot."


def _may_pass(error: Exception) -> bool:
    """Say whether to draw a view once more, which does no harm."""
    return (
        _why(error) in MAY_PASS
        if isinstance(error, SlackApiError)
        else isinstance(error, aiohttp.ClientError | TimeoutError)
    )


def _why(error: Exception) -> str:
    """Name what went wrong; behind a proxy that fails there is no answer of Slack's to read."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    data, status = getattr(error.response, "data", None), getattr(error.response, "status_code", 0)
    code = str(data.get("error") or "") if isinstance(data, Mapping) else ""
    return code or (
        "internal_error"
        if status >= SERVER_FAULT
        else "ratelimited"
        if status == TOO_MANY
        else f"status {status}"
    )
