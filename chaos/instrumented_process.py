"""The bot in its own process, as `discount-bot run` with the fast clock; it can die at a numbered step."""

import os
import signal
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import typer

from bot import lifecycle
from bot.cli.runner import report_errors, run_async
from bot.config.loader import load_usable
from bot.config.log_setup import set_up_logs
from bot.config.settings import environment
from bot.giving.retry import RetryPolicy
from chaos.fast_clock import Cell, LapsedClock
from tests.journeys.process import become

PATIENCE: Final = RetryPolicy(first=0.05, longest=1.0, total=6.0, told=1.0)
"""Retry policy of a day that takes minutes: an hour without Dintero is too long, as in the real one."""
READ_ONLY: Final = ("SELECT", "PRAGMA", "EXPLAIN", "BEGIN", "ROLLBACK")


@dataclass(frozen=True, slots=True)
class Instrumented:
    """A process's start: folder, settings and the day's beginning."""

    folder: Path
    settings: Mapping[str, str]
    began: float
    steps: Path
    """The write to SQLite at which it kills itself, counted from now; 0 for never."""


def live(output: Connection, life: Instrumented) -> None:
    """Run until it is stopped or dies."""
    become(output, life.folder, life.settings)
    _die_at(Cell(life.steps))
    try:
        with report_errors():
            settings, policy = load_usable(environment())
            set_up_logs(level=settings.log_level, as_json=True, secrets=settings.secrets)
            run_async(
                lifecycle.run(
                    settings, policy, clock=LapsedClock(life.began, life.folder), retry_policy=PATIENCE
                )
            )
    except typer.Exit as end:
        sys.exit(end.exit_code)


def _die_at(left: Cell) -> None:
    """Count writes to any SQLite file, the engine's too, and die before the chosen one."""

    def count(statement: str) -> None:
        if left.value and not statement.lstrip().upper().startswith(READ_ONLY):
            left.value -= 1
            if not left.value:
                os.kill(os.getpid(), signal.SIGKILL)

    connect = sqlite3.connect

    def counted(*arguments: Any, **others: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **others)
        connection.set_trace_callback(count)
        return connection

    for module in (sqlite3, sqlite3.dbapi2):  # the engine's driver takes it from the second
        setattr(module, "connect", counted)  # noqa: B010 - what the process runs was not written to be counted
