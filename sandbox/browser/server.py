"""Serves the page on loopback, to anyone who has the address with its token."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final
from weakref import WeakSet

from aiohttp import web
from markupsafe import Markup

from bot.errors import ConfigError
from bot.web.server import close
from sandbox.browser import texts
from sandbox.browser.acts import Acts
from sandbox.browser.blocks import PAGE
from sandbox.browser.controls import Controls
from sandbox.browser.parts import ALL, NOT_SLACK, draw_parts
from sandbox.browser.sandbox import Sandbox, Visit
from sandbox.slack.state.changes import NeverSeen
from sandbox.slack.user.reactions import CannotDo

STATIC: Final = Path(__file__).with_name("static")
LOOK_SECONDS: Final = 0.4
"""How often Dintero's side is looked at; Slack's side tells when it changes."""
GATHER_SECONDS: Final = 0.03
"""Changes that come together are drawn together."""
MOST_BYTES: Final = 120 * 1024**2
"""A file that is shared in a channel may have 100 MB."""
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class PageServer:
    """The routes of the page; the token is the first part of every path."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Serve a sandbox under a new token."""
        self._sandbox = sandbox
        self._token = secrets.token_urlsafe(16)
        self._controls = Controls(sandbox)
        self._streams: WeakSet[asyncio.Task[None]] = WeakSet()
        self.port = 0

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.port}/{self._token}/"

    def app(self) -> web.Application:
        """Build the application."""
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[self._guard])
        base = f"/{self._token}"
        app.add_routes(
            [
                web.get(f"{base}/", self._page),
                web.get(f"{base}/events", self._events),
                web.get(f"{base}/options", self._options),
                web.get(f"{base}/files/{{id}}", self._file),
                web.post(f"{base}/do/{{act}}", self._do),
                web.static(f"{base}/static", STATIC),
            ]
        )
        app.on_shutdown.append(self._end_streams)
        return app

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer only this machine's browser, and change something only for the page itself."""
        own = {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}
        origin = request.headers.get("Origin")
        if request.host not in own or (origin and origin != f"http://{request.host}"):
            raise web.HTTPForbidden(text="This page answers only its own address.")
        if request.method != "GET" and not origin:
            raise web.HTTPForbidden(text="A change has to come from the page.")
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    async def _page(self, request: web.Request) -> web.Response:
        visit = self._visit(request)
        html = PAGE.get_template("page.html").render(
            visit=visit,
            parts=draw_parts(visit, ALL),
            theme=request.cookies.get("theme", ""),
            about=texts.ABOUT.get(visit.where.id, texts.ABOUT_DIRECT),
            commands=texts.COMMANDS,
        )
        return web.Response(text=html, content_type="text/html")

    async def _do(self, request: web.Request) -> web.Response:
        act, form = request.match_info["act"], await request.post()
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        files = [value for value in form.values() if isinstance(value, web.FileField)]
        try:
            told = await self._carry_out(act, fields, files, self._visit(request))
        except CannotDo as refused:
            told = str(refused)
        except KeyError:
            raise web.HTTPBadRequest(text="Something is missing.") from None
        return web.Response(text=told, status=409 if told else 200)

    async def _carry_out(
        self, act: str, fields: dict[str, str], files: list[web.FileField], visit: Visit
    ) -> str:
        acts = Acts(visit)
        if act == "files":
            return await acts.put_files(fields, files)
        if act in acts.named:
            return await acts.named[act](fields)
        if act not in self._controls.named:
            raise web.HTTPNotFound
        await self._controls.named[act](fields)
        self._sandbox.shop.slack.changes.happened()
        return ""

    async def _options(self, request: web.Request) -> web.Response:
        try:
            options = await Acts(self._visit(request)).options(request.query)
        except (CannotDo, KeyError):
            options = []
        return web.json_response(options)

    async def _file(self, request: web.Request) -> web.Response:
        """Download a file of the bot."""
        upload = self._sandbox.shop.slack.workspace.uploads.files.get(request.match_info["id"])
        if upload is None or upload.content is None:
            raise web.HTTPNotFound
        name = "".join(char for char in upload.name if char.isprintable() and char not in '"\\')
        return web.Response(
            body=upload.content,
            content_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Send each part of the page when it has changed, until the page is closed."""
        stream = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await stream.prepare(request)
        sending = asyncio.ensure_future(self._send_changes(stream, request))
        self._streams.add(sending)
        with suppress(ConnectionError, asyncio.CancelledError):
            await sending
        return stream

    async def _send_changes(self, stream: web.StreamResponse, request: web.Request) -> None:
        visit, changes = self._visit(request), self._sandbox.shop.slack.changes
        sent: dict[str, Markup] = {}
        seen = -1
        while request.transport and not request.transport.is_closing():
            names, seen = NOT_SLACK if seen == changes.count else ALL, changes.count
            drawn = draw_parts(visit, names)
            fresh = {name: html for name, html in drawn.items() if sent.get(name) != html}
            if fresh:
                await stream.write(f"data: {json.dumps(fresh)}\n\n".encode())
                sent |= fresh
            await self._change_since(seen)

    async def _change_since(self, seen: int) -> None:
        """Wait for a change in Slack, but not for long."""
        changes = self._sandbox.shop.slack.changes
        with suppress(NeverSeen):
            await changes.until(lambda: changes.count != seen, LOOK_SECONDS)
            await asyncio.sleep(GATHER_SECONDS)

    async def _end_streams(self, _: web.Application) -> None:
        for stream in self._streams:
            stream.cancel()

    def _visit(self, request: web.Request) -> Visit:
        return self._sandbox.visit(request.query.get("as", ""), request.query.get("in", ""))


@asynccontextmanager
async def serve_page(sandbox: Sandbox, *, port: int = 0) -> AsyncIterator[PageServer]:
    """Listen on loopback until the block ends.

    Raises:
        ConfigError: the port is taken.
    """
    page = PageServer(sandbox)
    runner = web.AppRunner(page.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError as error:
            raise ConfigError([f"--port: {port} is taken. Choose another, or 0 for any free one."]) from error
        page.port = runner.addresses[0][1]
        yield page
    finally:
        await close(runner)
