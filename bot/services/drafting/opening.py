"""New drafts: empty, for the rest of a request, as a copy of one, and those that a person left unfinished."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.ids import ChannelId, RequestId, RuleId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import Clock, Repository
from bot.domain.requests.audit_entries import Action, EntryKind, entry_of
from bot.domain.requests.person import Person
from bot.domain.requests.request import (
    FormInput,
    Request,
    State,
    new_once_key,
    new_request_id,
    new_salt,
    new_short_id,
)
from bot.domain.requests.views import UnfinishedDraft
from bot.errors import ShortIdConflict
from bot.services.access import AccessControl, audit_refusals
from bot.services.drafting.rule_catalog import RuleCatalog
from bot.services.drafting.submission import remainder_input
from bot.services.requests import unknown_request
from bot.services.results.remainder import no_remainder

MAX_RECENT_DRAFTS: Final = 1_000
OFFERED: Final = timedelta(hours=23)
"""How long a draft is offered again: an hour later it may be deleted while its form is open."""
COPIED: Final = frozenset({State.REJECTED, State.EXPIRED, State.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOpener:
    """Opens drafts, and finds those left unfinished."""

    repository: Repository
    access: AccessControl
    catalog: RuleCatalog
    clock: Clock
    _recent: dict[RequestId, tuple[Request, datetime]] = field(default_factory=dict)
    """Drafts read a short while ago, for the rule search: a keystroke there needs no query."""

    async def open_draft(
        self, who: Person, channel: ChannelId, form_input: FormInput, *, rest_of: RequestId | None = None
    ) -> Request:
        """Store a draft, with the command's words already filled in."""
        while True:
            draft = Request(
                id=new_request_id(),
                short=new_short_id(),
                team=who.team,
                account=self.access.account,
                channel=channel,
                requester=who.id,
                created_at=self.clock.now(),
                rest_of=rest_of,
                once_key=new_once_key(),
                customers_digest=new_salt(),
            )
            with suppress(ShortIdConflict):
                await self.repository.open_draft(draft, form_input)
                self._remember(draft)
                return draft

    async def create_remainder(
        self, of: RequestId, who: Person, channel: ChannelId, *, listed: FormInput | None = None
    ) -> Request | Refusal:
        """Open a draft for the remaining customers of an ended request, or for those who are `listed`."""
        first = await self._earlier(of, who, channel)
        if isinstance(first, Refusal):
            return first
        if refusal := await no_remainder(self.repository, first):
            return refusal
        only_refused = (await self.repository.tally(first.id)).left == 0
        form_input = replace(listed or FormInput(), reason=first.reason, refused_too=only_refused)
        return await self.open_draft(who, channel, remainder_input(first, form_input), rest_of=first.id)

    async def create_copy(self, of: RequestId, who: Person, channel: ChannelId) -> Request | Refusal:
        """Open a draft filled in as a request that ended before anything of it was given.

        If its giving had begun, the draft is for the rest, under the same key: nobody gets it twice.
        """
        first = await self._earlier(of, who, channel)
        if isinstance(first, Refusal):
            return first
        if first.state not in COPIED:
            return Refusal(RefusalReason.WRONG_STATE, first.state)
        if first.started_at:
            return await self.create_remainder(of, who, channel)
        if first.purged_at:
            return Refusal(RefusalReason.PURGED, first.short)
        if refusal := await self.access.may_see_customers(who, first, repository=self.repository):
            await audit_refusals(self.repository, [refusal], Action.SHOW_CUSTOMERS, first, who)
            return refusal
        return await self._copy(first, who)

    async def _copy(self, first: Request, who: Person) -> Request | Refusal:
        origin = await self.repository.find(first.rest_of) if first.rest_of else None
        if origin and (refusal := await no_remainder(self.repository, origin)):
            return refusal
        form_input = await self.repository.load_input(first.id) or FormInput()
        if not first.own_key:
            form_input = replace(form_input, once_key="")
        if first.requester != who.id:  # the form shows the ids
            count = first.customers
            seen = entry_of(first, EntryKind.VIEWED, who.id, first=1, last=count, customers=count)
            await self.repository.record(seen)
        return await self.open_draft(who, first.channel, form_input, rest_of=first.rest_of)

    async def unfinished(self, who: Person, channel: ChannelId) -> UnfinishedDraft | None:
        """Find the person's newest draft in a channel with something in it."""
        since = self.clock.now() - OFFERED
        for draft, form_input in await self.repository.drafts_of(who.id, channel, since):
            is_ours = draft.account == self.access.account and draft.rest_of is None
            if is_ours and not form_input.is_empty:
                rule = self.catalog.known(RuleId(form_input.rule)) or draft.rule
                return UnfinishedDraft(draft, form_input, rule)
        return None

    async def discard(self, draft: RequestId, who: Person) -> None:
        """Empty a person's draft, so that it is offered no more."""
        found = await self.repository.find(draft)
        if found and found.requester == who.id:
            await self.repository.save_input(draft, FormInput())

    async def _earlier(self, of: RequestId, who: Person, channel: ChannelId) -> Request | Refusal:
        """Find a submitted request of a channel in which this person may request."""
        first = await self.repository.find(of)
        if first is None or first.state is State.DRAFT or first.channel != channel:
            return await unknown_request(self.repository, of, channel)
        if refusal := self.access.check_account(first):
            return refusal
        if refusal := await self.access.may_request(who, channel):
            await audit_refusals(self.repository, [refusal], Action.ASK, first, who)
            return refusal
        return first

    def _remember(self, draft: Request) -> None:
        self._recent[draft.id] = draft, self.clock.now()
        if len(self._recent) > MAX_RECENT_DRAFTS:
            del self._recent[next(iter(self._recent))]
