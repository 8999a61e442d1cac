"""Slack's `chat.*` and `conversations.*` methods for messages."""

from typing import Final

from sandbox.slack.api.call import ApiCall, ArgumentRule
from sandbox.slack.state.errors import SlackSays, refuse_message
from sandbox.slack.state.workspace import Channel, Json, Message

PAGE: Final = 100
MOST: Final = 1_000
"""Messages per page, default and maximum (conversations.history)."""


def post_message(call: ApiCall) -> Json:
    """`chat.postMessage`: post in a channel of the bot or in direct messages."""
    channel = call.channel_to_post_in()
    blocks, text = call.listing("blocks"), call.text("text", "")
    refuse_message(blocks, text, unknown=call.workspace.unknown_blocks)
    thread_ts = call.arguments.get("thread_ts")
    if thread_ts is not None and call.workspace.find_message(channel, str(thread_ts)) is None:
        raise SlackSays("thread_not_found")
    message = call.workspace.post(
        channel, text=text, blocks=blocks, thread_ts=thread_ts, metadata=call.arguments.get("metadata")
    )
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": drawn(call, message)}


def update(call: ApiCall) -> Json:
    """`chat.update`: edit one of the bot's own messages."""
    channel = call.channel(right="")
    message = _own(call, channel)
    if channel.archived:
        raise SlackSays("is_inactive")
    blocks, text = call.listing("blocks"), call.text("text", "")
    refuse_message(blocks, text, unknown=call.workspace.unknown_blocks)
    call.workspace.edit(message, text=text, blocks=blocks, metadata=call.arguments.get("metadata"))
    return {
        "ok": True,
        "channel": channel.id,
        "ts": message.ts,
        "text": text,
        "message": drawn(call, message),
    }


def delete(call: ApiCall) -> Json:
    """`chat.delete`: delete one of the bot's own messages."""
    channel = call.channel(right="")
    message = _own(call, channel)
    call.workspace.delete(message)
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def post_ephemeral(call: ApiCall) -> Json:
    """`chat.postEphemeral`: write to one member of a channel of the bot."""
    channel = call.channel_to_post_in()
    person = call.account()
    if person.id not in channel.members:
        raise SlackSays("user_not_in_channel")
    blocks, text = call.listing("blocks"), call.text("text", "")
    refuse_message(blocks, text, unknown=call.workspace.unknown_blocks)
    thread_ts = call.arguments.get("thread_ts")
    message = call.workspace.post(channel, text=text, blocks=blocks, thread_ts=thread_ts, only_for=person.id)
    return {"ok": True, "message_ts": message.ts}


def get_permalink(call: ApiCall) -> Json:
    """`chat.getPermalink`: the link to a message."""
    channel = call.channel(right="")
    ts = call.text("message_ts")
    message = call.workspace.find_message(channel, ts)
    if message is None:
        raise SlackSays("message_not_found")
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.is_reply else ""
    permalink = (
        f"https://{call.workspace.domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}{thread}"
    )
    return {"ok": True, "channel": channel.id, "permalink": permalink}


def history(call: ApiCall) -> Json:
    """`conversations.history`: a channel's messages, newest first, without the replies in threads."""
    channel = _readable(call)
    newest_first = [
        message for message in reversed(channel.messages) if not message.deleted and not message.is_reply
    ]
    return _page(call, newest_first)


def replies(call: ApiCall) -> Json:
    """`conversations.replies`: a message and the replies to it, oldest first."""
    channel = _readable(call)
    parent = call.workspace.find_message(channel, call.text("ts"))
    if parent is None:
        raise SlackSays("thread_not_found")
    return _page(call, [parent, *channel.thread(parent.ts)])


def drawn(call: ApiCall, message: Message) -> Json:
    """Format a message as the Web API does; metadata only on request."""
    body = message_payload(message, team=call.workspace.team, bot=call.workspace.bot.id)
    if message.metadata is not None and call.flag("include_all_metadata"):
        body["metadata"] = message.metadata
    return body


def message_payload(message: Message, *, team: str, bot: str) -> Json:
    """Format a message as Slack sends it."""
    body: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": team,
    }
    if message.user == bot:
        body |= {"bot_id": "B0DISCOUNTBOT", "app_id": "A0DISCOUNTBOT"}
    if message.blocks:
        body["blocks"] = message.blocks
    if message.files:
        body["files"] = list(message.files)
    if message.thread_ts is not None:
        body["thread_ts"] = message.thread_ts
    if message.edits:
        body["edited"] = {"user": bot, "ts": message.edits[-1].until}
    return body


def _own(call: ApiCall, channel: Channel) -> Message:
    message = call.workspace.find_message(channel, call.text("ts"))
    if message is None:
        raise SlackSays("message_not_found")
    if message.user != call.workspace.bot.id:
        raise SlackSays("cant_update_message")
    return message


def _readable(call: ApiCall) -> Channel:
    channel = call.channel(right="history")
    if call.workspace.bot.id not in channel.members:
        raise SlackSays("not_in_channel")
    return channel


def _page(call: ApiCall, messages: list[Message]) -> Json:
    oldest, latest = call.text("oldest", "0"), call.text("latest", "")
    within = [
        message
        for message in messages
        if _between(message.ts, oldest, latest, inclusive=call.flag("inclusive"))
    ]
    start = int(call.text("cursor", "") or 0)
    end = start + min(int(call.text("limit", str(PAGE))), MOST)
    more = end < len(within)
    return {
        "ok": True,
        "messages": [drawn(call, message) for message in within[start:end]],
        "has_more": more,
        "response_metadata": {"next_cursor": str(end) if more else ""},
    }


def _between(ts: str, oldest: str, latest: str, *, inclusive: bool) -> bool:
    if inclusive and ts in {oldest, latest}:
        return True
    return float(oldest or 0) < float(ts) and (not latest or float(ts) < float(latest))


METHODS: Final = {
    "chat.postMessage": ArgumentRule(post_message, "chat:write"),
    "chat.update": ArgumentRule(update, "chat:write"),
    "chat.delete": ArgumentRule(delete, "chat:write"),
    "chat.postEphemeral": ArgumentRule(post_ephemeral, "chat:write"),
    "chat.getPermalink": ArgumentRule(get_permalink),
    "conversations.history": ArgumentRule(history),
    "conversations.replies": ArgumentRule(replies),
}
