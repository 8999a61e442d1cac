"""Tells the log about outages and refusals: one sentence when one begins, one when it ends."""

import errno
import socket
import time
from collections.abc import Callable
from logging import getLogger
from typing import Any, Final

from bot.errors import DatabaseUnavailable, DirectoryUnavailable, TransientError

TOLD_AFTER_SECONDS: Final = 2.0
"""A failure that passes sooner is no outage: its caller repeats the call."""

log = getLogger(__name__)


class Outage:
    """Whether a service answers; all its calls report here. `meanwhile` is a sentence: what it means."""

    def __init__(self, service: str, meanwhile: str, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._meanwhile = meanwhile
        self._ticks = ticks
        self._failing_since: float | None = None
        self._told = False

    def failed(self, why: str = "") -> None:
        """Note a call without an answer; `why` is a few plain words."""
        if self._failing_since is None:
            self._failing_since = self._ticks()
        elif not self._told and self._ticks() - self._failing_since >= TOLD_AFTER_SECONDS:
            self._told = True
            cause = f" ({why})" if why else ""
            log.warning("%s isn't answering%s. %s", self._service, cause, self._meanwhile)

    def answered(self) -> None:
        """Note an answer."""
        since, told = self._failing_since, self._told
        self._failing_since, self._told = None, False
        if since is not None and told:
            log.warning("%s is back after %s.", self._service, duration(self._ticks() - since))


class Refusal:
    """Whether a service refuses what identifies the bot, which a person must fix; all calls report here."""

    def __init__(self, service: str, advice: str, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._advice = advice
        self._ticks = ticks
        self._since: dict[str, float] = {}

    def refused(self, what: str, why: str) -> None:
        """Note a refusal; `what` was refused, and only its being accepted ends this."""
        if what not in self._since:
            self._since[what] = self._ticks()
            log.warning("%s rejects %s (%s). %s", self._service, what, why, self._advice)

    def accepted(self, *accepted: str) -> None:
        """Note what was accepted."""
        for what in accepted:
            if (since := self._since.pop(what, None)) is not None:
                log.warning(
                    "%s accepts %s again after %s.", self._service, what, duration(self._ticks() - since)
                )


def duration(seconds: float) -> str:
    """Write a time for people.

    >>> duration(8.4), duration(150), duration(7_260)
    ('8 s', '2 min 30 s', '2 h 1 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:  # noqa: PLR2004 - minutes of an hour
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def why_unreachable(error: BaseException | None) -> str:
    """Say in words why a connection could not be made."""
    system = getattr(error, "os_error", error)
    if isinstance(system, socket.gaierror):
        return "host name not found"
    match getattr(system, "errno", None):
        case errno.ECONNREFUSED:
            return "connection refused"
        case errno.ENETUNREACH | errno.EHOSTUNREACH:
            return "network unreachable"
        case errno.ETIMEDOUT:
            return "no answer in time"
        case _:
            return "no connection"


def is_outage(error: BaseException) -> bool:
    """Tell whether an error comes of an outage, which has a sentence of its own."""
    if isinstance(error, DatabaseUnavailable):
        return error.passes
    return isinstance(error, DirectoryUnavailable | TransientError | TimeoutError | ConnectionError)


def log_failure(log: Any, event: str, error: Exception, **fields: Any) -> None:
    """Log what failed by structlog: a fault of the bot with its traceback, an outage only for developers."""
    write = log.debug if is_outage(error) else log.error
    write(event, exc_info=error, **fields)
