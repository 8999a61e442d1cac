"""What people do in the middle of it all: ask, approve, cancel and pause by Slack, and try again when the bot did not answer."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from bot.giving.ids import CustomerId, ShortId
from bot.giving.request import Request
from bot.sandbox.slack import CannotDo, Message, NeverSeen, SandboxPerson
from bot.sandbox.slack.elements import buttons
from bot.sandbox.slack.workspace import Channel
from bot.store.books import SqlBooks
from bot.tryout.shop import Shop
from tests.journeys.process import approved
from tests.journeys.steps import RULE

PATIENCE: Final = 4.0
"""Seconds that people look at a screen on which nothing happens."""
BY_FORM, LARGE, FEWER = 180, (200, 1_000, 2_500), 3
"""How many customers a form takes as text, how many there are in what is large, and of how many requests one is large or quick."""
LONGEST_PAUSE: Final = 2.0
TAKEN_UP, FORBIDDEN = 0.8, 0.7
"""How often a stopped request is continued, and not ended; and how often it is the guest who presses Cancel request, and not the admin."""

Act = Callable[[SandboxPerson], Awaitable[None]]


@dataclass(slots=True)
class People:
    """The shop's people at work. Each does one thing at a time, as people do."""

    shop: Shop
    books: SqlBooks
    chance: random.Random
    did: Counter[str] = field(default_factory=Counter)
    """What was done and answered, by its name, and how often the bot left somebody without an answer."""
    calm: bool = False
    """Whether nothing new is asked for any more, and what is open is brought to its end."""
    _customers: int = 0

    async def at_work(self, asking: float) -> None:
        """Ask every so many seconds, and click, until cancelled."""
        shop = self.shop
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again(shop.ann, asking, self._ask))
            group.create_task(self._again(shop.ann, asking * FEWER, self._large, leaves=False))
            for who in (shop.bo, shop.cleo, shop.chief):
                group.create_task(self._again(who, 0.3, self._approve))
            group.create_task(self._again(shop.gus, 1.5, self._take_back_by_chance))

    async def _again(self, who: SandboxPerson, every: float, act: Act, *, leaves: bool = True) -> None:
        while True:
            await self._try(who, act(who), leaves=leaves)
            await asyncio.sleep(every * self.chance.uniform(0.5, 1.5))

    async def _try(self, who: SandboxPerson, act: Awaitable[None], *, leaves: bool) -> None:
        """Do something; where the bot is gone in the middle of it, the screen is left and it is done another time."""
        try:
            await act
        except (NeverSeen, CannotDo):
            self.did["clicks without an answer"] += 1
        if leaves and who.view:
            self.shop.slack.board.stacks.clear(who.id)

    # asking

    async def _ask(self, who: SandboxPerson) -> None:
        if self.calm:
            return
        quick = self.chance.random() < 1 / FEWER
        channel = self.shop.quick if quick else self.shop.support
        await who.command("/discount add", channel)
        form = await who.sees_view(submit="Review", within=PATIENCE)
        some = self._some(self.chance.randint(1, 3 if quick else BY_FORM))
        await form.fill({"Rule": RULE, "Customer IDs": "\n".join(some)})
        if (await form.submit()).trouble:
            raise CannotDo("the bot is gone")
        review = await who.sees_view(lambda view: view.submit_label in {"Ask for approval", "Give now"}, within=PATIENCE)
        await review.submit()
        await who.sees_view(lambda view: view.title in {"Asked for approval", "Under way"}, within=PATIENCE)
        self.did["asked for"] += 1

    async def _large(self, _who: SandboxPerson) -> None:
        """Leave what would take a file to ask for, with one approval, where the policy asks for two: it has to be asked for anew."""
        if not self.calm:
            await approved(self.books, self.shop, self._some(self.chance.choice(LARGE)), size=50, concurrency=4)
            self.did["asked for, large"] += 1

    def _some(self, number: int) -> tuple[CustomerId, ...]:
        first, self._customers = self._customers, self._customers + number
        return tuple(CustomerId(f"k{at}") for at in range(first, first + number))

    # clicking

    async def _approve(self, who: SandboxPerson) -> None:
        if who is self.shop.chief and await self._mend(who):
            return
        card = self._one_with("Approve…")
        if card is None:
            return
        if not self.calm and who is not self.shop.bo and self.chance.random() < 1 / 25:
            await self._reject(who, card)
            return
        await self._press(who, "Approve…", card)
        modal = await who.sees_view(submit="Approve", within=PATIENCE)
        if "Number of customers" in modal.labels:
            request = await self._request(card)
            await modal.fill({"Number of customers": str(request.customers)})
        await modal.submit()
        await who.sees_view(lambda view: not view.submit_label and "One moment" not in view.text, within=PATIENCE)
        self.did["approvals answered"] += 1

    async def _reject(self, who: SandboxPerson, card: Message) -> None:
        await self._press(who, "Reject…", card)
        modal = await who.sees_view(submit="Reject", within=PATIENCE)
        await modal.fill({modal.labels[0]: "Not today"})
        await modal.submit()
        await who.sees_view(lambda view: not view.submit_label and "One moment" not in view.text, within=PATIENCE)
        self.did["rejections answered"] += 1

    async def _mend(self, chief: SandboxPerson) -> bool:
        """Resume what is paused, go on with what has stopped, and now and then pause."""
        if await self.books.pause():
            if not self.calm:
                await asyncio.sleep(self.chance.uniform(0, LONGEST_PAUSE))
            await chief.command("/discount resume", self.shop.support)
            self.did["resumes"] += 1
            return True
        stopped = self._one_with("Continue…")
        if stopped:
            label = "Continue…" if self.chance.random() < TAKEN_UP else "End here…"
            await self._press(chief, label, stopped)
            self.did["stopped ones taken up or ended"] += 1
            return True
        if not self.calm and self.chance.random() < 1 / 40:
            await chief.command("/discount pause a look at it", self.shop.support)
            self.did["pauses"] += 1
            return True
        return False

    async def _take_back_by_chance(self, guest: SandboxPerson) -> None:
        """Let a guest press what is not theirs, and the admin now and then cancel, whatever it is at."""
        card = self._one_with("Cancel request")
        if card is None or self.calm:
            return
        forbidden = self.chance.random() < FORBIDDEN
        await self._press(guest if forbidden else self.shop.chief, "Cancel request", card)
        self.did["cancels by a guest" if forbidden else "cancels"] += 1

    async def _press(self, who: SandboxPerson, label: str, card: Message) -> None:
        if (await who.press(label, card)).trouble:
            raise CannotDo("the bot is gone")

    def _one_with(self, label: str) -> Message | None:
        """Find a card that has a button, by chance."""
        cards = [card for channel in self._channels() for card in self.shop.slack.messages(channel)]
        there = [card for card in cards if label in {button.label for button in buttons(card.blocks)}]
        return self.chance.choice(there) if there else None

    def _channels(self) -> tuple[Channel, Channel]:
        return self.shop.support, self.shop.quick

    async def _request(self, card: Message) -> Request:
        short = re.search(r"R-[A-Z2-9]{5}", card.text)
        found = await self.books.find_short(ShortId(short[0])) if short else None
        if found is None:
            raise CannotDo("a card of no request")
        return found
