"""The port of the unit of work: one locked request, and all that is written together with it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.customers.packing import PackedIds
from bot.domain.customers.uploads import FileRead
from bot.domain.ids import RequestId
from bot.domain.policy.budget import Asked, Grant
from bot.domain.requests.audit_entries import Entry
from bot.domain.requests.batches import HolderSearch
from bot.domain.requests.notification import Notification
from bot.domain.requests.pause import Pause
from bot.domain.requests.request import Approval, FormInput, Request


class UnitOfWork(Protocol):
    """One request, its row locked until the block ends; its writes are committed together or not at all."""

    request: Request
    """The saved request; `save` replaces it."""

    async def save(self, request: Request) -> None:
        """Write the request's row, and an audit entry for a transition."""

    async def form_input(self) -> FormInput:
        """Read the input of the form."""

    async def votes(self) -> tuple[Approval, ...]:
        """Read the approvals of the current round, oldest first."""

    async def vote(self, approval: Approval) -> bool:
        """Write an approval and its audit entry; return False if this person has approved this round."""

    async def put_packed(self, packed: PackedIds) -> None:
        """Write the customers, replacing earlier ones."""

    async def put_files_read(self, files: Sequence[FileRead]) -> None:
        """Write what was read of files and of pasted text, for the review and the approval."""

    async def grants(self, since: datetime) -> tuple[Grant, ...]:
        """Lock the channel until the block ends, and read the other requests' grants since a time."""

    async def asked_between(self, since: datetime, until: datetime) -> tuple[Asked, ...]:
        """Lock the channel until the block ends, and read what was asked for there, without the request."""

    async def given_before(self, since: datetime) -> int:
        """Count the customers who got it from the request before a time."""

    async def has_newer(self, among: Collection[RequestId], since: datetime) -> bool:
        """Lock the rule until the block ends; tell whether it has requests that are not among these."""

    async def enqueue(self, *notices: Notification) -> None:
        """Put notifications into the outbox, in this order."""

    async def enqueue_once(self, notification: Notification) -> bool:
        """Put it into the outbox; return False if one of its kind to the same person is still due."""

    async def save_verification(self, found: HolderSearch) -> None:
        """Save what Dintero's list shows of the unknown customers, over an earlier result."""

    async def pause(self) -> Pause | None:
        """Read the pause; nobody can pause the bot until the block ends."""

    async def begin_pause(self, pause: Pause) -> bool:
        """Pause the bot; return False if it is paused already."""

    async def count_fault(self) -> int:
        """Count another request in a row that Dintero's failure stopped; return the count."""

    async def forget_faults(self) -> None:
        """Reset that count: a run was completed."""

    def audit(self, *entries: Entry) -> None:
        """Put entries into the audit, besides those of `save` and `vote`."""

    async def forget_other_files(self) -> None:
        """Delete the files of other readings than the request's."""

    async def forget_reading(self, reading: str) -> None:
        """Delete the files of one reading."""

    async def redact(self, at: datetime) -> None:
        """Delete customer ids, files, reason, note and form input; the counts stay."""
