"""The sentences of every no, one table for what is missing and one for what to do about it; used by `words` alone."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.domain.customers.uploads import FileProblem
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import Event, State
from bot.slack.rendering.file_errors import TROUBLES
from bot.slack.rendering.formatting import Formatter

NAMED_LINES: Final = 10
NO_SHORT_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True, slots=True)
class PhraseWriter:
    """How the parts of a sentence are written: for mrkdwn or for plain text. `who` is who can change it, as a phrase."""

    quote: Callable[[str], str]
    say: Callable[[str], str]
    who: str
    name: Callable[[str], str]
    formatter: Formatter

    def named(self, before: str, detail: str, after: str) -> str:
        """Write a sentence around a quoted value, or without it where there is none."""
        return f"{before}{f' {self.quote(detail)}' if detail else ''}{after}"


Sentence = Callable[[str, PhraseWriter], str]


def _always(text: str) -> Sentence:
    return lambda _detail, _phrases: text


def _named(before: str, after: str) -> Sentence:
    return lambda detail, phrases: phrases.named(before, detail, after)


def _because(text: str) -> Sentence:
    return lambda detail, phrases: f"{text}: {phrases.say(detail).rstrip('.')}." if detail else f"{text}."


def _bounds(detail: str) -> tuple[int, int] | None:
    """Read "501/500": what it is, and what is allowed."""
    is_, _, allowed = detail.partition("/")
    return (int(is_), int(allowed)) if is_.isdecimal() and allowed.isdecimal() else None


def _too_many(detail: str, phrases: PhraseWriter) -> str:
    if bounds := _bounds(detail):
        return f"{phrases.formatter.customers(bounds[0])} are too many: this channel may ask for {phrases.formatter.number(bounds[1])} at once."
    return "These are more customers than this channel may ask for at once."


def _too_expensive(detail: str, phrases: PhraseWriter) -> str:
    if bounds := _bounds(detail):
        return f"One use by every customer costs {phrases.formatter.amount(bounds[0])}; this channel may give {phrases.formatter.amount(bounds[1])} at once."
    return "One use by every customer costs more than this channel may give at once."


def _budget_customers(detail: str, phrases: PhraseWriter) -> str:
    if bounds := _bounds(detail):
        left = phrases.formatter.number(bounds[1]) if bounds[1] else "none"
        return (
            f"{phrases.formatter.customers(bounds[0])} are more than this channel's budget has left: {left}."
        )
    return "These are more customers than this channel's budget has left."


def _budget_amount(detail: str, phrases: PhraseWriter) -> str:
    if bounds := _bounds(detail):
        return f"One use by every customer costs {phrases.formatter.amount(bounds[0])}; this channel's budget has {phrases.formatter.amount(bounds[1])} left."
    return "One use by every customer costs more than this channel's budget has left."


def _no_approver(detail: str, phrases: PhraseWriter) -> str:
    bounds = _bounds(detail)
    if bounds and bounds[0] > 0:
        people = phrases.formatter.pluralize(bounds[1], "approval")
        return f"This needs {people}, and besides you there {'is' if bounds[0] == 1 else 'are'} only {bounds[0]} who can approve it."
    return "Nobody but you could approve this, and nobody approves their own request."


def _on_lines(one: str, several: str) -> Sentence:
    """Say what is wrong with the ids on the lines that the detail names, as "3, 7"."""

    def sentence(detail: str, phrases: PhraseWriter) -> str:
        lines = [line for line in detail.replace(",", " ").split() if line.isdecimal()]
        if not lines:
            return f"A customer id {one}."
        if len(lines) == 1:
            return f"The customer id on line {lines[0]} {one}."
        more = len(lines) - NAMED_LINES
        said = ", ".join(lines[:NAMED_LINES]) + (
            f" and {phrases.formatter.number(more)} more" if more > 0 else ""
        )
        return f"The customer ids on lines {said} {several}."

    return sentence


def _reserved(detail: str, _phrases: PhraseWriter) -> str:
    means = {"*": "“*” would mean every customer", "/": "“/” would mean purchases without a customer"}
    found = [words for sign, words in means.items() if sign in detail] or list(means.values())
    return f"{' and '.join(found)}, which cannot be asked for here."


def _bad_file(detail: str, phrases: PhraseWriter) -> str:
    """Read "encrypted/customers.xlsx": what is wrong, and with which file."""
    why, _, name = detail.partition("/")
    what, cure = TROUBLES.get(why, TROUBLES[FileProblem.BROKEN])
    return f"{phrases.quote(name) if name else 'A file'} {what}. {cure.replace('{who}', phrases.who)}"


def _no_rule(detail: str, phrases: PhraseWriter) -> str:
    return (
        f"No rule is called {phrases.quote(detail)}, and none has it as its id."
        if detail
        else "No rule has been chosen."
    )


def _unknown_request(detail: str, phrases: PhraseWriter) -> str:
    return phrases.named(
        "There is no request",
        "" if NO_SHORT_ID.fullmatch(detail) else detail,
        " that you could see from here.",
    )


def _bad_key(detail: str, _phrases: PhraseWriter) -> str:
    most = f" It may have {detail} characters at most, all of them visible." if detail.isdecimal() else ""
    return f"This once-only key cannot be used.{most}"


SENTENCES: Final[dict[RefusalReason, Sentence]] = {
    RefusalReason.UNLISTED_CHANNEL: _always(
        "Discounts cannot be given from this channel: the bot's policy does not list it."
    ),
    RefusalReason.NOT_A_REQUESTER: _always(
        "You are not among those who may ask for discounts in this channel."
    ),
    RefusalReason.REQUESTER_LEFT: _always(
        "Whoever asked for this may not ask here any more, so no approval of it would count."
    ),
    RefusalReason.NOT_AN_APPROVER: _always("You are not one of this channel's approvers."),
    RefusalReason.OWN_REQUEST: _always("Nobody approves or rejects their own request, admins included."),
    RefusalReason.GUEST: _always("Guests cannot do this, only full members of this workspace."),
    RefusalReason.BOT: _always("Bots cannot do this, only people."),
    RefusalReason.DEACTIVATED: _always("This account is deactivated in Slack."),
    RefusalReason.STRANGER: _always(
        "Only full members of this workspace can do this, and you come from another one."
    ),
    RefusalReason.LOOKUP_FAILED: _because(
        "Slack could not say who you are or which groups you are in, so nobody is let in for now"
    ),
    RefusalReason.CANNOT_POST: _always(
        "The bot cannot post in this channel, where the request has to be seen."
    ),
    RefusalReason.NO_RULE: _no_rule,
    RefusalReason.RULE_NOT_ALLOWED: _named("The rule", " may not be given from this channel."),
    RefusalReason.RULE_GONE: _named("Dintero does not have the rule", " any more."),
    RefusalReason.RULE_INACTIVE: _named("The rule", " is switched off in Dintero."),
    RefusalReason.RULE_EXPIRED: _named("The rule", " has expired: nothing can be bought with it any more."),
    RefusalReason.RULE_UNREADABLE: _because("Dintero could not be asked about the rule"),
    RefusalReason.NO_CUSTOMERS: _always("There is no customer id here."),
    RefusalReason.ID_TOO_LONG: _on_lines("is longer than 255 characters", "are longer than 255 characters"),
    RefusalReason.ID_UNREADABLE: _on_lines("has a hidden character inside", "have a hidden character inside"),
    RefusalReason.RESERVED_ID: _reserved,
    RefusalReason.RESERVED_BESIDE: _always(
        "Only one of everyone and purchases without a customer can be asked for, and no id beside it."
    ),
    RefusalReason.RESERVED_BUDGET: _always(
        "Nobody can say how many this reaches, and this channel has a budget."
    ),
    RefusalReason.LINK: _named("A link is no customer id:", " does not lead to a file in Slack."),
    RefusalReason.BAD_FILE: _bad_file,
    RefusalReason.WHICH_COLUMN: _named("More than one column of", " could hold the customer ids."),
    RefusalReason.TOO_MANY_CUSTOMERS: _too_many,
    RefusalReason.TOO_EXPENSIVE: _too_expensive,
    RefusalReason.BUDGET_CUSTOMERS: _budget_customers,
    RefusalReason.BUDGET_AMOUNT: _budget_amount,
    RefusalReason.UNPRICED: _always(
        "What this reward costs cannot be said beforehand, and this channel has a limit in money."
    ),
    RefusalReason.REASON_MISSING: _always("This channel asks for a reason."),
    RefusalReason.BAD_ONCE_KEY: _bad_key,
    RefusalReason.NO_APPROVER: _no_approver,
    RefusalReason.WRONG_NAME: _always("That is not the name of the rule."),
    RefusalReason.WRONG_COUNT: _always("That is not the number of customers of this request."),
    RefusalReason.UNKNOWN_REQUEST: _unknown_request,
    RefusalReason.NOT_YOURS: _named("The request", " is not yours to change or to see from here."),
    RefusalReason.WRONG_STATE: _always("It has moved on."),
    RefusalReason.ALREADY_VOTED: _always("You have approved this already; it waits for somebody else."),
    RefusalReason.CHANGED: _always("This is no longer what you were shown, so nothing was done."),
    RefusalReason.NOT_AN_ADMIN: _always("Only the bot's admins can do this."),
    RefusalReason.NOT_HELD: _always("It is not held any more, so nothing was changed."),
    RefusalReason.NOBODY_LEFT: _named(
        "Nobody is left of ", ": everybody was given it, or nothing of it was begun."
    ),
    RefusalReason.ONLY_REFUSED: _named("Of", " nobody is left but those whom Dintero refused."),
    RefusalReason.NO_LIST: _named(
        "There is no list of", ": everybody was given it, or it has not come to an end or a stop yet."
    ),
    RefusalReason.PURGED: _named(
        "The customers of", " are forgotten: it ended longer ago than the policy keeps their ids."
    ),
}
"""What is missing."""

CURES: Final[dict[RefusalReason, str]] = {
    RefusalReason.UNLISTED_CHANNEL: "Ask {who} to add it.",
    RefusalReason.NOT_A_REQUESTER: "Ask {who} to add you to the policy.",
    RefusalReason.REQUESTER_LEFT: "Reject it, or ask {who} to let them ask again.",
    RefusalReason.NOT_AN_APPROVER: "Ask {who}.",
    RefusalReason.OWN_REQUEST: "Ask {who} to look at it.",
    RefusalReason.GUEST: "A workspace admin can make you one; until then ask a colleague to do it, or {who}.",
    RefusalReason.BOT: "If this is a person's account, tell {who}.",
    RefusalReason.DEACTIVATED: "A workspace admin can activate it; the bot is looked after by {who}.",
    RefusalReason.STRANGER: "A workspace admin can invite you as one; until then ask a colleague here to do it, or {who}.",
    RefusalReason.LOOKUP_FAILED: "Try again in a minute; if it goes on, tell {who}.",
    RefusalReason.CANNOT_POST: "Type `/invite @discount-bot` there (anybody in the channel can), then try again.",
    RefusalReason.NO_RULE: "Pick one from the list: it searches names and ids.",
    RefusalReason.RULE_NOT_ALLOWED: "Choose another one, or ask {who} to allow it here.",
    RefusalReason.RULE_GONE: "It may have been deleted: choose another one.",
    RefusalReason.RULE_INACTIVE: "Choose another one, or have it switched on there.",
    RefusalReason.RULE_EXPIRED: "Choose another one, or have its end moved in Dintero.",
    RefusalReason.RULE_UNREADABLE: "Try again in a minute; if it goes on, tell {who}.",
    RefusalReason.NO_CUSTOMERS: "Write at least one, each on a line of its own, or put a file in.",
    RefusalReason.ID_TOO_LONG: "Put each id on a line of its own.",
    RefusalReason.ID_UNREADABLE: "Type it anew instead of pasting it.",
    RefusalReason.RESERVED_ID: "Take it out and name the customers.",
    RefusalReason.RESERVED_BESIDE: "Tick one and leave Customer IDs empty, or tick none.",
    RefusalReason.RESERVED_BUDGET: "Name the customers, or ask {who}.",
    RefusalReason.LINK: "Put the list in under File, or share it here as a file and paste the link of that.",
    RefusalReason.BAD_FILE: "",
    RefusalReason.WHICH_COLUMN: "Choose it below.",
    RefusalReason.TOO_MANY_CUSTOMERS: "Ask in several parts, or ask {who} to allow more.",
    RefusalReason.TOO_EXPENSIVE: "Ask for fewer customers, or ask {who} to allow more.",
    RefusalReason.BUDGET_CUSTOMERS: "Ask for fewer, wait until there is room again, or ask {who} to raise the budget.",
    RefusalReason.BUDGET_AMOUNT: "Ask for fewer customers, wait until there is room again, or ask {who} to raise the budget.",
    RefusalReason.UNPRICED: "Choose a rule with an amount, or ask {who} to set allow_unpriced.",
    RefusalReason.REASON_MISSING: "Say in a few words why they should get it.",
    RefusalReason.BAD_ONCE_KEY: "Use something short such as stamp-2020, or leave it empty.",
    RefusalReason.NO_APPROVER: "Ask {who} to add approvers for this channel.",
    RefusalReason.WRONG_NAME: "Type it as it stands above; if you expected another rule, do not approve.",
    RefusalReason.WRONG_COUNT: "Count again: if you expected another number, do not approve.",
    RefusalReason.UNKNOWN_REQUEST: "Its id is R- and five letters or digits; /discount status lists this channel's requests.",
    RefusalReason.NOT_YOURS: "Ask {who}.",
    RefusalReason.WRONG_STATE: "Nothing was changed.",
    RefusalReason.ALREADY_VOTED: "There is nothing left for you to do.",
    RefusalReason.CHANGED: "Open it again to see what it is now.",
    RefusalReason.NOT_AN_ADMIN: "Ask {who}.",
    RefusalReason.NOT_HELD: "Its card shows how it stands.",
    RefusalReason.NOBODY_LEFT: "To give it to somebody else, ask with /discount add.",
    RefusalReason.ONLY_REFUSED: "Tick the box to ask for them again.",
    RefusalReason.NO_LIST: "Its card shows how it stands.",
    RefusalReason.PURGED: "How many they were, who agreed and what came of it still stands in /discount status.",
}
"""What to do about it."""

SHORTLY: Final[dict[str, str]] = {
    RefusalReason.UNLISTED_CHANNEL: "the policy no longer lists this channel",
    RefusalReason.NOT_A_REQUESTER: "whoever asked may not ask here any more",
    RefusalReason.REQUESTER_LEFT: "whoever asked may not ask here any more",
    RefusalReason.NOT_AN_APPROVER: "whoever approved may not approve here any more",
    RefusalReason.OWN_REQUEST: "nobody approves their own request",
    RefusalReason.GUEST: "it came from somebody who is a guest now",
    RefusalReason.BOT: "it came from a bot",
    RefusalReason.DEACTIVATED: "it came from an account that is deactivated now",
    RefusalReason.STRANGER: "it came from somebody of another workspace",
    RefusalReason.LOOKUP_FAILED: "Slack could not say who is who",
    RefusalReason.CANNOT_POST: "the bot cannot post in the channel",
    RefusalReason.NO_RULE: "there is no rule",
    RefusalReason.RULE_NOT_ALLOWED: "the rule may not be given from this channel",
    RefusalReason.RULE_GONE: "the rule is gone",
    RefusalReason.RULE_INACTIVE: "the rule is switched off",
    RefusalReason.RULE_EXPIRED: "the rule has expired",
    RefusalReason.RULE_UNREADABLE: "Dintero could not be asked about the rule",
    RefusalReason.NO_CUSTOMERS: "there are no customers",
    RefusalReason.ID_TOO_LONG: "a customer id is too long",
    RefusalReason.ID_UNREADABLE: "a customer id has a hidden character",
    RefusalReason.RESERVED_ID: "a customer id is a reserved one",
    RefusalReason.RESERVED_BESIDE: "a reserved id stands beside others",
    RefusalReason.RESERVED_BUDGET: "nobody can say how many it reaches, and the channel has a budget",
    RefusalReason.LINK: "a link stands among the customer ids",
    RefusalReason.BAD_FILE: "a file cannot be read",
    RefusalReason.WHICH_COLUMN: "it is not clear which column of a file is meant",
    RefusalReason.TOO_MANY_CUSTOMERS: "these are more customers than it allows at once",
    RefusalReason.TOO_EXPENSIVE: "it costs more than is allowed at once",
    RefusalReason.BUDGET_CUSTOMERS: "these are more customers than the budget has left",
    RefusalReason.BUDGET_AMOUNT: "it costs more than the budget has left",
    RefusalReason.UNPRICED: "the channel has a limit in money, and what this costs cannot be said",
    RefusalReason.REASON_MISSING: "a reason has to be given here",
    RefusalReason.BAD_ONCE_KEY: "the once-only key cannot be used",
    RefusalReason.NO_APPROVER: "there are not enough approvers",
    RefusalReason.WRONG_NAME: "the rule has another name",
    RefusalReason.WRONG_COUNT: "the number of customers is another",
    RefusalReason.UNKNOWN_REQUEST: "there is no such request",
    RefusalReason.NOT_YOURS: "it was somebody else's to change",
    RefusalReason.WRONG_STATE: "it had moved on",
    RefusalReason.ALREADY_VOTED: "the same person had approved it before",
    RefusalReason.CHANGED: "it is no longer what was shown",
    RefusalReason.NOT_AN_ADMIN: "it was not an admin",
    RefusalReason.NOT_HELD: "it was not held any more",
    RefusalReason.NOBODY_LEFT: "nobody of it is left",
    RefusalReason.ONLY_REFUSED: "only those are left whom Dintero refused",
    RefusalReason.NO_LIST: "there was no list of it",
    RefusalReason.PURGED: "its customers are forgotten by now",
}
"""A reason in a few words, for where it is noted why something came to nothing."""

STAND_INS: Final[dict[RefusalReason, str]] = {
    RefusalReason.OWN_REQUEST: "another approver",
    RefusalReason.NOT_AN_APPROVER: "one of its approvers",
    RefusalReason.NOT_YOURS: "its requester or an approver",
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


def first_was(refusal: Refusal, phrases: PhraseWriter) -> str:
    """Tell who came too late where the request stands, and who was first."""
    state = STATES.get(refusal.detail, "it has moved on")
    if refusal.who:
        return f"{phrases.name(refusal.who[0])} was first: {state}. Nothing was changed."
    advice = "Its requester has been told so." if refusal.detail == State.EXPIRED else "Nothing was changed."
    return f"{state[0].upper()}{state[1:]}. {advice}"
