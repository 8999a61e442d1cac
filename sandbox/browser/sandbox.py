"""Everything behind the page: the shop, its bot, its clock, and who has seen what."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.ids import ChannelId, UserId
from sandbox.browser.bot import Bot
from sandbox.dintero.ordinary import shop_rules
from sandbox.dintero.server import SandboxDintero
from sandbox.passing_clock import PassingClock
from sandbox.shop import Shop, open_shop
from sandbox.slack.server import SandboxSlack
from sandbox.slack.state.views import OpenView
from sandbox.slack.state.workspace import Channel, Message
from sandbox.slack.user.person import SandboxPerson


@dataclass(slots=True)
class Sandbox:
    """A shop with its bot; all of the page's visitors share it."""

    shop: Shop
    bot: Bot
    clock: PassingClock
    uploads: Path
    """A folder for files on their way from the browser into a form."""
    touring: bool = True
    toured_from: float = 0.0
    """The tour does not count what came before this moment."""
    _seen: dict[tuple[UserId, ChannelId], str] = field(default_factory=dict)

    def visit(self, person: str, channel: str) -> "Visit":
        """Look at the shop as a person in a channel; by default as Ann in the first."""
        shop = self.shop
        who = next((one for one in shop.people if one.id == person), shop.ann)
        channels = {one.id: one for one in (shop.support, shop.quick, shop.careful, shop.campaigns)}
        where = who.direct if channel == DIRECT else channels.get(ChannelId(channel), shop.support)
        return Visit(self, who, where)

    def mark_seen(self, who: SandboxPerson, channel: Channel) -> None:
        """Remember that a person has seen all of a channel."""
        self._seen[who.id, channel.id] = _latest(who, channel)

    def has_news(self, who: SandboxPerson, channel: Channel) -> bool:
        """Tell whether there is something in a channel that a person has not seen."""
        return _latest(who, channel) > self._seen.get((who.id, channel.id), "")


DIRECT = "direct"
"""The direct messages with the bot, in an address."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at the page: as whom, and where."""

    sandbox: Sandbox
    who: SandboxPerson
    where: Channel

    @property
    def place(self) -> str:
        """The channel, as in an address."""
        return DIRECT if self.where.direct_with is not None else self.where.id

    @property
    def view(self) -> OpenView | None:
        """The top modal on the person's screen."""
        stack = self.sandbox.shop.slack.stacks.of(self.who.id)
        return stack[-1] if stack else None

    @property
    def messages(self) -> list[tuple[Message, list[Message]]]:
        """What the person sees in the channel, oldest first, each message with its thread."""
        there = [*self.who.reads(self.where), *self._ephemerals()]
        threads = [one for one in there if not one.is_reply]
        return [
            (one, sorted((reply for reply in there if reply.is_reply and reply.thread_ts == one.ts), key=_ts))
            for one in sorted(threads, key=_ts)
        ]

    def _ephemerals(self) -> list[Message]:
        return [one for one in self.who.ephemerals if one.channel == self.where.id]


@asynccontextmanager
async def open_sandbox() -> AsyncIterator[Sandbox]:
    """Open the shop and wait until its bot runs."""
    clock = PassingClock()
    with tempfile.TemporaryDirectory(prefix="discount-bot-", ignore_cleanup_errors=True) as folder:
        slack, dintero = SandboxSlack(clock=clock), SandboxDintero(shop_rules(clock.now()), clock=clock.now)
        async with open_shop(slack=slack, dintero=dintero) as shop:
            bot = Bot(shop, Path(folder), clock)
            uploads = Path(folder) / "uploads"
            uploads.mkdir()
            try:
                await bot.start()
                await bot.runs()
                yield Sandbox(shop, bot, clock, uploads)
            finally:
                await bot.kill()


def _latest(who: SandboxPerson, channel: Channel) -> str:
    """The time of the newest message that somebody else wrote or changed."""
    seen = [
        max([one.ts, *(edit.until for edit in one.edits)]) for one in who.reads(channel) if one.user != who.id
    ]
    return max(seen, default="")


def _ts(message: Message) -> str:
    return message.ts
