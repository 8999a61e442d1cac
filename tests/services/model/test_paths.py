"""Nobody approves their own request on any path: random actions, checked against a small model."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.services.model.clockwork import GoesOn


def hold(new_url: Callable[[], str], *, examples: int, steps: int, of: int) -> None:
    """Check so many examples of a seed against the model: the same ones in every run."""
    many = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        database=None,
    )

    def paths() -> GoesOn:
        return GoesOn(new_url())

    run_state_machine_as_test(seed(of)(paths), settings=many)  # type: ignore[arg-type]


def copies_of(template: Path, folder: Path) -> Callable[[], str]:
    """Copy a database for each example: that is faster than migrating."""
    numbers = count()

    def new_url() -> str:
        path = folder / f"{next(numbers)}.db"
        shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    return new_url


@pytest.mark.parametrize("of", range(4))
def test_nobody_approves_their_own_request_on_any_path(
    tmp_path: Path, sqlite_template: Path, of: int
) -> None:
    hold(copies_of(sqlite_template, tmp_path), examples=25, steps=60, of=of)


def test_nobody_approves_their_own_request_on_postgresql(postgres_url: str) -> None:
    hold(lambda: postgres_url, examples=10, steps=40, of=4)
