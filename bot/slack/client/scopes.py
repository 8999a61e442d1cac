"""The bot token's scopes, each with its purpose; a test compares the manifest with them."""

from typing import Final

SCOPES: Final = {
    "commands": "the slash command /discount",
    "chat:write": "posts requests, their threads, notices and direct messages",
    "users:read": "who may use the bot; names, languages and time zones",
    "usergroups:read": "who is in a user group of the settings",
    "channels:read": "whether the bot is in a public channel",
    "groups:read": "whether the bot and a person are in a private channel",
    "im:write": "opens the direct messages with a person",
    "channels:history": "avoids posting a message twice (public channels)",
    "groups:history": "avoids posting a message twice (private channels)",
    "im:history": "avoids posting a message twice (direct messages)",
    "files:write": "sends lists and skipped rows as files",
    "files:read": "reads the files that people upload or link",
}


def missing_scopes(granted: str) -> tuple[str, ...]:
    """List the scopes that a token lacks, from the `x-oauth-scopes` header of any answer.

    >>> missing_scopes("commands,chat:write,users:read,usergroups:read,channels:read, groups:read,im:write")
    ('channels:history', 'groups:history', 'im:history', 'files:write', 'files:read')
    """
    has = {scope.strip() for scope in granted.split(",")}
    return tuple(scope for scope in SCOPES if scope not in has)
