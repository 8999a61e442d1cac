"""A short `make chaos`: half an hour of a day full of faults, and the comparison afterwards."""

from pathlib import Path
from typing import Final

import psycopg
import pytest

from chaos.run import Result, day
from chaos.schedule import Shape, plan

SEED: Final = 20_261_126
SHORT: Final = Shape(hours=0.4, requests=8, troubles=8, kills=6, largest=2_000)
CLUSTERED: Final = Shape(
    hours=0.4, requests=8, troubles=8, kills=8, largest=2_000, replicas=2, postgresql=True
)
PATIENT: Final = pytest.mark.timeout(600)
"""What is waited for is that everything has come to its end: on a slow machine, later."""


@PATIENT
async def test_nothing_is_lost_given_twice_or_unsaid_on_a_bad_day(tmp_path: Path, sqlite_url: str) -> None:
    _holds(await day(tmp_path, sqlite_url, plan(SEED, SHORT)))


@PATIENT
async def test_nor_with_two_replicas_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    def cut_all() -> None:
        """End every connection to this database, as a restart does; the server is other tests' too."""
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")

    _holds(await day(tmp_path, postgres_url, plan(SEED, CLUSTERED), restart=cut_all))


def _holds(result: Result) -> None:
    shape = result.plan.shape
    assert not result.comparison.faults, f"{result.plan}\n{result.log}"
    assert result.comparison.requests >= shape.requests
    assert result.comparison.ends["given"]
    assert result.kills.total() > shape.kills / 2
    assert result.troubles.total() == shape.troubles
