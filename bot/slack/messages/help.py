"""The commands, and the nearest one to a command that the bot did not understand."""

from typing import Final

from bot.slack.command_parser import ParseProblem, UnknownCommand
from bot.slack.rendering.blocks import message, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import quoted

COMMANDS: Final = (
    "`/discount add` opens the form to give customers a discount",
    "`/discount add “Spar 100” 12397af6e5e, b2` opens it filled in: a rule's name or id, then customer ids",
    "`/discount status` lists this channel's requests",
    "`/discount status R-7K2QF` shows one request",
    "`/discount rule “Spar 100”` shows what a rule gives, and when and how it can be used; its id works too",
    "`/discount cancel R-7K2QF` takes a request back",
    "`/discount pause Dintero is down` gives nothing from now on, for the reason that you write (admins)",
    "`/discount resume` ends the pause; what was being given goes on (admins)",
    "`/discount settings` which direct messages you get, and your language",
    "`/discount help` shows this",
)
WHY: Final = {
    ParseProblem.NO_SUCH_COMMAND: "There is no such command.",
    ParseProblem.OPEN_QUOTE: "A quote is opened and never closed: close it, or leave it out.",
    ParseProblem.NO_SHORT_ID: "Write the request's id, such as `status R-7K2QF` or `cancel R-7K2QF`.",
    ParseProblem.NO_RULE: "Write a rule's name or id, such as `rule “Spar 100”`.",
}


def build(formatter: Formatter) -> Message:
    """List the commands."""
    intro = (
        "I give customers a Dintero discount: you ask, a colleague approves, "
        "each customer gets it exactly once."
    )
    admins = ", ".join(f"<@{admin}>" for admin in formatter.admins[:5])
    lines = [*COMMANDS, *([f"Questions? Ask {admins}."] if admins else [])]
    summary = "/discount add · status · rule · cancel · pause · resume · settings · help"
    return message(summary, [section(intro), *sections(lines)])


def not_understood(command: UnknownCommand) -> Message:
    """Say which command was not understood and why, and which one may have been meant."""
    meant = f"Did you mean `/discount {command.nearest}`?"
    answer = f"I do not understand {quoted(command.text, 100)}. {WHY[command.why]} {meant}"
    return message(answer, [section(answer), *sections(COMMANDS)])
