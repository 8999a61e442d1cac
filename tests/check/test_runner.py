"""The whole check against the sandbox: all lines good when all is well, and the right one bad, with its cure, when something is not."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from bot.check.runner import CheckStatus, check_everything
from bot.domain.requests.person import AccountKind
from sandbox.dintero import Fault, Operation, SandboxDintero
from sandbox.slack import Credentials, SandboxSlack
from sandbox.slack.server import SCOPES

SIGNING: Final = "signing-secret-of-the-tests"
CREDENTIALS: Final = Credentials("xoxb-of-the-tests", "xapp-of-the-tests", SIGNING)
CLIENT_SECRET: Final = "client-secret-of-the-tests"
POLICY: Final = """
currency = "NOK"
timezone = "Europe/Oslo"
admins = ["U0ANN"]

[channels.C0LOYALTY]
name = "loyalty"
rules = ["*"]
requesters = ["*"]
approvers = ["S0LEADS"]
max_customers = 5
notify = ["C0NEWS"]
"""


@dataclass
class World:
    """A workspace and a shop where all is well, until a test changes something."""

    slack: SandboxSlack
    dintero: SandboxDintero
    env: dict[str, str]
    folder: Path
    lines: list[str] = field(default_factory=list)

    def write_policy(self, text: str) -> None:
        self.folder.joinpath("policy.toml").write_text(text)

    async def check(self) -> CheckStatus:
        return await check_everything(self.env, tell=self.lines.append)

    @property
    def bad(self) -> list[str]:
        return [line for line in self.lines if not line.startswith("✓ ")]

    @property
    def all(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def slack() -> SandboxSlack:
    return SandboxSlack(credentials=CREDENTIALS)


@pytest.fixture
async def resources(slack: SandboxSlack, tmp_path: Path) -> AsyncIterator[World]:
    ann, bo = slack.add_person("Ann"), slack.add_person("Bo")
    slack.add_group("Leads", [ann, bo])
    slack.add_channel("loyalty", [ann, bo])
    slack.add_channel("news", [ann])
    async with slack, SandboxDintero(client_secret=CLIENT_SECRET) as dintero:
        env = {
            "SLACK_BOT_TOKEN": CREDENTIALS.bot_token,
            "SLACK_APP_TOKEN": CREDENTIALS.app_token,
            "SLACK_API_URL": slack.api_url,
            "DINTERO_ACCOUNT_ID": dintero.tokens.account,
            "DINTERO_CLIENT_ID": dintero.tokens.client_id,
            "DINTERO_CLIENT_SECRET": CLIENT_SECRET,
            "DINTERO_API_URL": dintero.url,
            "POLICY_FILE": str(tmp_path / "policy.toml"),
            "DATABASE_URL": f"sqlite:///{tmp_path}/books.db",
        }
        made = World(slack, dintero, env, tmp_path)
        made.write_policy(POLICY)
        yield made


async def test_where_all_is_well_every_line_says_so(resources: World) -> None:
    assert await resources.check() is CheckStatus.FINE
    assert resources.bad == []
    for what in (
        "settings – Socket Mode, test account",
        "policy – 1 channel",
        "database – answers",
        "Slack bot token – discount-bot in sandbox",
        "Slack scopes – all",
        "Slack app-level token",
        "channel C0LOYALTY (loyalty)",
        "channel C0NEWS",
        "people whom the policy names – all are full members",
        "approvers of C0LOYALTY (loyalty) – 2 people",
        "Dintero token",
        "Dintero scope read:discounts",
        "Dintero scope write:discounts",
        "Dintero rules – ",
    ):
        assert f"✓ {what}" in resources.all


async def test_checking_gives_nobody_anything(resources: World) -> None:
    await resources.check()
    assert all(not resources.dintero.ledger.holders(rule) for rule in resources.dintero.rules)


async def test_over_http_no_app_level_token_is_asked_for(resources: World) -> None:
    del resources.env["SLACK_APP_TOKEN"]
    resources.env["SLACK_SIGNING_SECRET"] = SIGNING
    assert await resources.check() is CheckStatus.FINE
    assert "app-level" not in resources.all


async def test_every_fault_of_settings_and_policy_has_its_line_and_nothing_is_asked(resources: World) -> None:
    resources.env |= {"PORT": "many", "DINTERO_ACCOUNT_ID": "12"}
    resources.write_policy(POLICY.replace("max_customers = 5", "max_customers = 0\ntiers = 1"))
    assert await resources.check() is CheckStatus.UNUSABLE
    assert [
        word for word in ("PORT", "DINTERO_ACCOUNT_ID", "max_customers", "tiers") if word not in resources.all
    ] == []
    assert len(resources.bad) == len(resources.lines) == 4
    assert resources.dintero.tokens.issued == 0


async def test_a_policy_that_cannot_be_used_hides_nothing_else(resources: World) -> None:
    resources.write_policy("currency = 3")
    assert await resources.check() is CheckStatus.UNUSABLE
    assert "✓ Slack bot token" in resources.all
    assert "✓ Dintero token" in resources.all


async def test_no_secret_comes_out(resources: World) -> None:
    resources.env |= {"SLACK_BOT_TOKEN": "xoxb-quite-another", "DINTERO_CLIENT_SECRET": "quite-another"}
    await resources.check()
    assert [
        secret
        for secret in (*resources.env.values(), CLIENT_SECRET)
        if "another" in secret and secret in resources.all
    ] == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            {"SLACK_BOT_TOKEN": "xoxb-another"},
            "✗ Slack bot token – Slack says invalid_auth. Copy the Bot User OAuth Token",
        ),
        (
            {"SLACK_APP_TOKEN": "xapp-another"},
            "✗ Slack app-level token – Slack says invalid_auth. Make one with the scope connections:write",
        ),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, "✗ Slack bot token – Slack could not be reached"),
        (
            {"DINTERO_CLIENT_SECRET": "another"},
            "✗ Dintero token – Dintero does not accept the API client's id and secret. In Dintero's",
        ),
        ({"DINTERO_API_URL": "http://127.0.0.1:9/v1"}, "✗ Dintero token – Dintero could not be reached"),
        ({"DATABASE_URL": "sqlite:////no/such/folder/books.db"}, "✗ database – "),
    ],
)
async def test_one_wrong_setting_has_its_line_with_the_cure(
    resources: World, changed: dict[str, str], line: str
) -> None:
    resources.env |= changed
    assert await resources.check() is CheckStatus.FAILED
    assert resources.bad[0].startswith(line), resources.all


@pytest.mark.parametrize(
    "slack", [SandboxSlack(credentials=CREDENTIALS, scopes=SCOPES - {"im:history", "usergroups:read"})]
)
async def test_missing_scopes_are_named(resources: World) -> None:
    assert await resources.check() is CheckStatus.FAILED
    assert (
        "✗ Slack scopes – usergroups:read, im:history missing. Add them as in manifest.yml" in resources.all
    )


async def test_a_channel_without_the_bot_is_named_with_the_invitation(resources: World) -> None:
    resources.slack.channel("C0NEWS").members.remove(resources.slack.bot.id)
    assert await resources.check() is CheckStatus.FAILED
    assert resources.bad == [
        "✗ channel C0NEWS – the bot cannot post there. Write /invite @discount-bot in it, or correct its id in the policy."
    ]


async def test_a_channel_that_does_not_exist_is_named(resources: World) -> None:
    resources.write_policy(POLICY.replace("C0NEWS", "C0NOWHERE"))
    assert await resources.check() is CheckStatus.FAILED
    assert resources.bad[0].startswith("✗ channel C0NOWHERE")


async def test_an_empty_approver_group_is_named(resources: World) -> None:
    resources.slack.add_group("Nobody", [])
    resources.write_policy(POLICY.replace('["S0LEADS"]', '["S0NOBODY", "U0ANN", "U0BO"]'))
    assert await resources.check() is CheckStatus.FAILED
    assert resources.bad[0].startswith(
        "✗ approvers of C0LOYALTY (loyalty) – nobody is in the user group S0NOBODY"
    )


async def test_an_empty_group_to_escalate_to_is_named(resources: World) -> None:
    resources.slack.add_group("Nobody", [])
    resources.write_policy(
        POLICY.replace('approvers = ["S0LEADS"]', 'approvers = ["S0LEADS"]\nescalate_to = ["S0NOBODY"]')
    )
    assert await resources.check() is CheckStatus.FAILED
    assert resources.bad[0].startswith("✗ user group S0NOBODY – nobody is in it")


@pytest.mark.parametrize("approvers", ['["S0ALONE"]', '["U0ANN"]', '["S0ALONE", "U0ANN"]'])
async def test_a_single_approver_is_too_few(resources: World, approvers: str) -> None:
    resources.slack.add_group("Alone", [resources.slack.add_person("Ann", id="U0ANN")])
    resources.write_policy(POLICY.replace('["S0LEADS"]', approvers))
    assert await resources.check() is CheckStatus.FAILED
    assert resources.bad == [
        "✗ approvers of C0LOYALTY (loyalty) – only one person. Name a second one: nobody approves their own request."
    ]


async def test_too_few_approvers_for_a_tier_are_named_beforehand(resources: World) -> None:
    resources.write_policy(POLICY + "tiers = [{above_customers = 2, approvals = 2}]")
    assert await resources.check() is CheckStatus.FAILED
    too_few = "only 2 people. Name at least 3: up to 2 have to agree, and nobody approves their own request."
    assert resources.bad == [f"✗ approvers of C0LOYALTY (loyalty) – {too_few}"]


async def test_approvers_who_may_not_ask_are_never_missing_for_their_own_request(resources: World) -> None:
    resources.slack.add_person("Cleo")
    resources.write_policy(
        POLICY.replace('requesters = ["*"]', 'requesters = ["U0CLEO"]').replace(
            "max_customers", "approvals = 2\nmax_customers"
        )
    )
    assert await resources.check() is CheckStatus.FINE


@pytest.mark.parametrize("kind", [AccountKind.DEACTIVATED, AccountKind.GUEST, AccountKind.BOT])
async def test_approvers_who_are_no_full_members_do_not_count(resources: World, kind: AccountKind) -> None:
    resources.slack.add_group(
        "Pair", [resources.slack.add_person("Dee"), resources.slack.add_person("Eve", kind=kind)]
    )
    resources.write_policy(POLICY.replace("S0LEADS", "S0PAIR"))
    assert await resources.check() is CheckStatus.FAILED
    assert "only one person. Name a second one" in resources.all


async def test_where_nobody_has_to_approve_no_approvers_are_looked_at(resources: World) -> None:
    resources.write_policy(POLICY.replace('approvers = ["S0LEADS"]', "approvals = 0"))
    assert await resources.check() is CheckStatus.FINE
    assert "approvers of" not in resources.all


async def test_people_who_may_do_nothing_are_named(resources: World) -> None:
    resources.slack.add_person("Guest", kind=AccountKind.GUEST)
    resources.write_policy(POLICY.replace('["U0ANN"]', '["U0ANN", "U0GUEST", "U0NOBODY"]'))
    assert await resources.check() is CheckStatus.FAILED
    assert resources.bad[0].startswith(
        "✗ people whom the policy names – no full members: U0GUEST (guest), U0NOBODY (stranger)."
    )


@pytest.mark.parametrize(
    ("has", "lacks"), [("read:discounts", "write:discounts"), ("write:discounts", "read:discounts")]
)
async def test_the_scope_that_the_api_client_lacks_is_named(resources: World, has: str, lacks: str) -> None:
    resources.dintero.tokens.scopes = frozenset({has})
    assert await resources.check() is CheckStatus.FAILED
    assert [line.split(" is missing")[0] for line in resources.bad] == [f"✗ Dintero scope {lacks} –"]
    assert f"✓ Dintero scope {has}" in resources.all


async def test_dintero_without_a_rule_is_said(resources: World) -> None:
    resources.dintero.rules.clear()
    assert await resources.check() is CheckStatus.FAILED
    assert resources.bad[0].startswith("✗ Dintero rules – there are none. Make a discount rule")


async def test_a_rule_that_cannot_be_read_is_said(resources: World) -> None:
    resources.dintero.faults.always(Fault.broken(), on=Operation.RULE)
    assert await resources.check() is CheckStatus.FAILED
    assert resources.bad[0].startswith("✗ Dintero rules – Dintero answered 502")


async def test_rules_of_the_policy_that_dintero_does_not_have_are_named(resources: World) -> None:
    known = next(iter(resources.dintero.rules))
    resources.write_policy(POLICY.replace('["*"]', f'["{known}", "no-such-rule"]', 1))
    assert await resources.check() is CheckStatus.FAILED
    assert resources.bad[0].startswith("✗ rules that the policy names – Dintero has no rule no-such-rule.")


async def test_each_finding_is_one_line(resources: World) -> None:
    resources.dintero.faults.always(Fault.error(400, "two\nlines"), on=Operation.RULES)
    await resources.check()
    assert all(len(line.splitlines()) == 1 for line in resources.lines)
