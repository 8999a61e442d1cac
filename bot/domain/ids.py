"""The ids that the heart passes around, each a type of its own so that none is taken for another."""

from typing import NewType

RequestId = NewType("RequestId", str)
"""A request's UUID, by which the database, Dintero and buttons know it."""
ShortId = NewType("ShortId", str)
"""What people call a request: `R-` and 5 letters or digits."""
RuleId = NewType("RuleId", str)
CustomerId = NewType("CustomerId", str)
OnceKey = NewType("OnceKey", str)
"""Dintero's `offering_constraint_id`."""
ChannelId = NewType("ChannelId", str)
UserId = NewType("UserId", str)
GroupId = NewType("GroupId", str)
"""A Slack user group, `S…`."""
TeamId = NewType("TeamId", str)
Fence = NewType("Fence", int)
"""The number under which a process gives a request; it rises with each change of hands, and writes under an older one count for nothing."""
FileId = NewType("FileId", str)
"""Slack's id of a file (`F…`)."""
