"""The sentences of every no, one table for what is missing and one for what to do about it; used by `words` alone."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.domain.customers.uploads import Trouble
from bot.domain.policy.policy import Reason, Refusal
from bot.domain.requests.request import Event, State
from bot.slack.rendering.file_errors import TROUBLES
from bot.slack.rendering.formatting import Look

NAMED_LINES: Final = 10
NO_SHORT_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True, slots=True)
class Pen:
    """How the parts of a sentence are written: for mrkdwn or for plain text. `who` is who can change it, as a phrase."""

    quote: Callable[[str], str]
    say: Callable[[str], str]
    who: str
    name: Callable[[str], str]
    look: Look

    def named(self, before: str, detail: str, after: str) -> str:
        """Write a sentence around a quoted value, or without it where there is none."""
        return f"{before}{f' {self.quote(detail)}' if detail else ''}{after}"


Sentence = Callable[[str, Pen], str]


def _always(text: str) -> Sentence:
    return lambda _detail, _pen: text


def _named(before: str, after: str) -> Sentence:
    return lambda detail, pen: pen.named(before, detail, after)


def _because(text: str) -> Sentence:
    return lambda detail, pen: f"{text}: {pen.say(detail).rstrip('.')}." if detail else f"{text}."


def _bounds(detail: str) -> tuple[int, int] | None:
    """Read "501/500": what it is, and what is allowed."""
    is_, _, allowed = detail.partition("/")
    return (int(is_), int(allowed)) if is_.isdecimal() and allowed.isdecimal() else None


def _too_many(detail: str, pen: Pen) -> str:
    if bounds := _bounds(detail):
        return f"{pen.look.customers(bounds[0])} are too many: this channel may ask for {pen.look.number(bounds[1])} at once."
    return "These are more customers than this channel may ask for at once."


def _too_expensive(detail: str, pen: Pen) -> str:
    if bounds := _bounds(detail):
        return f"One use by every customer costs {pen.look.amount(bounds[0])}; this channel may give {pen.look.amount(bounds[1])} at once."
    return "One use by every customer costs more than this channel may give at once."


def _budget_customers(detail: str, pen: Pen) -> str:
    if bounds := _bounds(detail):
        left = pen.look.number(bounds[1]) if bounds[1] else "none"
        return f"{pen.look.customers(bounds[0])} are more than this channel's budget has left: {left}."
    return "These are more customers than this channel's budget has left."


def _budget_amount(detail: str, pen: Pen) -> str:
    if bounds := _bounds(detail):
        return f"One use by every customer costs {pen.look.amount(bounds[0])}; this channel's budget has {pen.look.amount(bounds[1])} left."
    return "One use by every customer costs more than this channel's budget has left."


def _no_approver(detail: str, pen: Pen) -> str:
    bounds = _bounds(detail)
    if bounds and bounds[0] > 0:
        people = pen.look.counted(bounds[1], "approval")
        return f"This needs {people}, and besides you there {'is' if bounds[0] == 1 else 'are'} only {bounds[0]} who can approve it."
    return "Nobody but you could approve this, and nobody approves their own request."


def _on_lines(one: str, several: str) -> Sentence:
    """Say what is wrong with the ids on the lines that the detail names, as "3, 7"."""

    def sentence(detail: str, pen: Pen) -> str:
        lines = [line for line in detail.replace(",", " ").split() if line.isdecimal()]
        if not lines:
            return f"A customer id {one}."
        if len(lines) == 1:
            return f"The customer id on line {lines[0]} {one}."
        more = len(lines) - NAMED_LINES
        said = ", ".join(lines[:NAMED_LINES]) + (f" and {pen.look.number(more)} more" if more > 0 else "")
        return f"The customer ids on lines {said} {several}."

    return sentence


def _reserved(detail: str, _pen: Pen) -> str:
    means = {"*": "“*” would mean every customer", "/": "“/” would mean purchases without a customer"}
    found = [words for sign, words in means.items() if sign in detail] or list(means.values())
    return f"{' and '.join(found)}, which cannot be asked for here."


def _bad_file(detail: str, pen: Pen) -> str:
    """Read "encrypted/customers.xlsx": what is wrong, and with which file."""
    why, _, name = detail.partition("/")
    what, cure = TROUBLES.get(why, TROUBLES[Trouble.BROKEN])
    return f"{pen.quote(name) if name else 'A file'} {what}. {cure.replace('{who}', pen.who)}"


def _no_rule(detail: str, pen: Pen) -> str:
    return (
        f"No rule is called {pen.quote(detail)}, and none has it as its id."
        if detail
        else "No rule has been chosen."
    )


def _unknown_request(detail: str, pen: Pen) -> str:
    return pen.named(
        "There is no request",
        "" if NO_SHORT_ID.fullmatch(detail) else detail,
        " that you could see from here.",
    )


def _bad_key(detail: str, _pen: Pen) -> str:
    most = f" It may have {detail} characters at most, all of them visible." if detail.isdecimal() else ""
    return f"This once-only key cannot be used.{most}"


SENTENCES: Final[dict[Reason, Sentence]] = {
    Reason.UNLISTED_CHANNEL: _always(
        "Discounts cannot be given from this channel: the bot's policy does not list it."
    ),
    Reason.NOT_A_REQUESTER: _always("You are not among those who may ask for discounts in this channel."),
    Reason.REQUESTER_LEFT: _always(
        "Whoever asked for this may not ask here any more, so no approval of it would count."
    ),
    Reason.NOT_AN_APPROVER: _always("You are not one of this channel's approvers."),
    Reason.OWN_REQUEST: _always("Nobody approves or rejects their own request, admins included."),
    Reason.GUEST: _always("Guests cannot do this, only full members of this workspace."),
    Reason.BOT: _always("Bots cannot do this, only people."),
    Reason.DEACTIVATED: _always("This account is deactivated in Slack."),
    Reason.STRANGER: _always(
        "Only full members of this workspace can do this, and you come from another one."
    ),
    Reason.LOOKUP_FAILED: _because(
        "Slack could not say who you are or which groups you are in, so nobody is let in for now"
    ),
    Reason.CANNOT_POST: _always("The bot cannot post in this channel, where the request has to be seen."),
    Reason.NO_RULE: _no_rule,
    Reason.RULE_NOT_ALLOWED: _named("The rule", " may not be given from this channel."),
    Reason.RULE_GONE: _named("Dintero does not have the rule", " any more."),
    Reason.RULE_INACTIVE: _named("The rule", " is switched off in Dintero."),
    Reason.RULE_EXPIRED: _named("The rule", " has expired: nothing can be bought with it any more."),
    Reason.RULE_UNREADABLE: _because("Dintero could not be asked about the rule"),
    Reason.NO_CUSTOMERS: _always("There is no customer id here."),
    Reason.ID_TOO_LONG: _on_lines("is longer than 255 characters", "are longer than 255 characters"),
    Reason.ID_UNREADABLE: _on_lines("has a hidden character inside", "have a hidden character inside"),
    Reason.RESERVED_ID: _reserved,
    Reason.RESERVED_BESIDE: _always(
        "Only one of everyone and purchases without a customer can be asked for, and no id beside it."
    ),
    Reason.RESERVED_BUDGET: _always("Nobody can say how many this reaches, and this channel has a budget."),
    Reason.LINK: _named("A link is no customer id:", " does not lead to a file in Slack."),
    Reason.BAD_FILE: _bad_file,
    Reason.WHICH_COLUMN: _named("More than one column of", " could hold the customer ids."),
    Reason.TOO_MANY_CUSTOMERS: _too_many,
    Reason.TOO_EXPENSIVE: _too_expensive,
    Reason.BUDGET_CUSTOMERS: _budget_customers,
    Reason.BUDGET_AMOUNT: _budget_amount,
    Reason.UNPRICED: _always(
        "What this reward costs cannot be said beforehand, and this channel has a limit in money."
    ),
    Reason.REASON_MISSING: _always("This channel asks for a reason."),
    Reason.BAD_ONCE_KEY: _bad_key,
    Reason.NO_APPROVER: _no_approver,
    Reason.WRONG_NAME: _always("That is not the name of the rule."),
    Reason.WRONG_COUNT: _always("That is not the number of customers of this request."),
    Reason.UNKNOWN_REQUEST: _unknown_request,
    Reason.NOT_YOURS: _named("The request", " is not yours to change or to see from here."),
    Reason.WRONG_STATE: _always("It has moved on."),
    Reason.ALREADY_VOTED: _always("You have approved this already; it waits for somebody else."),
    Reason.CHANGED: _always("This is no longer what you were shown, so nothing was done."),
    Reason.NOT_AN_ADMIN: _always("Only the bot's admins can do this."),
    Reason.NOT_HELD: _always("It is not held any more, so nothing was changed."),
    Reason.NOBODY_LEFT: _named("Nobody is left of ", ": everybody was given it, or nothing of it was begun."),
    Reason.ONLY_REFUSED: _named("Of", " nobody is left but those whom Dintero refused."),
    Reason.NO_LIST: _named(
        "There is no list of", ": everybody was given it, or it has not come to an end or a stop yet."
    ),
    Reason.PURGED: _named(
        "The customers of", " are forgotten: it ended longer ago than the policy keeps their ids."
    ),
}
"""What is missing."""

CURES: Final[dict[Reason, str]] = {
    Reason.UNLISTED_CHANNEL: "Ask {who} to add it.",
    Reason.NOT_A_REQUESTER: "Ask {who} to add you to the policy.",
    Reason.REQUESTER_LEFT: "Reject it, or ask {who} to let them ask again.",
    Reason.NOT_AN_APPROVER: "Ask {who}.",
    Reason.OWN_REQUEST: "Ask {who} to look at it.",
    Reason.GUEST: "A workspace admin can make you one; until then ask a colleague to do it, or {who}.",
    Reason.BOT: "If this is a person's account, tell {who}.",
    Reason.DEACTIVATED: "A workspace admin can activate it; the bot is looked after by {who}.",
    Reason.STRANGER: "A workspace admin can invite you as one; until then ask a colleague here to do it, or {who}.",
    Reason.LOOKUP_FAILED: "Try again in a minute; if it goes on, tell {who}.",
    Reason.CANNOT_POST: "Type `/invite @discount-bot` there (anybody in the channel can), then try again.",
    Reason.NO_RULE: "Pick one from the list: it searches names and ids.",
    Reason.RULE_NOT_ALLOWED: "Choose another one, or ask {who} to allow it here.",
    Reason.RULE_GONE: "It may have been deleted: choose another one.",
    Reason.RULE_INACTIVE: "Choose another one, or have it switched on there.",
    Reason.RULE_EXPIRED: "Choose another one, or have its end moved in Dintero.",
    Reason.RULE_UNREADABLE: "Try again in a minute; if it goes on, tell {who}.",
    Reason.NO_CUSTOMERS: "Write at least one, each on a line of its own, or put a file in.",
    Reason.ID_TOO_LONG: "Put each id on a line of its own.",
    Reason.ID_UNREADABLE: "Type it anew instead of pasting it.",
    Reason.RESERVED_ID: "Take it out and name the customers.",
    Reason.RESERVED_BESIDE: "Tick one and leave Customer IDs empty, or tick none.",
    Reason.RESERVED_BUDGET: "Name the customers, or ask {who}.",
    Reason.LINK: "Put the list in under File, or share it here as a file and paste the link of that.",
    Reason.BAD_FILE: "",
    Reason.WHICH_COLUMN: "Choose it below.",
    Reason.TOO_MANY_CUSTOMERS: "Ask in several parts, or ask {who} to allow more.",
    Reason.TOO_EXPENSIVE: "Ask for fewer customers, or ask {who} to allow more.",
    Reason.BUDGET_CUSTOMERS: "Ask for fewer, wait until there is room again, or ask {who} to raise the budget.",
    Reason.BUDGET_AMOUNT: "Ask for fewer customers, wait until there is room again, or ask {who} to raise the budget.",
    Reason.UNPRICED: "Choose a rule with an amount, or ask {who} to set allow_unpriced.",
    Reason.REASON_MISSING: "Say in a few words why they should get it.",
    Reason.BAD_ONCE_KEY: "Use something short such as stamp-2020, or leave it empty.",
    Reason.NO_APPROVER: "Ask {who} to add approvers for this channel.",
    Reason.WRONG_NAME: "Type it as it stands above; if you expected another rule, do not approve.",
    Reason.WRONG_COUNT: "Count again: if you expected another number, do not approve.",
    Reason.UNKNOWN_REQUEST: "Its id is R- and five letters or digits; /discount status lists this channel's requests.",
    Reason.NOT_YOURS: "Ask {who}.",
    Reason.WRONG_STATE: "Nothing was changed.",
    Reason.ALREADY_VOTED: "There is nothing left for you to do.",
    Reason.CHANGED: "Open it again to see what it is now.",
    Reason.NOT_AN_ADMIN: "Ask {who}.",
    Reason.NOT_HELD: "Its card shows how it stands.",
    Reason.NOBODY_LEFT: "To give it to somebody else, ask with /discount add.",
    Reason.ONLY_REFUSED: "Tick the box to ask for them again.",
    Reason.NO_LIST: "Its card shows how it stands.",
    Reason.PURGED: "How many they were, who agreed and what came of it still stands in /discount status.",
}
"""What to do about it."""

SHORTLY: Final[dict[str, str]] = {
    Reason.UNLISTED_CHANNEL: "the policy no longer lists this channel",
    Reason.NOT_A_REQUESTER: "whoever asked may not ask here any more",
    Reason.REQUESTER_LEFT: "whoever asked may not ask here any more",
    Reason.NOT_AN_APPROVER: "whoever approved may not approve here any more",
    Reason.OWN_REQUEST: "nobody approves their own request",
    Reason.GUEST: "it came from somebody who is a guest now",
    Reason.BOT: "it came from a bot",
    Reason.DEACTIVATED: "it came from an account that is deactivated now",
    Reason.STRANGER: "it came from somebody of another workspace",
    Reason.LOOKUP_FAILED: "Slack could not say who is who",
    Reason.CANNOT_POST: "the bot cannot post in the channel",
    Reason.NO_RULE: "there is no rule",
    Reason.RULE_NOT_ALLOWED: "the rule may not be given from this channel",
    Reason.RULE_GONE: "the rule is gone",
    Reason.RULE_INACTIVE: "the rule is switched off",
    Reason.RULE_EXPIRED: "the rule has expired",
    Reason.RULE_UNREADABLE: "Dintero could not be asked about the rule",
    Reason.NO_CUSTOMERS: "there are no customers",
    Reason.ID_TOO_LONG: "a customer id is too long",
    Reason.ID_UNREADABLE: "a customer id has a hidden character",
    Reason.RESERVED_ID: "a customer id is a reserved one",
    Reason.RESERVED_BESIDE: "a reserved id stands beside others",
    Reason.RESERVED_BUDGET: "nobody can say how many it reaches, and the channel has a budget",
    Reason.LINK: "a link stands among the customer ids",
    Reason.BAD_FILE: "a file cannot be read",
    Reason.WHICH_COLUMN: "it is not clear which column of a file is meant",
    Reason.TOO_MANY_CUSTOMERS: "these are more customers than it allows at once",
    Reason.TOO_EXPENSIVE: "it costs more than is allowed at once",
    Reason.BUDGET_CUSTOMERS: "these are more customers than the budget has left",
    Reason.BUDGET_AMOUNT: "it costs more than the budget has left",
    Reason.UNPRICED: "the channel has a limit in money, and what this costs cannot be said",
    Reason.REASON_MISSING: "a reason has to be given here",
    Reason.BAD_ONCE_KEY: "the once-only key cannot be used",
    Reason.NO_APPROVER: "there are not enough approvers",
    Reason.WRONG_NAME: "the rule has another name",
    Reason.WRONG_COUNT: "the number of customers is another",
    Reason.UNKNOWN_REQUEST: "there is no such request",
    Reason.NOT_YOURS: "it was somebody else's to change",
    Reason.WRONG_STATE: "it had moved on",
    Reason.ALREADY_VOTED: "the same person had approved it before",
    Reason.CHANGED: "it is no longer what was shown",
    Reason.NOT_AN_ADMIN: "it was not an admin",
    Reason.NOT_HELD: "it was not held any more",
    Reason.NOBODY_LEFT: "nobody of it is left",
    Reason.ONLY_REFUSED: "only those are left whom Dintero refused",
    Reason.NO_LIST: "there was no list of it",
    Reason.PURGED: "its customers are forgotten by now",
}
"""A reason in a few words, for where it is noted why something came to nothing."""

STAND_INS: Final[dict[Reason, str]] = {
    Reason.OWN_REQUEST: "another approver",
    Reason.NOT_AN_APPROVER: "one of its approvers",
    Reason.NOT_YOURS: "its requester or an approver",
}
"""Whom to ask where nobody can be named and an admin would be no help."""

STATES: Final[dict[str, str]] = {
    State.DRAFT: "it has not been asked for yet",
    State.WAITING: "it already waits for approval",
    State.APPROVED: "it is already approved",
    State.GIVING: "it is already being given",
    State.STOPPED: "it has stopped, and waits for Continue… or End here…",
    State.DONE: "it is already done",
    State.REJECTED: "it is already rejected",
    State.CANCELLED: "it is already cancelled",
    State.EXPIRED: "its time was over, and it has expired",
    Event.CANCEL_ASKED: "it is already being cancelled",
}
"""Where a request has got to, for whoever came too late."""


def first_was(refusal: Refusal, pen: Pen) -> str:
    """Tell who came too late where the request stands, and who was first."""
    state = STATES.get(refusal.detail, "it has moved on")
    if refusal.who:
        return f"{pen.name(refusal.who[0])} was first: {state}. Nothing was changed."
    advice = "Its requester has been told so." if refusal.detail == State.EXPIRED else "Nothing was changed."
    return f"{state[0].upper()}{state[1:]}. {advice}"
