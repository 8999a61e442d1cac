"""Faults of Dintero and Slack, as scheduled, and their repair."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from chaos.message_invariants import is_card
from chaos.schedule import FaultKind, Trouble
from sandbox.dintero import Fault, Operation
from sandbox.shop import Shop
from sandbox.slack import Fault as SlackFault
from sandbox.slack.state.workspace import Channel
from sandbox.tcp_proxy import TcpProxy
from tests.journeys.process import RULE

POSTS, EDITS = "chat.postMessage", "chat.update"
CUTS: Final = (Fault.cut(), Fault.cut(after=True), Fault.cut_halfway(), Fault.broken(502, after=True))
GARBAGE: Final = (Fault.no_json(), Fault.no_rule(), Fault.garbled(after=True), Fault.trickle())
HANGS: Final = (Fault.hang(), Fault.hang(after=True))
SLACK_CUTS: Final = (SlackFault.CUT_BEFORE, SlackFault.CUT_AFTER, SlackFault.SERVER_ERROR_AFTER)
FOR_LONG: Final[dict[FaultKind, Fault]] = {
    FaultKind.BUSY: Fault.busy(1),
    FaultKind.BROKEN: Fault.broken(503),
    FaultKind.FORBIDDEN: Fault.forbidden(),
}
REFUSED: Final[dict[FaultKind, tuple[str, int]]] = {
    FaultKind.TOO_LONG: ("msg_too_long", 1),
    FaultKind.LOST: ("channel_not_found", 3),
    FaultKind.SLACK_TOKEN: ("token_revoked", 5),
}
"""Slack's error, and the number of calls it affects."""
LATENCY: Final = 1.0
"""Maximum latency of a slow Dintero, in seconds."""
MOST: Final = 6
OTHER_VALUE: Final = 15_000
"""The rule's changed reward in minor units, in place of 10,000."""
A_CARD_WAITS: Final = 0.6
"""Seconds that a channel is gone: a card is given up after five attempts, a minute of the day apart."""


@dataclass(slots=True)
class ServiceFaults:
    """Applies faults to the stand-ins."""

    shop: Shop
    socket: TcpProxy | None = None
    """The proxy of Socket Mode, if it is used."""
    deleted: set[str] = field(default_factory=set)
    """The `ts` of every deleted card."""
    _server: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def happens(self, trouble: Trouble, seconds: float) -> bool:
        """Apply a fault for its duration; return False if it is not Dintero's or Slack's."""
        if trouble.what in FOR_LONG:
            await self._dintero_answers(FOR_LONG[trouble.what], seconds)
        elif trouble.what in REFUSED:
            self._slack_refuses(*REFUSED[trouble.what])
        else:
            return await self._other(trouble, seconds)
        return True

    async def _other(self, trouble: Trouble, seconds: float) -> bool:
        shop, times = self.shop, 1 + round(trouble.amount * MOST)
        match trouble.what:
            case FaultKind.CUT | FaultKind.HANGING | FaultKind.GARBAGE:
                kinds = {FaultKind.CUT: CUTS, FaultKind.HANGING: HANGS, FaultKind.GARBAGE: GARBAGE}[
                    trouble.what
                ]
                shop.dintero.faults.next(*(kinds[at % len(kinds)] for at in range(times)))
            case FaultKind.TOKEN_GONE:
                shop.dintero.tokens.revoke_all()
            case FaultKind.RULE_CHANGED:
                reward = shop.dintero.rules[RULE]["reward"]
                reward["value"] = OTHER_VALUE if reward["value"] != OTHER_VALUE else 10_000
            case FaultKind.SLACK_BUSY:
                for method in (POSTS, EDITS):
                    shop.slack.faults.plan(method, SlackFault.RATE_LIMITED, times=2, retry_after=times)
            case FaultKind.SLACK_CUT:
                for at in range(times):
                    shop.slack.faults.plan((POSTS, EDITS)[at % 2], SLACK_CUTS[at % len(SLACK_CUTS)])
            case FaultKind.CARD_DELETED:
                self._deletes_a_card(trouble.amount)
            case _:
                return await self._lasting(trouble, seconds)
        return True

    async def _lasting(self, trouble: Trouble, seconds: float) -> bool:
        lasting = {
            FaultKind.SLOW: lambda: self._slow(trouble.amount),
            FaultKind.AWAY: self._away,
            FaultKind.RULE_DELETED: self._rule_deleted,
            FaultKind.SLACK_AWAY: self._slack_away,
            FaultKind.NOT_INVITED: lambda: self._not_invited(self._channel(trouble)),
            FaultKind.ARCHIVED: lambda: self._archived(self._channel(trouble)),
            FaultKind.SILENT: self._silent,
        }.get(trouble.what)
        if lasting is None:
            return False
        if (
            trouble.what in {FaultKind.NOT_INVITED, FaultKind.ARCHIVED}
            and self._channel(trouble) is self.shop.support
        ):
            seconds = min(seconds, A_CARD_WAITS)
        async with lasting():
            await asyncio.sleep(seconds)
        return True

    async def _dintero_answers(self, fault: Fault, seconds: float) -> None:
        for operation in (Operation.ADD, Operation.RULE):
            self.shop.dintero.faults.always(fault, on=operation)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.shop.dintero.faults.clear()

    def _slack_refuses(self, error: str, times: int) -> None:
        for method in (POSTS, EDITS):
            self.shop.slack.faults.plan(method, SlackFault.REFUSED, times=times, error=error)

    def _deletes_a_card(self, amount: float) -> None:
        """Delete a card in any state."""
        cards = list(filter(is_card, self.shop.slack.messages(self.shop.support)))
        if cards:
            card = cards[int(amount * (len(cards) - 1))]
            self.deleted.add(card.ts)
            self.shop.slack.workspace.delete(card)

    def _channel(self, trouble: Trouble) -> Channel:
        """Choose the affected channel, mostly the one that is notified."""
        return self.shop.support if trouble.amount > 2 / 3 else self.shop.campaigns

    @asynccontextmanager
    async def _slow(self, amount: float) -> AsyncIterator[None]:
        self.shop.dintero.latency = LATENCY * amount
        try:
            yield
        finally:
            self.shop.dintero.latency = 0.0

    @asynccontextmanager
    async def _away(self) -> AsyncIterator[None]:
        """Stop Dintero's server."""
        async with self._server:
            port = self.shop.dintero.port
            await self.shop.dintero.stop()
            try:
                yield
            finally:
                await asyncio.shield(self.shop.dintero.start(port))

    @asynccontextmanager
    async def _rule_deleted(self) -> AsyncIterator[None]:
        self.shop.dintero.delete(RULE)
        try:
            yield
        finally:
            self.shop.dintero.rules[RULE]["deleted_at"] = (
                None  # as it was before the first of those that overlap
            )

    @asynccontextmanager
    async def _slack_away(self) -> AsyncIterator[None]:
        self.shop.slack.faults.outage = True
        try:
            yield
        finally:
            self.shop.slack.faults.outage = False

    @asynccontextmanager
    async def _not_invited(self, channel: Channel) -> AsyncIterator[None]:
        channel.members.discard(self.shop.slack.bot.id)
        try:
            yield
        finally:
            channel.members.add(self.shop.slack.bot.id)

    @asynccontextmanager
    async def _archived(self, channel: Channel) -> AsyncIterator[None]:
        channel.archived = True
        try:
            yield
        finally:
            channel.archived = False

    @asynccontextmanager
    async def _silent(self) -> AsyncIterator[None]:
        assert self.socket  # noqa: S101 - the plan has it only where there is one
        self.socket.silent = True
        try:
            yield
        finally:
            self.socket.silent = False
            self.socket.end_all()
