"""The steps that people repeat in the journeys."""

import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import RunningBot
from bot.domain.ids import ShortId
from bot.domain.policy.policy import Policy
from bot.domain.ports import Clock
from bot.domain.requests.request import Request
from bot.giving.retry import RetryPolicy
from sandbox.shop import POLICY, Shop, database_in, open_bot, open_shop
from sandbox.slack.state.workspace import Channel, Message
from sandbox.slack.user.modal import Modal
from sandbox.slack.user.person import SandboxPerson

SEED = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
RULE = "Spar 100,-"
QUICKLY = RetryPolicy(first=0.01, longest=0.05, total=5.0, attempts=5)


@dataclass(slots=True)
class Steps:
    """The steps of people in a shop, wherever the bot runs."""

    shop: Shop

    @property
    def support(self) -> Channel:
        return self.shop.support

    async def ask(
        self,
        customers: str,
        *,
        by: SandboxPerson | None = None,
        channel: Channel | None = None,
        rule: str = RULE,
        **others: str,
    ) -> Message:
        """Submit the form and wait for the card."""
        review = await self.review(customers, by=by, channel=channel, rule=rule, **others)
        return await self.asked(review, by=by, channel=channel)

    async def form(
        self, *, by: SandboxPerson | None = None, channel: Channel | None = None, text: str = "add"
    ) -> Modal:
        who = by or self.shop.ann
        await who.command(f"/discount {text}", channel or self.support)
        return await who.sees_view(submit="Review")

    async def review(
        self,
        customers: str,
        *,
        by: SandboxPerson | None = None,
        channel: Channel | None = None,
        rule: str = RULE,
        **others: str,
    ) -> Modal:
        form = await self.form(by=by, channel=channel)
        await form.fill({"Rule": rule, "Customer IDs": customers, **others})
        assert not (await form.submit()).errors
        return await (by or self.shop.ann).sees_view(
            lambda view: view.submit_label in {"Request approval", "Give discount"}
        )

    async def asked(
        self, review: Modal, *, by: SandboxPerson | None = None, channel: Channel | None = None
    ) -> Message:
        who, where = by or self.shop.ann, channel or self.support
        before = len(self.shop.slack.messages(where))
        await review.submit()
        await who.is_done()
        return await self.shop.slack.until(lambda: next(iter(self.shop.slack.messages(where)[before:]), None))

    async def opens_approval(self, card: Message, *, by: SandboxPerson | None = None) -> Modal:
        who = by or self.shop.bo
        assert not (await who.press("Approve…", card)).trouble
        return await who.sees_view(submit="Approve")

    async def approve(
        self, card: Message, *, by: SandboxPerson | None = None, count: int | None = None
    ) -> Modal:
        return await self.approve_in(await self.opens_approval(card, by=by), by=by, count=count)

    async def approve_in(
        self, approval: Modal, *, by: SandboxPerson | None = None, count: int | None = None
    ) -> Modal:
        if count is not None:
            await approval.fill({"Number of customers": str(count)})
        assert not (await approval.submit()).errors
        return await (by or self.shop.bo).sees_view(
            lambda view: not view.submit_label and "One moment" not in view.text
        )

    async def summary(self, text: str = "Given to", *, channel: Channel | None = None) -> Message:
        """Wait for the newest reply in a thread that begins so, as only a summary does."""
        ann, where = self.shop.ann, channel or self.support

        def look() -> Message | None:
            replies = (message for message in reversed(ann.reads(where)) if message.is_reply)
            return next((reply for reply in replies if ann.read(reply).startswith(text)), None)

        return await self.shop.slack.until(look)

    def thread(self, card: Message) -> list[str]:
        return [self.shop.ann.read(reply) for reply in self.shop.slack.thread(card)]

    def direct_texts(self, who: SandboxPerson) -> list[str]:
        return [who.read(message) for message in who.direct.messages]


@dataclass(slots=True)
class Trip(Steps):
    """A shop with a bot at work in it."""

    running: RunningBot

    async def request(self, card: Message) -> Request:
        """Find the request of a card by its short id, which a card names last."""
        *_, short = re.findall(r"R-[A-Z2-9]{5}", self.shop.chief.read(card))
        found = await self.running.repository.find_short(ShortId(short))
        assert found
        return found


async def open_trip(
    stack: AsyncExitStack,
    folder: Path,
    *,
    policy: Policy = POLICY,
    clock: Clock | None = None,
    retry_policy: RetryPolicy = QUICKLY,
    **others: Any,
) -> Trip:
    """Open a shop and a bot until the exit stack closes."""
    shop = await stack.enter_async_context(open_shop())
    running = await stack.enter_async_context(
        open_bot(shop, database_in(folder), policy=policy, clock=clock, retry_policy=retry_policy, **others)
    )
    await running.catalog.refresh()
    return Trip(shop, running)
