"""What the bot is told by its surroundings: read once, from the environment and `.env`, and every fault said at once."""

import os
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Self, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from pydantic_core import ErrorDetails

from bot.errors import ConfigError

MISSING: Final = "is missing"
SHOWN: Final = frozenset({"DINTERO_TIMEOUT", "PORT", "LOG_LEVEL", "LOG_FORMAT"})
"""The names whose wrong value is repeated; any other may hold a secret, be it by mistake."""


Model = TypeVar("Model", bound=BaseModel)


class LogLevel(StrEnum):
    """From how important on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a log line is written."""

    CONSOLE = "console"
    JSON = "json"


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise ValueError("is no such address")
    return text.rstrip("/")


def _slack_url(text: str) -> str:
    return _http_url(text) + "/"


def _database_url(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    place = (
        text.removeprefix("sqlite:///")
        if text.startswith("sqlite:///")
        else text.removeprefix("postgresql://")
    )
    if place in {"", ":memory:", text}:
        raise ValueError("is no such address")
    return secret


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _secret(prefix: str) -> AfterValidator:

    def check(secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if not text.startswith(prefix) or len(text) == len(prefix) or any(sign.isspace() for sign in text):
            raise ValueError("does not look like one")
        return secret

    return AfterValidator(check)


class BaseConfig(BaseModel):
    """What every command needs; none of it is a credential of Slack or Dintero."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: Annotated[SecretStr, AfterValidator(_database_url)] = Field(
        SecretStr("sqlite:///discount-bot.db"),
        alias="DATABASE_URL",
        description="sqlite:///a-file.db or postgresql://…",
    )
    audit_key: SecretStr | None = Field(
        None, alias="AUDIT_KEY", description="any text; keep it secret and the same"
    )
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = Field(
        LogLevel.INFO, alias="LOG_LEVEL", description="debug, info, warning or error"
    )
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] = Field(
        LogFormat.CONSOLE, alias="LOG_FORMAT", description="console or json"
    )

    @property
    def key(self) -> str | None:
        """The audit's key, where one is set."""
        return self.audit_key.get_secret_value() if self.audit_key else None


class Settings(BaseConfig):
    """All settings, checked; secrets show themselves to nobody who does not ask for them by `get_secret_value`."""

    slack_bot_token: Annotated[SecretStr, _secret("xoxb-")] = Field(
        alias="SLACK_BOT_TOKEN", description="the bot token, xoxb-… (OAuth & Permissions)"
    )
    slack_app_token: Annotated[SecretStr, _secret("xapp-")] | None = Field(
        None,
        alias="SLACK_APP_TOKEN",
        description="an app-level token, xapp-… (Basic Information), for Socket Mode",
    )
    slack_signing_secret: Annotated[SecretStr, _secret("")] | None = Field(
        None,
        alias="SLACK_SIGNING_SECRET",
        description="the signing secret (Basic Information), for HTTP; no spaces in it",
    )
    slack_api_url: Annotated[str, AfterValidator(_slack_url)] = Field(
        "https://slack.com/api/",
        alias="SLACK_API_URL",
        description="an address that begins with https:// or http://",
    )
    dintero_account_id: Annotated[str, StringConstraints(pattern=r"^[PT][0-9]{8}$")] = Field(
        alias="DINTERO_ACCOUNT_ID",
        description="T and 8 digits for a test account, P and 8 digits for a production account",
    )
    dintero_client_id: str = Field(
        alias="DINTERO_CLIENT_ID", description="the id of an API client (Backoffice, Settings → API clients)"
    )
    dintero_client_secret: Annotated[SecretStr, _secret("")] = Field(
        alias="DINTERO_CLIENT_SECRET", description="the secret of the same API client"
    )
    dintero_api_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "https://api.dintero.com/v1",
        alias="DINTERO_API_URL",
        description="an address that begins with https:// or http://",
    )
    dintero_timeout: float = Field(
        30,
        alias="DINTERO_TIMEOUT",
        gt=0,
        le=3600,
        allow_inf_nan=False,
        description="seconds, above 0 and at most 3600",
    )
    policy_file: Path = Field(Path("policy.toml"), alias="POLICY_FILE", description="the path of a TOML file")
    host: str = Field("127.0.0.1", alias="HOST", description="the address to listen on")
    port: int = Field(
        3000, alias="PORT", ge=0, le=65535, description="a port from 1 to 65535, or 0 for any free one"
    )

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached by Socket Mode: always where there is an app-level token."""
        return self.slack_app_token is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that must not come out anywhere, for the log to leave out; of a database's address that is its password."""
        own = (
            self.slack_bot_token,
            self.slack_app_token,
            self.slack_signing_secret,
            self.dintero_client_secret,
            self.audit_key,
        )
        password = urlsplit(self.database_url.get_secret_value()).password
        return (*(secret.get_secret_value() for secret in own if secret), *([password] if password else []))

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Self:
        """Check the values; those that are empty count as not set.

        Raises:
            ConfigError: with every fault, a line each.
        """
        return _read(cls, env, also=_slack_way(env))


class CredentialsState(StrEnum):
    """How many of the credentials of Slack and Dintero are set."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


class CredentialStatus(BaseModel):
    """Which credentials are set; the two ways to Slack count as one."""

    model_config = ConfigDict(frozen=True)

    state: CredentialsState
    missing: tuple[str, ...]


REQUIRED: Final = (
    ("SLACK_BOT_TOKEN",),
    ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"),
    ("DINTERO_ACCOUNT_ID",),
    ("DINTERO_CLIENT_ID",),
    ("DINTERO_CLIENT_SECRET",),
)
"""The credentials; of several names in one place any one will do."""


def environment(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Put the environment over the folder's `.env`; empty values are left out, so that an empty line in `.env` sets nothing.

    Raises:
        ConfigError: `.env` is no text.
    """
    above = os.environ if environ is None else environ
    try:
        # not interpolated: a secret may hold "${"
        below = dotenv_values((folder or Path()) / ".env", interpolate=False)
    except UnicodeDecodeError:
        raise ConfigError([".env: cannot be read; allowed: UTF-8 text"]) from None
    return {name: value.strip() for name, value in {**below, **above}.items() if value and value.strip()}


def credentials_state(env: Mapping[str, str]) -> CredentialStatus:
    """Say whether none, some or all of the credentials are set, and which are missing."""
    missing = tuple(" or ".join(names) for names in REQUIRED if not any(env.get(name) for name in names))
    if not missing:
        return CredentialStatus(state=CredentialsState.ALL, missing=())
    none = len(missing) == len(REQUIRED)
    return CredentialStatus(state=CredentialsState.NONE if none else CredentialsState.SOME, missing=missing)


def read_basics(env: Mapping[str, str]) -> BaseConfig:
    """Check only what needs no credentials.

    Raises:
        ConfigError: with every fault, a line each.
    """
    return _read(BaseConfig, env)


def _slack_way(env: Mapping[str, str]) -> list[str]:
    if env.get("SLACK_APP_TOKEN") or env.get("SLACK_SIGNING_SECRET"):
        return []
    return [
        f"SLACK_APP_TOKEN: {MISSING}; allowed: xapp-… for Socket Mode, or SLACK_SIGNING_SECRET for HTTP in its place"
    ]


def _read(model: type[Model], env: Mapping[str, str], *, also: Sequence[str] = ()) -> Model:
    try:
        found = model.model_validate({name: value for name, value in env.items() if value})
    except ValidationError as wrong:
        raise ConfigError([*_faults(model, wrong, env), *also]) from None
    if also:
        raise ConfigError(list(also))
    return found


def _faults(model: type[BaseModel], wrong: ValidationError, env: Mapping[str, str]) -> list[str]:
    allowed = {field.alias: field.description for field in model.model_fields.values()}
    names = {str(error["loc"][0]): error for error in wrong.errors(include_input=False, include_url=False)}
    return [f"{name}: {_what(name, error, env)}; allowed: {allowed[name]}" for name, error in names.items()]


def _what(name: str, error: ErrorDetails, env: Mapping[str, str]) -> str:
    if error["type"] == "missing":
        return MISSING
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return f"“{env[name]}” cannot be used" if name in SHOWN else "cannot be used"
