"""A stand-in for Slack that keeps its rules."""

from bot.sandbox.slack.modal import Modal
from bot.sandbox.slack.person import SandboxPerson
from bot.sandbox.slack.reactions import CannotDo, Reaction
from sandbox.slack.api.web_api import Credentials
from sandbox.slack.server import SandboxSlack
from sandbox.slack.state.changes import NeverSeen
from sandbox.slack.state.faults import Cut, Fault
from sandbox.slack.state.workspace import Account, Channel, Group, Message
from sandbox.slack.transport.delivery import Ack, Line, SignedHttp

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
