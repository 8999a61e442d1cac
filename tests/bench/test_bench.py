"""The measuring itself: a tiny run of it shows every figure, and leaves nothing running."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
import pytest

from bench.metrics import as_fast, as_many, not_measured, per_cent, percentile, shorter, within
from bench.report import markdown
from bench.workload import Workload, made_up

ROOT: Final = Path(__file__).parents[2]
COMMAND: Final = (sys.executable, "-m", "bench")
LINES: Final = (
    "ack of /discount add, 1 at once, p50",
    "ack of /discount add, 1 at once, p99",
    "ack of /discount add, 50 at once, p99",
    "rules while typing, over 200, p99",
    "bare Bolt",
    "/discount add acked a second, 50 at once",
    "Bolt for JavaScript",
    "ack of /discount add while 20,000 are given, 8 wide, p99",
    "command → form, people seen before",
    "approval → Dintero's call, people seen before",
    "approval → summary in the thread, people looked up",
    "2 × Slack + Dintero",
    "giving to 4,000 customers, 50 ms a call, 8 wide, SQLite",
    "batches ÷ lanes × latency",
    "start to ready, p50",
    "a write while 5 MB are backed up, longest",
    "bare aiohttp loop",
    "discount-bot --help, p50",
    "4,000 ids from CSV to the review",
    "4,000 ids from XLSX to the review, peak memory",
    "start to ready, 50 ended requests, SQLite",
    "discount-bot check, 50 ended requests, SQLite",
    "/discount status, 50 ended requests, SQLite",
    "from the form to the card, 50 ended requests, SQLite",
    "approval, 50 ended requests, SQLite",
    "idle with 50 requests waiting, 1 s: share of a core",
    "idle with 50 requests waiting, 1 s: memory",
    "batches sent again",
    "to the first call of the one that is started",
    "idle on PostgreSQL, 1 s: transactions",
    "2 requests, SQLite: memory",
    "2 requests, PostgreSQL: rows a request",
)
"""What has to be in the table."""
PARTS: Final = (
    "acks", "typeahead", "javascript", "meanwhile", "waits", "giving", "start", "backup", "reading", "setup",
    "growth", "waiting", "kills", "idle", "soak",
)  # fmt: skip
"""All parts but `outage`, which waits for a minute."""


@pytest.mark.timeout(300)
def test_a_quick_run_shows_each_figure_beside_its_baseline() -> None:
    run = subprocess.run(
        (*COMMAND, "--quick", "--markdown", *(f"--only={part}" for part in PARTS)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    table = run.stdout.partition("| | ratio |")[2]
    assert [line for line in LINES if line not in table] == []


def test_nothing_is_left_running_when_it_is_told_to_end() -> None:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        [*COMMAND, "--only", "acks"], cwd=ROOT, stdout=quiet, stderr=quiet, start_new_session=True
    ) as run:
        while _processes_of(run.pid) < 3:
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"it ended by itself: {run.wait(0.1)}")
        run.send_signal(signal.SIGTERM)
        assert run.wait() != 0
    assert _processes_of(run.pid) == 0


def _processes_of(group: int) -> int:
    """Count what runs; what has ended and was not yet taken note of by the system does not."""
    return sum(_group(process) == group for process in psutil.process_iter())


def _group(process: psutil.Process) -> int | None:
    with suppress(psutil.Error, ProcessLookupError):
        if process.status() != psutil.STATUS_ZOMBIE:
            return os.getpgid(process.pid)
    return None


@pytest.mark.parametrize(("share", "found"), [(0.5, 5.0), (0.99, 10.0), (0.1, 1.0), (0.0, 1.0)])
def test_a_percentile_is_one_of_the_times(share: float, found: float) -> None:
    assert percentile([float(time) for time in range(10, 0, -1)], share) == found


def test_a_target_is_reached_at_the_ratio_itself_and_missed_beyond_it() -> None:
    assert shorter("acks", 0.25, 1.0, against="", at_most=0.25).reached
    assert not shorter("acks", 0.26, 1.0, against="", at_most=0.25).reached
    assert as_fast("giving", 1.0, 0.95, against="", at_least=0.95).reached
    assert not as_fast("giving", 1.0, 0.94, against="", at_least=0.95).reached
    assert within("ready", 3.0, 3.0).reached
    assert not within("ready", 3.1, 3.0).reached
    assert as_many("acks", 80.0, 100.0, against="", at_least=0.8).reached
    assert not as_many("acks", 79.0, 100.0, against="", at_least=0.8).reached


def test_the_page_has_ratios_and_the_figure_itself_only_where_its_target_is_for_that() -> None:
    figures = (
        shorter("acks", 0.5, 2.0, against="bare", at_most=0.25),
        within("idle", 0.02, 0.03, baseline=0.01, against="empty", unit=per_cent),
        not_measured("requests", "needs npm"),
    )
    assert markdown(figures).splitlines()[2:] == [
        "| acks | 0.25 | bare | ≤ 0.25 | ✓ |",
        "| idle | 2.00 (2.0 %) | empty | ≤ 3.0 % | ✓ |",
        "| requests | – | needs npm |  |  |",
    ]


def test_a_list_is_as_long_as_it_shall_be_and_nobody_is_on_it_twice() -> None:
    assert len(set(made_up(1_000))) == 1_000
    assert Workload(100_000, 500, 8).ideal == pytest.approx(1.25)
