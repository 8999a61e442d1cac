"""How long people wait, as a multiple of the calls that must follow each other.

Each call to Slack takes 150 ms and each call to Dintero 100 ms, as in a usual week; all else is the bot's
own. A wait ends when its effect is there: a form that can be filled in, a message that can be read, a call
that has arrived. The calls that must follow each other, and why:

- **command → form**: `views.open`. Somebody who was not seen for a minute is looked up first (`users.info`):
  a stranger gets no form.
- **submit → review**: Dintero's rule, for the review shows it as it is now; then `views.update`.
- **send → card**: `chat.postMessage`.
- **Approve… → form**: Dintero's rule, for the approval is for the rule as it is now; then `views.open`.
  Somebody who was not seen for a minute is looked up meanwhile.
- **approval → Dintero's call**: requester and approvers are looked up again, since giving relies on no cached
  answer; their groups and Dintero's rule are read meanwhile.
- **approval → summary**: that, the call that gives, and `chat.postMessage`. The statistics are in Dintero's
  answer. Edits of the card and messages elsewhere may take their time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from bench import shop_bot
from bench.metrics import Figure, median, percentile, shorter
from bench.shop_bot import filled_in, shop_with_bot
from bot.domain.ids import GroupId
from sandbox.shop import BOSS, CAMPAIGNS, LEADS, Shop
from sandbox.slack.state.workspace import Message
from sandbox.slack.user.person import SandboxPerson

SLACK_SECONDS: Final = 0.150
DINTERO_SECONDS: Final = 0.100
QUIET_SECONDS: Final = 0.5
"""So long after Slack's last call nothing of a request is under way any more."""
POLICY: Final = f"""{shop_bot.POLICY}
approvers = ["{LEADS}", "{BOSS}"]
notify = ["{CAMPAIGNS}"]
"""

FORM: Final = "command → form"
REVIEW: Final = "submit → review"
CARD: Final = "send → card"
APPROVAL: Final = "Approve… → form"
CALL: Final = "approval → Dintero's call"
SUMMARY: Final = "approval → summary in the thread"

Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class Calls:
    """How many calls must follow each other, and what they may be multiplied with."""

    slack: int
    dintero: int = 0
    at_most: float = 1.2

    @property
    def seconds(self) -> float:
        """How long they take."""
        return self.slack * SLACK_SECONDS + self.dintero * DINTERO_SECONDS

    def __str__(self) -> str:
        """Name them."""
        called = [("Slack", self.slack), ("Dintero", self.dintero)]
        return " + ".join(f"{many} × {name}" if many > 1 else name for name, many in called if many)


SEEN: Final = {
    FORM: Calls(1),
    REVIEW: Calls(1, 1),
    CARD: Calls(1),
    APPROVAL: Calls(1, 1),
    CALL: Calls(1),
    SUMMARY: Calls(2, 1, at_most=1.5),
}
NEW: Final = {**SEEN, FORM: Calls(2), APPROVAL: Calls(2)}
"""With people whom the bot has to look up; a look-up and Dintero's rule go out at once."""


@dataclass(slots=True)
class SlowShop:
    """A shop with everyday latencies, and when Slack was last called."""

    shop: Shop
    times: dict[str, list[float]] = field(default_factory=dict)
    _called_at: float = 0.0

    def slow_down(self) -> None:
        """Let each call take its time from now on."""
        self.shop.slack.faults.on_call = self._on_call
        self.shop.dintero.latency = DINTERO_SECONDS

    async def _on_call(self, point: str, _method: str, _number: int) -> None:
        self._called_at = time.monotonic()
        if point == "before":
            await asyncio.sleep(SLACK_SECONDS)

    async def request(self, requester: SandboxPerson, approver: SandboxPerson) -> None:
        """Request a discount and approve it, and note how long each step took."""
        shop, channel = self.shop, self.shop.support
        asked = len(shop.slack.messages(channel))
        form = await self._timed(
            FORM, requester.command("/discount add", channel), lambda: requester.sees_view(submit="Review")
        )
        await form.fill(filled_in(f"{time.time_ns()}-a\n{time.time_ns()}-b"))
        review = await self._timed(
            REVIEW, form.submit(), lambda: requester.sees_view(submit="Request approval")
        )
        card = await self._timed(CARD, review.submit(), lambda: self._card(asked))
        approval = await self._timed(
            APPROVAL, approver.press("Approve…", card), lambda: approver.sees_view(submit="Approve")
        )
        calls, began = shop.dintero.ledger.calls, datetime.now(UTC)
        await self._timed(SUMMARY, approval.submit(), lambda: self._summary(card))
        self.times.setdefault(CALL, []).append((calls[-1].at - began).total_seconds())
        await self._quiet()
        for person in (requester, approver):
            shop.slack.stacks.clear(person.id)

    async def _timed(self, what: str, act: Awaitable[object], see: Callable[[], Awaitable[Seen]]) -> Seen:
        began = time.monotonic()
        await act
        seen = await see()
        self.times.setdefault(what, []).append(time.monotonic() - began)
        return seen

    async def _card(self, asked: int) -> Message:
        slack = self.shop.slack
        return await slack.until(lambda: next(iter(slack.messages(self.shop.support)[asked:]), None))

    async def _summary(self, card: Message) -> Message:
        def look() -> Message | None:
            thread = self.shop.slack.thread(card)
            return next((said for said in thread if "Given to 2 of 2" in self.shop.ann.read(said)), None)

        return await self.shop.slack.until(look)

    async def _quiet(self) -> None:
        """Wait until everybody was told."""
        while (left := self._called_at + QUIET_SECONDS - time.monotonic()) > 0:  # noqa: ASYNC110 - quiet is no event
            await asyncio.sleep(left)


async def measure(folder: Path, *, clicks: int) -> list[Figure]:
    """Measure both series, each after one request that counts for nothing."""
    figures: list[Figure] = []
    async with shop_with_bot(folder, policy=POLICY) as (shop, _):
        newcomers = _newcomers(shop, clicks)
        for what, calls, people in (
            ("people seen before", SEEN, [(shop.ann, shop.bo)] * clicks),
            ("people looked up", NEW, newcomers),
        ):
            slow = SlowShop(shop)
            slow.slow_down()
            await slow.request(shop.ann, shop.bo)
            slow.times.clear()
            for requester, approver in people:
                await slow.request(requester, approver)
            figures += [_figure(f"{name}, {what}", slow.times[name], calls[name]) for name in calls]
    return figures


def _newcomers(shop: Shop, count: int) -> list[tuple[SandboxPerson, SandboxPerson]]:
    """Add requesters and approvers before the bot reads who is in the group."""
    pairs = [
        (shop.slack.add_person(f"Agent{number}"), shop.slack.add_person(f"Lead{number}"))
        for number in range(count)
    ]
    shop.support.members.update(person.id for pair in pairs for person in pair)
    shop.slack.workspace.groups[GroupId(LEADS)].members.update(lead.id for _, lead in pairs)
    return pairs


def _figure(what: str, times: Sequence[float], calls: Calls) -> Figure:
    low, high = (percentile(times, share) / calls.seconds for share in (0.1, 0.9))
    return shorter(
        what,
        median(times),
        calls.seconds,
        against=f"{calls}; {low:.2f} to {high:.2f} in 8 of 10",
        at_most=calls.at_most,
    )
