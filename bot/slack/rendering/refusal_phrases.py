"""The sentences of every refusal: what is missing and what to do, filled in with its detail."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.domain.customers.uploads import FileProblem
from bot.domain.policy.policy import FOR_ANYBODY, OWN_HOLD, Refusal, RefusalReason
from bot.domain.requests.request import KEY_PREFIX, Event, State
from bot.slack.rendering.file_errors import ODD, TROUBLES
from bot.slack.rendering.formatting import Formatter

MAX_LINES_NAMED: Final = 10
SECONDS: Final = re.compile(r"[0-9]{1,11}")
UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True, slots=True)
class PhraseWriter:
    """Writes the parts of a sentence for mrkdwn or plain text; `who` is the phrase for who can change it."""

    quote: Callable[[str], str]
    say: Callable[[str], str]
    who: str
    name: Callable[[str], str]
    formatter: Formatter


SENTENCES: Final[dict[RefusalReason, str]] = {
    RefusalReason.UNLISTED_CHANNEL: (
        "Discounts cannot be given from this channel: the bot's policy does not list it."
    ),
    RefusalReason.NOT_A_REQUESTER: "You are not among those who may ask for discounts in this channel.",
    RefusalReason.REQUESTER_LEFT: (
        "Whoever asked for this may not ask here any more, so no approval of it would count."
    ),
    RefusalReason.NOT_AN_APPROVER: "You are not one of this channel's approvers.",
    RefusalReason.OWN_REQUEST: "Nobody approves or rejects their own request, admins included.",
    RefusalReason.GUEST: "Guests cannot do this, only full members of this workspace.",
    RefusalReason.BOT: "Bots cannot do this, only people.",
    RefusalReason.DEACTIVATED: "This account is deactivated in Slack.",
    RefusalReason.STRANGER: "Only full members of this workspace can do this, and you come from another one.",
    RefusalReason.OTHER_ACCOUNT: "This is for another Dintero account than the bot's, so nothing was done.",
    RefusalReason.APPROVAL_OLD: "An approval of this is too old to count.",
    RefusalReason.LOOKUP_FAILED: (
        "Slack could not say who you are or which groups you are in, so nobody is let in for now{because}"
    ),
    RefusalReason.CANNOT_POST: "The bot cannot post in this channel, where the request has to be seen.",
    RefusalReason.NO_RULE: "No rule has been chosen.",
    RefusalReason.RULE_NOT_ALLOWED: "The rule{quoted} may not be given from this channel.",
    RefusalReason.RULE_GONE: "Dintero does not have the rule{quoted} any more.",
    RefusalReason.RULE_INACTIVE: "The rule{quoted} is switched off in Dintero.",
    RefusalReason.RULE_EXPIRED: "The rule{quoted} has expired: nothing can be bought with it any more.",
    RefusalReason.RULE_UNREADABLE: "Dintero could not be asked about the rule{because}",
    RefusalReason.NO_CUSTOMERS: "There is no customer id here.",
    RefusalReason.NOT_AN_ID: "Something among the customer ids is no id.",
    RefusalReason.PASTED_COLUMNS: "The pasted text has columns, and more than one could hold the ids.",
    RefusalReason.RESERVED_ID: "{reserved}, which cannot be asked for here.",
    RefusalReason.RESERVED_BESIDE: (
        "Only one of everyone and purchases without a customer can be asked for, and no id beside it."
    ),
    RefusalReason.RESERVED_BUDGET: "Nobody can say how many this reaches, and this channel has a budget.",
    RefusalReason.LINK: "A link is no customer id:{quoted} does not lead to a file in Slack.",
    RefusalReason.BAD_FILE: "{file}",
    RefusalReason.WHICH_COLUMN: "More than one column of{quoted} could hold the customer ids.",
    RefusalReason.IS_IT_THE_COLUMN: "It is not certain that{quoted} holds customer ids.",
    RefusalReason.HIDDEN_ROWS: "A filter or a person hid rows of{quoted} that have an id.",
    RefusalReason.TOO_MANY_CUSTOMERS: "These are more customers than this channel may ask for at once.",
    RefusalReason.TOO_EXPENSIVE: "One use by every customer costs more than this channel may give at once.",
    RefusalReason.BUDGET_CUSTOMERS: "These are more customers than this channel's budget has left.",
    RefusalReason.BUDGET_AMOUNT: "One use by every customer costs more than this channel's budget has left.",
    RefusalReason.UNPRICED: (
        "What this reward costs cannot be said beforehand, and this channel has a limit in money."
    ),
    RefusalReason.NO_ROOM: "Your lists of the last 24 hours have filled the room that one person has.",
    RefusalReason.REASON_MISSING: "This channel asks for a reason.",
    RefusalReason.BAD_ONCE_KEY: "This once-only key cannot be used.",
    RefusalReason.NO_APPROVER: "Nobody but you could approve this, and nobody approves their own request.",
    RefusalReason.WRONG_NAME: "That is not the name of the rule.",
    RefusalReason.WRONG_COUNT: "That is not the number of customers of this request.",
    RefusalReason.UNKNOWN_REQUEST: "There is no request{quoted} that you could see from here.",
    RefusalReason.LOST_REQUEST: "This request was made on another database than the bot has now.",
    RefusalReason.NOT_YOURS: "The request{quoted} is not yours to change or to see from here.",
    RefusalReason.WRONG_STATE: "It has moved on.",
    RefusalReason.ALREADY_VOTED: "You have approved this already; it waits for somebody else.",
    RefusalReason.CHANGED: "This is no longer what you were shown, so nothing was done.",
    RefusalReason.DATABASE_CHANGED: "This is no longer what people approved.",
    RefusalReason.DATABASE_OLDER: "The bot's database is older than this.",
    RefusalReason.REPEATED: (
        "Some of these customers are in another request since you read this, so nothing was done."
    ),
    RefusalReason.REPEATED_LOST: (
        "Since you read this, a backup was put back that lacks requests of this rule, so nothing was done."
    ),
    RefusalReason.NOT_AN_ADMIN: "Only the bot's admins can do this.",
    RefusalReason.NOT_HELD: "It is not held any more, so nothing was changed.",
    RefusalReason.NOBODY_LEFT: (
        "Nobody is left of {quoted}: everybody was given it, or nothing of it was begun."
    ),
    RefusalReason.OWN_LIST: (
        "This file is the list of{quoted}: some of these customers may already have the discount."
    ),
    RefusalReason.ONLY_REFUSED: "Of{quoted} nobody is left but those whom Dintero refused.",
    RefusalReason.NO_LIST: (
        "There is no list of{quoted}: everybody was given it, or it has not come to an end or a stop yet."
    ),
    RefusalReason.PURGED: (
        "The customers of{quoted} are forgotten: it ended longer ago than the policy keeps their ids."
    ),
}
"""What is missing. `{quoted}` is the detail in quotes, `{because}` the detail after a colon."""

SPECIAL: Final[dict[tuple[RefusalReason, str], str]] = {
    (RefusalReason.OWN_REQUEST, OWN_HOLD): (
        "Nobody ends the hold of their own request, admins included. It ends by itself."
    ),
    (RefusalReason.NO_APPROVER, FOR_ANYBODY): (
        "Nobody could ever approve a request here: "
        "the policy names no approver of this channel who is a full member of this workspace."
    ),
    (RefusalReason.BAD_ONCE_KEY, KEY_PREFIX): (
        f"Keys that begin with {KEY_PREFIX} are the bot's own. "
        "“Ask again for these…” on a request's card asks for its rest under the bot's key."
    ),
}
"""The same for one detail, or for what follows its last slash."""

CURES: Final[dict[RefusalReason, str]] = {
    RefusalReason.UNLISTED_CHANNEL: "Ask {who} to add it.",
    RefusalReason.NOT_A_REQUESTER: "Ask {who} to add you to the policy.",
    RefusalReason.REQUESTER_LEFT: "Reject it, or ask {who} to let them ask again.",
    RefusalReason.NOT_AN_APPROVER: "Ask {who}.",
    RefusalReason.OWN_REQUEST: "Ask {who} to look at it.",
    RefusalReason.GUEST: "A workspace admin can make you one; until then ask a colleague to do it, or {who}.",
    RefusalReason.BOT: "If this is a person's account, tell {who}.",
    RefusalReason.DEACTIVATED: "A workspace admin can activate it; the bot is looked after by {who}.",
    RefusalReason.STRANGER: (
        "A workspace admin can invite you as one; until then ask a colleague here to do it, or {who}."
    ),
    RefusalReason.OTHER_ACCOUNT: (
        "Ask again with /discount add, or ask {who} to set DINTERO_ACCOUNT_ID back."
    ),
    RefusalReason.APPROVAL_OLD: "Ask {who} to approve it again.",
    RefusalReason.LOOKUP_FAILED: "Try again in a minute; if it goes on, tell {who}.",
    RefusalReason.CANNOT_POST: (
        "Type `/invite @discount-bot` there (anybody in the channel can), then try again."
    ),
    RefusalReason.NO_RULE: "Pick one from the list: it searches names and ids.",
    RefusalReason.RULE_NOT_ALLOWED: "Choose another one, or ask {who} to allow it here.",
    RefusalReason.RULE_GONE: "It may have been deleted: choose another one.",
    RefusalReason.RULE_INACTIVE: "Choose another one, or have it switched on there.",
    RefusalReason.RULE_EXPIRED: "Choose another one, or have its end moved in Dintero.",
    RefusalReason.RULE_UNREADABLE: "Try again in a minute; if it goes on, tell {who}.",
    RefusalReason.NO_CUSTOMERS: "Write at least one, each on a line of its own, or put a file in.",
    RefusalReason.NOT_AN_ID: "Correct it or take it out; put each id on a line of its own.",
    RefusalReason.PASTED_COLUMNS: "Paste the column of ids alone, each id on a line of its own.",
    RefusalReason.RESERVED_ID: "Take it out and name the customers.",
    RefusalReason.RESERVED_BESIDE: "Tick one and leave Customer IDs empty, or tick none.",
    RefusalReason.RESERVED_BUDGET: "Name the customers, or ask {who}.",
    RefusalReason.LINK: "Put the list in under File, or share it here as a file and paste the link of that.",
    RefusalReason.BAD_FILE: "",
    RefusalReason.WHICH_COLUMN: "Choose it below.",
    RefusalReason.IS_IT_THE_COLUMN: "Choose the column below, or none.",
    RefusalReason.HIDDEN_ROWS: "Choose below whether they count.",
    RefusalReason.TOO_MANY_CUSTOMERS: "Leave some out, or ask {who} to allow more.",
    RefusalReason.TOO_EXPENSIVE: "Ask for fewer customers, or ask {who} to allow more.",
    RefusalReason.BUDGET_CUSTOMERS: (
        "Ask for fewer, wait until there is room again, or ask {who} to raise the budget."
    ),
    RefusalReason.BUDGET_AMOUNT: (
        "Ask for fewer customers, wait until there is room again, or ask {who} to raise the budget."
    ),
    RefusalReason.UNPRICED: "Choose a rule with an amount, or ask {who} to set allow_unpriced.",
    RefusalReason.NO_ROOM: (
        "There is room again a day after you put them in. Until then ask a colleague, or tell {who}."
    ),
    RefusalReason.REASON_MISSING: "Say in a few words why they should get it.",
    RefusalReason.BAD_ONCE_KEY: "Use something short such as stamp-2020, or leave it empty.",
    RefusalReason.NO_APPROVER: "Ask {who} to add approvers for this channel.",
    RefusalReason.WRONG_NAME: "Type it as it stands above; if you expected another rule, do not approve.",
    RefusalReason.WRONG_COUNT: "Count again: if you expected another number, do not approve.",
    RefusalReason.UNKNOWN_REQUEST: (
        "Its id is R- and five letters or digits; /discount status lists this channel's requests."
    ),
    RefusalReason.LOST_REQUEST: (
        "The bot does not know whether its customers got the discount. Nothing was changed. "
        "Ask {who} before you ask for it again: otherwise somebody may get it twice."
    ),
    RefusalReason.NOT_YOURS: "Ask {who}.",
    RefusalReason.WRONG_STATE: "Nothing was changed.",
    RefusalReason.ALREADY_VOTED: "There is nothing left for you to do.",
    RefusalReason.CHANGED: "Open it again to see what it is now.",
    RefusalReason.DATABASE_CHANGED: "Somebody changed the bot's database: tell {who}.",
    RefusalReason.DATABASE_OLDER: "A backup was put back: tell {who}.",
    RefusalReason.REPEATED: "Read it again: they are in it now.",
    RefusalReason.REPEATED_LOST: "Read it again: they are in it now.",
    RefusalReason.NOT_AN_ADMIN: "Ask {who}.",
    RefusalReason.NOT_HELD: "Its card shows how it stands.",
    RefusalReason.NOBODY_LEFT: "To give it to somebody else, ask with /discount add.",
    RefusalReason.OWN_LIST: "Press Request again, for those on the list who did not get it; or tick the box.",
    RefusalReason.ONLY_REFUSED: "Tick the box to ask for them again.",
    RefusalReason.NO_LIST: "Its card shows how it stands.",
    RefusalReason.PURGED: (
        "How many they were, who agreed and what came of it still stands in /discount status."
    ),
}
"""What to do about it; `{who}` is who can change it."""

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
    RefusalReason.OTHER_ACCOUNT: "it is for another Dintero account than the bot's",
    RefusalReason.APPROVAL_OLD: "it is too old",
    RefusalReason.LOOKUP_FAILED: "Slack could not say who is who",
    RefusalReason.CANNOT_POST: "the bot cannot post in the channel",
    RefusalReason.NO_RULE: "there is no rule",
    RefusalReason.RULE_NOT_ALLOWED: "the rule may not be given from this channel",
    RefusalReason.RULE_GONE: "the rule is gone",
    RefusalReason.RULE_INACTIVE: "the rule is switched off",
    RefusalReason.RULE_EXPIRED: "the rule has expired",
    RefusalReason.RULE_UNREADABLE: "Dintero could not be asked about the rule",
    RefusalReason.NO_CUSTOMERS: "there are no customers",
    RefusalReason.NOT_AN_ID: "something among the customer ids is no id",
    RefusalReason.PASTED_COLUMNS: "it is not clear which pasted column is meant",
    RefusalReason.RESERVED_ID: "a customer id is a reserved one",
    RefusalReason.RESERVED_BESIDE: "a reserved id stands beside others",
    RefusalReason.RESERVED_BUDGET: "nobody can say how many it reaches, and the channel has a budget",
    RefusalReason.LINK: "a link stands among the customer ids",
    RefusalReason.BAD_FILE: "a file cannot be read",
    RefusalReason.WHICH_COLUMN: "it is not clear which column of a file is meant",
    RefusalReason.IS_IT_THE_COLUMN: "it is not certain that a file holds customer ids",
    RefusalReason.HIDDEN_ROWS: "it is not clear whether hidden rows of a file count",
    RefusalReason.TOO_MANY_CUSTOMERS: "these are more customers than it allows at once",
    RefusalReason.TOO_EXPENSIVE: "it costs more than is allowed at once",
    RefusalReason.BUDGET_CUSTOMERS: "these are more customers than the budget has left",
    RefusalReason.BUDGET_AMOUNT: "it costs more than the budget has left",
    RefusalReason.UNPRICED: "the channel has a limit in money, and what this costs cannot be said",
    RefusalReason.NO_ROOM: "the requester's lists have filled the room for a day",
    RefusalReason.REASON_MISSING: "a reason has to be given here",
    RefusalReason.BAD_ONCE_KEY: "the once-only key cannot be used",
    RefusalReason.NO_APPROVER: "there are not enough approvers",
    RefusalReason.WRONG_NAME: "the rule has another name",
    RefusalReason.WRONG_COUNT: "the number of customers is another",
    RefusalReason.UNKNOWN_REQUEST: "there is no such request",
    RefusalReason.LOST_REQUEST: "it was made after a backup that was put back",
    RefusalReason.NOT_YOURS: "it was somebody else's to change",
    RefusalReason.WRONG_STATE: "it had moved on",
    RefusalReason.ALREADY_VOTED: "the same person had approved it before",
    RefusalReason.CHANGED: "it is no longer what was shown",
    RefusalReason.DATABASE_CHANGED: "it is no longer what people approved",
    RefusalReason.DATABASE_OLDER: "a backup was put back",
    RefusalReason.REPEATED: "another request has begun to give it to some of the same customers since",
    RefusalReason.REPEATED_LOST: "a backup was put back since, and requests that it lacks may have given it",
    RefusalReason.NOT_AN_ADMIN: "it was not an admin",
    RefusalReason.NOT_HELD: "it was not held any more",
    RefusalReason.NOBODY_LEFT: "nobody of it is left",
    RefusalReason.OWN_LIST: "its customers come from the list of another request",
    RefusalReason.ONLY_REFUSED: "only those are left whom Dintero refused",
    RefusalReason.NO_LIST: "there was no list of it",
    RefusalReason.PURGED: "its customers are forgotten by now",
}
"""A reason in a few words, for notes."""

STAND_INS: Final[dict[RefusalReason, str]] = {
    RefusalReason.OWN_REQUEST: "another approver",
    RefusalReason.NOT_AN_APPROVER: "one of its approvers",
    RefusalReason.NOT_YOURS: "its requester or an approver",
}
"""Who to ask when nobody can be named and an admin could not help."""

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
"""A request's state, for a person who acted too late."""


def sentences(refusal: Refusal, writer: PhraseWriter) -> str:
    """Say what is missing and what to do about it."""
    reason, detail = refusal.reason, refusal.detail.strip()
    if reason is RefusalReason.WRONG_STATE:
        return _too_late(refusal, writer)
    what = _with_numbers(reason, detail, writer.formatter) or _with_detail(reason, detail, writer)
    if not what:
        because = f": {writer.say(detail).rstrip('.')}." if detail else "."
        what = SENTENCES[reason].format(quoted=f" {writer.quote(detail)}" if detail else "", because=because)
    cure = CURES[reason].replace("{who}", writer.who)
    return " ".join(filter(None, (what, _about_groups(refusal.empty), cure)))


def _about_groups(empty: Sequence[str]) -> str:
    """Name the policy's user groups that count as nobody."""
    if not empty:
        return ""
    groups, have = ("group", "has") if len(empty) == 1 else ("groups", "have")
    named = f"The policy names the user {groups} {', '.join(empty)}"
    return f"{named}, which {have} no members: deleted or disabled in Slack?"


def _with_numbers(reason: RefusalReason, detail: str, formatter: Formatter) -> str:
    """Write the sentence for a detail such as "501/500", the actual and the allowed number."""
    first, _, second = detail.partition("/")
    if not (first.isdecimal() and second.isdecimal()):
        return ""
    actual, allowed = int(first), int(second)
    customers, cost = formatter.customers(actual), formatter.amount(actual)
    match reason:
        case RefusalReason.TOO_MANY_CUSTOMERS:
            most = formatter.number(allowed)
            return f"{customers} are too many: this channel may ask for {most} at once."
        case RefusalReason.TOO_EXPENSIVE:
            most = formatter.amount(allowed)
            return f"One use by every customer costs {cost}; this channel may give {most} at once."
        case RefusalReason.BUDGET_CUSTOMERS:
            left = formatter.number(allowed) if allowed else "none"
            return f"{customers} are more than this channel's budget has left: {left}."
        case RefusalReason.BUDGET_AMOUNT:
            left = formatter.amount(allowed)
            return f"One use by every customer costs {cost}; this channel's budget has {left} left."
        case RefusalReason.NO_APPROVER if actual > 0:
            needed, are = formatter.pluralize(allowed, "approval"), "is" if actual == 1 else "are"
            return f"This needs {needed}, and besides you there {are} only {actual} who can approve it."
    return ""


def _with_detail(reason: RefusalReason, detail: str, writer: PhraseWriter) -> str:
    """Write the sentence of a reason whose detail has a special form."""
    if sentence := SPECIAL.get((reason, detail.rpartition("/")[2])):
        return sentence
    match reason:
        case RefusalReason.OTHER_ACCOUNT if "/" in detail:
            of_request, of_bot = (_account(one, writer) for one in detail.split("/", 1))
            return f"This is for {of_request}, and the bot gives in {of_bot} now, so nothing was done."
        case RefusalReason.NO_RULE if detail:
            return f"No rule is called {writer.quote(detail)}, and none has it as its id."
        case RefusalReason.UNKNOWN_REQUEST if UUID.fullmatch(detail):
            return SENTENCES[reason].format(quoted="")
        case RefusalReason.LOST_REQUEST if detail:  # such as "R-7K2QF/1796000000", the time in seconds
            short, _, at = detail.partition("/")
            then = f" of {_moment(int(at), writer)}" if SECONDS.fullmatch(at) else ""
            return f"Request {writer.say(short)} was made after the backup{then}, which was put back since."
        case RefusalReason.BAD_ONCE_KEY if detail.isdecimal():
            return f"{SENTENCES[reason]} It may have {detail} characters at most, all of them visible."
        case RefusalReason.NOT_AN_ID:  # such as "too_long/3, 7"
            why, _, lines = detail.partition("/")
            return _on_lines(lines, ODD.get(why, ""), writer)
        case RefusalReason.RESERVED_ID:
            means = {"*": "“*” would mean every customer", "/": "“/” would mean purchases without a customer"}
            found = [words for sign, words in means.items() if sign in detail] or list(means.values())
            return SENTENCES[reason].format(reserved=" and ".join(found))
        case RefusalReason.BAD_FILE:  # such as "encrypted/customers.xlsx"
            problem, _, name = detail.partition("/")
            what, cure = TROUBLES.get(problem, TROUBLES[FileProblem.BROKEN])
            file = writer.quote(name) if name else "A file"
            return f"{file} {what}. {cure.replace('{who}', writer.who)}"
    return ""


def _moment(seconds: int, writer: PhraseWriter) -> str:
    return writer.formatter.moment(datetime.fromtimestamp(seconds, UTC))


def _account(account: str, writer: PhraseWriter) -> str:
    kind = "PRODUCTION" if account.startswith("P") else "TEST"
    return f"the {kind} account {writer.say(account[:20])}"


def _on_lines(detail: str, fault: str, writer: PhraseWriter) -> str:
    """Say what is wrong with the ids on the lines that the detail names, such as "3, 7"."""
    lines = [line for line in detail.replace(",", " ").split() if line.isdecimal()]
    if not lines or not fault:
        return ""
    if len(lines) == 1:
        return f"The customer id on line {lines[0]} cannot be used: {fault}."
    more = len(lines) - MAX_LINES_NAMED
    others = f" and {writer.formatter.number(more)} more" if more > 0 else ""
    return f"The customer ids on lines {', '.join(lines[:MAX_LINES_NAMED])}{others} cannot be used: {fault}."


def _too_late(refusal: Refusal, writer: PhraseWriter) -> str:
    """Say which state the request is in, and who was first."""
    state = STATES.get(refusal.detail, "it has moved on")
    if refusal.who:
        return f"{writer.name(refusal.who[0])} was first: {state}. Nothing was changed."
    advice = "Its requester has been told so." if refusal.detail == State.EXPIRED else "Nothing was changed."
    return f"{state[0].upper()}{state[1:]}. {advice}"
