"""Refusals of customer ids, files, keys and what else a form asks for."""

from typing import Final

from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.request import KEY_PREFIX
from bot.slack.language.texts import N_, _, joined, ngettext
from bot.slack.rendering.file_errors import ODD, trouble
from bot.slack.rendering.mrkdwn import first_few
from bot.slack.rendering.refusals.words import Text, Words, about, named

MAX_LINES_NAMED: Final = 10
THIS_FILE: Final = N_("this file")


def _not_an_id(words: Words) -> str:
    """Name the lines of a detail such as "too_long/3, 7"."""
    why, _slash, lines = words.detail.partition("/")
    found = [line for line in lines.replace(",", " ").split() if line.isdecimal()]
    if not found or why not in ODD:
        return _("Some of this isn't a customer id. Fix or remove it, and put one id on each line.")
    return ngettext(
        "Line {lines} isn't a customer id: {why}. Fix or remove it.",
        "Lines {lines} aren't customer ids: {why}. Fix or remove them.",
        len(found),
        lines=joined(first_few(found, MAX_LINES_NAMED)),
        why=_(ODD[why]),
    )


def _reserved_id(words: Words) -> str:
    signs = set(words.detail.split())
    if signs == {"*"}:
        return _("“*” means every customer, which isn't allowed here. Remove it and list the customers.")
    if signs == {"/"}:
        return _(
            "“/” means purchases without a customer, which isn't allowed here."
            " Remove it and list the customers."
        )
    return _(
        "“*” means every customer and “/” means purchases without a customer."
        " Neither is allowed here. Remove them and list the customers."
    )


def _bad_file(words: Words) -> str:
    """Write the trouble with a file of a detail such as "encrypted/customers.xlsx"."""
    problem, _slash, name = words.detail.partition("/")
    return trouble(problem, file=words.quote(name) if name else "", who=words.who)


def _bad_key(words: Words) -> str:
    if words.detail == KEY_PREFIX:
        text = N_(
            "Keys that begin with {prefix} are made by discount-bot."
            " To reach the remaining customers, press *Request again…* on the request."
        )
        return words.fill(text, prefix=KEY_PREFIX)
    if words.detail.isdecimal():
        text = N_(
            "That campaign key won't work. Use up to {most} visible characters."
            " Try something short like stamp-2020, or leave it empty."
        )
        return words.fill(text, most=int(words.detail))
    return _("That campaign key won't work. Try something short like stamp-2020, or leave it empty.")


CUSTOMERS: Final[dict[RefusalReason, Text]] = {
    RefusalReason.NO_CUSTOMERS: N_("Add at least one customer id, or upload a file."),
    RefusalReason.NOT_AN_ID: _not_an_id,
    RefusalReason.PASTED_COLUMNS: N_(
        "The pasted text has several columns. Paste only the ids, one on each line."
    ),
    RefusalReason.RESERVED_ID: _reserved_id,
    RefusalReason.RESERVED_BESIDE: N_("Choose only one of these, and leave Customer IDs empty."),
    RefusalReason.RESERVED_BUDGET: N_(
        "This goes to everyone, and this channel has a budget. Name the customers, or ask {who}."
    ),
    RefusalReason.LINK: N_(
        "That link isn't a Slack file. Upload the list below, or share it in this channel and paste its link."
    ),
    RefusalReason.BAD_FILE: _bad_file,
    RefusalReason.WHICH_COLUMN: named(
        N_("Which column of {name} holds the customer ids? Choose it below."),
        N_("Which column holds the customer ids? Choose it below."),
    ),
    RefusalReason.IS_IT_THE_COLUMN: about(
        N_("Does {name} hold customer ids? Choose the column below, or none."), THIS_FILE
    ),
    RefusalReason.HIDDEN_ROWS: about(
        N_("{name} has ids in hidden rows. Choose below whether they count."), THIS_FILE
    ),
    RefusalReason.OWN_LIST: named(
        N_(
            "This file is the list from {name}, and some of its customers may already have the discount."
            " To reach the others, press *Request again…* on that request. Otherwise tick the box."
        ),
        N_(
            "This file is a list from another request, and some of its customers may already have the"
            " discount. To reach the others, press *Request again…* on that request. Otherwise tick the box."
        ),
    ),
    RefusalReason.REASON_MISSING: N_("Add a reason. Approvers see it."),
    RefusalReason.BAD_ONCE_KEY: _bad_key,
    RefusalReason.WRONG_COUNT: N_(
        "That doesn't match the number above. If it isn't what you expected, close without approving."
    ),
    RefusalReason.ONLY_REFUSED: N_("Only customers Dintero refused are left. Tick the box to include them."),
}
