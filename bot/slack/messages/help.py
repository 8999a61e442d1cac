"""The commands, and the nearest one to a command that the bot did not understand."""

from typing import Final

from bot.slack.command_parser import ParseProblem, UnknownCommand
from bot.slack.language.texts import N_, _, joined
from bot.slack.rendering.blocks import context, message, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import escape

MAX_ADMINS: Final = 5
STATUS: Final = N_("`/discount status` – See this channel's requests")
STATUS_DIRECT: Final = N_("`/discount status` – See your requests")
STATUS_UNLISTED: Final = N_("`/discount status` – See your requests, in my direct messages")
COMMANDS: Final = (
    N_("`/discount add` – Give a discount"),
    N_("`/discount add “Spar 100” 12397af6e5e, b2` – The same, with the form filled in"),
    STATUS,
    N_("`/discount status R-7K2QF` – See one request"),
    N_("`/discount rule “Spar 100”` – Look up a rule"),
    N_("`/discount cancel R-7K2QF` – Cancel a request"),
    N_("`/discount settings` – Choose your direct messages and language"),
    N_("`/discount pause Dintero is down` – Stop all sending (admins)"),
    N_("`/discount resume` – Start sending again (admins)"),
    N_("`/discount help` – Show this help"),
)
WHY: Final = {
    ParseProblem.NO_SUCH_COMMAND: N_("I don't know “{text}”. Did you mean `/discount {nearest}`?"),
    ParseProblem.OPEN_QUOTE: N_("There's a quotation mark missing in “{text}”. Close it, or leave it out."),
    ParseProblem.NO_SHORT_ID: N_("“{text}” isn't a request id. Ids look like `R-7K2QF`."),
}


def build(formatter: Formatter, status: str = STATUS) -> Message:
    """List the commands; `status` says what that one lists in this place."""
    intro = _("Request a Dintero discount. A colleague approves it, and each customer gets it exactly once.")
    admins = [f"<@{admin}>" for admin in formatter.admins[:MAX_ADMINS]]
    lines = [_(status if command == STATUS else command) for command in COMMANDS]
    if admins:
        lines.append(_("Questions? Ask {admins}.", admins=joined(admins, "or")))
    summary = "/discount add · status · rule · cancel · pause · resume · settings · help"
    return message(summary, [section(intro), *sections(lines)])


def not_understood(command: UnknownCommand) -> Message:
    """Say what was not understood and why, and which command may have been meant."""
    answer = _(WHY[command.why], text=escape(command.text, 100), nearest=command.nearest)
    more = _("`/discount help` shows all commands.")
    return message(f"{answer} {more}", [section(answer), context(more)])
