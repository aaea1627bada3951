"""A search killed with SIGKILL, again and again, and what is left of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks/kill_and_resume.py"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("search", "calls"),
    [
        (["--layers", "1"], 116),
        (["--graph", "refine"], 16 * 8),
        (["--graph", "compute-optimal"], 128),
    ],
    ids=["plan-search", "refine", "compute-optimal"],
)
def test_a_search_killed_five_times_pays_for_nothing_twice_and_ends_the_same(
    search: list[str], calls: int
) -> None:
    options = [*search, "--median", "0.05"]

    done = subprocess.run(
        [sys.executable, str(SCRIPT), *options], capture_output=True, text=True, check=True
    )

    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["answered_twice"] == 0
    assert figures["most_lost"] <= figures["in_flight"]
    assert figures["same_as_unkilled"]
    assert figures["same_when_replayed"]
    assert figures["calls"] == calls
