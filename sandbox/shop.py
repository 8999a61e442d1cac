"""A made-up shop: people, channels and policy, with stand-ins for Slack and Dintero on loopback."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bot.app import RunningBot, run_bot
from bot.config.settings import Settings
from bot.domain.ids import ChannelId, UserId
from bot.domain.policy.budget import Budget
from bot.domain.policy.policy import ANY, ChannelPolicy, Policy
from bot.domain.ports import Clock
from bot.domain.requests.person import AccountKind
from bot.giving.retry import RetryPolicy
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET, SandboxDintero
from sandbox.slack.server import SandboxSlack
from sandbox.slack.state.workspace import Channel
from sandbox.slack.transport.delivery import SignedHttp
from sandbox.slack.user.person import SandboxPerson

SUPPORT: Final = ChannelId("C0SUPPORT")
CAMPAIGNS: Final = ChannelId("C0CAMPAIGNS")
QUICK: Final = ChannelId("C0QUICK")
CAREFUL: Final = ChannelId("C0CAREFUL")
BOSS: Final = UserId("U0CHIEF")
LEADS: Final = "S0LEADS"

POLICY: Final = Policy(
    currency="NOK",
    timezone="Europe/Oslo",
    admins=(BOSS,),
    channels={
        SUPPORT: ChannelPolicy(
            id=SUPPORT,
            name="loyalty-support",
            rules=frozenset({ANY}),
            requesters=(ANY,),
            approvers=(LEADS, BOSS),
            max_customers=500,
            max_amount=5_000_000,
            allow_unpriced=True,
            notify=(CAMPAIGNS,),
        ),
        QUICK: ChannelPolicy(
            id=QUICK,
            name="small-favours",
            rules=frozenset({ANY}),
            requesters=(ANY,),
            max_customers=3,
            max_amount=100_000,
            approvals=0,
        ),
        CAREFUL: ChannelPolicy(
            id=CAREFUL,
            name="big-campaigns",
            rules=frozenset({ANY}),
            requesters=(ANY,),
            approvers=(LEADS, BOSS),
            max_customers=1_000,
            allow_unpriced=True,
            approvals=2,
            expires_hours=24,
            hold_minutes=10,
            remind_minutes=60,
            budget=Budget(days=30, customers=200),
            notify=(CAMPAIGNS,),
        ),
    },
)


@dataclass(slots=True)
class Shop:
    """The people, channels and stand-ins of the shop."""

    slack: SandboxSlack
    dintero: SandboxDintero
    ann: SandboxPerson
    """A support agent."""
    bo: SandboxPerson
    """A lead, who may approve."""
    cleo: SandboxPerson
    """Another lead."""
    chief: SandboxPerson
    """The admin."""
    gus: SandboxPerson
    """A guest, who may do nothing."""
    support: Channel
    campaigns: Channel
    quick: Channel
    careful: Channel

    @property
    def people(self) -> tuple[SandboxPerson, ...]:
        """Everyone a visitor can act as."""
        return (self.ann, self.bo, self.cleo, self.chief, self.gus)

    @property
    def rule_names(self) -> dict[str, str]:
        """The name of each rule by id."""
        return {rule: str(body.get("name") or rule) for rule, body in self.dintero.rules.items()}


@asynccontextmanager
async def open_shop(
    *, slack: SandboxSlack | None = None, dintero: SandboxDintero | None = None
) -> AsyncIterator[Shop]:
    """Start the stand-ins with the shop's people and channels."""
    slack, dintero = slack or SandboxSlack(), dintero or SandboxDintero()
    async with slack, dintero:
        ann, bo, cleo = slack.add_person("Ann"), slack.add_person("Bo"), slack.add_person("Cleo")
        chief, gus = slack.add_person("Chief", id=BOSS), slack.add_person("Gus", kind=AccountKind.GUEST)
        slack.add_group("leads", [bo, cleo], id=LEADS)
        everybody = [ann, bo, cleo, chief, gus]
        yield Shop(
            slack,
            dintero,
            ann,
            bo,
            cleo,
            chief,
            gus,
            support=slack.add_channel("loyalty-support", everybody, id=SUPPORT),
            campaigns=slack.add_channel("campaigns", everybody, id=CAMPAIGNS),
            quick=slack.add_channel("small-favours", everybody, id=QUICK),
            careful=slack.add_channel("big-campaigns", everybody, id=CAREFUL),
        )


def settings_for(
    shop: Shop, database_url: str, *, socket_mode: bool = False, **others: str
) -> dict[str, str]:
    """Build the settings that connect a bot to the stand-ins, as environment variables."""
    credentials = shop.slack.credentials
    way = (
        {"SLACK_APP_TOKEN": credentials.app_token}
        if socket_mode
        else {"SLACK_SIGNING_SECRET": credentials.signing_secret}
    )
    return {
        "SLACK_BOT_TOKEN": credentials.bot_token,
        **way,
        "SLACK_API_URL": shop.slack.api_url,
        "DINTERO_ACCOUNT_ID": ACCOUNT,
        "DINTERO_CLIENT_ID": CLIENT_ID,
        "DINTERO_CLIENT_SECRET": CLIENT_SECRET,
        "DINTERO_API_URL": shop.dintero.url,
        "DATABASE_URL": database_url,
        "HOST": "127.0.0.1",
        "PORT": "0",
        **others,
    }


@asynccontextmanager
async def open_bot(
    shop: Shop,
    database_url: str,
    *,
    policy: Policy = POLICY,
    socket_mode: bool = False,
    clock: Clock | None = None,
    retry_policy: RetryPolicy | None = None,
    **others: str,
) -> AsyncIterator[RunningBot]:
    """Start a bot in this process and tell Slack how to reach it."""
    settings = Settings.read(settings_for(shop, database_url, socket_mode=socket_mode, **others))
    async with run_bot(settings, policy, clock=clock, retry_policy=retry_policy) as running:
        if socket_mode:
            yield running
            return
        line = SignedHttp(
            f"http://127.0.0.1:{running.port}/slack/events", shop.slack.credentials.signing_secret
        )
        shop.slack.line = line
        try:
            yield running
        finally:
            await line.close()


def with_channel(policy: Policy, channel: ChannelId, **changes: Any) -> Policy:
    """Change one channel's policy."""
    channels: Mapping[ChannelId, ChannelPolicy] = {
        **policy.channels,
        channel: replace(policy.channels[channel], **changes),
    }
    return replace(policy, channels=channels)


def database_in(folder: Path) -> str:
    """Build the `DATABASE_URL` of a SQLite file in a folder."""
    return f"sqlite:///{folder / 'discount-bot.db'}"
