"""Labels by a large reward model: what is wrong, and how p(negative) is known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponder.errors import InputError
from ponder.training.synthetic import negative_of, supervise
from ponder.verifiers import OutcomeModel, RewardModel, ScriptedVerifier
from ponder.verifiers.prm import Difference, Raw, Share, Sigmoid
from ponder.verifiers.prm.readout import Label

THREE: tuple[Label, ...] = ("negative", "neutral", "positive")


def held(readout: Any) -> RewardModel:
    return RewardModel("prm:x", lambda: None, "product", readout=readout)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("negatives", "labels"),
    [
        ([0.1, 0.2, 0.0], (1, 1, 1)),  # 0.20 is not above 0.20
        ([0.1, 0.21, 0.0], (1, 0, None)),
        ([0.9, 0.9, 0.9], (0, None, None)),
        ([0.1, 0.1, 0.3], (1, 1, 0)),
    ],
)
def test_labels_go_up_to_the_first_step_above_the_threshold(
    negatives: list[float], labels: tuple[Any, ...]
) -> None:
    found = supervise(negatives)

    assert found.labels == labels
    assert found.verified == (0 not in labels)


@given(st.lists(st.floats(0, 1), min_size=1), st.floats(0, 1))
def test_a_solution_is_right_if_all_of_its_steps_are(negatives: list[float], above: float) -> None:
    found = supervise(negatives, above)

    assert found.verified == all(value <= above for value in negatives)
    assert found.labels.count(0.0) == (not found.verified)
    assert len(found.labels) == len(negatives)


def test_p_negative_of_three_classes_does_not_hold_p_neutral() -> None:
    readout = Share(THREE)
    score = readout([0.0, 2.0, 1.0])
    negative = 1 / (1 + 2.718281828459045**2 + 2.718281828459045)

    assert negative_of(held(readout))(score) == pytest.approx(negative)


@pytest.mark.parametrize("readout", [Share(("negative", "positive")), Difference()])
def test_p_negative_of_two_classes_is_the_same_however_they_are_read(readout: Any) -> None:
    score = readout([1.0, 3.0])

    assert negative_of(held(readout))(score) == pytest.approx(1 / (1 + 2.718281828459045**2))


def test_of_judges_and_logistic_heads_it_is_what_is_left_of_1() -> None:
    assert negative_of(held(Sigmoid()))(0.75) == 0.25
    assert negative_of(ScriptedVerifier(lambda task, steps: [1.0]))(0.75) == 0.25


@pytest.mark.parametrize(
    ("verifier", "message"),
    [
        (held(Share(THREE, "negative")), "do not tell wrong steps from neutral ones"),
        (held(Raw()), "its scores are no probabilities"),
        (OutcomeModel("orm:x", lambda: None), "one that judges steps"),  # type: ignore[arg-type, return-value]
    ],
)
def test_a_verifier_that_does_not_say_it_is_refused(verifier: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        negative_of(verifier)


def test_a_score_that_is_no_probability_is_no_label() -> None:
    with pytest.raises(ValueError, match="step 2 is no probability"):
        supervise([0.1, 1.5])
