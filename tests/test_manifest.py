"""The manifest serves Socket Mode and HTTP, with exactly the scopes that the bot needs."""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from bot.slack.client.scopes import SCOPES, missing_scopes

TEXT: Final = Path("manifest.yml").read_text(encoding="utf-8")


@pytest.fixture
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(TEXT)
    return read


def test_the_scopes_are_those_that_the_bot_needs(manifest: dict[str, Any]) -> None:
    assert manifest["oauth_config"] == {"scopes": {"bot": list(SCOPES)}}


@pytest.mark.parametrize(("scope", "reason"), SCOPES.items())
def test_each_scope_has_a_reason(scope: str, reason: str) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.strip().startswith(f"- {scope} ")]
    assert line.split("# ", 1)[1] == reason


@pytest.mark.parametrize("lacking", SCOPES)
def test_a_missing_scope_is_named(lacking: str) -> None:
    assert missing_scopes(",".join(scope for scope in SCOPES if scope != lacking)) == (lacking,)


def test_the_command_gets_ids_and_hints_only_at_what_exists(manifest: dict[str, Any]) -> None:
    (command,) = manifest["features"]["slash_commands"]
    assert (command["command"], command["should_escape"]) == ("/discount", False)
    hinted = {part.split()[0] for part in command["usage_hint"].split(" | ")}
    assert hinted == {"add", "status", "rule", "cancel", "settings", "help"}  # not those of admins


def test_clicks_and_typing_have_their_addresses_for_http(manifest: dict[str, Any]) -> None:
    command, interactivity = manifest["features"]["slash_commands"][0], manifest["settings"]["interactivity"]
    addresses = {command["url"], interactivity["request_url"], interactivity["message_menu_options_url"]}
    assert interactivity["is_enabled"]
    assert len(addresses) == 1
    assert addresses.pop().endswith("/slack/events")


def test_people_can_write_to_the_bot(manifest: dict[str, Any]) -> None:
    home = manifest["features"]["app_home"]
    assert (home["messages_tab_enabled"], home["messages_tab_read_only_enabled"]) == (True, False)
    assert manifest["features"]["bot_user"]["display_name"] == "discount-bot"


def test_socket_mode_is_on_and_nothing_is_that_the_bot_cannot_do(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"]
    assert not settings["org_deploy_enabled"]
    assert not settings["token_rotation_enabled"]
    assert "event_subscriptions" not in settings


def test_the_manifest_keeps_slacks_limits(manifest: dict[str, Any]) -> None:
    command = manifest["features"]["slash_commands"][0]
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    assert len(manifest["features"]["bot_user"]["display_name"]) <= 80
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000
