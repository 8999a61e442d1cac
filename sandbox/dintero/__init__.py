"""The stand-in for Dintero: its rules, its token, its *Add customers*, a ledger of who holds what, and faults on demand.

Keeps what Dintero documents; where nothing is documented it says so, and does what is hardest on the bot.
"""

from sandbox.dintero.faults import Fault, Faults, Operation
from sandbox.dintero.ledger import Call, Grant, Ledger
from sandbox.dintero.limits import Limits
from sandbox.dintero.server import Point, SandboxDintero

__all__ = ["Call", "Fault", "Faults", "Grant", "Ledger", "Limits", "Operation", "Point", "SandboxDintero"]
