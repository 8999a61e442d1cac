"""What a check comes to, and the line that tells it."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import DiscountBotError


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at; `cure` is what to do where it is not fine."""

    what: str
    said: str = ""
    cure: str = ""

    @property
    def fine(self) -> bool:
        """Whether nothing has to be done."""
        return not self.cure

    def __str__(self) -> str:
        """Say it in one line, whatever came from elsewhere."""
        told = " – ".join(filter(None, [self.what, self.said]))
        return " ".join(f"{'✓' if self.fine else '✗'} {told}{f'. {self.cure}' if self.cure else ''}".split())


def failed(what: str, error: DiscountBotError) -> CheckResult:
    """Turn an error into a finding, its advice into the cure."""
    return CheckResult(what, str(error).rstrip("."), error.advice)


def all_fine(findings: Iterable[CheckResult]) -> bool:
    """Say whether nothing has to be done."""
    return all(finding.fine for finding in findings)
