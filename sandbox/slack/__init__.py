"""A stand-in for Slack that keeps its rules."""

from bot.sandbox.slack.changes import NeverSeen
from bot.sandbox.slack.delivery import Ack, Line, SignedHttp
from bot.sandbox.slack.faults import Cut, Fault
from bot.sandbox.slack.modal import Modal
from bot.sandbox.slack.person import SandboxPerson
from bot.sandbox.slack.reactions import CannotDo, Reaction
from bot.sandbox.slack.workspace import Account, Channel, Group, Message
from sandbox.slack.api.web_api import Credentials
from sandbox.slack.server import SandboxSlack

__all__ = [
    "Account",
    "Ack",
    "CannotDo",
    "Channel",
    "Credentials",
    "Cut",
    "Fault",
    "Group",
    "Line",
    "Message",
    "Modal",
    "NeverSeen",
    "Reaction",
    "SandboxPerson",
    "SandboxSlack",
    "SignedHttp",
]
