"""The services over a real database, with people, rules and a clock that a test can change."""

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.database.repositories.repository import SqlRepository
from bot.domain.customers.packing import pack
from bot.domain.customers.uploads import Column, FileRead, ReadResult, Upload
from bot.domain.ids import ChannelId, CustomerId, FileId, GroupId, OnceKey, RequestId, RuleId, TeamId, UserId
from bot.domain.policy.policy import ChannelPolicy, Policy, Refusal
from bot.domain.ports import Keep
from bot.domain.requests.notification import Notification, OutboxMessage
from bot.domain.requests.person import AccountKind, Person, Profile
from bot.domain.requests.request import FormInput, Request, digest
from bot.domain.rules.rule import Holder, Requirement, Reward, Rule
from bot.errors import DinteroError, DirectoryUnavailable, RuleNotFound
from bot.giving.finish import Completion
from bot.giving.lookups import RuleLookups
from bot.giving.scheduler import CallScheduler
from bot.giving.start import Preflight
from bot.services.access import AccessControl
from bot.services.approving.approvals import ApprovalService
from bot.services.decisions import DecisionService
from bot.services.drafting.drafts import DraftService
from bot.services.drafting.rule_catalog import RuleCatalog
from bot.services.overview import OverviewService
from bot.services.review import current_prior_grants
from tests.support.clock import HandClock

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TEAM, ELSEWHERE = TeamId("T0HOME"), TeamId("T0ELSEWHERE")
ACCOUNT = "T11112222"
SUPPORT, QUICK, STRICT = ChannelId("C0SUPPORT"), ChannelId("C0QUICK"), ChannelId("C0STRICT")
NEWS = ChannelId("C0NEWS")
LEADS, AGENTS = GroupId("S0LEADS"), GroupId("S0AGENTS")
ANN, BO, CLEO, DI, CHIEF, GUS = (UserId(f"U0{name}") for name in ("ANN", "BO", "CLEO", "DI", "CHIEF", "GUS"))
SPAR, PERCENT, LATER, OVER, OFF = (
    RuleId(name) for name in ("spar-100", "percent-10", "later", "over", "off")
)

POLICY = Policy(
    currency="NOK",
    timezone="Europe/Oslo",
    admins=(CHIEF,),
    channels={
        SUPPORT: ChannelPolicy(
            id=SUPPORT,
            rules=frozenset({"*"}),
            requesters=("*",),
            approvers=(LEADS, CHIEF),
            max_customers=2000,
            notify=(NEWS,),
        ),
        QUICK: ChannelPolicy(
            id=QUICK,
            rules=frozenset({SPAR}),
            requesters=(AGENTS,),
            max_customers=3,
            max_amount=20_000,
            approvals=0,
        ),
        STRICT: ChannelPolicy(
            id=STRICT,
            rules=frozenset({"*"}),
            requesters=("*",),
            approvers=(LEADS,),
            max_customers=500,
            approvals=2,
        ),
    },
)

RULES = (
    Rule(id=SPAR, name="Spar 100", reward=Reward(type="discount_amount", value=Decimal(10_000))),
    Rule(id=PERCENT, name="Ten off", reward=Reward(type="discount_percent", value=Decimal(10))),
    Rule(
        id=LATER,
        name="Next year",
        reward=Reward(type="discount_amount", value=Decimal(1)),
        requirement=Requirement(purchase_from=datetime(2027, 1, 1, tzinfo=UTC)),
    ),
    Rule(
        id=OVER,
        name="Last year",
        reward=Reward(type="discount_amount", value=Decimal(1)),
        requirement=Requirement(purchase_to=datetime(2025, 1, 1, tzinfo=UTC)),
    ),
    Rule(id=OFF, name="Switched off", active=False, reward=Reward(type="discount_amount", value=Decimal(1))),
)


@dataclass(slots=True)
class Town:
    """The port `Directory` in memory; while `away`, every look-up fails."""

    kinds: dict[UserId, AccountKind] = field(
        default_factory=lambda: (
            dict.fromkeys((ANN, BO, CLEO, DI, CHIEF), AccountKind.MEMBER) | {GUS: AccountKind.GUEST}
        )
    )
    groups: dict[GroupId, set[UserId]] = field(default_factory=lambda: {LEADS: {BO, CLEO}, AGENTS: {ANN, BO}})
    teams: dict[UserId, frozenset[TeamId]] = field(default_factory=dict)
    posts_in: set[ChannelId] = field(default_factory=lambda: {SUPPORT, QUICK, STRICT})
    outside: dict[ChannelId, set[UserId]] = field(default_factory=dict)
    """Who is not in a private channel."""
    away: bool = False
    other_ids: dict[UserId, UserId] = field(default_factory=dict)
    """The id that Slack answers with, for a person's second id."""

    def fresh(self) -> "Town":
        return self

    async def profile(self, user: UserId) -> Profile:
        self._reach()
        answer = self.other_ids.get(user, user)
        kind, teams = self.kinds.get(answer, AccountKind.STRANGER), self.teams.get(answer, frozenset())
        return Profile(answer, kind, teams, asked_as=user)

    def last_known(self, user: UserId) -> Profile | None:
        kind = self.kinds.get(user)
        return Profile(user, kind, name=user.title()) if kind else None

    async def group(self, group: GroupId) -> frozenset[UserId]:
        self._reach()
        return frozenset(self.groups[group])

    async def can_post(self, channel: ChannelId) -> bool:
        self._reach()
        return channel in self.posts_in

    async def is_open_to(self, channel: ChannelId, user: UserId) -> bool:
        self._reach()
        return channel in self.posts_in and user not in self.outside.get(channel, set())

    def _reach(self) -> None:
        if self.away:
            raise DirectoryUnavailable("Slack couldn't look up U0WHO (internal_error).")


@dataclass(slots=True)
class Shelf:
    """The rules of the port `DinteroApi` in memory; with a `failure`, every call fails."""

    rules_of: dict[RuleId, Rule] = field(default_factory=lambda: {rule.id: rule for rule in RULES})
    failure: DinteroError | None = None
    refs_of: dict[RuleId, Sequence[Holder]] = field(default_factory=dict)
    """The holders of a rule, in pages of two."""
    refs_read: int = 0
    asked_for: list[RuleId] = field(default_factory=list)
    account: str = ACCOUNT

    async def rules(self) -> tuple[Rule, ...]:
        self._reach()
        return tuple(self.rules_of.values())

    async def rule(self, rule: RuleId) -> Rule:
        self.asked_for.append(rule)
        self._reach()
        if rule not in self.rules_of:
            raise RuleNotFound(rule)
        return self.rules_of[rule]

    async def refs(self, rule: RuleId, *, after: str | None = None) -> tuple[Holder, ...]:
        self._reach()
        self.refs_read += 1
        found = self.refs_of.get(rule, ())
        start = next((at for at, ref in enumerate(found, start=1) if ref.id == after), 0)
        return tuple(found[start : start + 2])

    async def add_customers(self, rule: RuleId, customers: Sequence[CustomerId], *, once: OnceKey) -> Rule:
        raise AssertionError((rule, customers, once))

    def change(self, rule: RuleId, **changes: Any) -> None:
        self.rules_of[rule] = replace(self.rules_of[rule], **changes)

    def _reach(self) -> None:
        if self.failure:
            raise self.failure


@dataclass(slots=True)
class Wakes:
    """The port `BackgroundTasks`: counts its wake-ups, and runs spawned work at once."""

    woken: int = 0
    tasks: list[asyncio.Task[object]] = field(default_factory=list)

    def wake(self) -> None:
        self.woken += 1

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))


@dataclass(slots=True)
class Drawer:
    """The port `FileReader` in memory: the ids in each file, or a result in place of reading."""

    lists: dict[FileId, Sequence[str]] = field(default_factory=dict)
    instead: ReadResult | None = None
    broken: bool = False
    asked: list[tuple[tuple[Upload, ...], UserId]] = field(default_factory=list)

    async def read(
        self,
        uploads: Sequence[Upload],
        typed: Sequence[CustomerId],
        *,
        by: UserId,
        channel: ChannelId,
        portion: int,
        told: int = 20,
        keep: Keep | None = None,
    ) -> ReadResult:
        assert channel
        assert told
        self.asked.append((tuple(uploads), by))
        for number, upload in enumerate(uploads):
            if keep and upload.id in self.lists:
                await keep(number, 0, "\n".join(self.lists[upload.id]).encode())
        if self.broken:
            raise OSError("the disk")
        if self.instead:
            return self.instead
        met = [*typed, *(CustomerId(one) for upload in uploads for one in self.lists[upload.id])]
        files = tuple(
            FileRead(name=upload.name, found=len(self.lists[upload.id]), column=Column(1))
            for upload in uploads
        )
        return ReadResult(pack(list(dict.fromkeys(met)), portion=portion), len(met) - len(set(met)), files)


class Office:
    """One process of the bot; a second one over the same database is another process, or a new policy."""

    def __init__(
        self,
        repository: SqlRepository,
        *,
        policy: Policy = POLICY,
        clock: HandClock | None = None,
        town: Town | None = None,
    ) -> None:
        self.repository = repository
        self.clock = clock or HandClock(NOW)
        self.account = ACCOUNT
        self.town = town or Town()
        self.shelf = Shelf()
        self.drawer = Drawer()
        self.background = Wakes()
        self.catalog = RuleCatalog(self.shelf)
        self.under(policy)

    def under(self, policy: Policy, *, account: str = "") -> "Office":
        """Start again with another policy, or for another account."""
        self.account = account or self.account
        self.access = AccessControl(policy, self.town, TEAM, self.account)
        self.drafts = DraftService(
            repository=self.repository,
            access=self.access,
            catalog=self.catalog,
            file_reader=self.drawer,
            clock=self.clock,
            background=self.background,
        )
        parts: Any = {
            "repository": self.repository,
            "access": self.access,
            "clock": self.clock,
            "background": self.background,
        }
        self.decisions = DecisionService(**parts)
        self.approvals = ApprovalService(**parts, catalog=self.catalog)
        self.overview = OverviewService(repository=self.repository, access=self.access, clock=self.clock)
        lookups = RuleLookups(self.shelf, CallScheduler(first=0.01, longest=0.05))
        self.preflight = Preflight(
            repository=self.repository, lookups=lookups, access=self.access, clock=self.clock
        )
        self.completion = Completion(
            repository=self.repository, lookups=lookups, access=self.access, clock=self.clock
        )
        return self

    async def draft(self, who: UserId = ANN, channel: ChannelId = SUPPORT, **typed: Any) -> RequestId:
        """Open a draft, by default with one customer and the usual rule."""
        filled = FormInput(**{"rule": SPAR, "customers": "c-1", **typed})
        return (await self.drafts.open_draft(person(who), channel, filled)).id

    async def ask(self, who: UserId = ANN, channel: ChannelId = SUPPORT, **typed: Any) -> Request:
        """Request a discount, and return the request."""
        draft = await self.draft(who, channel, **typed)
        review = await self.drafts.review(draft, person(who))
        asked = await self.submit(draft, person(who))
        assert isinstance(asked, Request), (review, asked)
        return asked

    async def put(self, request: Request, **changes: Any) -> Request:
        """Write into a request's row directly, to save many steps."""
        async with self.repository.unit_of_work(request.id) as unit:
            assert unit
            await unit.save(replace(unit.request, **changes))
        return await self.now(request.id)

    async def now(self, request: RequestId) -> Request:
        """Read a request."""
        found = await self.repository.find(request)
        assert found
        return found

    async def approve(self, request: Request, who: UserId, *, typed: str = "") -> Request | Refusal:
        """Approve a request as it is."""
        return await self.approvals.approve(
            request.id,
            request.round,
            person(who),
            typed=typed or str(request.customers),
            shown=digest(request),
            named=await self.named(request.id),
        )

    async def submit(self, draft: RequestId, who: Person) -> Request | Refusal:
        """Submit a draft as it is, by a person who has read its review."""
        found = await self.repository.find(draft)
        shown = digest(found) if found else ""
        return await self.drafts.ask(draft, who, shown=shown, named=await self.named(draft))

    async def named(self, request: RequestId) -> Collection[str]:
        """Mark what a review shows of other requests."""
        found = await self.repository.find(request)
        if found is None or (policy := self.access.policy.channels.get(found.channel)) is None:
            return []
        prior_grants = await current_prior_grants(found, policy, self.repository, self.clock)
        return prior_grants.marks

    async def unsaid(self) -> list[Notification]:
        """Send everything in the outbox, and return it in order."""
        said: list[OutboxMessage] = []
        while waiting := await self.repository.due_messages(self.clock.now(), limit=100):
            for one in waiting:
                await self.repository.mark_sent(one, ts=f"{one.id}.0")
            said.extend(waiting)
        return [one.notification for one in sorted(said, key=lambda one: one.id)]


def allowing(**changes: Any) -> Policy:
    """Change what the support channel may do."""
    return replace(
        POLICY, channels={**POLICY.channels, SUPPORT: replace(POLICY.channels[SUPPORT], **changes)}
    )


def person(user: UserId, team: TeamId = TEAM) -> Person:
    """Make a person as Slack's payload names them."""
    return Person(user, team)


async def open_office(repository: SqlRepository, **others: Any) -> Office:
    """Start a process that has read the rules."""
    office = Office(repository, **others)
    await office.catalog.refresh()
    return office
