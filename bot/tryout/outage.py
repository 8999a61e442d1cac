"""What the person at the keyboard can do to Dintero: cut its connection, take it away, bring it back, and look at its ledger."""

from bot.sandbox.dintero.faults import Fault, Operation
from bot.tryout import words
from bot.tryout.screen import Screen
from bot.tryout.shop import Shop


def cut(shop: Shop, screen: Screen, *, after: bool, times: int) -> None:
    """Cut the connection on the next calls that give discounts, before or after Dintero did what it was asked."""
    shop.dintero.faults.next(*[Fault.cut(after=after)] * times)
    when = "after Dintero has done what it was asked, so that the bot cannot know" if after else "before Dintero does anything"
    which = "The next call that gives a discount is" if times == 1 else f"The next {times} calls that give discounts are"
    screen.say(f"{which} cut {when}. Let one be given, and look at the ledger then.", "red")


def down(shop: Shop, screen: Screen) -> None:
    """Cut every connection until Dintero is brought back."""
    for operation in Operation:
        shop.dintero.faults.always(Fault.cut(), on=operation)
    screen.say(words.DOWN, "red")


def up(shop: Shop, screen: Screen) -> None:
    """Let everything go well again."""
    shop.dintero.faults.clear()
    screen.say(words.UP, "green")


def show_ledger(shop: Shop, screen: Screen, *, customer: str) -> None:
    """Show who holds what, and the last calls; of one customer where one is named."""
    ledger = shop.dintero.ledger
    screen.holders([grant for grant in ledger.grants if customer in {"", grant.customer}], shop.rule_names, of=customer)
    screen.calls([call for call in ledger.calls if not customer or customer in call.customers])
