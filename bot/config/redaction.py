"""Hides secrets in what the program writes: in every spelling that a library may give them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from typing import Final, TextIO, cast

from bot.database.connection import parse_url
from bot.errors import ConfigError

HIDDEN: Final = "[hidden]"
MIN_SECRET_LENGTH: Final = 6
"""Redacting shorter secrets would hide innocent text. Settings and checks refuse them or warn."""
SECRETS: Final = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "DINTERO_CLIENT_SECRET",
    "AUDIT_KEY",
)
"""The settings that are secret as a whole; of `DATABASE_URL` the password is."""
PASSWORDS: Final = ("sslpassword",)
_NAMED: Final = {"\n": "n", "\t": "t", "\r": "r", "\b": "b", "\f": "f", "\v": "v", "\a": "a", "\0": "0"}
_HTML: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot|#34", "'": "#39|#x27|apos"}


def secrets_in(env: Mapping[str, str]) -> list[str]:
    """List every secret of the settings, usable or not."""
    found = [env[name] for name in SECRETS if env.get(name)]
    return [*found, *_passwords(env.get("DATABASE_URL", ""))]


def _passwords(url: str) -> list[str]:
    """Find the passwords in an address; in an unusable one, whatever may be one."""
    try:
        parsed = parse_url(url)
    except ConfigError:
        user, _, _ = url.partition("://")[2].rpartition("@")
        return [password] if (password := user.partition(":")[2]) else []
    options = [parsed.query.get(name) for name in PASSWORDS]
    return [str(secret) for secret in (parsed.password, *options) if secret]


def pattern(secrets: Iterable[str]) -> str:
    """Build a regular expression that finds these secrets as they are, quoted, escaped or encoded.

    A library may do several of that to a text, one after the other, so each character has all its spellings.
    """
    known = sorted({secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH}, key=len, reverse=True)
    found = "|".join("".join(map(_spellings, re.sub(r"\\+", r"\\", secret))) for secret in known)
    return f"(?i:{found})" if known else ""


@cache
def _spellings(character: str) -> str:
    """Build the expression for one character: bounded, so that no text takes long."""
    octets, units = character.encode("utf-8", "surrogatepass"), _utf16(character)
    backslash, code = _percent("\\"), ord(character)
    escaped = f"{backslash}{{1,16}}+"
    if character == "\\":
        return f"{backslash}{{1,128}}(?:x5c|u005c)?"  # it may leave some to the next character
    codes = [
        escaped.join(f"x{octet:02x}" for octet in octets),
        escaped.join(f"u{unit:04x}" for unit in units),
        f"x{code:02x}|U{code:08x}",
        *_NAMED.get(character, ""),
    ]
    ways = [re.escape(character), "".join(f"%(?:25){{0,8}}{octet:02x}" for octet in octets)]
    ways += [_percent("+")] * (character == " ")
    if character in _HTML:
        names = _HTML[character].replace("#", _percent("#"))
        ways += [f"{_percent('&')}(?:amp{_percent(';')}){{0,8}}(?:{names}){_percent(';')}"]
    return f"(?:{escaped}(?:{'|'.join(codes)})|{backslash}{{0,16}}+(?:{'|'.join(ways)}))"


def _percent(mark: str) -> str:
    """Match a mark of an earlier spelling, quoted by a later one or not."""
    return f"(?:{re.escape(mark)}|%(?:25){{0,8}}{ord(mark):02x})"


def _utf16(character: str) -> list[int]:
    encoded = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(encoded[at : at + 2], "big") for at in range(0, len(encoded), 2)]


class RedactingStream:
    """A text stream that hides secrets, and otherwise is the stream behind it."""

    def __init__(self, stream: TextIO, hidden: re.Pattern[str]) -> None:
        self._stream = stream
        self._hidden = hidden

    def write(self, text: str) -> int:
        """Write a text without its secrets."""
        self._stream.write(self._hidden.sub(HIDDEN, text))
        return len(text)

    def __getattr__(self, name: str) -> object:
        """Leave all else to the stream."""
        return getattr(self._stream, name)


@contextmanager
def redacted_output(env: Mapping[str, str], out: TextIO, err: TextIO) -> Iterator[None]:
    """Hide the settings' secrets in all that is printed until the block ends."""
    if not (found := pattern(secrets_in(env))):
        yield
        return
    hidden = re.compile(found)
    with (
        redirect_stdout(cast("TextIO", RedactingStream(out, hidden))),
        redirect_stderr(cast("TextIO", RedactingStream(err, hidden))),
    ):
        yield
