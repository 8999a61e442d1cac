"""Slack's Socket Mode: the bot connects a WebSocket that carries payloads in envelopes."""

import asyncio
import json
from itertools import count
from uuid import uuid4

from aiohttp import WSMsgType, web

from sandbox.slack.state.changes import PATIENCE, Changes
from sandbox.slack.state.workspace import Json
from sandbox.slack.transport.delivery import NOT_REACHED, Ack


class SocketMode:
    """Delivers over the bot's connections in turn; without one, nothing is delivered."""

    def __init__(self, changes: Changes) -> None:
        """Start without connections."""
        self._changes = changes
        self.silent = False
        """Whether connections are accepted but stay silent, even to pings."""
        self.answered_pings = 0
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, tuple[web.WebSocketResponse, asyncio.Future[Ack]]] = {}
        self._turn = count()

    @property
    def connections(self) -> int:
        """How many connections the bot holds."""
        return len(self._sockets)

    async def connected(self, within: float = PATIENCE) -> None:
        """Wait until the bot has connected."""
        await self._changes.until(lambda: self.connections, within)

    def routes(self) -> list[web.RouteDef]:
        """The address served here."""
        return [web.get("/link/", self._link)]

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Deliver a payload; without a connection, or if it ends, there is no ack."""
        if not self._sockets:
            return NOT_REACHED
        socket = self._sockets[next(self._turn) % len(self._sockets)]
        envelope_id = str(uuid4())
        acked: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = socket, acked
        envelope = {
            "type": kind,
            "envelope_id": envelope_id,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        try:
            await socket.send_json(envelope)
            return await acked
        except ConnectionError:
            return NOT_REACHED
        finally:
            del self._waiting[envelope_id]

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the bot to reconnect (`warning`, `refresh_requested`) or to stop (`link_disabled`)."""
        for socket in list(self._sockets):
            await socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
            )

    async def cut(self) -> None:
        """End every connection."""
        for socket in list(self._sockets):
            await socket.close()

    async def close(self) -> None:
        """End every connection."""
        await self.cut()

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=1, autoping=False)
        await socket.prepare(request)
        self._sockets.append(socket)
        try:
            if not self.silent:
                await socket.send_json(self._hello())
            self._changes.happened()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(message.data)
                if message.type is WSMsgType.PING and not self.silent:
                    await socket.pong(message.data)
                    self.answered_pings += 1
        except ConnectionError:
            pass
        finally:
            self._gone(socket)
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": self.connections,
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": "A0DISCOUNTBOT"},
        }

    def _take(self, text: str) -> None:
        reply = json.loads(text)
        _, acked = self._waiting.get(reply.get("envelope_id", ""), (None, None))
        if acked is not None and not acked.done():
            acked.set_result(Ack(200, reply.get("payload") or {}))

    def _gone(self, socket: web.WebSocketResponse) -> None:
        self._sockets.remove(socket)
        for held_by, acked in self._waiting.values():
            if held_by is socket and not acked.done():
                acked.set_result(NOT_REACHED)
        self._changes.happened()
