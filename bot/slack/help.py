"""What the bot can be told, and the nearest of it to what was not understood."""

from typing import Final

from bot.slack.blocks import message, section, sections
from bot.slack.look import Look, Message
from bot.slack.writing import quoted, said

COMMANDS: Final = (
    ("add", "opens the form to give customers a discount"),
    ("add “Spar 100” 12397af6e5e, b2", "opens it filled in: a rule's name or id, then customer ids"),
    ("status", "lists this channel's requests"),
    ("status R-7K2QF", "shows one request"),
    ("rule “Spar 100”", "shows what a rule gives, and when and how it can be used; its id works too"),
    ("cancel R-7K2QF", "takes a request back"),
    ("help", "shows this"),
)


def build(look: Look) -> Message:
    """Draw the commands."""
    intro = "I give customers a Dintero discount: you ask, a colleague approves, each customer gets it exactly once."
    admins = f"Questions? Ask {', '.join(f'<@{admin}>' for admin in look.admins[:5])}." if look.admins else ""
    return message(
        "/discount add · status · rule · cancel · help",
        [section(intro), *sections([*_commands(), *([admins] if admins else [])])],
    )


def not_understood(text: str, nearest: str) -> Message:
    """Say that a command was not understood, and which one may have been meant."""
    asked = f"I do not understand {quoted(text, 100)}." if text.strip() else "I do not understand that."
    meant = f" Did you mean `/discount {said(nearest, 40)}`?" if nearest else ""
    answer = f"{asked}{meant}"
    return message(answer, [section(answer), *sections(_commands())])


def _commands() -> list[str]:
    return [f"`/discount {command}` {does}" for command, does in COMMANDS]
