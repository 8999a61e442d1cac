"""Slack's Web API over HTTP: tokens, both argument encodings, planned faults, and dispatch to methods."""

import json
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from sandbox.slack.api import blocks, chat, directory, files, uploads, views
from sandbox.slack.api.call import ApiCall, ArgumentRule, TokenKind
from sandbox.slack.api.response_url import answer_person
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.faults import Cut, Faults, Refuse
from sandbox.slack.state.tickets import Tickets
from sandbox.slack.state.uploads import PATH
from sandbox.slack.state.views import ViewStacks
from sandbox.slack.state.workspace import Json, Workspace

METHODS: Final[dict[str, ArgumentRule]] = {
    **chat.METHODS,
    **views.METHODS,
    **directory.METHODS,
    **files.METHODS,
    **uploads.METHODS,
    **blocks.METHODS,
}
NESTED: Final = frozenset({"blocks", "view", "message", "metadata", "attachments", "files"})
"""Arguments sent as JSON inside a form."""


UPLOAD: Final = "upload"
"""The name by which faults refer to sending a file's content."""
TOO_MANY: Final = 429
DOWNLOAD: Final = "files.download"
"""The name by which faults refer to downloading a file."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The bot's made-up credentials."""

    bot_token: str = "xoxb-sandbox"  # noqa: S105
    app_token: str = "xapp-sandbox"  # noqa: S105
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105


class WebApi:
    """Answers the bot's calls."""

    def __init__(
        self,
        workspace: Workspace,
        stacks: ViewStacks,
        tickets: Tickets,
        *,
        faults: Faults,
        credentials: Credentials,
        scopes: frozenset[str],
    ) -> None:
        """Keep the state that the methods work on."""
        self._workspace = workspace
        self._stacks = stacks
        self._tickets = tickets
        self._faults = faults
        self._tokens = {credentials.bot_token: TokenKind.BOT, credentials.app_token: TokenKind.APP}
        self.scopes = scopes
        self.names_scopes = True
        """Whether answers have the header with the scopes, which some proxies remove."""
        self.api_url = ""
        self.refused: list[str] = []
        """Every `ok: false` so far, as "method: error", so that a test can require none."""

    def routes(self) -> list[web.RouteDef]:
        """The addresses served here."""
        return [
            web.post("/api/{method}", self._method),
            web.get("/api/{method}", self._method),
            web.post("/response/{key}", self._response),
            web.post(f"{PATH}{{ticket}}", self._upload),
            web.get("/files-pri/{file}/download/{name}", self._download),
            web.get("/sign-in", files.sign_in),
        ]

    async def _method(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, request.match_info["method"])

    async def _response(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "response_url")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, UPLOAD)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, DOWNLOAD)

    async def _answer(self, request: web.Request, method: str) -> web.StreamResponse:
        try:
            return await self._run(request, method)
        except Refuse as refusal:
            said = (
                {"ok": False, "error": "ratelimited"}
                if refusal.status == TOO_MANY
                else {"ok": False, "error": "internal_error"}
            )
            return web.json_response(said, status=refusal.status, headers=refusal.headers)
        except Cut:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        except SlackSays as refusal:
            self.refused.append(f"{method}: {refusal}")
            status = 404 if method == "response_url" else 200
            return web.json_response(refusal.answer(), status=status, headers=self._headers())

    async def _run(self, request: web.Request, method: str) -> web.StreamResponse:
        arguments = {} if method == UPLOAD else await _arguments(request)
        planned = self._faults.take(method)
        number = self._faults.calls[method]
        await self._faults.before(method, number, planned)
        if method == "response_url":
            answer_person(self._workspace, self._tickets.use_response(request.match_info["key"]), arguments)
            reply = web.Response(text="ok")
        elif method == UPLOAD:
            taken = await self._workspace.uploads.take(
                request.match_info["ticket"], request.content.iter_any()
            )
            reply = web.Response(text="OK", status=200 if taken else 400)
        elif method == DOWNLOAD:
            allowed = self._tokens.get(_bearer(request)) is TokenKind.BOT and files.SCOPE in self.scopes
            reply = files.fetch(self._workspace, request.rel_url.raw_path, allowed=allowed)
        else:
            reply = web.json_response(self._call(request, method, arguments), headers=self._headers())
        await self._faults.after(method, number, planned)
        return reply

    def _call(self, request: web.Request, method: str, arguments: Json) -> Json:
        token = _bearer(request) or str(arguments.get("token", ""))
        rule = METHODS.get(method)
        if rule is None:
            raise SlackSays("unknown_method", req_method=method)
        self._check_token(token, rule)
        call = ApiCall(arguments, self._workspace, self._stacks, self._tickets, self.scopes, self.api_url)
        call.needs(rule.scope)
        return rule.run(call)

    def _check_token(self, token: str, rule: ArgumentRule) -> None:
        if rule.token is None:
            return
        if not token:
            raise SlackSays("not_authed")
        kind = self._tokens.get(token)
        if kind is None:
            raise SlackSays("invalid_auth")
        if kind is not rule.token:
            raise SlackSays("not_allowed_token_type")

    def _headers(self) -> dict[str, str]:
        return {"x-oauth-scopes": ",".join(sorted(self.scopes))} if self.names_scopes else {}


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


async def _arguments(request: web.Request) -> Json:
    if request.content_type == "application/json":
        sent: Json = {**request.query, **await request.json()}
    else:
        sent = {**request.query, **await request.post()}
    return {name: _unpacked(name, value) for name, value in sent.items()}


def _unpacked(name: str, value: object) -> object:
    """Decode JSON inside a form, as Slack does for blocks, views and metadata."""
    if name not in NESTED or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackSays(
            "invalid_arguments", response_metadata={"messages": [f"[ERROR] {name} is no JSON"]}
        ) from None
