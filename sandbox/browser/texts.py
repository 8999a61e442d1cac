"""The texts of the page."""

from typing import Final

from sandbox.shop import CAMPAIGNS, CAREFUL, QUICK, SUPPORT

ROLES: Final = {
    "Ann": "support",
    "Bo": "lead, may approve",
    "Cleo": "lead, may approve",
    "Chief": "admin, may approve",
    "Gus": "guest, may do nothing",
}
ABOUT: Final = {
    SUPPORT: "Up to 500 customers a request. One lead, or Chief, approves.",
    QUICK: "Up to 3 customers and 1,000 NOK, given at once without approval.",
    CAREFUL: "Two people approve, then it is held for 10 minutes. A budget of 200 customers.",
    CAMPAIGNS: "The bot says here what was given. Nothing can be requested here.",
}
ABOUT_DIRECT: Final = "What the bot writes to you alone."
COMMANDS: Final = (
    ("/discount add", "Give customers a discount"),
    ('/discount add "50 kr off" kari-1001, ola-1002', "The form opens filled in"),
    ("/discount help", "All commands"),
    ("/discount status", "The requests of this channel"),
    ('/discount rule "50 kr off"', "What a rule gives"),
    ("/discount cancel R-", "Take a request back"),
    ("/discount pause ", "Give nothing for now (admins)"),
    ("/discount resume", "End the pause (admins)"),
)
NO_SUCH_COMMAND: Final = "{command} is not a valid command here. The bot's command is /discount."
FORM_GONE: Final = "This form is no longer open."
MESSAGE_GONE: Final = "This message is gone."
