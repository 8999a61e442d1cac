"""Slack's `files.info`, and downloads: only with the bot's token and the right scope."""

from typing import Final

from aiohttp import web

from bot.domain.ids import FileId
from sandbox.slack.api.call import ApiCall, ArgumentRule
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.workspace import Json, Workspace

SCOPE: Final = "files:read"
SIGN_IN: Final = (
    "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to your workspace</body></html>"
)


def info(call: ApiCall) -> Json:
    """`files.info`: a file that the bot can see."""
    file = call.workspace.files.get(FileId(call.text("file")))
    if file is None or not call.workspace.bot_sees(file):
        raise SlackSays("file_not_found")
    return {
        "ok": True,
        "file": file.payload(call.workspace.team, call.workspace.domain, call.tickets.base_url),
        "comments": [],
    }


def fetch(workspace: Workspace, path: str, *, allowed: bool) -> web.Response:
    """Serve a file; without permission, redirect to the sign-in page, as Slack does with status 200."""
    file = next((file for file in workspace.files.values() if file.path(workspace.team) == path), None)
    if not allowed:
        return web.Response(status=302, headers={"Location": "/sign-in"})
    if file is None:
        return web.Response(status=404, text=SIGN_IN, content_type="text/html")
    return web.Response(body=file.data, content_type="application/octet-stream")


async def sign_in(_request: web.Request) -> web.Response:
    """The sign-in page."""
    return web.Response(text=SIGN_IN, content_type="text/html")


METHODS: Final = {"files.info": ArgumentRule(info, SCOPE)}
