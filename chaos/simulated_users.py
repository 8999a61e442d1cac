"""Simulated users: they request, approve, cancel and pause through Slack, and retry without an answer."""

import asyncio
import random
import re
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import ShortId
from bot.domain.requests.request import Request, State
from bot.errors import DatabaseUnavailable
from chaos.fast_clock import LapsedClock
from chaos.schedule import Ask
from sandbox.shop import Shop
from sandbox.slack import CannotDo, Message, NeverSeen, SandboxPerson
from sandbox.slack.state.elements import buttons
from sandbox.slack.state.workspace import Channel
from sandbox.slack.user.modal import Modal
from sandbox.slack.user.reactions import Reaction
from tests.journeys.steps import RULE

LATER: Final = datetime.max.replace(tzinfo=UTC)
PATIENCE: Final = 4.0
"""Seconds to wait for a change on the screen."""
CUSTOMER: Final = "k"
BY_FORM: Final = 100
"""Customers that are pasted; more go into a file."""
TRIES, AGAIN = 10, 0.3
"""How often an unanswered button is pressed, and the seconds between."""
LONGEST_PAUSE: Final = 2.0
TAKEN_UP, FORBIDDEN = 0.8, 0.7
"""Shares: stopped requests continued instead of ended; Cancel pressed by the guest, not the admin."""
REJECTS, CANCELS, PAUSES, LOOKED_UP = 1 / 40, 1 / 5, 1 / 60, 1 / 2


class Gone(CannotDo):
    """The bot did not answer."""


@dataclass(slots=True)
class SimulatedUsers:
    """The shop's users at work, each doing one thing at a time."""

    shop: Shop
    repository: SqlRepository
    clock: LapsedClock
    chance: random.Random
    folder: Path
    did: Counter[str] = field(default_factory=Counter)
    """Counts of answered actions by name, and of missing answers."""
    calm: bool = False
    """Whether only open requests are finished."""
    askers: list[SandboxPerson] = field(default_factory=list)
    _customers: int = 0
    _screens: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def __post_init__(self) -> None:
        """Add two users who only make requests."""
        shop = self.shop
        more = [shop.slack.add_person("Dan"), shop.slack.add_person("Eva")]
        for channel in self._channels():
            channel.members.update(who.id for who in more)
        self.askers = [shop.ann, shop.bo, shop.cleo, *more]

    async def ask_all(self, asks: Sequence[Ask]) -> None:
        """Make all of the day's requests, each user in turn."""
        async with asyncio.TaskGroup() as group:
            for number in range(len(self.askers)):
                group.create_task(self._ask_in_turn(number, [ask for ask in asks if ask.who == number]))

    async def at_work(self) -> None:
        """Click until cancelled."""
        shop = self.shop
        async with asyncio.TaskGroup() as group:
            for who in (shop.bo, shop.cleo, shop.chief):
                group.create_task(self._again(who, 0.3, self._approve))
            group.create_task(self._again(shop.gus, 1.5, self._take_back_by_chance))

    async def _again(
        self, who: SandboxPerson, every: float, act: Callable[[SandboxPerson], Awaitable[None]]
    ) -> None:
        while True:
            await self._tried(who, act(who))
            await asyncio.sleep(every * self.chance.uniform(0.5, 1.5))

    async def _tried(self, who: SandboxPerson, act: Awaitable[None]) -> bool:
        """Try an action; if the bot is gone, leave the screen and retry later."""
        async with self._screens[who.id]:
            try:
                await act
            except (NeverSeen, CannotDo, DatabaseUnavailable):
                self.did["clicks without an answer"] += 1
                return False
            finally:
                if who.view:
                    self.shop.slack.board.stacks.clear(who.id)
        return True

    # asking

    async def _ask_in_turn(self, number: int, asks: Sequence[Ask]) -> None:
        who = self.askers[number]
        for ask in asks:
            await self.clock.until(ask.at)
            asked = False
            while not asked:
                asked = await self._tried(who, self._ask(who, ask))

    async def _ask(self, who: SandboxPerson, ask: Ask) -> None:
        """Request customers that nobody has requested: an unanswered request may exist."""
        some = self._some(ask.size)
        await _insist(
            lambda: who.command("/discount add", self.shop.quick if ask.quick else self.shop.support)
        )
        form = await who.sees_view(submit="Review", within=PATIENCE)
        typed, path = ("\n".join(some), "") if ask.size <= BY_FORM else ("", self._file(some))
        await form.fill(
            {"Rule": RULE, "Customer IDs": typed, "File": path}
            if path
            else {"Rule": RULE, "Customer IDs": typed}
        )
        await _insist(form.submit)
        review = await who.sees_view(
            lambda view: view.submit_label in {"Request approval", "Give discount"}, within=PATIENCE * 3
        )
        await _insist(review.submit)
        await who.is_done(within=PATIENCE)
        self.did["asked for"] += 1

    def _some(self, number: int) -> list[str]:
        first, self._customers = self._customers, self._customers + number
        return [f"{CUSTOMER}{at}" for at in range(first, first + number)]

    def _file(self, some: Sequence[str]) -> str:
        path = self.folder / f"{some[0]}.csv"
        path.write_text("customer_id\n" + "\n".join(some) + "\n")
        return str(path)

    # clicking

    async def _approve(self, who: SandboxPerson) -> None:
        if who is self.shop.chief and await self._mend(who):
            return
        card = self._one_with("Approve…")
        if card is None:
            return
        if not self.calm and who is self.shop.cleo and self.chance.random() < REJECTS:
            await self._reject(who, card)
            return
        await _insist(lambda: who.press("Approve…", card))
        modal = await who.sees_view(
            lambda view: view.submit_label == "Approve" or "own" in view.text, within=PATIENCE
        )
        if modal.submit_label != "Approve":
            return
        await self._confirm(modal, card)
        await _insist(modal.submit)
        await who.sees_view(
            lambda view: not view.submit_label and "One moment" not in view.text, within=PATIENCE
        )
        self.did["approvals answered"] += 1

    async def _confirm(self, modal: Modal, card: Message) -> None:
        if "Number of customers" in modal.labels:
            await modal.fill({"Number of customers": str((await self._request(card)).customers)})

    async def _reject(self, who: SandboxPerson, card: Message) -> None:
        await _insist(lambda: who.press("Reject…", card))
        modal = await who.sees_view(submit="Reject", within=PATIENCE)
        await modal.fill({modal.labels[0]: "Not today"})
        await _insist(modal.submit)
        await who.sees_view(
            lambda view: not view.submit_label and "One moment" not in view.text, within=PATIENCE
        )
        self.did["rejections answered"] += 1

    async def _mend(self, chief: SandboxPerson) -> bool:
        """Resume, continue stopped requests, restore cards, and pause now and then."""
        if await self.repository.pause():
            if not self.calm:
                await asyncio.sleep(self.chance.uniform(0, LONGEST_PAUSE))
            await _insist(lambda: chief.command("/discount resume", self.shop.support))
            self.did["resumes"] += 1
            return True
        stopped = self._one_with("Continue")
        if stopped:
            label = "Continue" if self.chance.random() < TAKEN_UP else "End request…"
            await _insist(lambda: chief.press(label, stopped))
            self.did["stopped ones taken up or ended"] += 1
            return True
        if self.calm:
            return await self._see_to_what_nobody_sees(chief)
        if self.chance.random() < PAUSES:
            await _insist(lambda: chief.command("/discount pause a look at it", self.shop.support))
            self.did["pauses"] += 1
            return True
        return False

    async def _see_to_what_nobody_sees(self, chief: SandboxPerson) -> bool:
        """Cancel a request without a card, or ask for it by its id, which reposts the card."""
        there = {card.ts for channel in self._channels() for card in self.shop.slack.messages(channel)}
        unseen = [
            one
            for one in await self.repository.in_state(State.WAITING, State.STOPPED)
            if one.card_ts not in there
        ]
        if not unseen or await self.repository.due_messages(LATER, limit=1):
            return False
        word = "status" if self.chance.random() < LOOKED_UP else "cancel"
        await _insist(lambda: chief.command(f"/discount {word} {unseen[0].short}", self.shop.support))
        self.did[f"{word} of what nobody sees"] += 1
        return True

    async def _take_back_by_chance(self, guest: SandboxPerson) -> None:
        """Let the guest press a forbidden button, and the admin cancel now and then."""
        card = self._one_with("Cancel request…")
        if card is None or self.calm or self.chance.random() > CANCELS:
            return
        forbidden = self.chance.random() < FORBIDDEN
        who = guest if forbidden else self.shop.chief
        await _insist(lambda: who.press("Cancel request…", card))
        if who.view and who.view.submit_label == "Cancel request":
            await _insist(who.view.submit)
        self.did["cancels by a guest" if forbidden else "cancels"] += 1

    def _one_with(self, label: str) -> Message | None:
        """Choose a random card with a button."""
        cards = [card for channel in self._channels() for card in self.shop.slack.messages(channel)]
        there = [card for card in cards if label in {button.label for button in buttons(card.blocks)}]
        return self.chance.choice(there) if there else None

    def _channels(self) -> tuple[Channel, Channel]:
        return self.shop.support, self.shop.quick

    async def _request(self, card: Message) -> Request:
        short = re.search(r"R-[A-Z2-9]{5}", self.shop.chief.read(card))
        found = await self.repository.find_short(ShortId(short[0])) if short else None
        if found is None:
            raise CannotDo("a card of no request")
        return found


async def _insist(act: Callable[[], Awaitable[Reaction]]) -> None:
    """Repeat an unanswered action a few times.

    Raises:
        Gone: there was never an answer.
    """
    for _ in range(TRIES):
        if not (await act()).trouble:
            return
        await asyncio.sleep(AGAIN)
    raise Gone("the bot is gone")
