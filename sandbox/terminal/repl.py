"""The prompt: runs commands as the current person and shows the results."""

from contextlib import suppress
from typing import Final

from bot.background.runner import BackgroundRunner
from sandbox.shop import Shop
from sandbox.slack.state.changes import NeverSeen
from sandbox.slack.state.workspace import Channel, Message
from sandbox.slack.user.mrkdwn import plain
from sandbox.slack.user.person import SandboxPerson
from sandbox.slack.user.reactions import CannotDo, Reaction
from sandbox.terminal import dintero_controls, texts
from sandbox.terminal.activity import ActivityFeed, name_of, quiet
from sandbox.terminal.commands import (
    Act,
    Become,
    Change,
    Clear,
    Command,
    Control,
    Cut,
    Fill,
    GoTo,
    Kind,
    Later,
    Look,
    Press,
    ScreenState,
    Share,
    ShowLedger,
    SimpleCommand,
    Unclear,
)
from sandbox.terminal.form_input import TypeLine, fill
from sandbox.terminal.forms import Form, form_of
from sandbox.terminal.line_input import NoMoreInput
from sandbox.terminal.parser import read
from sandbox.terminal.screen import Screen
from sandbox.terminal.shifted_clock import PassingClock

FORM: Final = 10.0
"""Seconds to wait for a loading form before showing it as it is."""
QUIET: Final = 0.5
"""Seconds without a change that end a command."""
RECOVERY: Final = 2.5
"""The same after an outage: the bot may be waiting to retry."""
SHOWN: Final = 8
"""Messages of a channel to show, without threads."""


class Session:
    """A session in which one visitor acts as everyone in turn."""

    def __init__(
        self,
        shop: Shop,
        screen: Screen,
        watch: ActivityFeed,
        type_line: TypeLine,
        clock: PassingClock,
        background: BackgroundRunner,
    ) -> None:
        """Start as Ann, with the bot's clock and background runner."""
        self._clock = clock
        self._background = background
        self._shop = shop
        self._screen = screen
        self._watch = watch
        self._type_line = type_line
        self._who: SandboxPerson = shop.ann
        self._where: Channel = shop.support
        self._drawn: tuple[str, list[str]] | None = None

    async def run(self) -> None:
        """Run commands until the input ends."""
        self._watch.news()
        with suppress(NoMoreInput):
            while (act := await self._next()) is not SimpleCommand.QUIT:
                await self._do_and_show(act)

    async def _next(self) -> Act:
        self._screen.say("")
        return read(await self._type_line(self._prompt()), self._around())

    async def _do_and_show(self, act: Act) -> None:
        try:
            await self._do(act)
        except CannotDo as stopped:
            self._screen.wrong(f"{stopped} – type “look” to see what there is.")
        await self._settle(RECOVERY if act is SimpleCommand.UP else QUIET)
        await self._show_form(only_telling=True)
        for news in self._watch.news():
            self._screen.message(
                f"{news.where}{', where the card now says' if news.changed else ''}", news.lines
            )
        await self._show_form()

    async def _do(self, act: Act) -> None:
        match act:
            case Become(name):
                self._become(name)
            case GoTo(channel):
                self._where = self._channel(channel)
                self._look(whole=False)
            case Command(text):
                self._heard(await self._who.command(text, self._here))
            case Fill(field, text):
                await fill(self._form, field, text, type_line=self._type_line, screen=self._screen)
            case Clear(field):
                await self._form.modal.fill({field.label: ""})
            case Press(button):
                await self._press(button)
            case Share(path):
                self._screen.say(f"Its link: {self._who.share_from_disk(path, self._here)}")
            case Look(whole):
                self._look(whole=whole)
            case _:
                self._aside(act)

    def _aside(self, act: Act) -> None:
        """Run a command that does not concern Slack."""
        match act:
            case ShowLedger(customer):
                dintero_controls.show_ledger(self._shop, self._screen, customer=customer)
            case Cut(after, times):
                dintero_controls.cut(self._shop, self._screen, after=after, times=times)
            case Change(rule, worth):
                dintero_controls.change(self._shop, self._screen, rule=rule, worth=worth)
            case Later(while_):
                self._clock.pass_by(while_, self._background.wake)
                self._screen.say(texts.LATER, "dim")
            case SimpleCommand.DOWN:
                dintero_controls.down(self._shop, self._screen)
            case SimpleCommand.UP:
                dintero_controls.up(self._shop, self._screen)
            case SimpleCommand.HELP:
                for title, pairs in (
                    ("What you can type", texts.HELP),
                    ("Who you can be", texts.ROLES),
                    ("Where", texts.CHANNELS),
                ):
                    self._screen.pairs(title, pairs)
            case Unclear(advice):
                self._screen.wrong(advice)

    def _become(self, name: str) -> None:
        self._who = next(person for person in self._shop.people if person.name == name)
        self._drawn = None
        self._screen.say(f"You are {name} now, in {name_of(self._here, self._shop.slack.workspace)}.", "dim")

    async def _press(self, button: Control) -> None:
        form = form_of(self._who, self._shop)
        if form is None:
            return await self._press_on(self._watch.message(button.number), button.label)
        match button.kind:
            case Kind.SUBMIT:
                self._heard(await form.modal.submit())
            case Kind.CLOSE:
                await form.modal.close()
            case _:
                self._heard(await form.modal.press(button.label))
        return None

    async def _press_on(self, message: Message, label: str) -> None:
        """Press a message's button, passing on its confirmation question."""
        reaction = await self._who.press(label, message, confirm=False)
        if reaction.confirmed:
            self._screen.say(plain(reaction.confirmed, self._shop.slack.workspace))
            sure = await self._type_line("Sure? (y/n) ")
            if not sure.strip().casefold().startswith("y"):
                return self._screen.say("Left as it was.", "dim")
            reaction = await self._who.press(label, message)
        return self._heard(reaction)

    def _heard(self, reaction: Reaction) -> None:
        if reaction.trouble:
            self._screen.wrong(f"Slack says: {reaction.trouble}")

    def _look(self, *, whole: bool) -> None:
        self._drawn = None
        if form_of(self._who, self._shop) is not None:
            return
        there = [
            message
            for message in [*self._here.messages, *self._who.ephemerals]
            if message.channel == self._here.id
        ]
        above = sorted(
            (message for message in there if not message.is_reply and self._who.can_see(message)),
            key=lambda one: one.ts,
        )
        name = name_of(self._here, self._shop.slack.workspace)
        self._screen.heading(f"{name}, as {self._who.name} sees it" + ("" if above else ": nothing yet"))
        for message in above if whole else above[-SHOWN:]:
            for one in (message, *self._here.thread(message.ts)):
                self._screen.message(self._watch.where(one), self._watch.lines(one), whole=whole)

    async def _show_form(self, *, only_telling: bool = False) -> None:
        """Show a new form; one that only informs is read and closed."""
        form = form_of(self._who, self._shop)
        drawn = (form.title, form.lines) if form else None
        if drawn == self._drawn or form is None or (only_telling and not form.only_tells):
            return
        below = f"({self._who.name} reads it, and closes it)" if form.only_tells else form.below
        self._screen.form(f"{form.title} – on {self._who.name}'s screen", form.lines, below)
        self._drawn = drawn
        if form.only_tells:
            await form.modal.close()

    async def _settle(self, seconds: float) -> None:
        """Wait until no form is loading and the bot has finished its work."""
        changes = self._shop.slack.changes
        with suppress(NeverSeen):
            await changes.until(lambda: not ((form := form_of(self._who, self._shop)) and form.waits), FORM)
        await quiet(changes, seconds, busy=lambda: self._background.busy)

    @property
    def _form(self) -> Form:
        form = form_of(self._who, self._shop)
        if form is None:
            raise CannotDo("the form is gone")
        return form

    @property
    def _here(self) -> Channel:
        return self._who.direct if self._where.direct_with is not None else self._where

    def _channel(self, name: str) -> Channel:
        """Find a channel; without a name, the direct messages."""
        named = {
            channel.name: channel
            for channel in self._shop.slack.workspace.channels.values()
            if channel.direct_with is None
        }
        return named[name] if name else self._who.direct

    def _prompt(self) -> str:
        form = form_of(self._who, self._shop)
        where = f"in “{form.title}”" if form else f"in {name_of(self._here, self._shop.slack.workspace)}"
        return f"{self._who.name}, {where} > "

    def _around(self) -> ScreenState:
        people = tuple(person.name for person in self._shop.people)
        channels = tuple(
            channel.name
            for channel in self._shop.slack.workspace.channels.values()
            if channel.direct_with is None
        )
        form = form_of(self._who, self._shop)
        if form is not None:
            return ScreenState(people, channels, form.things, form=True)
        return ScreenState(people, channels, tuple(self._watch.buttons(self._who)))
