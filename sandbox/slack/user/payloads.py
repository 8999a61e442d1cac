"""Slack's payloads for people's actions, in their real shapes."""

from html import escape
from typing import Final

from sandbox.slack.api.chat import message_payload
from sandbox.slack.state.elements import PRESSED, Element, kept, value_of
from sandbox.slack.state.views import OpenView
from sandbox.slack.state.workspace import Account, Channel, Json, Message
from sandbox.slack.transport.switchboard import Switchboard

APP: Final = "A0DISCOUNTBOT"
VERIFICATION: Final = "sandbox"
"""Slack's deprecated verification token; the bot must ignore it."""


def command(board: Switchboard, who: Account, text: str, channel: Channel) -> Json:
    """Build a slash command. `&`, `<` and `>` in its text are escaped, as in Slack."""
    name, _, rest = text.partition(" ")
    return {
        "token": VERIFICATION,
        "team_id": who.team,
        "team_domain": _domain(board, who),
        "channel_id": channel.id,
        "channel_name": "privategroup" if channel.private and not channel.direct_with else channel.name,
        "user_id": who.id,
        "user_name": who.name.lower(),
        "command": name,
        "text": escape(rest.strip(), quote=False),
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": board.tickets.response_url(who.id, channel),
        "trigger_id": board.tickets.trigger(who.id),
    }


def message_action(board: Switchboard, who: Account, message: Message, button: Element) -> Json:
    """Build a button press in a message."""
    channel = board.workspace.channels[message.channel]
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.only_for is not None,
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
    }
    about = board.workspace.find_message(channel, message.ts) or message
    drawn = message_payload(message, team=board.workspace.team, bot=board.workspace.bot.id)
    return {
        **_interaction(board, who, "block_actions"),
        "container": container,
        "channel": {"id": channel.id, "name": "directmessage" if channel.direct_with else channel.name},
        **({"message": drawn} if message.only_for is None else {}),
        "state": {"values": {}},
        "response_url": board.tickets.response_url(who.id, channel, about),
        "actions": [_action(board, button, {})],
    }


def view_action(board: Switchboard, who: Account, view: OpenView, used: Element) -> Json:
    """Build the use of a view's button or immediate input."""
    value = {} if used.type in PRESSED else kept(used, value_of(used, view.state))
    return {
        **_interaction(board, who, "block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "view": board.stacks.payload(view),
        "actions": [_action(board, used, value)],
    }


def suggestion(board: Switchboard, who: Account, view: OpenView, select: Element, typed: str) -> Json:
    """Build an options request."""
    asked = {
        key: value
        for key, value in _interaction(board, who, "block_suggestion").items()
        if key != "trigger_id"
    }
    return {
        **asked,
        "container": {"type": "view", "view_id": view.id},
        "view": board.stacks.payload(view),
        "action_id": select.action_id,
        "block_id": select.block_id,
        "value": typed,
    }


def submission(board: Switchboard, who: Account, view: OpenView) -> Json:
    """Build a view's submission."""
    return {
        **_interaction(board, who, "view_submission"),
        "view": board.stacks.payload(view),
        "response_urls": [],
    }


def closing(board: Switchboard, who: Account, view: OpenView) -> Json:
    """Build the closing of a view with `notify_on_close`."""
    told = {
        key: value for key, value in _interaction(board, who, "view_closed").items() if key != "trigger_id"
    }
    return {**told, "view": board.stacks.payload(view), "is_cleared": False}


def _interaction(board: Switchboard, who: Account, kind: str) -> Json:
    handle = who.name.lower().replace(" ", ".")
    return {
        "type": kind,
        "user": {"id": who.id, "username": handle, "name": handle, "team_id": who.team},
        "api_app_id": APP,
        "token": VERIFICATION,
        "trigger_id": board.tickets.trigger(who.id),
        "team": {"id": who.team, "domain": _domain(board, who)},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _action(board: Switchboard, used: Element, value: Json) -> Json:
    said: Json = {key: used.element[key] for key in ("text", "value", "style") if key in used.element}
    if used.option is not None:
        said = {"selected_option": used.option}
    return {
        "action_id": used.action_id,
        "block_id": used.block_id,
        "type": used.type,
        "action_ts": board.workspace.next_ts(),
        **said,
        **value,
    }


def _domain(board: Switchboard, who: Account) -> str:
    return board.workspace.domain if who.team == board.workspace.team else f"team-{who.team.lower()}"
