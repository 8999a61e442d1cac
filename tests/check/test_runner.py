"""The check against the sandbox: all lines pass when all is well, and the right one fails with its fix."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from bot.check.runner import CheckStatus, check_everything
from bot.database.migrate import migrate
from bot.domain.ids import GroupId
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
class Workspace:
    """A Slack workspace and a Dintero account that pass every check until a test changes something."""

    slack: SandboxSlack
    dintero: SandboxDintero
    env: dict[str, str]
    folder: Path
    lines: list[str] = field(default_factory=list)

    def write_policy(self, text: str) -> None:
        self.folder.joinpath("policy.toml").write_text(text)

    async def check(self) -> CheckStatus:
        return await check_everything(self.env, report=self.lines.append)

    @property
    def bad(self) -> list[str]:
        return [line for line in self.lines[:-1] if not line.startswith("✓ ")]

    @property
    def verdict(self) -> str:
        return self.lines[-1]

    @property
    def all(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def slack() -> SandboxSlack:
    return SandboxSlack(credentials=CREDENTIALS)


@pytest.fixture
async def workspace(slack: SandboxSlack, tmp_path: Path) -> AsyncIterator[Workspace]:
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
            "PORT": "0",
        }
        opened = Workspace(slack, dintero, env, tmp_path)
        opened.write_policy(POLICY)
        yield opened


async def test_all_lines_pass_when_all_is_well(workspace: Workspace) -> None:
    assert await workspace.check() is CheckStatus.FINE
    assert workspace.bad == []
    for what in (
        "settings – Socket Mode, test account",
        "policy – 1 channel",
        "address – 127.0.0.1, any free port",
        f"database – books.db doesn't exist yet; run will make it in {workspace.folder}",
        "Slack bot token – discount-bot in sandbox",
        "Slack scopes – all",
        "Slack app-level token",
        "channel #loyalty (C0LOYALTY)",
        "channel C0NEWS",
        "people in the policy – all are full members",
        "approvers of #loyalty (C0LOYALTY) – 2 people",
        "Slack messages and forms – Slack accepts all",
        "Dintero sign-in",
        "Dintero scope read:discounts",
        "Dintero scope write:discounts",
        "Dintero rules – ",
    ):
        assert f"✓ {what}" in workspace.all
    assert workspace.verdict == "✓ Ready: discount-bot run can start."


async def test_checking_gives_no_customer_a_discount(workspace: Workspace) -> None:
    await workspace.check()
    assert all(not workspace.dintero.ledger.holders(rule) for rule in workspace.dintero.rules)


async def test_http_needs_no_app_level_token(workspace: Workspace) -> None:
    del workspace.env["SLACK_APP_TOKEN"]
    workspace.env["SLACK_SIGNING_SECRET"] = SIGNING
    assert await workspace.check() is CheckStatus.FINE
    assert "app-level" not in workspace.all


async def test_each_config_fault_has_a_line_and_no_service_is_called(workspace: Workspace) -> None:
    workspace.env |= {"PORT": "many", "DINTERO_ACCOUNT_ID": "12"}
    workspace.write_policy(POLICY.replace("max_customers = 5", "max_customers = 0\ntiers = 1"))
    assert await workspace.check() is CheckStatus.UNUSABLE
    assert [
        word for word in ("PORT", "DINTERO_ACCOUNT_ID", "max_customers", "tiers") if word not in workspace.all
    ] == []
    assert len(workspace.bad) == len(workspace.lines[:-1]) == 4
    assert (
        workspace.verdict
        == "✗ 4 problems: discount-bot run can't start. Fix what is marked ✗, then run check again."
    )
    assert workspace.dintero.tokens.issued == 0


async def test_an_unusable_policy_hides_no_other_check(workspace: Workspace) -> None:
    workspace.write_policy("currency = 3")
    assert await workspace.check() is CheckStatus.UNUSABLE
    assert "✓ Slack bot token" in workspace.all
    assert "✓ Dintero sign-in" in workspace.all


async def test_no_line_contains_a_secret(workspace: Workspace) -> None:
    workspace.env |= {"SLACK_BOT_TOKEN": "xoxb-quite-another", "DINTERO_CLIENT_SECRET": "quite-another"}
    await workspace.check()
    assert [
        secret
        for secret in (*workspace.env.values(), CLIENT_SECRET)
        if "another" in secret and secret in workspace.all
    ] == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            {"SLACK_BOT_TOKEN": "xoxb-another"},
            "✗ Slack bot token – Slack rejected the token (invalid_auth). Copy the Bot User OAuth Token",
        ),
        (
            {"SLACK_APP_TOKEN": "xapp-another"},
            "✗ Slack app-level token – Slack rejected the token (invalid_auth). Create one with the scope",
        ),
        (
            {"SLACK_API_URL": "http://127.0.0.1:9/api/"},
            "✗ Slack bot token – can't reach Slack (connection refused). Check the network and SLACK_API",
        ),
        (
            {"DINTERO_CLIENT_SECRET": "another"},
            "✗ Dintero sign-in – Dintero rejected the API client's id and secret. Check in",
        ),
        (
            {"DINTERO_API_URL": "http://127.0.0.1:9/v1"},
            "✗ Dintero sign-in – can't reach Dintero (connection refused). Check the network and",
        ),
        ({"DATABASE_URL": "sqlite:////no/such/folder/books.db"}, "✗ database – "),
    ],
)
async def test_a_wrong_setting_has_its_line_with_the_fix(
    workspace: Workspace, changed: dict[str, str], line: str
) -> None:
    workspace.env |= changed
    assert await workspace.check() is CheckStatus.FAILED
    assert workspace.bad[0].startswith(line), workspace.all


async def test_run_would_wait_for_a_slack_that_does_not_answer(workspace: Workspace) -> None:
    workspace.slack.faults.outage = True
    assert await workspace.check() is CheckStatus.FAILED
    assert (
        workspace.verdict
        == "✗ 2 problems: discount-bot run would wait. Fix what is marked ✗, then run check again."
    )


@pytest.mark.parametrize(
    "slack", [SandboxSlack(credentials=CREDENTIALS, scopes=SCOPES - {"im:history", "usergroups:read"})]
)
async def test_missing_scopes_are_named(workspace: Workspace) -> None:
    assert await workspace.check() is CheckStatus.FAILED
    assert "✗ Slack scopes – missing: usergroups:read, im:history. Paste manifest.yml" in workspace.all


async def test_an_answer_without_scopes_is_a_warning_and_not_all_missing(workspace: Workspace) -> None:
    workspace.slack.web_api.names_scopes = False
    assert await workspace.check() is CheckStatus.FINE
    (line,) = workspace.bad
    assert line.startswith(
        "⚠ Slack scopes – Slack didn't say which scopes the token has. Compare the scopes at"
    )


async def test_a_channel_without_the_bot_is_named_with_the_invite_command(workspace: Workspace) -> None:
    workspace.slack.channel("C0NEWS").members.remove(workspace.slack.bot.id)
    assert await workspace.check() is CheckStatus.FAILED
    line = (
        "✗ channel C0NEWS – the bot isn't in this channel. "
        "Type /invite @discount-bot there, or correct its ID in the policy."
    )
    assert workspace.bad == [line]
    assert workspace.verdict == (
        "✗ 1 problem: discount-bot run can start, but not everything will work. "
        "Fix what is marked ✗, then run check again."
    )


async def test_a_channel_that_does_not_exist_is_named(workspace: Workspace) -> None:
    workspace.write_policy(POLICY.replace("C0NEWS", "C0NOWHERE"))
    assert await workspace.check() is CheckStatus.FAILED
    assert workspace.bad[0].startswith("✗ channel C0NOWHERE")


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("empty", "@Nobody (S0NOBODY) has no members. Add people to it in Slack."),
        ("disabled", "@Nobody (S0NOBODY) is disabled. Enable it in Slack"),
        ("deleted", "S0NOBODY isn't a user group of this workspace. Correct its ID in the policy."),
    ],
)
async def test_an_approver_group_without_members_is_named(
    workspace: Workspace, gone: str, words: str
) -> None:
    members = [] if gone == "empty" else [workspace.slack.add_person("Nora")]
    group = workspace.slack.add_group("Nobody", members)
    group.disabled = gone == "disabled"
    if gone == "deleted":
        del workspace.slack.workspace.groups[group.id]
    workspace.write_policy(POLICY.replace('["S0LEADS"]', '["S0NOBODY", "U0ANN", "U0BO"]'))
    assert await workspace.check() is CheckStatus.FAILED
    assert workspace.bad[0].startswith(f"✗ approvers of #loyalty (C0LOYALTY) – {words}")


async def test_an_empty_escalation_group_is_named(workspace: Workspace) -> None:
    workspace.slack.add_group("Nobody", [])
    workspace.write_policy(
        POLICY.replace('approvers = ["S0LEADS"]', 'approvers = ["S0LEADS"]\nescalate_to = ["S0NOBODY"]')
    )
    assert await workspace.check() is CheckStatus.FAILED
    assert workspace.bad[0].startswith("✗ user group S0NOBODY – @Nobody (S0NOBODY) has no members")


@pytest.mark.parametrize("approvers", ['["S0ALONE"]', '["U0ANN"]', '["S0ALONE", "U0ANN"]'])
async def test_a_single_approver_is_too_few(workspace: Workspace, approvers: str) -> None:
    workspace.slack.add_group("Alone", [workspace.slack.add_person("Ann", id="U0ANN")])
    workspace.write_policy(POLICY.replace('["S0LEADS"]', approvers))
    assert await workspace.check() is CheckStatus.FAILED
    line = (
        "✗ approvers of #loyalty (C0LOYALTY) – only 1 person. "
        "Add a second one: nobody approves their own request."
    )
    assert workspace.bad == [line]


async def test_too_few_approvers_for_a_tier_are_named(workspace: Workspace) -> None:
    workspace.write_policy(POLICY + "tiers = [{above_customers = 2, approvals = 2}]")
    assert await workspace.check() is CheckStatus.FAILED
    (line,) = workspace.bad
    too_few = "only 2 people. Name at least 3: a request may need 2 approvals, and nobody approves their own"
    assert line == f"✗ approvers of #loyalty (C0LOYALTY) – {too_few} request."


async def test_approvers_who_may_not_request_need_no_substitute(workspace: Workspace) -> None:
    workspace.slack.add_person("Cleo")
    workspace.write_policy(
        POLICY.replace('requesters = ["*"]', 'requesters = ["U0CLEO"]').replace(
            "max_customers", "approvals = 2\nmax_customers"
        )
    )
    assert await workspace.check() is CheckStatus.FINE


@pytest.mark.parametrize("kind", [AccountKind.DEACTIVATED, AccountKind.GUEST, AccountKind.BOT])
async def test_approvers_who_are_not_full_members_do_not_count(
    workspace: Workspace, kind: AccountKind
) -> None:
    workspace.slack.add_group(
        "Pair", [workspace.slack.add_person("Dee"), workspace.slack.add_person("Eve", kind=kind)]
    )
    workspace.write_policy(POLICY.replace("S0LEADS", "S0PAIR"))
    assert await workspace.check() is CheckStatus.FAILED
    assert "only 1 person. Add a second one" in workspace.all


async def test_approvers_are_not_checked_if_no_approval_is_needed(workspace: Workspace) -> None:
    workspace.write_policy(POLICY.replace('approvers = ["S0LEADS"]', "approvals = 0"))
    assert await workspace.check() is CheckStatus.FINE
    assert "approvers of" not in workspace.all


async def test_people_who_are_not_full_members_are_named(workspace: Workspace) -> None:
    workspace.slack.add_person("Guest", kind=AccountKind.GUEST)
    workspace.write_policy(POLICY.replace('["U0ANN"]', '["U0ANN", "U0GUEST", "U0NOBODY"]'))
    assert await workspace.check() is CheckStatus.FAILED
    assert workspace.bad[0].startswith(
        "✗ people in the policy – U0GUEST is a guest, U0NOBODY is not in this workspace. Only full members"
    )


async def test_people_of_another_workspace_alone_point_to_the_token(workspace: Workspace) -> None:
    workspace.write_policy(POLICY.replace('["U0ANN"]', '["U0THEIRS", "U0OTHERS"]'))
    assert await workspace.check() is CheckStatus.FAILED
    assert workspace.bad[0].startswith(
        "✗ people in the policy – none of them is in this workspace. Use the bot token of the workspace"
    )


async def test_a_guest_among_enough_approvers_is_a_warning(workspace: Workspace) -> None:
    gus = workspace.slack.add_person("Gus", kind=AccountKind.GUEST)
    workspace.slack.workspace.groups[GroupId("S0LEADS")].members.add(gus.id)
    assert await workspace.check() is CheckStatus.FINE
    (line,) = workspace.bad
    assert line.startswith("⚠ approvers of #loyalty (C0LOYALTY) – in S0LEADS, U0GUS is a guest and can't app")


async def test_a_misspelt_user_group_names_the_nearest(workspace: Workspace) -> None:
    workspace.write_policy(POLICY.replace('["S0LEADS"]', '["S0LEDS"]'))
    assert await workspace.check() is CheckStatus.FAILED
    assert "S0LEDS isn't a user group of this workspace. Did you mean S0LEADS (@Leads)?" in workspace.all


async def test_a_policy_without_admins_is_a_warning(workspace: Workspace) -> None:
    workspace.write_policy(POLICY.replace('admins = ["U0ANN"]', ""))
    assert await workspace.check() is CheckStatus.FINE
    (line,) = workspace.bad
    assert line.startswith("⚠ policy – no admins, so nobody can pause or resume the bot")


@pytest.mark.parametrize(
    ("slack", "of"),
    [
        (SandboxSlack(credentials=Credentials("xoxb-of-the-tests", f"xapp-1-{app}-1-abc", SIGNING)), app)
        for app in ("A0DISCOUNTBOT", "A0STAGING")
    ],
)
async def test_an_app_level_token_of_another_app_is_named(workspace: Workspace, of: str) -> None:
    workspace.env["SLACK_APP_TOKEN"] = f"xapp-1-{of}-1-abc"
    is_other = of == "A0STAGING"
    assert await workspace.check() is (CheckStatus.FAILED if is_other else CheckStatus.FINE)
    assert ("it is of another app, A0STAGING, than the bot token's" in workspace.all) is is_other


@pytest.mark.parametrize(
    ("has", "lacks"), [("read:discounts", "write:discounts"), ("write:discounts", "read:discounts")]
)
async def test_the_missing_scope_of_the_api_client_is_named(
    workspace: Workspace, has: str, lacks: str
) -> None:
    workspace.dintero.tokens.scopes = frozenset({has})
    assert await workspace.check() is CheckStatus.FAILED
    assert [line.split(" missing")[0] for line in workspace.bad] == [f"✗ Dintero scope {lacks} –"]
    assert f"✓ Dintero scope {has}" in workspace.all


async def test_an_account_without_rules_fails(workspace: Workspace) -> None:
    workspace.dintero.rules.clear()
    assert await workspace.check() is CheckStatus.FAILED
    assert workspace.bad[0].startswith("✗ Dintero rules – none yet. Create a discount rule")


async def test_an_unreadable_rule_fails(workspace: Workspace) -> None:
    workspace.dintero.faults.always(Fault.broken(), on=Operation.RULE)
    assert await workspace.check() is CheckStatus.FAILED
    assert workspace.bad[0].startswith("✗ Dintero rules – Dintero answered 502")


async def test_policy_rules_unknown_to_dintero_are_named(workspace: Workspace) -> None:
    known = next(iter(workspace.dintero.rules))
    workspace.write_policy(POLICY.replace('["*"]', f'["{known}", "no-such-rule"]', 1))
    assert await workspace.check() is CheckStatus.FAILED
    assert workspace.bad[0].startswith("✗ rules in the policy – not in Dintero: “no-such-rule”. Write the")


async def test_a_rule_named_by_its_title_gets_its_id(workspace: Workspace) -> None:
    id_, rule = next(iter(workspace.dintero.rules.items()))
    workspace.write_policy(POLICY.replace('["*"]', f'["{rule["name"]}"]', 1))
    assert await workspace.check() is CheckStatus.FAILED
    assert f"Did you mean “{rule['name']}” → {id_}?" in workspace.all


async def test_each_result_is_one_line(workspace: Workspace) -> None:
    workspace.dintero.faults.always(Fault.error(400, "two\nlines"), on=Operation.RULES)
    await workspace.check()
    assert all(len(line.splitlines()) == 1 for line in workspace.lines)


async def test_a_channel_without_approval_and_budget_is_a_warning(workspace: Workspace) -> None:
    open_to_all = POLICY.replace('approvers = ["S0LEADS"]', "approvals = 0")
    workspace.write_policy(open_to_all)
    assert await workspace.check() is CheckStatus.FINE
    (line,) = workspace.bad
    assert line.startswith("⚠ policy of C0LOYALTY")
    assert "Set a budget" in line
    assert workspace.verdict == "⚠ 1 warning: discount-bot run can start."
    workspace.lines.clear()
    workspace.write_policy(f"{open_to_all}budget = {{days = 30, customers = 100}}\n")
    await workspace.check()
    assert "Set a budget" not in workspace.all


async def test_files_that_others_can_read_or_write_are_a_warning(workspace: Workspace) -> None:
    await migrate(workspace.env["DATABASE_URL"])
    database, policy = workspace.folder / "books.db", workspace.folder / "policy.toml"
    database.chmod(0o640)
    policy.chmod(0o664)
    assert await workspace.check() is CheckStatus.FINE
    (files, written) = workspace.bad
    assert f"can read {database}" in files
    assert f"chmod 600 {database}" in files
    assert f"chmod go-w {policy}" in written


async def test_files_of_the_bots_user_alone_are_fine(workspace: Workspace) -> None:
    await migrate(workspace.env["DATABASE_URL"])
    for file in workspace.folder.iterdir():
        file.chmod(0o600)
    assert await workspace.check() is CheckStatus.FINE
    assert workspace.bad == []
