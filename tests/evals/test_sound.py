"""Results that nobody could have had: refused in one line, with where they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.evals.folder import RESULTS, read_results
from ponder.evals.results import Result

IMPOSSIBLE = [
    {"missing": -5},
    {"missing": 10**400},
    {"missing": "3"},
    {"schema": "new"},
    {"solved": "no"},
    {"samples": [{"id": "a", "passed": "no"}]},
    {"samples": [{"id": 3}]},
    {"usage": {"prompt_tokens": "1"}},
    {"usage": {"calls": -1}},
    {"usage": {"cost": float("nan")}},
    {"selections": {"majority": {"-1": "a"}}},
    {"faults": {"timeout": "often"}},
    {"stopped": ["enough"]},
    {"seconds": float("inf")},
]


@pytest.mark.parametrize("wrong", IMPOSSIBLE, ids=lambda wrong: str(wrong)[:30])
def test_a_result_with_an_impossible_value_is_refused(tmp_path: Path, wrong: Any) -> None:
    line = json.dumps(Result("t").to_json() | wrong)
    (tmp_path / RESULTS).write_text(f"{line}\n")

    with pytest.raises(InputError, match=r"results.jsonl line 1: .+"):
        list(read_results(tmp_path))


def test_a_line_of_a_hundred_thousand_brackets_is_no_result(tmp_path: Path) -> None:
    line = json.dumps(Result("t").to_json())
    (tmp_path / RESULTS).write_text("[" * 100_000 + f"\n{line}\n")

    with pytest.raises(InputError, match="line 1: not a result"):
        list(read_results(tmp_path))
