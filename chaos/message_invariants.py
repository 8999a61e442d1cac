"""Compares Slack with the outbox: everything once, in order, and each card up to date."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import create_engine, select

from bot.database.connection import parse_url
from bot.database.repositories.repository import SqlRepository
from bot.database.schema import outbox
from bot.domain.policy.policy import Policy
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.request import Request, State
from bot.services.snapshots import load_snapshot
from bot.slack.announcer import NOBODY
from bot.slack.messages import card
from bot.slack.messages.files.not_given_file import MARK
from bot.slack.messages.notices import OF_PAUSE
from bot.slack.rendering.formatting import Formatter
from sandbox.shop import Shop
from sandbox.slack import Message
from sandbox.slack.user.rendering import draw_message

FOR_GOOD: Final = (
    "msg_too_long",
    "message_not_found",
    "thread_not_found",
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "there is no card to say it below",
)
"""Reasons for which a message may stay undelivered: Slack refuses it for good, or its target is gone."""
TOLD_INSTEAD: Final = ("msg_too_long", "channel_not_found", "not_in_channel", "is_archived")
"""Of these, the ones after which the bot notifies somebody else; without a card, it notifies nobody."""
THREAD: Final = frozenset({ChannelKind.LINE, ChannelKind.SUMMARY})
ENDS: Final = {
    State.DONE: NotificationType.DONE,
    State.REJECTED: NotificationType.REJECTED,
    State.CANCELLED: NotificationType.CANCELLED,
    State.EXPIRED: NotificationType.EXPIRED,
}


@dataclass(slots=True)
class MessageReport:
    """Delivered and undelivered messages, and violations."""

    messages: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


async def all_told(
    shop: Shop,
    repository: SqlRepository,
    url: str,
    policy: Policy,
    requests: Sequence[Request],
    *,
    deleted: Collection[str],
) -> MessageReport:
    """Compare outbox, threads, direct messages and cards."""
    told = MessageReport()
    rows = await asyncio.to_thread(_notices, url)
    _each_once(told, shop, rows)
    _in_order(told, shop, rows)
    _instead(told, rows, policy)
    _ends_told(told, rows, requests)
    _pauses(told, shop, rows)
    await _cards(
        told,
        shop,
        repository,
        policy,
        [request for request in requests if request.card_ts and request.card_ts not in deleted],
    )
    return told


def _each_once(told: MessageReport, shop: Shop, rows: Sequence[Any]) -> None:
    """Check that each notice is in Slack once, or never if Slack refuses it for good."""
    messages = _messages(shop)
    there = Counter(key for message in messages if (key := _key(message)))
    files = Counter(
        str(file["title"]).rpartition("(")[2].rstrip(")") for message in messages for file in message.files
    )
    told.messages = there.total()
    for key, kind, request, said, given_up, *besides in rows:
        reason = next((reason for reason in FOR_GOOD if reason in (given_up or "")), None)
        if reason:
            told.refused[reason] += 1
            wanted = {0}
        elif given_up or not said:
            told.faults.append(
                f"{kind} {key} of {request} was never posted: said_ts {said!r}, "
                f"given_up {given_up!r}, {besides}"
            )
            continue
        else:
            wanted = {0} if said == NOBODY else {1}
        if kind == ChannelKind.LIST:
            if files[key[:MARK]] != (not reason and said != NOBODY):
                told.faults.append(f"{kind} {key} was sent {files[key[:MARK]]} times")
        elif kind != ChannelKind.CARD and there[key] not in wanted and "." not in key:
            told.faults.append(f"{kind} {key} was said {there[key]} times")


def _in_order(told: MessageReport, shop: Shop, rows: Sequence[Any]) -> None:
    """Check that each thread has the outbox's order."""
    wanted, at = defaultdict[str, list[str]](list), dict[str, str]()
    for key, kind, request, said, *_ in rows:
        if kind in THREAD and said:
            wanted[request].append(key)
            at[key] = request
    found = defaultdict[str, list[str]](list)
    for message in sorted(_messages(shop), key=lambda one: one.ts):
        key = _key(message)
        if key in at:
            found[at[key]].append(key)
    told.faults += [
        f"the thread of {request} is out of order"
        for request, keys in wanted.items()
        if found[request] != keys
    ]


def _instead(told: MessageReport, rows: Sequence[Any], policy: Policy) -> None:
    """Check that somebody else was told of each undeliverable message: the requester, or the admins."""
    heard = {
        row.request
        for row in rows
        if row.happened == NotificationType.UNTOLD and row.kind == ChannelKind.DIRECT
    }
    channels = {
        json.loads(row.facts).get("channel")
        for row in rows
        if row.happened == NotificationType.UNTOLD and row.addressee in policy.admins
    }
    for row in rows:
        if not any(reason in (row.given_up or "") for reason in TOLD_INSTEAD):
            continue
        if row.kind in THREAD and row.request not in heard:
            told.faults.append(f"nobody was told of a {row.kind} of {row.request}: {row.given_up}")
        if row.kind == ChannelKind.NOTICE and row.addressee not in channels:
            told.faults.append(f"no admin was told that {row.addressee} cannot be written to: {row.given_up}")


def _ends_told(told: MessageReport, rows: Sequence[Any], requests: Sequence[Request]) -> None:
    """Check that each end has a line or a summary, and that its requester hears of it unless they cancelled.

    A message that cannot be delivered counts here: others are told instead.
    """
    threads = {(row.request, row.happened) for row in rows if row.kind in THREAD}
    summaries = {row.request for row in rows if row.kind == ChannelKind.SUMMARY}
    direct = {(row.request, row.happened) for row in rows if row.kind == ChannelKind.DIRECT}
    for request in requests:
        if request.state not in ENDS:
            continue
        end = ENDS[request.state]
        if request.id not in summaries and (request.started_at or (request.id, end) not in threads):
            told.faults.append(f"the thread of {request.id} was not told that it is {request.state}")
        knows = request.decided_by == request.requester and request.started_at is None
        if (request.id, end) not in direct and not (request.state is State.CANCELLED and knows):
            told.faults.append(f"the requester of {request.id} was not told that it is {request.state}")


def _pauses(told: MessageReport, shop: Shop, rows: Sequence[Any]) -> None:
    """Check that each message about a pause shows the last state of that pause, unless Slack refused that."""
    of_pause = [row for row in rows if row.kind == ChannelKind.NOTICE and row.happened in OF_PAUSE]
    newest = {row.key.partition(".")[0]: row.happened for row in of_pause}
    refused = {row.key.partition(".")[0] for row in of_pause if row.given_up}
    shown = {_key(message): message.text for message in _messages(shop)}
    for key in newest.keys() & shown.keys() - refused:
        if shown[key].startswith("✅") is not (newest[key] == NotificationType.RESUMED):
            told.faults.append(f"a message about a pause that is {newest[key]} says: {shown[key]}")


async def _cards(
    told: MessageReport, shop: Shop, repository: SqlRepository, policy: Policy, requests: Sequence[Request]
) -> None:
    """Check that each request has one card that matches the database."""
    formatter = Formatter(policy.currency, policy.timezone, policy.admins)
    there = {
        message.ts: message
        for channel in (shop.support, shop.quick)
        for message in shop.slack.messages(channel)
        if is_card(message)
    }
    if len(requests) != len(there):
        told.faults.append(f"{len(there)} cards for {len(requests)} requests")
    late = told.refused["msg_too_long"] > 0
    for request in requests:
        shown = there.get(request.card_ts or "")
        if shown is None:
            told.faults.append(f"{request.short} has no card")
        elif not late and not await _shows(shop, shown, request, repository, policy, formatter):
            told.faults.append(f"{request.short}'s card does not show that it is {request.state}")


async def _shows(
    shop: Shop,
    shown: Message,
    request: Request,
    repository: SqlRepository,
    policy: Policy,
    formatter: Formatter,
) -> bool:
    """Check that a card equals one built now; a process may know a person's name, or mention them."""
    drawn = card.build(await load_snapshot(repository, request, policy, ids=False), formatter)
    workspace = shop.slack.workspace
    again = Message(shown.channel, shown.ts, shown.user, drawn.text, workspace.with_ids(drawn.blocks))
    one, other = (
        _unmentioned(shop, f"{message.text}\n{draw_message(message, workspace)}")
        for message in (shown, again)
    )
    return one == other


def _unmentioned(shop: Shop, text: str) -> str:
    for who in shop.slack.workspace.people.values():
        text = text.replace(f"<@{who.id}>", who.name).replace(f"@{who.name}", who.name)
    return text


def _messages(shop: Shop) -> list[Message]:
    direct = [who.direct for who in shop.people]
    channels = {channel.id: channel for channel in (*shop.slack.workspace.channels.values(), *direct)}
    return [one for channel in channels.values() for one in channel.messages if not one.deleted]


def is_card(message: Message) -> bool:
    """Tell a request's card from a message about a pause."""
    return "request" in ((message.metadata or {}).get("event_payload") or {})


def _key(message: Message) -> str:
    return str(((message.metadata or {}).get("event_payload") or {}).get("key") or "")


def _notices(url: str) -> Sequence[Any]:
    engine = create_engine(parse_url(url))
    named = (outbox.c.key, outbox.c.kind, outbox.c.request, outbox.c.said_ts, outbox.c.given_up)
    besides = tuple(
        outbox.c[name]
        for name in ("id", "happened", "happened_at", "attempts", "tried", "due", "addressee", "facts")
    )
    try:
        with engine.connect() as connection:
            return connection.execute(select(*named, *besides).order_by(outbox.c.id)).all()
    finally:
        engine.dispose()
