"""Settings have the names and defaults of the contract; faults come all at once and contain no secret."""

from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.settings import (
    Settings,
    environment,
    missing_credentials,
    read_basics,
)
from bot.errors import ConfigError

GOOD: Final = {
    "SLACK_BOT_TOKEN": "xoxb-1-secret",
    "SLACK_APP_TOKEN": "xapp-1-secret",
    "SLACK_SIGNING_SECRET": "signing-secret",
    "DINTERO_ACCOUNT_ID": "T12345678",
    "DINTERO_CLIENT_ID": "the-client",
    "DINTERO_CLIENT_SECRET": "client-secret",
}


def faults(env: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as unusable:
        Settings.read(env)
    return unusable.value.faults


def test_unset_settings_have_the_defaults_of_the_contract() -> None:
    settings = Settings.read(GOOD)
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.dintero_api_url == "https://api.dintero.com/v1"
    assert settings.dintero_timeout == 30
    assert settings.policy_file == Path("policy.toml")
    assert settings.database_url.get_secret_value() == "sqlite:///discount-bot.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.audit_key is None
    assert (settings.log_level, settings.log_format) == ("info", "console")


@pytest.mark.parametrize(
    ("name", "value", "attribute", "read"),
    [
        ("SLACK_API_URL", "http://127.0.0.1:9/api", "slack_api_url", "http://127.0.0.1:9/api/"),
        ("DINTERO_ACCOUNT_ID", "P00000000", "dintero_account_id", "P00000000"),
        ("DINTERO_CLIENT_ID", "another", "dintero_client_id", "another"),
        ("DINTERO_API_URL", "http://127.0.0.1:9/v1/", "dintero_api_url", "http://127.0.0.1:9/v1"),
        ("DINTERO_TIMEOUT", "0.5", "dintero_timeout", 0.5),
        ("POLICY_FILE", "elsewhere.toml", "policy_file", Path("elsewhere.toml")),
        ("HOST", "0.0.0.0", "host", "0.0.0.0"),  # noqa: S104
        ("PORT", "0", "port", 0),
        ("LOG_LEVEL", "DEBUG", "log_level", "debug"),
        ("LOG_FORMAT", "json", "log_format", "json"),
    ],
)
def test_each_setting_is_read(name: str, value: str, attribute: str, read: Any) -> None:
    assert getattr(Settings.read({**GOOD, name: value}), attribute) == read


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("SLACK_BOT_TOKEN", "slack_bot_token"),
        ("SLACK_APP_TOKEN", "slack_app_token"),
        ("SLACK_SIGNING_SECRET", "slack_signing_secret"),
        ("DINTERO_CLIENT_SECRET", "dintero_client_secret"),
        ("DATABASE_URL", "database_url"),
        ("AUDIT_KEY", "audit_key"),
    ],
)
def test_a_secret_is_read_and_never_shown(name: str, attribute: str) -> None:
    env = {**GOOD, "DATABASE_URL": "postgresql://bot:db-secret@db/bot", "AUDIT_KEY": "audit-secret"}
    settings = Settings.read(env)
    assert getattr(settings, attribute).get_secret_value() == env[name]
    assert env[name] not in f"{settings!r} {settings} {settings.model_dump()}"
    assert "db-secret" not in repr(settings)


def test_the_log_is_given_every_secret_to_hide() -> None:
    settings = Settings.read(
        {**GOOD, "DATABASE_URL": "postgresql://bot:db-secret@db/bot", "AUDIT_KEY": "audit-secret"}
    )
    assert set(settings.secrets) == {
        "xoxb-1-secret",
        "xapp-1-secret",
        "signing-secret",
        "client-secret",
        "db-secret",
        "audit-secret",
    }


def test_only_the_app_token_decides_on_socket_mode() -> None:
    assert Settings.read(GOOD).socket_mode
    assert not Settings.read({**GOOD, "SLACK_APP_TOKEN": ""}).socket_mode


def test_all_faults_are_listed_at_once_each_with_its_name_and_the_fix() -> None:
    listed = faults(
        {"PORT": "many", "DINTERO_TIMEOUT": "0", "LOG_LEVEL": "loud", "SLACK_BOT_TOKEN": "xoxp-1"}
    )
    assert [line.split(":")[0] for line in listed] == [
        "LOG_LEVEL",
        "SLACK_BOT_TOKEN",
        "DINTERO_ACCOUNT_ID",
        "DINTERO_CLIENT_ID",
        "DINTERO_CLIENT_SECRET",
        "DINTERO_TIMEOUT",
        "PORT",
        "SLACK_APP_TOKEN",
    ]
    assert all(line.endswith(".") and "\n" not in line for line in listed)
    assert "PORT: “many” isn't valid. Use a port number up to 65535, or 0 for any free port." in listed
    assert listed[-1].endswith("or SLACK_SIGNING_SECRET for HTTP.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxb-a"),
        ("SLACK_APP_TOKEN", "xapp-1"),
        ("SLACK_BOT_TOKEN", "xapp-1"),
        ("SLACK_BOT_TOKEN", "xoxb-1 xoxb-2"),
        ("SLACK_APP_TOKEN", "xoxb-1"),
        ("SLACK_SIGNING_SECRET", "two words"),
        ("SLACK_API_URL", "slack.com"),
        ("SLACK_API_URL", "http://slack.com/api/"),
        ("DINTERO_API_URL", "http://10.0.0.8/v1"),
        ("SLACK_SIGNING_SECRET", "a"),
        ("DINTERO_CLIENT_SECRET", "short"),
        ("SLACK_API_URL", "https://me:secret@slack.com"),
        ("DINTERO_ACCOUNT_ID", "12345678"),
        ("DINTERO_ACCOUNT_ID", "T1234567"),
        ("DINTERO_ACCOUNT_ID", "T123456789"),
        ("DINTERO_ACCOUNT_ID", "X12345678"),
        ("DINTERO_ACCOUNT_ID", "T1234567٨"),
        ("DINTERO_API_URL", "ftp://api.dintero.com"),
        ("DINTERO_API_URL", "https://[broken"),
        ("DINTERO_TIMEOUT", "-1"),
        ("DINTERO_TIMEOUT", "nan"),
        ("DINTERO_TIMEOUT", "inf"),
        ("DATABASE_URL", "mysql://db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "postgresql://"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "3000.5"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_is_one_fault_that_names_the_setting(name: str, value: str) -> None:
    listed = faults({**GOOD, name: value})
    assert [line.split(":")[0] for line in listed] == [name]


@given(st.text("abcdefXYZ 0123456789-_./:@", min_size=12), st.sampled_from(sorted(GOOD)))
def test_no_fault_repeats_the_value_of_a_credential(value: str, name: str) -> None:
    env = {**GOOD, name: f"{value} {value}", "PORT": "x"}
    assert value.strip() not in "\n".join(faults(env))


def test_the_environment_overrides_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('PORT=1\nHOST="::1"\nSLACK_BOT_TOKEN=\nAUDIT_KEY=a${HOME}b\n')
    assert environment(tmp_path, {"PORT": "2", "HOST": " "}) == {"PORT": "2", "AUDIT_KEY": "a${HOME}b"}


def test_without_an_env_file_only_the_environment_counts(tmp_path: Path) -> None:
    assert environment(tmp_path, {"PORT": "2"}) == {"PORT": "2"}


def test_an_env_file_that_is_not_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        environment(tmp_path, {})


def test_a_damaged_line_of_the_env_file_is_named_without_what_it_says(tmp_path: Path) -> None:
    good = "# a comment\nexport PORT=1\nexport HOST\n\nAUDIT_KEY='a\nb'\n\n"
    (tmp_path / ".env").write_text(good)
    assert environment(tmp_path, {}) == {"PORT": "1", "AUDIT_KEY": "a\nb"}
    (tmp_path / ".env").write_text(f'{good}\nSECRET WORD\nxoxb-cut-off\nLOG_LEVEL="open\n')
    with pytest.raises(ConfigError) as unusable:
        environment(tmp_path, {})
    assert unusable.value.faults == [f".env, line {line}: not NAME=value." for line in (9, 10, 11)]


def test_the_database_setting_needs_no_credentials() -> None:
    assert read_basics({"DATABASE_URL": "sqlite:///a.db"}).database_url.get_secret_value() == "sqlite:///a.db"


@pytest.mark.parametrize(
    ("env", "missing"),
    [
        ({}, 5),
        ({"PORT": "1", "SLACK_API_URL": "x"}, 5),
        (GOOD, 0),
        ({**GOOD, "SLACK_APP_TOKEN": ""}, 0),
        ({**GOOD, "SLACK_SIGNING_SECRET": ""}, 0),
        ({"SLACK_SIGNING_SECRET": "x"}, 4),
        ({**GOOD, "DINTERO_CLIENT_SECRET": ""}, 1),
    ],
)
def test_missing_credentials_are_counted(env: dict[str, str], missing: int) -> None:
    assert len(missing_credentials(env)) == missing


def test_the_two_ways_to_connect_to_slack_are_one_missing_credential() -> None:
    assert missing_credentials({"SLACK_BOT_TOKEN": "xoxb-1"}) == [
        "SLACK_APP_TOKEN or SLACK_SIGNING_SECRET",
        "DINTERO_ACCOUNT_ID",
        "DINTERO_CLIENT_ID",
        "DINTERO_CLIENT_SECRET",
    ]


def test_the_example_env_file_sets_nothing_and_names_every_setting(tmp_path: Path) -> None:
    example = Path(".env.example").read_text()
    (tmp_path / ".env").write_text(example)
    assert environment(tmp_path, {}) == {}
    names = {str(field.alias) for field in Settings.model_fields.values()} - {"AUDIT_KEY"}
    assert {name for name in names if f"{name}=" not in example} == set()
