"""The measuring itself: a tiny run of it shows every figure, and leaves nothing running."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from bench.figures import as_fast, percentile, shorter, within

ROOT: Final = Path(__file__).parent.parent
COMMAND: Final = (sys.executable, "-m", "bench", "--quick")


def test_a_quick_run_shows_each_figure_beside_its_baseline() -> None:
    parts = [word for part in ("acks", "typeahead", "giving", "start") for word in ("--only", part)]
    run = subprocess.run([*COMMAND, *parts], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert run.returncode == 0, run.stderr
    for line in (
        "ack of /discount add, 1 at once, p50",
        "ack of /discount add, 1 at once, p99",
        "ack of /discount add, 50 at once, p99",
        "rules while typing, over 200, p99",
        "giving to 4,000 customers, 50 ms a call, 8 wide, SQLite",
        "start to ready, p50",
    ):
        assert line in run.stdout
    assert "bare Bolt" in run.stdout
    assert "bare httpx loop" in run.stdout


def test_a_quick_run_of_reading_shows_its_figures_too() -> None:
    run = subprocess.run([*COMMAND, "--only", "reading"], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert run.returncode == 0, run.stderr
    for line in ("4,000 ids from CSV to the review", "4,000 ids from XLSX to the review, peak memory", "bare csv.reader loop"):
        assert line in run.stdout


def test_nothing_is_left_running_when_it_is_told_to_end() -> None:
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*COMMAND, "--only", "acks"], cwd=ROOT, stdout=quiet, stderr=quiet, start_new_session=True) as run:
        until = time.monotonic() + 30
        while _processes_of(run.pid) < 3 and time.monotonic() < until:
            assert run.poll() is None
        run.send_signal(signal.SIGTERM)
        assert run.wait(30) != 0
    assert _processes_of(run.pid) == 0


def _processes_of(group: int) -> int:
    """Count what runs; what has ended and was not yet taken note of by the system does not."""
    listed = subprocess.run(("ps", "-A", "-o", "pgid=,stat="), capture_output=True, text=True, check=True)  # noqa: S607 - it is where it is
    return sum(line.split()[0] == str(group) and "Z" not in line.split()[1] for line in listed.stdout.splitlines())


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
