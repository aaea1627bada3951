"""`ponder flops`: a calculator, and an account of runs."""

import json
from pathlib import Path

import pytest

from ponder.evals.folder import About, RunFolder
from ponder.evals.spec import Spec
from ponder.models import Usage
from tests.cli.conftest import Ponder
from tests.models.local import tiny
from tests.support.results import result


def run(folder: Path, right: int, *, votes: bool = True, **spec: str) -> Path:
    """Ten questions; of so many the choice among 16 is right, of half of those that among 1."""
    held = RunFolder(folder, About("run", "set", Spec(**spec)))  # type: ignore[arg-type]
    kinds = {"answer": Usage(16, 100, 300), "verification": Usage(16, 50, 0)}
    for number in range(10):
        grades = [number < right / 2, number < right]
        chosen = {"weighted": {1: "s1", 16: "s2"}} if votes else {}
        held.add(result(f"q/{number}", grades, kinds=kinds, solved=grades[1], selections=chosen))
    held.close()
    return folder


def test_the_papers_three_ratios_give_its_generations(ponder: Ponder) -> None:
    ended = ponder("flops", "--larger", 14)

    assert ended.code == 0
    assert [line.split(" generations")[0] for line in ended.out.splitlines()] == [
        "R = 0.16: 257.75",
        "R = 0.79: 63.37",
        "R = 22: 15.77",
    ]


def test_it_calculates_what_training_and_inference_take(ponder: Ponder) -> None:
    ended = ponder(
        "flops", "--params", "3e9", "--pretraining-tokens", "1e12", "--inference-tokens", "1.6e11",
        "--larger", 14, "--json",
    )  # fmt: skip

    said = json.loads(ended.out)
    assert said["pretraining_flops"] == pytest.approx(1.8e22)
    assert said["inference_flops"] == pytest.approx(9.6e20)
    assert said["matches"][0]["generations"] == pytest.approx(257.75)


def test_a_pair_of_accuracies_falls_on_a_side(ponder: Ponder) -> None:
    ended = ponder(
        "flops", "--larger", 14, "--ratio", 22, "--accuracy", "1=0.2,64=0.5",
        "--larger-accuracy", 0.45,
    )  # fmt: skip

    assert ended.out.rstrip().endswith("0.399, to 0.450: pretraining")


def test_a_run_is_told_by_prompts_replies_and_verifier(ponder: Ponder, tmp_path: Path) -> None:
    folder = run(tmp_path / "run", 8, model="x", verifier="prm:there")

    unknown = ponder("flops", folder, "--params", "1e9")
    known = ponder("flops", folder, "--params", "1e9", "--verifier-params", "2e9", "--json")

    said = json.loads(known.out)["run"]
    assert "verifier  not known: say --verifier-params  (50 tokens" in unknown.out
    assert (said["prompt_flops"], said["completion_flops"]) == (2e12, 6e12)
    assert said["verifier_flops"] == 2e12


def test_a_model_in_a_folder_is_counted(ponder: Ponder, tmp_path: Path) -> None:
    model = tiny.model()
    model.save_pretrained(tmp_path / "model")
    size = sum(one.numel() for one in model.parameters())
    folder = run(tmp_path / "run", 8, model=f"transformers/{tmp_path / 'model'}")

    by_weights = json.loads(ponder("flops", folder, "--json").out)["run"]["parameters"]
    (tmp_path / "model" / "model.safetensors").unlink()
    by_config = json.loads(ponder("flops", folder, "--json").out)["run"]["parameters"]

    assert by_weights == size
    assert by_config == pytest.approx(size, rel=0.02)


def test_two_runs_are_compared_at_equal_flops(ponder: Ponder, tmp_path: Path) -> None:
    small = run(tmp_path / "small", 8, model="x")
    large = run(tmp_path / "large", 2, votes=False, model="y")
    options = ("--params", "1e9", "--larger", 14, "--ratio", 22, "--larger-run", large)

    ended = ponder("flops", small, *options)
    more = ponder("flops", small, *options, "--ratio", 0.16)

    assert "15.77 generations" in ended.out
    assert "+59.8 [" in ended.out
    assert "] points over 10 questions: test-time compute" in ended.out
    assert "with the most that it was tried with: test-time compute" in more.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "nothing to say"),
        (("--larger", 14, "--ratio", 0), "R = 0.0: must be a number above 0"),
        (("--larger", 0.5), "M = 0.5"),
        (("--larger-accuracy", 0.5), "--larger M: say how many times"),
        (("--larger", 14, "--larger-accuracy", 0.5), "--accuracy 1=0.21,16=0.35: say how"),
        (("--larger", 14, "--accuracy", "16"), "--accuracy '16' must be GENERATIONS=SHARE"),
        (("--larger", 14, "--accuracy", "16=2"), "--accuracy '16=2' must be GENERATIONS=SHARE"),
        (("--params", "-1"), "parameters = -1.0"),
        (("nowhere",), "not a run's folder"),
        (("--larger", 14, "--larger-run", "x"), "--larger-run goes with the smaller model's run"),
    ],
)
def test_wrong_input_is_one_line(ponder: Ponder, options: tuple[object, ...], said: str) -> None:
    ended = ponder("flops", *options)

    assert ended.code == 2
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_model_that_is_not_here_needs_its_size_said(ponder: Ponder, tmp_path: Path) -> None:
    ended = ponder("flops", run(tmp_path / "run", 8, model="ollama/x"))

    assert ended.code == 2
    assert "--params N: how many parameters ollama/x has cannot be seen here" in ended.err


def test_no_parameters_are_not_taken_for_none_given(ponder: Ponder, tmp_path: Path) -> None:
    folder = run(tmp_path / "run", 5, model=f"transformers/{tiny.save(tmp_path / 'm', 'llama')}")

    ended = ponder("flops", folder, "--params", 0)

    assert ended.code == 2
    assert ended.err.endswith("ponder: parameters = 0.0: must be a number above 0\n")


def test_more_generations_than_there_can_be_are_refused(ponder: Ponder) -> None:
    points = f"1{'0' * 400}=0.2,2=0.3"

    ended = ponder("flops", "--larger", 14, "--accuracy", points, "--larger-accuracy", 0.3)

    assert ended.code == 2
    assert "must be GENERATIONS=SHARE" in ended.err
