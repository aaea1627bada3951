"""What is written of a set is the same in every process, whatever its hashes."""

import os
import subprocess
import sys

import pytest

SAYS = """
from ponder.tasks import CodeTask, Test, task_to_json
from ponder.tasks.show import shown
words = {"This", "is", "a", "set", "of", "words"}
mixed = frozenset({("a", 1), ("b", 2.5), None, 3, "c"})
task = CodeTask("t", "…", entry_point="f", public_tests=(Test((words,), mixed),))
print(task_to_json(task), shown(words), shown(mixed))
"""


@pytest.mark.slow
def test_a_run_is_known_by_the_same_key_in_every_process() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", SAYS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }

    assert len(said) == 1
    assert "{'This', 'a', 'is', 'of', 'set', 'words'}" in said.pop()
