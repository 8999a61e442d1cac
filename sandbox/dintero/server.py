"""Dintero's stand-in as an HTTP server on loopback, with faults and hooks around the shop."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Final, Self

from aiohttp import web

from bot.web.server import close
from sandbox.dintero.catalogue import FEW, catalogue
from sandbox.dintero.faults import Fault, Faults, Kind, Operation, error_body
from sandbox.dintero.ledger import AccessEntry, Call, Ledger
from sandbox.dintero.limits import Limits
from sandbox.dintero.shop import JsonRule, Shop
from sandbox.dintero.tokens import Refused, Tokens

ACCOUNT: Final = "T12345678"
CLIENT_ID: Final = "sandbox-client"
CLIENT_SECRET: Final = "sandbox-secret"  # noqa: S105 - of a stand-in that anybody may ask

READING: Final = frozenset({"read:discounts", "admin:discounts"})
WRITING: Final = frozenset({"write:discounts", "admin:discounts"})
GRANTED: Final = frozenset({"read:discounts", "write:discounts"})

LARGEST_BODY: Final = 64 * 1024 * 1024
DRIP: Final = 0.02
"""Seconds between two bytes of a trickling answer."""


class Point(StrEnum):
    """When `on_call` hears of a call: before it takes effect, and after, before the answer."""

    BEFORE = "before"
    AFTER = "after"


OnCall = Callable[[Point, int], Awaitable[None]]
Answer = JsonRule | list[JsonRule] | dict[str, str | int]
Work = Callable[[web.Request, object, Call | None], Answer]
"""An operation: takes the request, its JSON and the recorded call."""


class SandboxDintero:
    """A Dintero with one account, one API client and rules of your choice.

    `rules` (Dintero's JSON by id; without any, a few sample rules), `refuses`, `latency` (seconds per call),
    `faults`, `limits`, `tokens` and `on_call` may change at any time. `on_call` is awaited at both points of
    every *Add customers*, with its number from 1. `ledger` records the result.
    """

    def __init__(
        self,
        rules: Iterable[JsonRule] | None = None,
        *,
        refuses: Iterable[str] = (),
        account: str = ACCOUNT,
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        scopes: Iterable[str] = GRANTED,
        latency: float = 0.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.shop = Shop(catalogue(clock(), FEW) if rules is None else rules, refuses=refuses, clock=clock)
        self.tokens = Tokens(
            account=account,
            client_id=client_id,
            client_secret=client_secret,
            scopes=frozenset(scopes),
            clock=clock,
        )
        self.faults = Faults()
        self.limits = Limits()
        self.latency = latency
        self.on_call: OnCall | None = None
        self._clock = clock
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The base URL, for `DINTERO_API_URL`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def rules(self) -> dict[str, JsonRule]:
        """All rules by id, as Dintero's JSON."""
        return self.shop.rules

    @property
    def refuses(self) -> set[str]:
        """Customers that make Dintero refuse a whole call."""
        return self.shop.refuses

    @property
    def ledger(self) -> Ledger:
        """The grants and the calls."""
        return self.shop.ledger

    @property
    def is_broken(self) -> bool:
        """Whether a call that gives discounts would go wrong now, or take long."""
        return bool(self.latency) or self.faults.current(Operation.ADD) is not None

    def use(self, rule: str, *, times: int = 1, amount: int = 0) -> None:
        """Record purchases that used a rule, and their discount in minor units."""
        statistics = self.rules[rule].setdefault("statistics", {})
        for name, more in (("usage", times), ("used", times), ("amount", amount)):
            statistics[name] = statistics.get(name, 0) + more

    def delete(self, rule: str) -> None:
        """Delete a rule as Dintero does: it can still be read."""
        self.rules[rule]["deleted_at"] = self._clock().isoformat()

    async def start(self, port: int = 0) -> Self:
        """Listen on loopback, at a free port by default."""
        self._stopping = asyncio.Event()
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """Stop listening and cut open connections. The ledger stays, and the server can start again."""
        self._stopping.set()
        if self._runner is not None:
            await close(self._runner)
            self._runner = None

    async def __aenter__(self) -> Self:
        """Start at a free port."""
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def _app(self) -> web.Application:
        account, rules = "/v1/accounts/{aid}", "/v1/accounts/{aid}/discounts/rules"
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post(f"{account}/auth/token", self._route(Operation.TOKEN, self._token))
        app.router.add_get(rules, self._route(Operation.RULES, self._list))
        app.router.add_get(rules + "/{did}", self._route(Operation.RULE, self._read))
        app.router.add_get(rules + "/{did}/customers", self._route(Operation.REFS, self._refs))
        app.router.add_post(rules + "/{did}/customers", self._route(Operation.ADD, self._add))
        return app

    def _token(self, request: web.Request, asked: object, _: Call | None) -> dict[str, str | int]:
        return self.tokens.issue(request.match_info["aid"], request.headers.get("Authorization", ""), asked)

    def _list(self, request: web.Request, _asked: object, _: Call | None) -> list[JsonRule]:
        self._admit(request, READING)
        return self.shop.page(request.query)

    def _read(self, request: web.Request, _asked: object, _: Call | None) -> JsonRule:
        self._admit(request, READING)
        return self.shop.find(request.match_info["did"])

    def _refs(self, request: web.Request, _asked: object, _: Call | None) -> list[JsonRule]:
        self._admit(request, READING)
        return self.shop.refs(request.match_info["did"], request.query)

    def _add(self, request: web.Request, asked: object, call: Call | None) -> JsonRule:
        self._admit(request, WRITING)
        assert call is not None  # noqa: S101 - every call of this operation is noted when it comes
        return self.shop.add(call, asked)

    def _admit(self, request: web.Request, needs: frozenset[str]) -> None:
        self.tokens.look_at(request.match_info["aid"], request.headers.get("Authorization", ""), needs=needs)

    def _route(
        self, operation: Operation, work: Work
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Wrap an operation with what all share: latency, faults, hooks, errors."""

        async def handle(request: web.Request) -> web.StreamResponse:
            asked, started = _json(await request.read()), time.monotonic()
            call = self._arrived(request, asked) if operation is Operation.ADD else None
            entry = AccessEntry(operation, self._clock(), call)
            self.ledger.access_log.append(entry)
            try:
                answer = await self._answer(request, operation, partial(work, request, asked, call), call)
                if request.transport and not request.transport.is_closing():
                    entry.status = answer.status
                return answer
            finally:
                entry.seconds = time.monotonic() - started

        return handle

    async def _answer(
        self,
        request: web.Request,
        operation: Operation,
        work: Callable[[], Answer],
        call: Call | None,
    ) -> web.StreamResponse:
        fault = self.faults.take(operation) or (
            self.limits.look(call.count, time.monotonic()) if call else None
        )
        if self.latency:
            await asyncio.sleep(self.latency)
        await self._tell(Point.BEFORE, call)
        if fault and not fault.after:
            return await self._go_wrong(request, fault, call)
        answer = _answer(work)
        await self._tell(Point.AFTER, call)
        if fault:
            return await self._go_wrong(request, fault, call)
        if call:
            call.status = answer.status
        return answer

    def _arrived(self, request: web.Request, asked: object) -> Call:
        """Record a call, whatever it contains."""
        said = asked if isinstance(asked, dict) else {}
        customers, key = said.get("customers"), said.get("offering_constraint_id")
        return self.ledger.arrived(
            request.match_info["did"], customers if isinstance(customers, list) else (), key, self._clock()
        )

    async def _tell(self, point: Point, call: Call | None) -> None:
        if call is not None and self.on_call is not None:
            await self.on_call(point, call.number)

    async def _go_wrong(self, request: web.Request, fault: Fault, call: Call | None) -> web.StreamResponse:
        match fault.kind:
            case Kind.ANSWER:
                if call:
                    call.status = fault.status
                kind = "application/json" if fault.body.startswith("{") else "text/html"
                return web.Response(
                    status=fault.status, text=fault.body, headers=fault.headers, content_type=kind
                )
            case Kind.HANG:
                await self._stopping.wait()
            case Kind.GARBLED:
                if request.transport:
                    request.transport.write(b"SMTP is not what you asked for\r\n\r\n")
                    request.transport.close()
            case Kind.CUT_HALFWAY | Kind.TRICKLE:
                with suppress(ConnectionError):  # the client is gone
                    await self._begin(request, forever=fault.kind is Kind.TRICKLE)
            case Kind.CUT:
                pass
        if request.transport:
            request.transport.abort()
        return web.Response()

    async def _begin(self, request: web.Request, *, forever: bool) -> None:
        """Begin an answer that is never finished; if asked, continue it byte by byte."""
        answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "100000"})
        await answer.prepare(request)
        await answer.write(b'{"id": "')
        while (
            forever
            and not self._stopping.is_set()
            and request.transport
            and not request.transport.is_closing()
        ):
            await answer.write(b"0")
            await asyncio.sleep(DRIP)


def _answer(work: Callable[[], Answer]) -> web.Response:
    try:
        return web.json_response(work())
    except Refused as refused:
        text = error_body(refused.message, code=refused.code, errors=refused.errors)
        return web.Response(status=refused.status, text=text, content_type="application/json")


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None
