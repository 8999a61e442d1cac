"""The switches of Dintero's side: faults, refused ids, changed rules, Slack, the bot and time."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from bot.domain.ids import UserId
from bot.domain.rules.rule import RewardType
from sandbox.browser import tour
from sandbox.browser.bot import BotState
from sandbox.browser.sandbox import Sandbox
from sandbox.dintero.faults import Fault, Operation
from sandbox.slack.user.reactions import CannotDo

SLOW_SECONDS: Final = 2.0
IN_MINOR_UNITS: Final = frozenset(
    {RewardType.AMOUNT, RewardType.DEBIT, RewardType.ITEM_NEW_PRICE, RewardType.MIX_NEW_PRICE}
)


Control = Callable[[Mapping[str, str]], Awaitable[None]]


class Switch(NamedTuple):
    """A way to break Dintero's *Add customers*."""

    label: str
    about: str
    fault: Fault


FAULTS: Final = {
    "cut_after": Switch("Cut after", "Dintero gives it, but the answer is lost", Fault.cut(after=True)),
    "cut_before": Switch("Cut before", "the connection ends before Dintero does anything", Fault.cut()),
    "busy": Switch("429", "too many requests: wait a second", Fault.busy()),
    "broken": Switch("502", "a bad gateway", Fault.broken()),
    "hang": Switch("Hang", "no answer for 5 seconds", Fault.hang()),
}
LOCALES: Final = {"en": "en-GB", "nb": "nb-NO"}
TIMES: Final = {"10": "10 minutes", "180": "3 hours", "1440": "1 day"}
"""Minutes that a button lets pass."""


class Controls:
    """What a visitor can do outside Slack; each method takes a form's fields."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Control a sandbox."""
        self._sandbox = sandbox
        self._dintero = sandbox.shop.dintero
        breaking = (self.fault, self.slow, self.down, self.mend, self.refuse, self.accept)
        others = (self.change, self.delete, self.slack, self.bot, self.later, self.locale, self.tour)
        self.named: dict[str, Control] = {control.__name__: control for control in (*breaking, *others)}
        """The controls by their names in the page."""

    async def fault(self, form: Mapping[str, str]) -> None:
        """Break the next call, or every call until it is fixed."""
        fault = FAULTS[form["fault"]].fault
        if form.get("every"):
            self._dintero.faults.always(fault)
        else:
            self._dintero.faults.next(fault)

    async def slow(self, _: Mapping[str, str]) -> None:
        """Make Dintero slow, or quick again."""
        self._dintero.latency = 0.0 if self._dintero.latency else SLOW_SECONDS

    async def down(self, _: Mapping[str, str]) -> None:
        """Take Dintero away: every call is cut."""
        for operation in Operation:
            self._dintero.faults.always(Fault.cut(), on=operation)

    async def mend(self, _: Mapping[str, str]) -> None:
        """Let Dintero work again."""
        self._dintero.faults.clear()
        self._dintero.latency = 0.0

    async def refuse(self, form: Mapping[str, str]) -> None:
        """Make Dintero refuse a customer id."""
        if not form["customer"].strip():
            raise CannotDo("type the customer id that Dintero should refuse")
        self._dintero.refuses.add(form["customer"].strip())

    async def accept(self, form: Mapping[str, str]) -> None:
        """Stop refusing a customer id."""
        self._dintero.refuses.discard(form["customer"])

    async def change(self, form: Mapping[str, str]) -> None:
        """Change what a rule is worth, as in Dintero's Backoffice."""
        reward = self._dintero.rules[form["rule"]]["reward"]
        try:
            worth = float(form["worth"].replace(",", "."))
        except ValueError:
            raise CannotDo("type the rule's new value, a number such as 75") from None
        reward["value"] = worth * 100 if reward["type"] in IN_MINOR_UNITS else worth

    async def delete(self, form: Mapping[str, str]) -> None:
        """Delete a rule."""
        self._dintero.delete(form["rule"])

    async def slack(self, _: Mapping[str, str]) -> None:
        """Take Slack's API away from the bot, or bring it back."""
        faults = self._sandbox.shop.slack.faults
        faults.outage = not faults.outage

    async def bot(self, _: Mapping[str, str]) -> None:
        """Kill the bot, or start it again."""
        bot = self._sandbox.bot
        await (bot.start() if bot.state is BotState.DEAD else bot.kill())

    async def later(self, form: Mapping[str, str]) -> None:
        """Let time pass."""
        self._sandbox.bot.pass_by(timedelta(minutes=int(form["minutes"])))

    async def locale(self, form: Mapping[str, str]) -> None:
        """Change the language of a person's Slack; the bot looks it up again after a minute, which passes."""
        self._sandbox.shop.slack.workspace.people[UserId(form["person"])].locale = LOCALES[form["language"]]
        self._sandbox.bot.pass_by(timedelta(minutes=1))

    async def tour(self, _: Mapping[str, str]) -> None:
        """Leave the tour, or take it up again; a finished one starts over."""
        if not self._sandbox.touring and tour.finished(self._sandbox):
            self._sandbox.toured_from = self._sandbox.clock.now().timestamp()
        self._sandbox.touring = not self._sandbox.touring
