"""Plays one discount in the terminal, from the request to the ledger."""

from itertools import count
from typing import Final

from sandbox.dintero.faults import Fault
from sandbox.shop import Shop
from sandbox.slack.state.workspace import Message
from sandbox.slack.user.person import SandboxPerson
from sandbox.terminal.activity import ActivityFeed
from sandbox.terminal.forms import form_of
from sandbox.terminal.screen import Screen

CUSTOMERS: Final = ("kari-1001", "ola-1002", "liv-1003")
RULE: Final = "100 kr off"
TYPED: Final = f'/discount add "{RULE}" {" ".join(CUSTOMERS)}'
WHY: Final = "Their parcels came a week late"


async def play(shop: Shop, screen: Screen, watch: ActivityFeed) -> None:
    """Play the demo; everything shown is read from the stand-ins."""
    await Journey(shop, screen, watch).play()


class Journey:
    """The steps, in order."""

    def __init__(self, shop: Shop, screen: Screen, watch: ActivityFeed) -> None:
        """Start at step 1."""
        self._shop = shop
        self._screen = screen
        self._watch = watch
        self._steps = count(1)

    async def play(self) -> None:
        """Play one discount from the request to the ledger."""
        self._step("Dintero before:")
        self._ledger()
        await self._ann_requests()
        card = await self._shop.bo.sees(RULE, self._shop.support)
        self._step("The request in the channel. @leads and @Chief can approve it; Ann can't:")
        self._message(card)
        await self._bo_approves(card)
        await self._dintero_gives()
        self._step("Dintero after:")
        self._ledger()

    async def _ann_requests(self) -> None:
        ann, support = self._shop.ann, self._shop.support
        self._step(f"Ann (support) types in #{support.name}:  {TYPED}")
        await ann.command(TYPED, support)
        form = await ann.sees_view(submit="Review")
        await form.fill({"Reason": WHY})
        self._screen.say("The form opens prefilled. Ann adds a reason and presses Review.")
        self._form(ann)
        await form.submit()
        review = await ann.sees_view(submit="Request approval")
        self._step("Ann checks the review and requests approval:")
        self._form(ann)
        await review.submit()

    async def _bo_approves(self, card: Message) -> None:
        bo = self._shop.bo
        await bo.press("Approve…", card)
        approval = await bo.sees_view(submit="Approve")
        self._step("Bo, a lead, opens the approval and presses Approve:")
        self._form(bo)
        # the answer is lost after Dintero saved it: the bot can't know, and has to ask again
        self._shop.dintero.faults.next(Fault.cut(after=True))
        await approval.submit()

    async def _dintero_gives(self) -> None:
        shop = self._shop
        summary = await shop.slack.until(self._summary)
        self._step(
            "To make it harder, we cut the connection right after Dintero saved it.\n"
            "  The bot retries with the same key, so nobody gets it twice:"
        )
        self._screen.calls(shop.dintero.ledger.calls)
        self._step("The result, in the request's thread:")
        self._message(summary)
        self._step(f"#{shop.campaigns.name} and Ann are notified:")
        self._message(await shop.ann.sees("Given to", shop.campaigns))
        self._message(await shop.ann.sees("Given to", shop.ann.direct))

    def _summary(self) -> Message | None:
        """Find the result in the thread; the request itself says it too."""
        ann = self._shop.ann
        replies = (one for one in ann.reads(self._shop.support) if one.is_reply)
        return next((one for one in replies if "Given to" in ann.read(one)), None)

    def _step(self, text: str) -> None:
        self._screen.step(next(self._steps), text)

    def _ledger(self) -> None:
        self._screen.holders(self._shop.dintero.ledger.grants, self._shop.rule_names)

    def _message(self, message: Message) -> None:
        self._screen.message(self._watch.where(message), self._watch.lines(message))

    def _form(self, who: SandboxPerson) -> None:
        form = form_of(who, self._shop)
        if form is not None:
            self._screen.form(f"{form.title} – on {who.name}'s screen", form.lines, form.below)
