"""Slack's methods about people, user groups, channels and the app itself."""

from typing import Final

from bot.domain.ids import GroupId, UserId
from bot.domain.requests.person import AccountKind
from sandbox.slack.api.call import ApiCall, ArgumentRule, TokenKind, family
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.workspace import Account, Channel, Group, Json


def auth_test(call: ApiCall) -> Json:
    """`auth.test`: the token's owner."""
    return {
        "ok": True,
        "url": f"https://{call.workspace.domain}.slack.com/",
        "team": call.workspace.domain,
        "team_id": call.workspace.team,
        "user": "discount-bot",
        "user_id": call.workspace.bot.id,
        "bot_id": "B0DISCOUNTBOT",
        "is_enterprise_install": False,
    }


def open_connection(call: ApiCall) -> Json:
    """`apps.connections.open`: the WebSocket address of Socket Mode."""
    address = call.api_url.removesuffix("/api/").replace("http://", "ws://")
    return {"ok": True, "url": f"{address}/link/?ticket={call.workspace.serial('W')}&app_id=A0DISCOUNTBOT"}


def bots_info(_: ApiCall) -> Json:
    """`bots.info`: the bot, and the app that it belongs to."""
    return {"ok": True, "bot": {"id": "B0DISCOUNTBOT", "app_id": "A0DISCOUNTBOT", "name": "discount-bot"}}


def users_info(call: ApiCall) -> Json:
    """`users.info`: one person."""
    account = call.account()
    locale = {"locale": account.locale} if call.flag("include_locale") else {}
    return {"ok": True, "user": user_payload(account) | locale}


def user_payload(account: Account) -> Json:
    """Format a person as `users.info` does."""
    handle = account.name.lower().replace(" ", ".")
    return {
        "id": account.id,
        "team_id": account.team,
        "name": handle,
        "real_name": account.name,
        "deleted": account.kind is AccountKind.DEACTIVATED,
        "tz": "Europe/Oslo",
        "profile": {"display_name": account.name, "real_name": account.name, "team": account.team},
        "is_bot": account.kind is AccountKind.BOT,
        "is_app_user": False,
        "is_restricted": account.kind is AccountKind.GUEST,
        "is_ultra_restricted": False,
        "is_stranger": account.kind is AccountKind.STRANGER,
        **({"enterprise_user": _enterprise_user(account)} if account.organisation else {}),
    }


def _enterprise_user(account: Account) -> Json:
    teams = list(account.organisation)
    return {"id": account.id, "enterprise_id": "E0ORGANISATION", "is_admin": False, "teams": teams}


def groups_list(call: ApiCall) -> Json:
    """`usergroups.list`: the active user groups."""
    groups = [
        group
        for group in call.workspace.groups.values()
        if call.flag("include_disabled") or not group.disabled
    ]
    with_users = call.flag("include_users")
    return {"ok": True, "usergroups": [_group_payload(group, with_users=with_users) for group in groups]}


def _group_payload(group: Group, *, with_users: bool) -> Json:
    users = {"users": sorted(group.members)} if with_users else {}
    return {
        "id": group.id,
        "name": group.handle,
        "handle": group.handle,
        "user_count": len(group.members),
        "date_delete": int(group.disabled),
        **users,
    }


def group_users(call: ApiCall) -> Json:
    """`usergroups.users.list`: a group's members; of a disabled group only on request."""
    group = call.workspace.groups.get(GroupId(call.text("usergroup")))
    if group is None:
        raise SlackSays("no_such_subteam")
    return {
        "ok": True,
        "users": sorted(group.members) if not group.disabled or call.flag("include_disabled") else [],
    }


def channel_info(call: ApiCall) -> Json:
    """`conversations.info`: one channel."""
    return {"ok": True, "channel": _channel_payload(call, call.channel())}


def _channel_payload(call: ApiCall, channel: Channel) -> Json:
    direct = {"user": channel.direct_with} if channel.direct_with else {"name": channel.name}
    return {
        "id": channel.id,
        **direct,
        "is_channel": family(channel) == "channels",
        "is_group": family(channel) == "groups",
        "is_im": family(channel) == "im",
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_member": call.workspace.bot.id in channel.members,
    }


def channel_members(call: ApiCall) -> Json:
    """`conversations.members`: who is in a channel, on one page."""
    return {"ok": True, "members": sorted(call.channel().members), "response_metadata": {"next_cursor": ""}}


def open_direct(call: ApiCall) -> Json:
    """`conversations.open`: the direct messages with one person."""
    users = call.text("users").split(",")
    if len(users) != 1:
        raise SlackSays("method_not_supported_for_channel_type")
    if UserId(users[0]) not in call.workspace.people:
        raise SlackSays("user_not_found")
    return {"ok": True, "channel": {"id": call.workspace.direct(UserId(users[0])).id}}


def join(call: ApiCall) -> Json:
    """`conversations.join`: make the bot a member of a public channel."""
    channel = call.channel(right="")
    if family(channel) != "channels":
        raise SlackSays("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackSays("is_archived")
    channel.members.add(call.workspace.bot.id)
    call.workspace.changes.happened()
    return {"ok": True, "channel": _channel_payload(call, channel)}


def own_channels(call: ApiCall) -> Json:
    """`users.conversations`: the bot's channels, public ones unless `types` says otherwise."""
    wanted = call.text("types", "public_channel").split(",")
    kinds = {"channels": "public_channel", "groups": "private_channel", "im": "im"}
    mine = [
        channel
        for channel in call.workspace.channels.values()
        if call.workspace.bot.id in channel.members and kinds[family(channel)] in wanted
    ]
    for channel in mine:
        call.needs(f"{family(channel)}:read")
    return {
        "ok": True,
        "channels": [_channel_payload(call, channel) for channel in mine],
        "response_metadata": {"next_cursor": ""},
    }


METHODS: Final = {
    "auth.test": ArgumentRule(auth_test),
    "apps.connections.open": ArgumentRule(open_connection, token=TokenKind.APP),
    "bots.info": ArgumentRule(bots_info, "users:read"),
    "users.info": ArgumentRule(users_info, "users:read"),
    "users.conversations": ArgumentRule(own_channels),
    "usergroups.list": ArgumentRule(groups_list, "usergroups:read"),
    "usergroups.users.list": ArgumentRule(group_users, "usergroups:read"),
    "conversations.info": ArgumentRule(channel_info),
    "conversations.members": ArgumentRule(channel_members),
    "conversations.open": ArgumentRule(open_direct, "im:write"),
    "conversations.join": ArgumentRule(join, "channels:join"),
}
