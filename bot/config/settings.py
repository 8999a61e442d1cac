"""Reads settings from the environment and `.env`, and reports every fault at once."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from dotenv.parser import Binding, parse_stream
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
from pydantic_core import PydanticCustomError

from bot.config.redaction import MIN_SECRET_LENGTH, secrets_in
from bot.database.address import EXPECTED, UnusableUrl, is_local, parse_url
from bot.errors import ConfigError

ENV_FILE: Final = Path(".env")
REPEATED: Final = frozenset({"DINTERO_TIMEOUT", "PORT", "LOG_LEVEL", "LOG_FORMAT"})
"""Settings whose wrong value an error repeats; any other value may be a secret, even by mistake."""
CREDENTIALS: Final = (
    ("SLACK_BOT_TOKEN",),
    ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"),
    ("DINTERO_ACCOUNT_ID",),
    ("DINTERO_CLIENT_ID",),
    ("DINTERO_CLIENT_SECRET",),
)
"""The credentials; of names in one row any one is enough."""

NOTHING_SET: Final = (
    "No credentials are set. Run this in the folder that has .env, or run discount-bot init to make one."
)
MIN_TOKEN_LENGTH: Final = 4
"""After the prefix, which alone makes the log hide a token."""

Model = TypeVar("Model", bound=BaseModel)


def _https_url(text: str) -> str:
    parts = urlsplit(text)
    extra = parts.query or parts.fragment or parts.username
    if parts.scheme not in {"http", "https"} or not parts.hostname or extra:
        raise ValueError("isn't a valid URL")
    if parts.scheme == "http" and not is_local(parts.hostname):
        raise ValueError("http:// would send secrets unencrypted")
    return text.rstrip("/")


def _secret(is_valid: Callable[[str], object], problem: str = "isn't valid") -> AfterValidator:
    def validate(secret: SecretStr) -> SecretStr:
        if not is_valid(secret.get_secret_value()):
            raise ValueError(problem)
        return secret

    return AfterValidator(validate)


def _token(prefix: str = "") -> AfterValidator:
    shortest = len(prefix) + MIN_TOKEN_LENGTH
    return _secret(
        lambda text: text.startswith(prefix) and len(text) >= shortest and text.split() == [text],
        "doesn't look like a Slack token" if prefix else "isn't valid",
    )


_LONG_ENOUGH: Final = _secret(
    lambda text: len(text) >= MIN_SECRET_LENGTH, f"shorter than {MIN_SECRET_LENGTH} characters"
)


def _database_url(secret: SecretStr) -> SecretStr:
    try:
        parse_url(secret.get_secret_value())
    except UnusableUrl as error:
        if not error.another_helps:
            raise PydanticCustomError("all_said", "{problem}", {"problem": error.problem}) from None
        raise ValueError(error.problem) from None
    return secret


class BaseConfig(BaseModel):
    """What every command needs, no credentials; each is read from the variable of its name in capitals."""

    model_config = ConfigDict(
        alias_generator=str.upper, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: Annotated[SecretStr, AfterValidator(_database_url)] = Field(
        SecretStr("sqlite:///discount-bot.db"), description=EXPECTED, validate_default=True
    )
    audit_key: SecretStr | None = Field(None, description="a long secret that you never change")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)] = Field(
        "info", description="debug, info, warning or error"
    )
    log_format: Annotated[Literal["console", "json"], BeforeValidator(str.lower)] = Field(
        "console", description="console or json"
    )

    @property
    def key(self) -> str | None:
        """The audit key, if one is set."""
        return self.audit_key.get_secret_value() if self.audit_key else None


class Settings(BaseConfig):
    """All settings, validated; secrets show only through `get_secret_value`."""

    slack_bot_token: Annotated[SecretStr, _token("xoxb-")] = Field(
        description="the token that starts with xoxb- (OAuth & Permissions)"
    )
    slack_app_token: Annotated[SecretStr, _token("xapp-")] | None = Field(
        None, description="a token that starts with xapp- (Basic Information), for Socket Mode"
    )
    slack_signing_secret: Annotated[SecretStr, _token(), _LONG_ENOUGH] | None = Field(
        None, description="the signing secret (Basic Information), for HTTP"
    )
    slack_api_url: Annotated[str, AfterValidator(lambda text: _https_url(text) + "/")] = Field(
        "https://slack.com/api/", description="a URL like https://…"
    )
    dintero_account_id: Annotated[str, StringConstraints(pattern=r"^[PT][0-9]{8}$")] = Field(
        description="T or P and 8 digits, like T12345678 (T = test, P = production)"
    )
    dintero_client_id: str = Field(
        description="the ID of an API client (Backoffice → Settings → API clients)"
    )
    dintero_client_secret: Annotated[SecretStr, _token(), _LONG_ENOUGH] = Field(
        description="the secret of the same API client"
    )
    dintero_api_url: Annotated[str, AfterValidator(_https_url)] = Field(
        "https://api.dintero.com/v1", description="a URL like https://…"
    )
    dintero_timeout: float = Field(
        30, gt=0, le=3600, allow_inf_nan=False, description="seconds, above 0 and at most 3600"
    )
    policy_file: Path = Field(Path("policy.toml"), description="the path of a TOML file")
    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(3000, ge=0, le=65535, description="a port number up to 65535, or 0 for any free port")

    @property
    def socket_mode(self) -> bool:
        """Whether the bot connects by Socket Mode, which it does whenever there is an app-level token."""
        return self.slack_app_token is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that the log must hide; of the database's URL that is the password."""
        values = {name.upper(): value for name, value in self if isinstance(value, SecretStr)}
        return tuple(secrets_in({name: value.get_secret_value() for name, value in values.items()}))

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Self:
        """Validate the settings, or raise ConfigError with every fault; empty values count as not set."""
        neither = "SLACK_APP_TOKEN: not set. Set it for Socket Mode, or SLACK_SIGNING_SECRET for HTTP."
        is_set = env.get("SLACK_APP_TOKEN") or env.get("SLACK_SIGNING_SECRET")
        try:
            return _read(cls, env, *([] if is_set else [neither]))
        except ConfigError as error:
            if len(missing_credentials(env)) == len(CREDENTIALS):
                error.advice = NOTHING_SET
            raise


def environment(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Merge `.env` and the environment, which wins; raise ConfigError if `.env` cannot be read."""
    merged = {**_env_file(folder), **(os.environ if environ is None else environ)}
    return {name: value.strip() for name, value in merged.items() if value and value.strip()}


def _env_file(folder: Path | None) -> dict[str, str | None]:
    path = (folder or Path()) / ENV_FILE
    try:
        with path.open(encoding="utf-8") as file:
            bindings = list(parse_stream(file))  # not interpolated: a secret may contain "${"
    except (FileNotFoundError, IsADirectoryError):  # a virtual environment may have this name
        return {}
    except UnicodeDecodeError:
        raise ConfigError([f"{ENV_FILE}: not UTF-8 text. Save it as UTF-8."]) from None
    except OSError as error:
        raise ConfigError([f"{ENV_FILE}: {error.strerror}. Let the bot's user read it."]) from None
    if damaged := [_line(binding) for binding in bindings if _is_damaged(binding)]:
        # without its text: it may be a secret
        raise ConfigError([f"{ENV_FILE}, line {line}: not NAME=value." for line in damaged])
    return {binding.key: binding.value for binding in bindings if binding.key}


def _is_damaged(binding: Binding) -> bool:
    """Whether a line is no setting; `export NAME` alone is fine for a shell, and sets nothing here."""
    without_value = binding.key and binding.value is None
    return binding.error or bool(without_value and not binding.original.string.lstrip().startswith("export "))


def _line(binding: Binding) -> int:
    """Count from the blank lines before it, with which the parser begins."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


@dataclass(frozen=True, slots=True)
class ValueSources:
    """Where the values of settings come from: the environment, which wins, or a file."""

    file: Path
    in_environment: frozenset[str]
    in_file: frozenset[str]
    overridden: frozenset[str]
    """Those of the file that have another value in the environment."""

    def of(self, name: str) -> str:
        """Name the place to change a value, or to set it."""
        if name in self.in_environment:
            return "the environment"
        return str(self.file) if name in self.in_file else f"the environment or in {self.file}"


def value_sources() -> ValueSources:
    """Find out where the values come from that `environment` merges; only those that are settings."""
    names = {str(field.alias) for field in Settings.model_fields.values()}
    file = {name: value for name, value in _env_file(None).items() if name in names and value}
    return ValueSources(
        file=ENV_FILE.resolve(),
        in_environment=frozenset(names.intersection(os.environ)),
        in_file=frozenset(file),
        overridden=frozenset(name for name, value in file.items() if os.environ.get(name, value) != value),
    )


def missing_credentials(env: Mapping[str, str]) -> list[str]:
    """List the credentials that are not set; the two ways to connect to Slack count as one."""
    return [" or ".join(names) for names in CREDENTIALS if not any(env.get(name) for name in names)]


def setting_fault(name: str, value: str) -> str | None:
    """Return what is wrong with the value of one setting, if anything."""
    try:
        Settings.read({name: value})
    except ConfigError as error:
        return next((fault for fault in error.faults if fault.startswith(f"{name}: ")), None)
    return None


def read_basics(env: Mapping[str, str]) -> BaseConfig:
    """Validate only the settings that need no credentials, or raise ConfigError with every fault."""
    return _read(BaseConfig, env)


def _read(model: type[Model], env: Mapping[str, str], *faults: str) -> Model:
    try:
        settings = model.model_validate({name: value for name, value in env.items() if value})
    except ValidationError as invalid:
        raise ConfigError([*_faults(model, invalid, env), *faults]) from None
    if faults:
        raise ConfigError(list(faults))
    return settings


def _faults(model: type[BaseModel], invalid: ValidationError, env: Mapping[str, str]) -> list[str]:
    expected = {field.alias: field.description for field in model.model_fields.values()}
    faults = {}
    for error in invalid.errors(include_input=False, include_url=False):
        name = str(error["loc"][0]).upper()
        match error["type"]:
            case "all_said":
                faults[name] = f"{name}: {error['msg']}"
                continue
            case "missing":
                problem = "not set"
            case "value_error":
                problem = str(error["ctx"]["error"])
            case _:
                problem = f"“{env[name]}” isn't valid" if name in REPEATED else "isn't valid"
        faults[name] = f"{name}: {problem}. Use {expected[name]}."
    return list(faults.values())
