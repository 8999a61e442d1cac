"""Who is let in: looks people and user groups up, and asks the policy; a look-up that fails lets nobody in."""

import asyncio
from collections.abc import Sequence

from bot.domain.ids import ChannelId, GroupId, TeamId, UserId
from bot.domain.policy.policy import ChannelPolicy, Policy, Refusal, RefusalReason
from bot.domain.ports import Directory
from bot.domain.requests import authorization
from bot.domain.requests.deadlines import with_escalated
from bot.domain.requests.person import AccountKind, Person, Profile
from bot.domain.requests.request import Request
from bot.errors import DirectoryUnavailable

Electorate = tuple[authorization.Membership, frozenset[UserId]]
"""Who is in the groups that may approve, and who of all that may was found to be no full member."""


class AccessControl:
    """Answers whether a person may do a thing, as a refusal or none; never raises for a look-up that failed."""

    def __init__(self, policy: Policy, directory: Directory, team: TeamId) -> None:
        self.policy = policy
        self._directory = directory
        self._team = team

    def allowed_channel(self, who: Person, channel: ChannelId) -> ChannelPolicy | Refusal:
        """Say from memory alone whether this workspace and channel are let in at all."""
        if who.team != self._team:
            return Refusal(RefusalReason.STRANGER, who=self.policy.admins)
        return authorization.admit_channel(self.policy, channel)

    async def may_use_channel(self, who: Person, channel: ChannelId) -> ChannelPolicy | Refusal:
        """Let in every full member of the workspace, in a listed channel: to look, not to ask."""
        policy = self.allowed_channel(who, channel)
        if isinstance(policy, Refusal):
            return policy
        try:
            return self._standing(await self._directory.profile(who.id)) or policy
        except DirectoryUnavailable as error:
            return _unavailable(error)

    async def may_request(self, who: Person, channel: ChannelId) -> ChannelPolicy | Refusal:
        """Let in who may ask in a channel."""
        policy = self.allowed_channel(who, channel)
        if isinstance(policy, Refusal):
            return policy
        try:
            profile, groups = await self._look_up(who.id, policy.requesters)
        except DirectoryUnavailable as error:
            return _unavailable(error)
        return (
            self._standing(profile)
            or authorization.may_request(policy, profile, groups, self.policy.admins)
            or policy
        )

    async def recheck_requester(self, request: Request) -> Refusal | None:
        """Look whether whoever asked for a request may still ask: where they have left, no yes to it counts."""
        found = await self.may_request(Person(request.requester, request.team), request.channel)
        if isinstance(found, ChannelPolicy):
            return None
        return (
            found
            if found.reason is RefusalReason.LOOKUP_FAILED
            else Refusal(RefusalReason.REQUESTER_LEFT, who=self.policy.admins)
        )

    async def may_decide(self, who: Person, request: Request) -> Refusal | None:
        """Let in who may approve or reject a request: listed, and never the requester."""
        policy = self.allowed_channel(who, request.channel)
        if isinstance(policy, Refusal):
            return policy
        policy = with_escalated(policy, request)
        try:
            profile, groups = await self._look_up(who.id, policy.approvers)
        except DirectoryUnavailable as error:
            return _unavailable(error)
        return self._standing(profile) or authorization.may_approve(
            policy, profile, groups, requester=request.requester, admins=self.policy.admins
        )

    async def may_administer(self, who: Person) -> Refusal | None:
        """Let in the policy's admins, wherever they are."""
        if who.team != self._team:
            return Refusal(RefusalReason.STRANGER, who=self.policy.admins)
        try:
            standing = self._standing(await self._directory.profile(who.id))
        except DirectoryUnavailable as error:
            return _unavailable(error)
        return standing or (
            None
            if who.id in self.policy.admins
            else Refusal(RefusalReason.NOT_AN_ADMIN, who=self.policy.admins)
        )

    async def may_cancel(self, who: Person, request: Request) -> Refusal | None:
        """Let in who may cancel a request as it stands, continue it, or end it; also where its channel is listed no more."""
        if who.team != self._team:
            return Refusal(RefusalReason.STRANGER, who=self.policy.admins)
        policy = with_escalated(
            self.policy.channels.get(request.channel) or _closed(request.channel), request
        )
        try:
            profile, groups = await self._look_up(who.id, policy.approvers)
        except DirectoryUnavailable as error:
            return _unavailable(error)
        return self._standing(profile) or authorization.may_cancel(
            policy, profile, groups, request=request, admins=self.policy.admins
        )

    async def may_view(self, who: Person, channel: ChannelId, request: Request) -> Refusal | None:
        """Let in who may see a request: anybody in its channel; elsewhere requester, approvers and admins."""
        if who.team != self._team:
            return Refusal(RefusalReason.STRANGER, who=self.policy.admins)
        policy = self.policy.channels.get(request.channel)
        approvers = with_escalated(policy, request).approvers if policy else ()
        try:
            profile, groups = await self._look_up(who.id, approvers)
        except DirectoryUnavailable as error:
            return _unavailable(error)
        return self._standing(profile) or authorization.may_see(
            approvers, profile, groups, channel=channel, request=request, admins=self.policy.admins
        )

    async def may_see_customers(self, who: Person, request: Request) -> Refusal | None:
        """Let in who may see the customers of a request: requester, approvers and admins, also where its channel is listed no more."""
        if who.team != self._team:
            return Refusal(RefusalReason.STRANGER, who=self.policy.admins)
        approvers = with_escalated(
            self.policy.channels.get(request.channel) or _closed(request.channel), request
        ).approvers
        try:
            profile, groups = await self._look_up(who.id, approvers)
        except DirectoryUnavailable as error:
            return _unavailable(error)
        return authorization.may_list(approvers, profile, groups, request=request, admins=self.policy.admins)

    async def groups(self, policy: ChannelPolicy) -> authorization.Membership:
        """Look up the groups that may approve in a channel.

        Raises:
            DirectoryUnavailable: Slack could not say.
        """
        return await self._groups(policy.approvers)

    async def expand_groups(self, names: Sequence[str], agreed: Sequence[UserId]) -> tuple[str, ...]:
        """Name the others of every group in which somebody has agreed; a group in which nobody has stays as it is.

        Raises:
            DirectoryUnavailable: Slack could not say who is in it.
        """
        found: list[str] = []
        for name in names:
            members = (
                await self._directory.group(GroupId(name)) if name.startswith("S") else frozenset[UserId]()
            )
            found.extend([name] if members.isdisjoint(agreed) else sorted(members.difference(agreed)))
        return tuple(dict.fromkeys(found))

    async def electorate(self, policy: ChannelPolicy, requester: UserId) -> Electorate:
        """Look up who could approve a request of this person: the groups, and who of all listed turned out to be no full member.

        No more people are looked up than it takes to find as many as the strictest tier asks for: a group may have hundreds.

        Raises:
            DirectoryUnavailable: Slack could not say.
        """
        groups = await self._groups(policy.approvers)
        left = sorted(authorization.eligible_approvers(policy, groups, requester))
        missing, out = policy.most_approvals, set[UserId]()
        while missing > 0 and left:
            now, left = left[:missing], left[missing:]
            profiles = await asyncio.gather(*map(self._directory.profile, now))
            others = {profile.id for profile in profiles if profile.kind is not AccountKind.MEMBER}
            missing -= len(now) - len(others)
            out |= others
        return groups, frozenset(out)

    async def can_post(self, channel: ChannelId) -> Refusal | None:
        """Refuse a channel where the bot could not post the card."""
        try:
            return (
                None
                if await self._directory.can_post(channel)
                else Refusal(RefusalReason.CANNOT_POST, channel)
            )
        except DirectoryUnavailable as error:
            return _unavailable(error)

    def _standing(self, profile: Profile) -> Refusal | None:
        return authorization.check_full_member(profile, self.policy)

    async def _look_up(
        self, user: UserId, entries: tuple[str, ...]
    ) -> tuple[Profile, authorization.Membership]:
        profile, groups = await asyncio.gather(self._directory.profile(user), self._groups(entries))
        return profile, groups

    async def _groups(self, entries: tuple[str, ...]) -> authorization.Membership:
        groups = authorization.group_ids(entries)
        return dict(zip(groups, await asyncio.gather(*map(self._directory.group, groups)), strict=True))


def _unavailable(error: DirectoryUnavailable) -> Refusal:
    cure = "" if error.advice == DirectoryUnavailable.advice else f" ({error.advice})"
    return Refusal(RefusalReason.LOOKUP_FAILED, f"{error}{cure}")


def _closed(channel: ChannelId) -> ChannelPolicy:
    """What a channel may do that is not listed: nothing."""
    return ChannelPolicy(id=channel, rules=frozenset(), requesters=(), max_customers=0)
