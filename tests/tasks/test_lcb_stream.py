"""LiveCodeBench's files are larger than memory may be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks/lcb_stream.py"


@pytest.mark.slow
def test_a_file_is_read_in_the_memory_of_a_few_of_its_rows() -> None:
    sizes = ["--megabytes", "100", "--row-megabytes", "2", "--bomb-megabytes", "400"]

    done = subprocess.run(
        [sys.executable, str(BENCHMARK), *sizes], check=True, capture_output=True, text=True
    )

    found = json.loads(done.stdout.splitlines()[-1])
    assert found["file"]["megabytes"] > 95
    assert found["file"]["peak_megabytes"] < 50
    assert found["bomb"]["tasks"] == 0
    assert "line 1: its tests unpack to more than 256 MiB" in found["bomb"]["error"]
    assert found["bomb"]["peak_megabytes"] < 500
