"""Stand-in for Dintero: rules, tokens, *Add customers*, a ledger of grants, and faults on demand.

It follows Dintero's documentation. Where that is silent, it says so and does what is hardest on the bot.
"""

from sandbox.dintero.faults import Fault, Faults, Operation
from sandbox.dintero.ledger import Call, Grant, Ledger
from sandbox.dintero.limits import Limits
from sandbox.dintero.server import Point, SandboxDintero

__all__ = ["Call", "Fault", "Faults", "Grant", "Ledger", "Limits", "Operation", "Point", "SandboxDintero"]
