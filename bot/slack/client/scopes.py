"""The bot token's scopes, each with its purpose; a test compares the manifest with them."""

from typing import Final

SCOPES: Final = {
    "commands": "the slash command /discount",
    "chat:write": "the card, its thread, notices and direct messages",
    "users:read": "who is a full member, a guest, a bot or deactivated; names and time zones",
    "usergroups:read": "who is in a user group that the policy names",
    "channels:read": "whether the bot is in a public channel, before a form opens",
    "groups:read": "the same for a private channel",
    "im:write": "opening the direct message to a requester",
    "channels:history": "finding a message that may have been posted, before posting it again, "
    "in a public channel",
    "groups:history": "the same in a private channel",
    "im:history": "the same in a direct message",
    "files:write": "the list of those who were not given it, and rows that were left out, "
    "as files in a direct message",
    "files:read": "reading the files that somebody puts into the form, or links there",
}


def missing_scopes(granted: str) -> tuple[str, ...]:
    """List the scopes that a token lacks, from the `x-oauth-scopes` header of any answer.

    >>> missing_scopes("commands,chat:write,users:read,usergroups:read,channels:read, groups:read,im:write")
    ('channels:history', 'groups:history', 'im:history', 'files:write', 'files:read')
    """
    has = {scope.strip() for scope in granted.split(",")}
    return tuple(scope for scope in SCOPES if scope not in has)
