"""The result of one check, and the line that reports it."""

from collections.abc import Awaitable
from dataclasses import dataclass

from bot.errors import DiscountBotError


class CheckFailed(DiscountBotError):
    """A check found a problem; `advice` is the fix. `run_waits`: it may pass, and `run` waits for that."""

    def __init__(self, what: str, *, advice: str | None = None, run_waits: bool = False) -> None:
        super().__init__(what, advice=advice)
        self.run_waits = run_waits


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of checking one subject; a failed check has a fix, and a warning too."""

    subject: str
    detail: str = ""
    fix: str = ""
    is_warning: bool = False
    """Whether the bot works all the same."""
    stops_run: bool = False
    """Whether `discount-bot run` cannot start until it is fixed."""
    run_waits: bool = False
    """Whether `discount-bot run` would start and wait."""

    @property
    def is_fault(self) -> bool:
        """Whether it has to be fixed."""
        return bool(self.fix) and not self.is_warning

    def __str__(self) -> str:
        """Write the result as one line, even if a text from outside has several."""
        outcome = " – ".join(filter(None, [self.subject, self.detail.rstrip(".")]))
        sign = "⚠" if self.is_warning else "✗"
        return " ".join((f"{sign} {outcome}. {self.fix}" if self.fix else f"✓ {outcome}").split())


async def result_of(subject: str, check: Awaitable[str], *, stops_run: bool = False) -> CheckResult:
    """Await a check, which returns the detail; an error of ours is a failed result."""
    try:
        return CheckResult(subject, await check)
    except DiscountBotError as error:
        return failed(subject, error, stops_run=stops_run)


def failed(subject: str, error: DiscountBotError, *, stops_run: bool = False) -> CheckResult:
    """Turn an error into a failed result, and its advice into the fix."""
    waits = stops_run and isinstance(error, CheckFailed) and error.run_waits
    problem, stops = str(error).rstrip("."), stops_run and not waits
    return CheckResult(subject, problem, error.advice, stops_run=stops, run_waits=waits)
