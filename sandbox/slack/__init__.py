"""A stand-in for Slack that keeps its rules."""

from sandbox.slack.api.web_api import Credentials
from sandbox.slack.server import SandboxSlack
from sandbox.slack.state.changes import NeverSeen
from sandbox.slack.state.faults import Cut, Fault
from sandbox.slack.state.workspace import Account, Channel, Group, Message
from sandbox.slack.transport.delivery import Ack, Line, SignedHttp
from sandbox.slack.user.modal import Modal
from sandbox.slack.user.person import SandboxPerson
from sandbox.slack.user.reactions import CannotDo, Reaction

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
