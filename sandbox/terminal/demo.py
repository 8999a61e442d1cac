"""Plays one discount in the terminal, from the request to the ledger."""

from collections.abc import Iterable
from itertools import count
from typing import Final

from sandbox.dintero.catalogue import SEED_RULE
from sandbox.dintero.faults import Fault
from sandbox.shop import Shop
from sandbox.slack.state.workspace import Message
from sandbox.slack.user.person import SandboxPerson
from sandbox.terminal.activity import ActivityFeed
from sandbox.terminal.forms import form_of
from sandbox.terminal.screen import Screen

CUSTOMERS: Final = ("kari-1001", "ola-1002", "liv-1003")
TYPED: Final = f'/discount add "Spar 100,-" {" ".join(CUSTOMERS)}'
WHY: Final = "Their parcels came a week late"
DETAILS: Final = "When and how it can be used"
"""Where a rule's details begin; the demo shows them once."""
APPROVED: Final = ("Customers:", "Cost:", "First and last", "R-")
"""The part of the approval to show; the rest repeats the review."""


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
        self._step("Dintero, before anything is asked:")
        self._ledger()
        await self._ann_asks()
        card = await self._shop.bo.sees("Spar 100,-", self._shop.support)
        self._step(
            "The card in the channel, for everybody to see; @leads and @Chief may approve, Ann may not:"
        )
        self._message(card)
        await self._bo_approves(card)
        await self._dintero_gives()
        self._step("Dintero, after it:")
        self._ledger()

    async def _ann_asks(self) -> None:
        ann, support = self._shop.ann, self._shop.support
        self._step(f"Ann (support) types in #{support.name}:  {TYPED}")
        await ann.command(TYPED, support)
        form = await ann.sees_view(submit="Review")
        await form.fill({"Reason": WHY})
        self._screen.say("The form opens filled in; Ann adds the reason and presses Review.")
        self._form(ann)
        await form.submit()
        review = await ann.sees_view(submit="Request approval")
        self._step("Ann looks it over, before anybody is asked, and presses Request approval:")
        self._form(ann)
        await review.submit()
        await ann.is_done()

    async def _bo_approves(self, card: Message) -> None:
        bo = self._shop.bo
        await bo.press("Approve…", card)
        approval = await bo.sees_view(submit="Approve")
        self._step(
            "Bo (a lead) presses Approve…, reads what he says yes to (the same facts), and presses Approve:"
        )
        self._form(bo, only=APPROVED)
        # Dintero does what it is asked, but the answer is lost: the bot cannot know, and has to ask again
        self._shop.dintero.faults.next(Fault.cut(after=True))
        await approval.submit()
        await (await bo.sees_view("Approved")).close()

    async def _dintero_gives(self) -> None:
        shop = self._shop
        summary = await shop.ann.sees("Given to", shop.support)
        self._step(
            f"The bot calls Dintero: POST …/discounts/rules/{SEED_RULE[:8]}…/customers. To make it hard,\n"
            "  the connection is cut just after Dintero did it. The bot repeats the call under the same\n"
            "  once-only key, and nobody gets it twice:"
        )
        self._screen.calls(shop.dintero.ledger.calls)
        self._step("The summary, in the thread below the card:")
        self._message(summary)
        self._step(f"And who has to know is told: #{shop.campaigns.name}, and Ann herself:")
        self._message(await shop.ann.sees("Spar 100,-", shop.campaigns))
        self._message(await shop.ann.sees("done", shop.ann.direct))

    def _step(self, text: str) -> None:
        self._screen.step(next(self._steps), text)

    def _ledger(self) -> None:
        self._screen.holders(self._shop.dintero.ledger.grants, self._shop.rule_names)

    def _message(self, message: Message) -> None:
        self._screen.message(self._watch.where(message), _without_details(self._watch.lines(message)))

    def _form(self, who: SandboxPerson, *, only: tuple[str, ...] = ("",)) -> None:
        form = form_of(who, self._shop)
        if form is not None:
            lines = [line for line in form.lines if line.startswith(only)]
            self._screen.form(f"{form.title} – on {who.name}'s screen", lines, form.below)


def _without_details(lines: Iterable[str]) -> list[str]:
    """Leave out the rule's details, shown before; keep what follows."""
    kept: list[str] = []
    inside = False
    for line in lines:
        if line == DETAILS:
            kept.append(f"{DETAILS}: as above")
        inside = line == DETAILS or (inside and line.startswith("• "))
        if not inside:
            kept.append(line)
    return kept
