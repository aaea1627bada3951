"""A policy and its file."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.nodes.policy import Bins, Chosen, Policy, read_policy, write_policy
from ponder.nodes.strategy import Strategy

BEAM = Chosen(Strategy.parse("beam-4"), {"max_tokens": 64}, "paper", {"questions": 10})
BEST = Chosen(Strategy())
POLICY = Policy(
    "predicted",
    Bins((0.6, 0.3)),
    {4: BEST, 64: BEAM},
    {4: {}, 64: {1: BEST, 3: BEAM}},
    BEST,
    {"x": 1},
)


def test_a_policy_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "new" / "policy.json"

    write_policy(POLICY, file)

    assert read_policy(file) == POLICY
    assert [one.name for one in file.parent.iterdir()] == ["policy.json"]


def test_the_choice_is_that_of_the_nearest_budget_and_the_best_over_all_where_a_bin_has_none() -> (
    None
):
    assert POLICY.choose(64, 3) is BEAM
    assert POLICY.choose(100, 1) is BEST
    assert POLICY.choose(64, 2) is BEAM
    assert POLICY.choose(3, None) is BEST
    assert (POLICY.nearest(16), POLICY.nearest(17), POLICY.nearest(1000)) == (4, 64, 64)


def changed(**fields: Any) -> dict[str, Any]:
    return {**POLICY.to_json(), **fields}


BUDGET = POLICY.to_json()["budgets"][1]
HARD = POLICY.to_json()["difficulty"]
WRONG = {
    "[]": ([], "`the file` must be an object"),
    "schema": (changed(schema=2), "of schema 2, newer than 1"),
    "none": (changed(schema=None), "`schema` must be a whole number"),
    "by": (changed(difficulty={**HARD, "by": "luck"}), "`difficulty.by` 'luck'"),
    "order": (
        changed(difficulty={**HARD, "thresholds": [0.1, 0.9]}),
        "from the highest down",
    ),
    "nan": (
        changed(difficulty={**HARD, "thresholds": [float("nan")]}),
        "from the highest down",
    ),
    "empty": (changed(budgets=[]), "`budgets` is empty"),
    "bin": (
        changed(budgets=[{**BUDGET, "bins": [{**BUDGET["bins"][0], "bin": 4}]}]),
        r"`budgets\[0\].bins\[0\].bin` 4 must be from 1 to 3",
    ),
    "strategy": (
        changed(budgets=[{**BUDGET, "overall": {**BUDGET["overall"], "strategy": "luck"}}]),
        "strategy 'luck' is not one of",
    ),
    "twice": (changed(budgets=[BUDGET, BUDGET]), r"`budgets\[1\].budget` must be from 1 to"),
    "large": (changed(budgets=[{**BUDGET, "budget": 10**400}]), r"`budgets\[0\].budget` must be"),
    "endless": (changed(difficulty={**HARD, "thresholds": [10**400]}), "int too large"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_no_policy_is_refused_with_one_line(tmp_path: Path, name: str) -> None:
    data, said = WRONG[name]
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(data))

    with pytest.raises(InputError, match=said) as error:
        read_policy(file)

    assert str(error.value).startswith(f"policy {file}")
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_json_or_not_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"

    with pytest.raises(InputError, match="No such file"):
        read_policy(file)
    file.write_text('{"schema":\n')
    with pytest.raises(InputError, match="line 2: not JSON"):
        read_policy(file)


def test_what_is_no_file_is_not_replaced_by_a_policy(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for place in (pipe, tmp_path, Path("/"), Path()):
        with pytest.raises(InputError, match="is no file, and is not replaced by one"):
            write_policy(POLICY, place)

    assert pipe.is_fifo()
