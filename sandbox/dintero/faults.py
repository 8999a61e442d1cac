"""Faults between the bot and Dintero, on demand."""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class Operation(StrEnum):
    """The kinds of calls to Dintero."""

    TOKEN = "token"  # noqa: S105 - the name of an operation
    RULES = "rules"
    RULE = "rule"
    ADD = "add"
    REFS = "refs"


class Kind(StrEnum):
    """How a call goes wrong."""

    ANSWER = "answer"
    """An answer of the fault's own."""
    CUT = "cut"
    """The connection is cut."""
    CUT_HALFWAY = "cut_halfway"
    """The connection is cut in the middle of the answer."""
    HANG = "hang"
    """No answer comes; the connection stays open."""
    TRICKLE = "trickle"
    """The answer comes byte by byte and never ends."""
    GARBLED = "garbled"
    """The answer is not HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way for a call to fail; with `after`, the call has already taken effect."""

    kind: Kind
    after: bool = False
    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def answer(
        cls, status: int, body: str = "", *, after: bool = False, headers: Mapping[str, str] | None = None
    ) -> Self:
        """Answer with a given status and body."""
        return cls(kind=Kind.ANSWER, after=after, status=status, body=body, headers=headers or {})

    @classmethod
    def error(
        cls, status: int, message: str, *, after: bool = False, headers: Mapping[str, str] | None = None
    ) -> Self:
        """Answer with an error in the shape that Dintero documents."""
        return cls.answer(status, error_body(message), after=after, headers=headers)

    @classmethod
    def busy(cls, retry_after: str | float = 1) -> Self:
        """429, with the seconds to wait or the date to wait for."""
        return cls.error(429, "Too many requests", headers={"Retry-After": str(retry_after)})

    @classmethod
    def broken(cls, status: int = 502, *, after: bool = False) -> Self:
        """5xx from the gateway, before or after the call took effect."""
        return cls.answer(status, "<html><body>Bad gateway</body></html>", after=after)

    @classmethod
    def unauthorized(cls) -> Self:
        """401: the token is refused."""
        return cls.error(401, "Access forbidden, invalid JWT token was used")

    @classmethod
    def forbidden(cls) -> Self:
        """403: a scope is missing."""
        return cls.error(403, "Forbidden")

    @classmethod
    def not_found(cls) -> Self:
        """404: not found."""
        return cls.error(404, "Not found")

    @classmethod
    def no_json(cls) -> Self:
        """200, carried out, with a body that is not JSON."""
        return cls.answer(200, "<html><body>OK</body></html>", after=True)

    @classmethod
    def no_rule(cls) -> Self:
        """200, carried out, with JSON that is not a rule."""
        return cls.answer(200, '{"ok": true}', after=True)

    @classmethod
    def cut(cls, *, after: bool = False) -> Self:
        """Cut the connection."""
        return cls(kind=Kind.CUT, after=after)

    @classmethod
    def cut_halfway(cls) -> Self:
        """Carry out the call, then cut the connection in the middle of the answer."""
        return cls(kind=Kind.CUT_HALFWAY, after=True)

    @classmethod
    def hang(cls, *, after: bool = False) -> Self:
        """Never answer."""
        return cls(kind=Kind.HANG, after=after)

    @classmethod
    def trickle(cls) -> Self:
        """Carry out the call, then answer so slowly that it never ends."""
        return cls(kind=Kind.TRICKLE, after=True)

    @classmethod
    def garbled(cls, *, after: bool = False) -> Self:
        """Answer with something that is not HTTP."""
        return cls(kind=Kind.GARBLED, after=after)


def error_body(message: str, *, code: str | None = None, errors: list[dict[str, str]] | None = None) -> str:
    """Format an error the way Dintero documents it."""
    error = {"message": message, "code": code, "errors": errors}
    return json.dumps(
        {"error": {name: value for name, value in error.items() if value is not None}}, ensure_ascii=False
    )


class Faults:
    """The planned faults: first those queued for single calls, then those set until cleared."""

    def __init__(self) -> None:
        self._next: defaultdict[Operation, deque[Fault | None]] = defaultdict(deque)
        self._always: dict[Operation, Fault] = {}

    def next(self, *faults: Fault | None, on: Operation = Operation.ADD) -> None:
        """Queue faults for the next calls of an operation, one each; None lets one call pass."""
        self._next[on].extend(faults)

    def always(self, fault: Fault, *, on: Operation = Operation.ADD) -> None:
        """Make every call of an operation fail until cleared, after its queued faults."""
        self._always[on] = fault

    def clear(self) -> None:
        """Remove all faults."""
        self._next.clear()
        self._always.clear()

    def current(self, operation: Operation) -> Fault | None:
        """Return the fault of the operation's next call, without taking it."""
        return next(iter(self._next[operation]), None) or self._always.get(operation)

    def lined_up(self, operation: Operation) -> int:
        """Count the queued faults of an operation."""
        return len(self._next[operation])

    def take(self, operation: Operation) -> Fault | None:
        """Take the fault for the call that just arrived; None if there is none."""
        lined_up = self._next[operation]
        return lined_up.popleft() if lined_up else self._always.get(operation)
