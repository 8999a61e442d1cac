"""The texts of the page."""

from typing import Final

from sandbox.shop import CAMPAIGNS, CAREFUL, QUICK, SUPPORT

ROLES: Final = {
    "Ann": "support",
    "Bo": "lead, can approve",
    "Cleo": "lead, can approve",
    "Chief": "admin, can approve",
    "Gus": "guest: no access",
}
ABOUT: Final = {
    SUPPORT: "Up to 500 customers per request. Needs 1 approval from a lead or Chief.",
    QUICK: "Up to 3 customers and NOK 1,000. No approval needed.",
    CAREFUL: "Needs 2 approvals, then a 10-minute hold. Budget: 200 customers.",
    CAMPAIGNS: "Gets notified of results. No requests here.",
}
ABOUT_DIRECT: Final = "Your messages from the bot."
COMMANDS: Final = (
    ("/discount add", "Give customers a discount"),
    ('/discount add "50 kr off" kari-1001, ola-1002', "…with the form filled in"),
    ("/discount help", "All commands"),
    ("/discount status", "This channel's requests"),
    ('/discount rule "50 kr off"', "Look up a rule"),
    ("/discount settings", "Which messages you get"),
    ("/discount cancel R-", "Cancel a request"),
    ("/discount pause ", "Stop all sending (admins)"),
    ("/discount resume", "Start sending again (admins)"),
)
NO_SUCH_COMMAND: Final = "There's no {command}. Try /discount help."
FORM_GONE: Final = "This form is no longer open."
MESSAGE_GONE: Final = "This message is gone."
