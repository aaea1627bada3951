"""Formats by name."""

from typing import Any

import pytest

from ponder.errors import InputError
from ponder.verifiers.prm import PROCESS, Sigmoid, adjusted, find_format


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("peiyi9979/math-shepherd-mistral-7b-prm", "math-shepherd"),
        ("RLHFlow/Llama3.1-8B-PRM-Deepseek-Data", "rlhflow"),
        ("/models/Llama3.1-8B-PRM-Mistral-Data", "rlhflow"),
        ("Qwen/Qwen2.5-Math-PRM-7B", "qwen2.5-math-prm"),
        ("Qwen/Qwen2.5-Math-PRM-72B", "qwen2.5-math-prm"),
        ("models--Qwen--Qwen2.5-Math-7B-PRM800K", "qwen2.5-math-prm"),
        ("Skywork/Skywork-o1-Open-PRM-Qwen-2.5-1.5B", "skywork"),
        ("GAIR/ReasonEval-7B", "reasoneval-7b"),
        ("GAIR/ReasonEval-34B", "reasoneval-34b"),
        ("ScalableMath/llemma-7b-prm-prm800k-level-1to3-hf", "llemma"),
        ("openreasoner/Math-psa", "openr"),
        ("RLHFlow/llama3.1-math-prm", "er-prm"),
        ("Windy0822/PQM", "pqm"),
        ("jinachris/PURE-PRM-7B", "pure"),
    ],
)
def test_published_models_are_known_by_name(path: str, name: str) -> None:
    assert find_format(path).name == name


def test_an_orm_is_no_prm() -> None:
    name = "RLHFlow/Llama3.1-8B-ORM-Deepseek-Data"

    assert find_format(name, outcome=True).name == "rlhflow-orm"
    with pytest.raises(InputError, match="neither its name nor"):
        find_format(name)


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("Qwen2ForProcessRewardModel", "qwen2.5-math-prm"),
        ("Qwen2ForPrmModel", "skywork"),
        ("LlamaForTokenClassification", "trl"),
    ],
)
def test_a_config_tells_where_the_name_does_not(architecture: str, name: str) -> None:
    assert find_format("./mine", config={"architectures": [architecture]}).name == name


def test_a_token_classifier_named_like_qwens_is_what_its_config_says() -> None:
    config = {"architectures": ["Qwen2ForTokenClassification"]}

    found = find_format("plaguss/Qwen2.5-Math-7B-Instruct-PRM-0.2", config=config)

    assert found.name == "trl"


@pytest.mark.parametrize(
    ("labels", "logits", "expected"),
    [
        (["LABEL_0", "LABEL_1"], [0.0, 100.0], 1.0),
        (["positive", "negative"], [0.0, 100.0], 0.0),
        (["+", "-"], [100.0, 0.0], 1.0),
        (["neg", "neu", "pos"], [0.0, 100.0, 0.0], 1.0),
        (["A", "B", "C"], [100.0, 0.0, 0.0], 0.0),
    ],
)
def test_labels_come_from_the_config(
    labels: list[str], logits: list[float], expected: float
) -> None:
    config = {
        "architectures": ["Qwen2ForTokenClassification"],
        "id2label": {str(number): label for number, label in enumerate(labels)},
    }

    assert find_format("x", config=config).readout(logits) == pytest.approx(expected)


def test_one_label_is_a_value() -> None:
    config: dict[str, Any] = {
        "architectures": ["Qwen2ForTokenClassification"], "id2label": {"0": "LABEL_0"},
    }  # fmt: skip

    assert find_format("x", config=config).readout == Sigmoid()


def test_labels_nobody_can_tell_are_refused() -> None:
    config = {
        "architectures": ["Qwen2ForTokenClassification"],
        "id2label": {str(number): f"LABEL_{number}" for number in range(5)},
    }

    with pytest.raises(InputError, match="cannot tell which of LABEL_0"):
        find_format("x", config=config)


@pytest.mark.parametrize("odd", [["a", "b"], {"x": "a"}, 2])
def test_a_config_whose_labels_have_no_numbers_is_refused(odd: object) -> None:
    config = {"architectures": ["LlamaForTokenClassification"], "id2label": odd}

    with pytest.raises(InputError, match=r"`id2label` in its config\.json"):
        find_format("./x", config=config)


def test_unknown_formats_are_answered_with_the_known() -> None:
    with pytest.raises(InputError, match=r"format= one of math-shepherd, rlhflow, .*pure"):
        find_format("me/my-model")
    with pytest.raises(InputError, match="'qwen' is not one of math-shepherd"):
        find_format("me/my-model", format="qwen")


def test_a_format_can_be_adjusted() -> None:
    reason_eval = PROCESS["reasoneval-7b"]

    other = adjusted(reason_eval, aggregate="product", neutral="negative")

    assert other.aggregate == "product"
    assert other.readout([0.0, 100.0, 0.0]) == pytest.approx(0.0)
    assert reason_eval.readout([0.0, 100.0, 0.0]) == pytest.approx(1.0)


def test_what_a_format_lacks_cannot_be_adjusted() -> None:
    with pytest.raises(InputError, match="math-shepherd has no neutral label"):
        adjusted(PROCESS["math-shepherd"], neutral="negative")
    with pytest.raises(InputError, match="neutral=maybe must be"):
        adjusted(PROCESS["reasoneval-7b"], neutral="maybe")


@pytest.mark.parametrize("name", ["pqm", "pure"])
def test_scores_outside_0_and_1_are_not_multiplied(name: str) -> None:
    with pytest.raises(InputError, match="only those between 0 and 1 can be multiplied"):
        adjusted(PROCESS[name], aggregate="product")
