"""What runs are called."""

import pytest

from ponder.evals.names import name_of, short_names
from ponder.evals.spec import Spec


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["a@m", "b@m"], (["a", "b"], "m")),
        (["a@m", "a@n"], (["m", "n"], "a")),
        (["a@m", "b@n"], (["a@m", "b@n"], "")),
        (["a@m", "a@n", "b@m", "b@n"], (["a@m", "a@n", "b@m", "b@n"], "")),
        (["a@m", "a@m (2)"], (["m", "m (2)"], "a")),
        (["a@m"], (["a@m"], "")),
        (["mine", "b@m"], (["mine", "b@m"], "")),
    ],
)
def test_what_runs_have_in_common_is_said_once(
    names: list[str], short: tuple[list[str], str]
) -> None:
    assert short_names(names) == short


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("hosted_vllm/Qwen/Qwen2.5-7B", "refine@Qwen2.5-7B"),
        ("embedded//models/x y.gguf", "refine@x_y"),
        ("a/../..", "refine@.."),
    ],
)
def test_a_name_is_a_graph_and_a_model(model: str, name: str) -> None:
    assert name_of(Spec("refine", model=model)) == name
