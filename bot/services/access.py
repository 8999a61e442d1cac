"""Access control: looks people and user groups up and applies the policy; a failed look-up admits nobody."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.domain.ids import ChannelId, GroupId, TeamId, UserId
from bot.domain.policy.budget import Asked
from bot.domain.policy.policy import (
    NOTHING,
    OWN_HOLD,
    AskedBefore,
    ChannelPolicy,
    Place,
    Policy,
    Refusal,
    RefusalReason,
)
from bot.domain.ports import Directory, Repository
from bot.domain.requests import authorization
from bot.domain.requests.audit_entries import PASSING, Action, refused
from bot.domain.requests.authorization import Electorate, Membership, approvers_of, empty_groups, violations
from bot.domain.requests.person import AccountKind, Person, Profile
from bot.domain.requests.request import Request
from bot.domain.rules.rule import Availability
from bot.errors import DirectoryUnavailable
from bot.services.results.remainder import first_request

LIMITS: Final = frozenset({RefusalReason.TOO_MANY_CUSTOMERS, RefusalReason.TOO_EXPENSIVE})
"""Refusals that another channel may not share."""
NOBODY: Final = UserId("")
"""In place of a requester: who could approve the request of anybody else?"""
LOOK_UP_SECONDS: Final = 1.5
"""How long an ack waits for Slack's answer who somebody is."""


@dataclass(frozen=True, slots=True)
class AccessControl:
    """Checks who may do what; a failed look-up is a refusal, unless a docstring says that it raises."""

    policy: Policy
    directory: Directory
    team: TeamId
    account: str
    """The Dintero account in which this bot gives."""

    def fresh(self) -> "AccessControl":
        """Return access control that asks Slack again: giving a discount relies on no cached answer."""
        return replace(self, directory=self.directory.fresh())

    def check_account(self, request: Request) -> Refusal | None:
        """Refuse a request for another Dintero account: nothing of it is approved, changed or given here."""
        if request.account == self.account:
            return None
        return Refusal(RefusalReason.OTHER_ACCOUNT, f"{request.account}/{self.account}")

    async def sum_asked(self, by: UserId, asked: Sequence[Asked]) -> AskedBefore:
        """Add up what one person asked for, under any of their ids; raises DirectoryUnavailable.

        Of two ids of a person one begins with U and one with W, so that few others have to be looked up.
        """
        if not asked:
            return NOTHING
        person = await self.person_id(by)
        others = sorted({one.requester for one in asked if one.requester[:1] != by[:1]})
        people = await asyncio.gather(*map(self.person_id, others))
        same = {by, person, *(user for user, id_ in zip(others, people, strict=True) if id_ == person)}
        own = [one for one in asked if one.requester in same]
        return AskedBefore(sum(one.customers for one in own), sum(one.amount for one in own))

    async def person_id(self, user: UserId) -> UserId:
        """Return the one id of a person who may have two; raises DirectoryUnavailable."""
        return (await self.directory.profile(user)).id

    async def allowed_channel(self, who: Person, channel: ChannelId) -> ChannelPolicy | Refusal:
        """Check workspace and channel, fast enough for the ack; look up only people of other workspaces."""
        if who.team != self.team:
            try:
                async with asyncio.timeout(LOOK_UP_SECONDS):
                    refusal = await self._check(who)
            except TimeoutError:
                return Refusal(RefusalReason.LOOKUP_FAILED, "Slack isn't answering.")
            if refusal:
                return refusal
        return self.policy.channels.get(channel) or Refusal(RefusalReason.UNLISTED_CHANNEL, channel)

    async def may_use_bot(self, who: Person) -> Refusal | None:
        """Admit full members of the workspace, wherever they are."""
        return await self._check(who)

    async def ids_of(self, who: Person) -> frozenset[UserId] | Refusal:
        """Return the one or two ids of a person."""
        try:
            return authorization.ids_of(await self.directory.profile(who.id))
        except DirectoryUnavailable as error:
            return _unavailable(error)

    async def may_use_channel(self, who: Person, channel: ChannelId) -> ChannelPolicy | Refusal:
        """Admit full members of the workspace to an allowed channel: to read there, not to request."""
        policy = await self.allowed_channel(who, channel)
        return policy if isinstance(policy, Refusal) else await self._check(who) or policy

    async def may_request(self, who: Person, channel: ChannelId) -> Refusal | None:
        """Admit the requesters of a channel."""
        policy = await self.allowed_channel(who, channel)
        if isinstance(policy, Refusal):
            return policy
        return await self._check(who, policy.requesters, partial(authorization.may_request, policy))

    async def may_request_from_afar(self, who: Person, channel: ChannelId) -> Refusal | None:
        """Admit a requester who is elsewhere now, to a channel that they are in or could join."""
        if refusal := await self.may_request(who, channel):
            return refusal
        try:
            is_open = await self.directory.is_open_to(channel, who.id)
        except DirectoryUnavailable as error:
            return _unavailable(error)
        return None if is_open else Refusal(RefusalReason.NOT_A_REQUESTER, channel)

    async def places(self, who: Person) -> tuple[Place, ...]:
        """List the channels where a person may request; one that Slack says nothing of is left out."""
        channels = self.policy.channels.values()
        refusals = await asyncio.gather(*(self.may_request_from_afar(who, one.id) for one in channels))
        return tuple(
            Place(channel.id, channel.name)
            for channel, refusal in zip(channels, refusals, strict=True)
            if refusal is None
        )

    async def readable_rules(self, who: Person, channel: ChannelId) -> ChannelPolicy | Refusal:
        """Return which rules a person may read: the channel's; where none is listed, those of their places.

        Their places are the channels where they may request: elsewhere they learn nothing new.
        """
        if channel in self.policy.channels:
            return await self.may_use_channel(who, channel)
        if refusal := await self.may_use_bot(who):
            return refusal
        places = await self.places(who)
        if not places:
            return Refusal(RefusalReason.NO_PLACE)
        first, *others = [self.policy.channels[place.id] for place in places]
        return replace(first, rules=first.rules.union(*(other.rules for other in others)))

    async def with_places(
        self, refusals: Sequence[Refusal], who: Person, request: Request
    ) -> tuple[Refusal, ...]:
        """Name the channels where this person may request as much as is refused here."""
        if not any(refusal.reason in LIMITS for refusal in refusals):
            return tuple(refusals)
        places = [
            place
            for place in await self.places(who)
            if place.id != request.channel and _takes(self.policy.channels[place.id], request)
        ]
        return tuple(
            replace(refusal, elsewhere=tuple(places)) if refusal.reason in LIMITS else refusal
            for refusal in refusals
        )

    async def recheck_requester(self, request: Request) -> Refusal | None:
        """Check that the requester may still request: once they have left, no approval counts."""
        refusal = await self.may_request(Person(request.requester, self.team), request.channel)
        if refusal is None or refusal.reason is RefusalReason.LOOKUP_FAILED:
            return refusal
        return Refusal(RefusalReason.REQUESTER_LEFT, name=request.requester)

    async def may_decide(self, who: Person, request: Request) -> Refusal | None:
        """Admit the approvers of a request for this account, and never its requester, under any id."""
        policy = await self.allowed_channel(who, request.channel)
        if isinstance(policy, Refusal):
            return policy
        policy = replace(policy, approvers=approvers_of(policy, request))
        try:
            await self.look_up([who.id, request.requester], policy.approvers)
        except DirectoryUnavailable as error:
            return _unavailable(error)
        own = await self._is_own(who, request)
        if isinstance(own, Refusal):
            return own
        rule = partial(authorization.may_approve, policy, requester=who.id if own else request.requester)
        return await self._check(who, policy.approvers, rule) or self.check_account(request)

    async def may_administer(self, who: Person) -> Refusal | None:
        """Admit the policy's admins, in any channel."""
        return await self._check(who, rule=partial(authorization.may_administer, self.policy))

    async def may_end_hold(self, who: Person, request: Request) -> Refusal | None:
        """Admit admins to ending the hold of a request for this account, but never of their own."""
        if refusal := await self.may_administer(who):
            return refusal
        own = await self._is_own(who, request)
        if isinstance(own, Refusal):
            return own
        return Refusal(RefusalReason.OWN_REQUEST, OWN_HOLD) if own else self.check_account(request)

    async def may_cancel(self, who: Person, request: Request) -> Refusal | None:
        """Admit to cancelling, continuing or ending a request, also once its channel is no longer allowed."""
        rule = partial(authorization.may_cancel, self.policy, request=request)
        return await self._check(who, self._approvers(request), rule) or self.check_account(request)

    async def may_view(self, who: Person, request: Request, channel: ChannelId) -> Refusal | None:
        """Admit everybody in the request's channel; elsewhere requester, approvers and admins."""
        rule = partial(authorization.may_see, self.policy, request=request, channel=channel)
        return await self._check(who, self._approvers(request), rule)

    async def may_see_customers(
        self, who: Person, request: Request, *, repository: Repository
    ) -> Refusal | None:
        """Admit requester, approvers and admins, also once the channel is no longer allowed.

        A remainder has the customers of the first request of its chain, which decides who may see them.
        """
        first = await first_request(repository, request)
        if first is None:
            return Refusal(RefusalReason.UNKNOWN_REQUEST, request.short)
        rule = partial(authorization.may_list, self.policy, request=first)
        return await self._check(who, self._approvers(first), rule)

    async def expand_groups(self, names: Sequence[str], agreed: Sequence[UserId]) -> tuple[str, ...]:
        """Replace each group in which somebody has agreed by its others; raises DirectoryUnavailable."""
        groups, found = await self._groups(names), list[str]()
        for name in names:
            members = groups.get(GroupId(name), frozenset[UserId]())
            found.extend([name] if members.isdisjoint(agreed) else sorted(members.difference(agreed)))
        return tuple(dict.fromkeys(found))

    async def look_up(self, people: Collection[UserId], listed: Sequence[str]) -> None:
        """Look up people and groups at once, for the checks that follow; raises DirectoryUnavailable."""
        await asyncio.gather(*map(self.directory.profile, people), self._groups(listed))

    async def electorate(
        self,
        policy: ChannelPolicy,
        requester: UserId,
        *,
        needed: int | None = None,
        known: Collection[UserId] = (),
    ) -> Electorate:
        """Look up who could approve a request of this person; raises DirectoryUnavailable.

        A person counts once, under any number of ids. It looks up only as many people as are `needed`, or as
        the strictest tier asks for: a group may have hundreds. Those who are `known` come first.
        """
        groups, own = await asyncio.gather(self._groups(policy.approvers), self.directory.profile(requester))
        approvers = authorization.eligible_approvers(policy, groups, requester)
        first, needed = approvers.intersection(known), policy.most_approvals if needed is None else needed
        _, out = await self._count_members(
            [*sorted(first), *sorted(approvers - first)], needed, authorization.ids_of(own)
        )
        return groups, out

    async def missing_approvers(self, policy: ChannelPolicy) -> str:
        """Say how many people can approve in a channel, as "1/2", if its largest requests need more.

        Where only approvers may request, one more is needed: nobody approves their own request. Raises
        DirectoryUnavailable.
        """
        if not policy.most_approvals:
            return ""
        groups = await self._groups([*policy.approvers, *policy.requesters])
        approvers = authorization.eligible_approvers(policy, groups, NOBODY)
        requesters = authorization.listed_requesters(policy, groups)
        needed = policy.most_approvals + (requesters is not None and requesters <= approvers)
        found, _ = await self._count_members(sorted(approvers), needed, frozenset())
        return f"{found}/{needed}" if found < needed else ""

    async def _count_members(
        self, users: Sequence[UserId], most: int, known: Collection[UserId]
    ) -> tuple[int, frozenset[UserId]]:
        """Count full members up to a number, each person once; and return who of those looked up is none."""
        left, found, out, counted = users, 0, set[UserId](), {*known}
        while found < most and left:
            now, left = left[: most - found], left[most - found :]
            profiles = await asyncio.gather(*map(self.directory.profile, now))
            for user, profile in zip(now, profiles, strict=True):
                ids = authorization.ids_of(profile)
                if profile.kind is AccountKind.MEMBER and counted.isdisjoint(ids):
                    counted |= ids
                    found += 1
                else:
                    out.add(user)
        return found, frozenset(out)

    async def can_post(self, channel: ChannelId) -> Refusal | None:
        """Refuse a channel in which the bot could not post the card."""
        try:
            can = await self.directory.can_post(channel)
        except DirectoryUnavailable as error:
            return _unavailable(error)
        return None if can else Refusal(RefusalReason.CANNOT_POST, channel)

    async def _is_own(self, who: Person, request: Request) -> bool | Refusal:
        """Check whether a request is this person's own, under any of their ids."""
        try:
            profile, requester = await asyncio.gather(
                self.directory.profile(who.id), self.directory.profile(request.requester)
            )
        except DirectoryUnavailable as error:
            return _unavailable(error)
        return authorization.is_same(profile, requester)

    def _approvers(self, request: Request) -> tuple[str, ...]:
        return approvers_of(self.policy.channels.get(request.channel), request)

    async def _check(
        self,
        who: Person,
        listed: Sequence[str] = (),
        rule: Callable[[Profile, Membership], Refusal | None] = lambda _profile, _groups: None,
    ) -> Refusal | None:
        """Refuse all but full members of this workspace, then apply a rule to person and listed groups.

        The account decides, not the payload's team; but that has to be one of the account's.
        """
        try:
            profile, groups = await asyncio.gather(self.directory.profile(who.id), self._groups(listed))
        except DirectoryUnavailable as error:
            return _unavailable(error)
        if who.team not in {self.team, *profile.teams}:
            return Refusal(RefusalReason.STRANGER)
        if refusal := authorization.check_full_member(profile):
            return refusal
        refusal = rule(profile, groups)
        return refusal and replace(refusal, empty=empty_groups(groups))

    async def _groups(self, listed: Sequence[str]) -> Membership:
        groups = authorization.group_ids(listed)
        return dict(zip(groups, await asyncio.gather(*map(self.directory.group, groups)), strict=True))


def is_direct(channel: ChannelId) -> bool:
    """Tell whether a conversation is direct messages: what is typed there is about the person alone."""
    return channel.startswith("D")


def _takes(channel: ChannelPolicy, request: Request) -> bool:
    """Tell whether a channel would take a request of this size and rule."""
    return not violations(replace(request, channel=channel.id), channel, Availability.NOW)


def _unavailable(error: DirectoryUnavailable) -> Refusal:
    advice = "" if error.advice == DirectoryUnavailable.advice else f" {error.advice}"
    return Refusal(RefusalReason.LOOKUP_FAILED, f"{error}{advice}")


async def audit_refusals(
    repository: Repository, refusals: Sequence[Refusal], act: Action, request: Request | None, who: Person
) -> None:
    """Audit the refusals that are about a person's rights, in one entry; None is the whole bot."""
    against = [refusal for refusal in refusals if refusal.reason not in PASSING]
    if against:
        await repository.record(refused(request, against, act, who.id))
