"""Opens and redraws modals and answers one person alone; a loading modal bridges the wait for an answer."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import stamina
import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.delivery import current_delivery
from bot.domain.ids import RequestId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.prior_grants import PriorRequest
from bot.errors import DatabaseUnavailable, DeliveredBefore
from bot.outages import log_failure
from bot.slack.client import errors
from bot.slack.client.direct_messages import direct_channel
from bot.slack.client.errors import CALL_ERRORS, ErrorKind, describe, kind_of
from bot.slack.client.file_messages import FileMessenger
from bot.slack.client.new_blocks import with_known_blocks, without_new_blocks
from bot.slack.language.texts import N_, _
from bot.slack.rendering import reasons
from bot.slack.rendering.blocks import modal, section
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.reply import Close, Drawing, Reply, View

READY_SECONDS: Final = 0.25
"""A view that takes longer opens as a loading modal first: a trigger expires after 3 s."""
PATIENCE_SECONDS: Final = 3.0
"""How long an update waits for the view that an ack has just drawn, and an answer for a failing Slack."""
OUTAGE_SECONDS: Final = 1800.0
"""How long an answer waits for a Slack that is away: after that its addresses no longer work."""
MAX_LINKS: Final = 5
MOMENT: Final = N_("One moment…")
TOO_SLOW: Final = N_("Slack was too slow. Please try again.")
CLOSED: Final = N_(
    "The form closed before I could answer."
    " Check `/discount status`, or continue your draft with `/discount add`."
)
UNSHOWN: Final = N_(
    "Slack didn't show the answer in the form."
    " Check `/discount status`, or open a new form with `/discount add`."
)
WRONG: Final = N_("Something went wrong")
REFUSED: Final = N_("Can't do that")
UNCHANGED: Final = N_(
    "The database isn't answering. Try again in a minute. Nothing was changed. (Error `{error}`)"
)
UNSURE: Final = N_(
    "The database stopped answering in the middle, so this may be done or not."
    " Check `/discount status` before you try again. (Error `{error}`)"
)
FAILED: Final = N_(
    "Something went wrong (error `{error}`). Nothing was done. Please try again."
    " If it keeps happening, send that code to a bot admin."
)
FAILED_LATE: Final = N_(
    "Something went wrong (error `{error}`). It may be done or not."
    " Check `/discount status` before you try again."
    " If it keeps happening, send that code to a bot admin."
)
COPY: Final = N_("This arrived twice and counts once. If nothing happened, try again.")

Answer = TypeVar("Answer")
Work = Callable[[], Awaitable[object]]
log = structlog.get_logger()


class ModalController:
    """Opens, pushes and redraws modals; `patience` is in seconds."""

    def __init__(
        self, client: AsyncWebClient, formatter: Formatter, *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._client = client
        self._formatter = formatter
        self._retry = stamina.AsyncRetryingCaller(
            attempts=None, timeout=patience, wait_initial=0.05, wait_max=0.5, wait_jitter=0.05
        ).on(lambda error: errors.is_transient(error) or kind_of(error) is ErrorKind.VIEW_NOT_FOUND)
        self._retry_for_long = stamina.AsyncRetryingCaller(
            attempts=None, timeout=OUTAGE_SECONDS, wait_initial=patience / 3, wait_max=10.0
        ).on(errors.is_transient)
        self.file_messenger = FileMessenger(client)

    async def links(self, earlier: Sequence[PriorRequest]) -> dict[RequestId, str]:
        """Ask for the addresses of earlier requests' cards; leave out those that Slack does not find."""

        async def link(request: PriorRequest) -> str:
            try:
                answer = await self._client.chat_getPermalink(
                    channel=request.channel, message_ts=request.card_ts or ""
                )
            except CALL_ERRORS:
                return ""
            return str(answer["permalink"])

        posted = [request for request in earlier[:MAX_LINKS] if request.card_ts]
        found = await asyncio.gather(*map(link, posted))
        return {request.id: address for request, address in zip(posted, found, strict=True) if address}

    async def open(self, trigger: str, title: str, draw: Drawing, *, respond: AsyncRespond) -> None:
        """Open the view that `draw` makes, after a loading modal if that takes time."""
        external_id = uuid.uuid4().hex
        drawing = asyncio.ensure_future(self._draw(draw))
        await asyncio.wait({drawing}, timeout=READY_SECONDS)
        if not drawing.done():
            if await self._open(trigger, external_id, loading_view(title), respond):
                await self._update(external_id, await drawing, partial(self.reply, respond))
            return
        drawn = drawing.result()
        if isinstance(drawn, Reply):
            await self.reply(respond, drawn.text)
        else:
            await self._open(trigger, external_id, drawn, respond)

    async def redraw(self, external_id: str, draw: Drawing, *, user: str, close: Close = "Done") -> None:
        """Redraw a loading view, with `close` if it submits nothing; if it is gone, answer directly."""
        drawn = await self._draw(draw, close=close)
        if not isinstance(drawn, Reply) and not drawn.get("submit"):
            drawn |= {"close": {"type": "plain_text", "text": _(close)}}
        await self._update(external_id, drawn, partial(self._send_direct, user))

    async def push(self, trigger: str, title: str, draw: Drawing, *, user: str) -> None:
        """Open a view on top of the one with the button; a click that is delivered twice does so once."""
        external_id = uuid.uuid4().hex
        try:
            view = loading_view(title, close="Back") | {"external_id": external_id}
            await self._client.views_push(trigger_id=trigger, view=view)
        except CALL_ERRORS as error:
            log.warning("modal not pushed", why=describe(error))
            if kind_of(error) is not ErrorKind.TRIGGER_USED:
                await self._deliver(partial(self._send_direct, user, _(TOO_SLOW)))
            return
        await self.redraw(external_id, draw, user=user, close="Back")

    async def answer(
        self,
        respond: AsyncRespond,
        answering: Awaitable[Message | Reply | Refusal | str],
        *,
        replace: bool = False,
    ) -> None:
        """Answer one person alone; a message may `replace` the one whose button was pressed."""
        answer = await reply_or_fault(answering)
        if isinstance(answer, Refusal):
            answer = reasons.refusal(answer, self._formatter)
        text = answer if isinstance(answer, str) else answer.text
        is_message = isinstance(answer, Message)
        blocks = answer.blocks if isinstance(answer, Message) else None
        await self.reply(respond, text, blocks, replace=replace and is_message)

    async def confirm(self, user: str, channel: str, text: str) -> None:
        """Tell a person whose view has closed, in the channel; if Slack does not, in a direct message."""
        telling = partial(self._client.chat_postEphemeral, channel=channel, user=user, text=text)
        try:
            await self._retry(telling)
        except CALL_ERRORS as error:
            log.info("not told in the channel", why=describe(error))
            await self._deliver(partial(self._send_direct, user, text))

    async def redraw_quietly(self, external_id: str, view: View) -> None:
        """Redraw a view; if Slack does not, the person goes on with the one on screen."""
        await self._try(partial(self._redraw, external_id, view | {"external_id": external_id}))

    async def redraw_below(self, view_id: str, draw: Drawing) -> None:
        """Redraw a view that another one covers; it is as well if it is closed by then."""
        drawn = await reply_or_fault(draw())
        if isinstance(drawn, dict):
            view = drawn | {"external_id": uuid.uuid4().hex}
            await self._try(partial(self._client.views_update, view_id=view_id, view=view))

    async def _try(self, redraw: Work) -> None:
        try:
            await self._retry(redraw)
        except CALL_ERRORS as error:
            log.info("view not redrawn", why=describe(error))

    async def reply(
        self, respond: AsyncRespond, text: str, blocks: Sequence[View] | None = None, *, replace: bool = False
    ) -> None:
        """Answer one person alone, in the channel. Repeated while Slack fails: a second copy does no harm."""

        async def post() -> None:
            say = partial(respond, text=text, response_type="ephemeral", replace_original=replace)
            answer = await say(blocks=blocks)
            if blocks and errors.BAD_REQUEST <= answer.status_code < errors.TOO_MANY_REQUESTS:
                answer = await say(blocks=without_new_blocks(blocks))
            if answer.status_code == errors.TOO_MANY_REQUESTS or answer.status_code >= errors.SERVER_ERROR:
                raise ConnectionError(answer.status_code)

        await self._retry(post)

    async def _draw(self, draw: Drawing, *, close: Close = "Done") -> View | Reply:
        """Draw a view; a refusal or a failure becomes a reply."""
        drawn = await reply_or_fault(draw())
        if isinstance(drawn, str):
            return Reply(_(WRONG), drawn, close)
        if isinstance(drawn, Refusal):
            return Reply(_(REFUSED), reasons.refusal(drawn, self._formatter), close)
        return drawn

    async def _open(self, trigger: str, external_id: str, view: View, respond: AsyncRespond) -> bool:
        try:
            await with_known_blocks(
                lambda blocks: self._client.views_open(
                    trigger_id=trigger, view=view | {"external_id": external_id, "blocks": blocks}
                ),
                view["blocks"],
            )
        except CALL_ERRORS as error:
            kind, fault = kind_of(error), uuid.uuid4().hex[:8]
            log.warning("modal not opened", why=describe(error), fault=fault)
            if kind is not ErrorKind.TRIGGER_USED:  # a click that is delivered twice opens its form once
                too_slow = kind is ErrorKind.TRIGGER_EXPIRED or isinstance(error, TimeoutError)
                await self.reply(respond, _(TOO_SLOW) if too_slow else _(FAILED, error=fault))
            return False
        return True

    async def _update(
        self, external_id: str, drawn: View | Reply, answer: Callable[[str], Awaitable[None]]
    ) -> None:
        """Redraw a view; if Slack does not, call `answer` with the text."""
        text = drawn.text if isinstance(drawn, Reply) else ""
        view = message_view(drawn.title, text, close=drawn.close) if isinstance(drawn, Reply) else drawn
        view |= {"external_id": external_id}
        redraw = partial(self._redraw, external_id, view)
        try:
            await self._retry(redraw)
        except CALL_ERRORS as error:
            log.info("modal not redrawn", why=describe(error))
            closed = kind_of(error) is ErrorKind.VIEW_NOT_FOUND
            await self._deliver(partial(answer, text or _(CLOSED if closed else UNSHOWN)), redraw=redraw)

    async def _redraw(self, external_id: str, view: View) -> None:
        await with_known_blocks(
            lambda blocks: self._client.views_update(external_id=external_id, view=view | {"blocks": blocks}),
            view["blocks"],
        )

    async def _deliver(self, answer: Work, *, redraw: Work | None = None) -> None:
        """Give a person an answer; once a Slack that was away is back, where they wait if they still do."""

        async def late() -> None:
            if redraw:
                try:
                    await redraw()
                except CALL_ERRORS as error:
                    if errors.is_transient(error):
                        raise
                else:
                    return
            await answer()

        try:
            try:
                await answer()
            except CALL_ERRORS:
                await self._retry_for_long(late)
        except CALL_ERRORS as error:
            log.warning("a person got no answer", why=describe(error))

    async def _send_direct(self, user: str, text: str) -> None:
        async def send() -> None:
            channel = await direct_channel(self._client, user)
            await self._client.chat_postMessage(channel=channel, text=text)

        await self._retry(send)


def loading_view(title: str, metadata: str = "", *, close: Close = "Cancel") -> View:
    """Draw a modal without a submit, to be replaced by an answer: **Done** would say too much."""
    return modal(title, [section(_(MOMENT))], close=_(close), metadata=metadata)


def message_view(title: str, text: str, *, close: Close = "Done") -> View:
    """Draw an answer; `text` is escaped mrkdwn. **Done** closes what is below it, too."""
    view = modal(title, [section(text or _(MOMENT))], close=_(close))
    return view | {"clear_on_close": close == "Done"}


def close_of(view: View) -> Close:
    """Name the close button of an answer in place of a view: **Back** to the one below, if there is one."""
    return "Back" if view.get("previous_view_id") else "Done"


def external_id_of(view: View) -> str:
    """Name what follows a submitted view, the same for each copy: a redraw finds the copy's view too."""
    return f"{view['id']}.{view['hash']}"


async def show_loading(
    ack: AsyncAck, view: View, title: str, metadata: str = "", *, on_top: bool = False
) -> str:
    """Acknowledge with a loading view, in place or `on_top`; return its id, the same when delivered twice."""
    external_id = external_id_of(view)
    is_above = on_top or view.get("previous_view_id")
    loading = loading_view(title, metadata, close="Back" if is_above else "Close")
    loading |= {"external_id": external_id}
    await ack(response_action="push" if on_top else "update", view=loading)
    return external_id


async def reply_or_fault(answer: Awaitable[Answer]) -> Answer | str:
    """Await an answer; if it raises, log that under an id and return a text that names the id."""
    try:
        return await answer
    except Exception as error:  # noqa: BLE001 - it is logged, and told under an id
        return explain(error)


def explain(error: Exception) -> str:
    """Log a failure under an id, and say what may be done; nothing that waits is written afterwards."""
    delivery = current_delivery()
    if isinstance(error, DeliveredBefore):
        log.warning("a copy of a delivery was refused")
        return _(COPY)
    fault = uuid.uuid4().hex[:8]
    passes = isinstance(error, TimeoutError) or (isinstance(error, DatabaseUnavailable) and error.passes)
    if passes:
        log.warning("a person was told that the database does not answer", fault=fault)
    log_failure(log, "answer failed", error, fault=fault)
    if passes and delivery:
        delivery.close()
    written = delivery is not None and delivery.writes > 0
    if passes:
        return _(UNSURE if written else UNCHANGED, error=fault)
    return _(FAILED_LATE if written else FAILED, error=fault)
