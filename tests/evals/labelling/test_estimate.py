"""Labels of a generator whose steps' truth is known."""

import asyncio
from typing import Any

import numpy as np
import pytest

from tests.support.rollouts import STEPS, label, truth_of

ROLLOUTS = 16


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("labels") / "out"
    return asyncio.run(label(folder, count=16, samples=16, rollouts=ROLLOUTS))


def errors(rows: list[Any]) -> tuple[Any, Any]:
    """Of every label that was estimated, the error, and the truth."""
    pairs = [
        (value - truth_of(step, place), truth_of(step, place))
        for row in rows
        for place, (step, value) in enumerate(
            zip(row["completions"][:-1], row["labels"][:-1], strict=True), 1
        )
    ]
    found, truths = np.array(pairs).T
    assert len(found) == 16 * 16 * (STEPS - 1)
    return found, truths


def test_the_mean_label_is_the_truth_within_its_error(rows: list[Any]) -> None:
    found, truths = errors(rows)

    for p in np.unique(truths):
        of_p = found[truths == p]
        error = np.sqrt(p * (1 - p) / ROLLOUTS / len(of_p))
        assert abs(of_p.mean()) < 3.5 * error, p


def test_its_variance_is_that_of_so_many_rollouts(rows: list[Any]) -> None:
    found, truths = errors(rows)

    for p in np.unique(truths):
        of_p = found[truths == p]
        ratio = (of_p**2).mean() / (p * (1 - p) / ROLLOUTS)
        assert abs(ratio - 1) < 3.5 * np.sqrt(2 / len(of_p)), p


def test_the_last_step_has_the_grade_of_its_answer(rows: list[Any]) -> None:
    assert {row["labels"][-1] for row in rows} == {0.0, 1.0}
    for row in rows:
        assert row["labels"][-1] == float(row["correct"]) == float(row["answer"] == "2")
        assert row["rollouts"] == [ROLLOUTS] * (STEPS - 1) + [0]
        assert row["labels"][:-1] == [n / ROLLOUTS for n in row["right"][:-1]]
