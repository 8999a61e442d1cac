"""The texts of the sandbox's prompt."""

from typing import Final

WELCOME: Final = (
    "A made-up shop on this machine: Slack and Dintero are stand-ins, the bot between them is the real one.\n"
    "It needs no credentials, uses none that are set, and nothing leaves this machine."
)

YOURS: Final = "Now it is yours"

START: Final = "Ask for a discount yourself with “/discount add”, or type “help”. Ctrl-D ends it."

NO_KEYBOARD: Final = (
    "Run it in a terminal to type commands, press the buttons and cut Dintero's connection yourself."
)

GOODBYE: Final = "Ended; everything of this try-out is gone again."

DOWN: Final = "Dintero is down: every connection to it is cut. “up” brings it back."

UP: Final = "Dintero answers again. Waiting work is retried within 20 seconds; Enter shows what happened."

LATER: Final = "So much time has passed. What was due by now happens in a moment; Enter shows it."

ROLES: Final = (
    ("as ann", "Ann works in support and asks for discounts"),
    ("as bo, as cleo", "Bo and Cleo are leads: either may approve, but never what they asked for themselves"),
    ("as chief", "Chief is the admin, and may approve too"),
    ("as gus", "Gus is a guest in this Slack, and may do nothing"),
)

CHANNELS: Final = (
    ("in loyalty-support", "up to 500 customers, one other person has to approve"),
    ("in small-favours", "up to 3 customers and 1,000.00 NOK, given at once"),
    (
        "in big-campaigns",
        "two other people approve, then it is held for 10 minutes; reminders; a budget of 200 customers",
    ),
    ("in campaigns", "where it is told what was given; nothing can be asked for here"),
    ("in dm", "what the bot wrote to you alone"),
)

HELP: Final = (
    (
        "/discount add",
        "opens the form; also: /discount help, status, rule, cancel R-…, and for Chief pause, resume",
    ),
    (
        '/discount add "Spar 100,-" c-1 c-2',
        "opens it filled in; c-1 and c-2 stand for any customer ids that you like",
    ),
    ("1 spar", "in a form: fills field 1 in, or searches it and lets you choose"),
    (
        "2 c-1, c-2",
        "in a form: fills field 2 in; “2” alone lets you type several lines; “clear 2” empties it",
    ),
    (
        "3 ~/customers.xlsx",
        "in a form: puts a file of this machine into field 3; “3” alone lets you name several",
    ),
    (
        "share ~/customers.csv",
        "posts a file from disk in the channel and shows its link, to paste into Customer IDs",
    ),
    ("4", "presses the button [4]; so does what stands on it, or how that begins, such as “review” or “ask”"),
    ("close", "leaves the form"),
    ("look, look all", "draws the channel or the form again; “all” shortens nothing"),
    ("ledger, ledger c-1", "shows what Dintero holds (of one customer), and the last calls to it"),
    (
        "cut, cut after",
        "cuts Dintero's connection on the next call, before or after it has done it; “cut after 3”: on three",
    ),
    ("change spar 100 to 150", "changes in Dintero what a rule is worth, behind everybody's back"),
    (
        "later 10m, later 3h",
        "lets time pass: holds end, reminders come, requests expire; “later 2d”: two days",
    ),
    ("down, up", "takes Dintero away altogether, and brings it back"),
    ("Enter", "shows what has happened meanwhile"),
    ("quit", "ends it"),
)
