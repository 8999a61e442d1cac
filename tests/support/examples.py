"""How many examples a property is tried with."""

from typing import Final

from hypothesis import settings

FEWER: Final = 3


def many_examples(count: int) -> settings:
    """Try a third of them in an ordinary run, whose examples are always the same; all when exploring."""
    return settings(max_examples=count // FEWER if settings().derandomize else count)
