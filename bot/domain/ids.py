"""The ids of the domain, each a type of its own so that the type checker finds mix-ups."""

from typing import NewType

RequestId = NewType("RequestId", str)
"""A request's UUID, used in the database, with Dintero and in buttons."""
ShortId = NewType("ShortId", str)
"""A request's id for people: `R-` and 5 letters or digits."""
RuleId = NewType("RuleId", str)
CustomerId = NewType("CustomerId", str)
OnceKey = NewType("OnceKey", str)
"""An idempotency key: Dintero's `offering_constraint_id`."""
ChannelId = NewType("ChannelId", str)
UserId = NewType("UserId", str)
GroupId = NewType("GroupId", str)
"""A Slack user group, `S…`."""
TeamId = NewType("TeamId", str)
Fence = NewType("Fence", int)
"""A fencing token: it rises with each change of a run's owner, and writes with an older one are rejected."""
FileId = NewType("FileId", str)
"""A file in Slack, `F…`."""
