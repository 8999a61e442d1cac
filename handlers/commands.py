"""`/discount …`: what each of its words does."""

from collections.abc import Awaitable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.domain.ids import ChannelId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.person import Person
from bot.slack import command_parser
from bot.slack.command_parser import (
    Add,
    Cancel,
    Command,
    Help,
    NotUnderstood,
    Pause,
    Resume,
    ShowRule,
    Status,
)
from bot.slack.messages import confirmations, help, rule, status  # noqa: A004 - the command's own word
from bot.slack.modal_controller import said_safely
from bot.slack.modals import request_form
from bot.slack.rendering import pause_banner, reasons
from bot.slack.rendering.formatting import Message
from handlers.context import Counter
from handlers.request_form import draw_form


def register(app: AsyncApp) -> None:
    """Listen to the command."""
    app.command("/discount")(discount)


async def discount(
    ack: AsyncAck, payload: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter
) -> None:
    """Do what the command says; whatever takes a look-up comes after the ack."""
    asked, channel = command_parser.read(payload.get("text") or ""), ChannelId(payload["channel_id"])
    if isinstance(asked, Add):
        await add(ack, payload, respond, who, counter, asked)
        return
    if isinstance(asked, Help | NotUnderstood):
        message = (
            help.build(counter.look)
            if isinstance(asked, Help)
            else help.not_understood(asked.text, asked.nearest or "", asked.why)
        )
        await ack(text=message.text, blocks=message.blocks)
        return
    await ack()
    counter.jobs.soon(_tell(respond, counter, answer(asked, who, channel, counter)))


async def add(
    ack: AsyncAck, payload: dict[str, Any], respond: AsyncRespond, who: Person, counter: Counter, typed: Add
) -> None:
    """Keep a draft with what the command holds, and open the form on it."""
    channel = ChannelId(payload["channel_id"])
    listed = counter.asking.listed(who, channel)
    if isinstance(listed, Refusal):
        await ack(reasons.refusal(listed, counter.look))
        return
    draft = await counter.asking.open_draft(
        who, channel, counter.asking.prefill(typed.rule, typed.customers, quoted=typed.quoted)
    )
    await ack()
    counter.jobs.soon(
        counter.screens.open(
            payload["trigger_id"], request_form.TITLE, draw_form(counter, draft.id, who), respond=respond
        )
    )


async def answer(asked: Command, who: Person, channel: ChannelId, counter: Counter) -> Message | str:
    """Find what the person alone is told."""
    match asked:
        case Status(short=None):
            stories = await counter.desk.recent(who, channel)
            if isinstance(stories, Refusal):
                return reasons.refusal(stories, counter.look)
            return status.build(stories, counter.look, await counter.desk.pauses.now())
        case Status(short=str() as short):
            story = await counter.desk.look(short, who, channel)
            return (
                reasons.refusal(story, counter.look)
                if isinstance(story, Refusal)
                else status.one(story, counter.look)
            )
        case ShowRule(words=text):
            return await _rule(text, who, channel, counter)
        case Cancel(short=short):
            cancelled = await counter.desk.cancel(short, who, None, typed_in=channel)
            return (
                reasons.refusal(cancelled, counter.look)
                if isinstance(cancelled, Refusal)
                else confirmations.cancelled(cancelled).text
            )
        case Pause(why=why):
            pausing = await counter.desk.pauses.pause(who, why)
            if isinstance(pausing, Refusal):
                return reasons.refusal(pausing, counter.look)
            return pause_banner.begun(pausing[0], counter.look, changed=pausing[1])
        case Resume():
            resumed = await counter.desk.pauses.resume(who)
            return (
                reasons.refusal(resumed, counter.look)
                if isinstance(resumed, Refusal)
                else pause_banner.ended(changed=resumed)
            )
    raise TypeError(asked)


async def _rule(text: str, who: Person, channel: ChannelId, counter: Counter) -> Message | str:
    found = await counter.asking.look_up(text, who, channel)
    if isinstance(found, Refusal):
        return reasons.refusal(found, counter.look)
    if isinstance(found, list):
        return rule.several(found, counter.look)
    return rule.build(*found, counter.look)


async def _tell(respond: AsyncRespond, counter: Counter, answering: Awaitable[Message | str]) -> None:
    told = await said_safely(answering)
    if isinstance(told, str):
        await counter.screens.tell(respond, told)
    else:
        await counter.screens.tell(respond, told.text, told.blocks)
