"""Controls for Dintero: cut its connection, take it down, change a rule, show its ledger."""

from decimal import Decimal
from typing import Final

from bot.domain.rules.rule import RewardType
from sandbox.dintero.faults import Fault, Operation
from sandbox.shop import Shop
from sandbox.terminal import texts
from sandbox.terminal.screen import Screen

IN_MINOR_UNITS: Final = frozenset(
    {RewardType.AMOUNT, RewardType.DEBIT, RewardType.ITEM_NEW_PRICE, RewardType.MIX_NEW_PRICE}
)


def cut(shop: Shop, screen: Screen, *, after: bool, times: int) -> None:
    """Cut the next calls that give discounts, before or after their effect."""
    shop.dintero.faults.next(*[Fault.cut(after=after)] * times)
    when = (
        "after Dintero has done what it was asked, so that the bot cannot know"
        if after
        else "before Dintero does anything"
    )
    which = (
        "The next call that gives a discount is"
        if times == 1
        else f"The next {times} calls that give discounts are"
    )
    screen.say(f"{which} cut {when}. Let one be given, and look at the ledger then.", "red")


def down(shop: Shop, screen: Screen) -> None:
    """Take Dintero down."""
    for operation in Operation:
        shop.dintero.faults.always(Fault.cut(), on=operation)
    screen.say(texts.DOWN, "red")


def up(shop: Shop, screen: Screen) -> None:
    """Bring Dintero back."""
    shop.dintero.faults.clear()
    screen.say(texts.UP, "green")


def change(shop: Shop, screen: Screen, *, rule: str, worth: Decimal) -> None:
    """Change a rule's reward, as in Dintero's Backoffice."""
    found = [
        body
        for body in shop.dintero.rules.values()
        if rule.casefold() in str(body.get("name", "")).casefold()
    ]
    if len(found) != 1:
        many = "no rule" if not found else f"{len(found)} rules"
        screen.wrong(f"There is {many} with “{rule}” in the name: “/discount rule” finds them.")
        return
    reward = found[0]["reward"]
    reward["value"] = float(worth * 100) if reward["type"] in IN_MINOR_UNITS else float(worth)
    screen.say(
        f"In Dintero, “{found[0]['name']}” is now worth {worth}. Give it, or look at its card.",
        "red",
    )


def show_ledger(shop: Shop, screen: Screen, *, customer: str) -> None:
    """Show the holders and the last calls, of one customer if given."""
    ledger = shop.dintero.ledger
    screen.holders(
        [grant for grant in ledger.grants if customer in {"", grant.customer}], shop.rule_names, of=customer
    )
    screen.calls([call for call in ledger.calls if not customer or customer in call.customers])
