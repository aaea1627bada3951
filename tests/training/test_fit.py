"""A fit: what it learns, where it stops, how it goes on, and what it refuses."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from ponder.errors import FitError, InputError
from ponder.training import (
    Bad,
    Example,
    building,
    fit_orm,
    fit_prm,
    orm_options,
    prm_options,
    trainer,
)
from ponder.training.split import split
from tests.training.tiny import base, examples

ROOT = Path(__file__).parents[2]
QUICK: dict[str, Any] = {"lr": 1e-3, "batch": 8, "dropout": 0.1, "validation": 0.25}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("base"))


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "model.safetensors")


def apart(one: Path, other: Path) -> float:
    first, second = weights(one), weights(other)
    assert set(first) == set(second)
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def test_it_learns_which_steps_are_right(folder: Path, tmp_path: Path) -> None:
    options = prm_options(lr=5e-3, batch=16, epochs=12, dropout=0)

    fitted = fit_prm(
        examples(40, 4),
        folder,
        tmp_path / "out",
        options,
        pool=examples(10, 8, seed=2),
        processbench=[(Example("p", ("1 yes", "2 no")), 1), (Example("p", ("1 yes",)), -1)],
    )

    assert fitted.validation["ece"] < 0.05
    assert fitted.validation["best_of_8"] > fitted.validation["best_of_1"] + 0.3
    assert fitted.validation["f1"] == fitted.validation["processbench_f1"] == 1
    measured = [line for line in fitted.metrics if "validation" in line]
    assert min(line["validation"]["loss"] for line in measured) == fitted.validation["loss"]
    assert not (tmp_path / "out/checkpoints").exists()


def test_accumulated_passes_are_one_batch(folder: Path, tmp_path: Path) -> None:
    options = prm_options(**{**QUICK, "dropout": 0, "epochs": 2, "lora": 2})
    data = examples(9, 3)  # the last batch of an epoch is not full

    fit_prm(data, folder, tmp_path / "one", options.model_copy(update={"rows": 8}))
    fit_prm(data, folder, tmp_path / "many", options.model_copy(update={"rows": 2}))

    assert apart(tmp_path / "one", tmp_path / "many") < 1e-6


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    folder: Path, tmp_path: Path
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        fit_prm(examples(), folder, tmp_path / name, prm_options(**QUICK, epochs=1, seed=seed))

    assert apart(tmp_path / "a", tmp_path / "b") == 0
    assert apart(tmp_path / "a", tmp_path / "c") > 1e-4


KILLED = """
import sys
from pathlib import Path
from ponder.training import fit_prm, prm_options
from ponder.training.journal import Journal
from tests.training.tiny import examples

import os, signal
base, out, every, at = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])

def die(line):
    if int(line.split(",")[0].split()[1]) >= at:
        os.kill(os.getpid(), signal.SIGKILL)

options = prm_options(lr=1e-3, batch=8, rows=4, dropout=0.1, validation=0.25, epochs=4,
                      every=None if every == "epoch" else int(every), schedule="linear")
fit_prm(examples(), base, out, options, say=die)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("every", "at"), [("epoch", 6), ("2", 7)])
def test_a_fit_that_was_killed_goes_on_to_the_same_weights(
    folder: Path, tmp_path: Path, every: str, at: int
) -> None:
    options = prm_options(
        lr=1e-3, batch=8, rows=4, dropout=0.1, validation=0.25, epochs=4,
        every=None if every == "epoch" else int(every), schedule="linear",
    )  # fmt: skip
    whole, out = tmp_path / "whole", tmp_path / "killed"
    command = [sys.executable, "-c", KILLED, str(folder), str(out), every, str(at)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    with (out / "metrics.jsonl").open("a") as file:
        file.write('{"step": 9, "epo')  # a line that was torn
    (out / "checkpoints/checkpoint-99").mkdir()  # and a checkpoint
    uninterrupted = fit_prm(examples(), folder, whole, options)
    resumed = fit_prm(examples(), folder, out, options)

    assert apart(whole, out) < 1e-6
    assert [line["step"] for line in resumed.metrics] == [
        line["step"] for line in uninterrupted.metrics
    ]
    assert resumed.validation == pytest.approx(uninterrupted.validation, abs=1e-6)


def test_what_is_finished_is_not_done_again(folder: Path, tmp_path: Path) -> None:
    options = prm_options(**QUICK, epochs=1)
    first = fit_prm(examples(), folder, tmp_path / "out", options)
    written = (tmp_path / "out/model.safetensors").stat().st_mtime_ns

    again = fit_prm(examples(), folder, tmp_path / "out", options)

    assert again == first
    assert (tmp_path / "out/model.safetensors").stat().st_mtime_ns == written


def test_another_fit_does_not_go_on_in_its_folder(folder: Path, tmp_path: Path) -> None:
    fit_prm(examples(), folder, tmp_path / "out", prm_options(**QUICK, epochs=1))

    with pytest.raises(InputError, match=r"a fit with other epochs \(1, not 2\); name another"):
        fit_prm(examples(), folder, tmp_path / "out", prm_options(**QUICK, epochs=2))
    with pytest.raises(InputError, match="a fit with other data"):
        fit_prm(examples(9), folder, tmp_path / "out", prm_options(**QUICK, epochs=1))
    with pytest.raises(InputError, match="is there already, and holds no fit"):
        fit_prm(examples(), folder, folder, prm_options(**QUICK))


def test_it_stops_when_validation_gets_no_better_and_keeps_the_best(
    folder: Path, tmp_path: Path
) -> None:
    train = examples(6, 2)
    wrong = [replace(one, labels=tuple(1 - float(x or 0) for x in one.labels)) for one in train]
    options = prm_options(lr=5e-3, batch=4, epochs=30, patience=2, dropout=0)

    fitted = fit_prm(train, folder, tmp_path / "out", options, validation=wrong)

    measured = [line for line in fitted.metrics if "validation" in line]
    losses = [line["validation"]["loss"] for line in measured]
    best = losses.index(min(losses))
    assert len(losses) == best + 3 < 30
    assert fitted.best_step == measured[best]["step"] < fitted.steps


def test_another_measure_can_choose(folder: Path, tmp_path: Path) -> None:
    options = prm_options(lr=3e-3, batch=16, epochs=4, best="best_of_n", validation=0)

    fitted = fit_prm(examples(), folder, tmp_path / "out", options, pool=examples(8, 4, seed=4))

    found = [line["validation"]["best_of_n"] for line in fitted.metrics if "validation" in line]
    assert fitted.validation["best_of_n"] == max(found)
    with pytest.raises(InputError, match="best=best_of_n needs a pool"):
        fit_prm(examples(), folder, tmp_path / "no", prm_options(best="best_of_n"))


def test_first_errors_choose_only_where_there_are_some_to_find(
    folder: Path, tmp_path: Path
) -> None:
    right = [one for one in examples(20) if one.correct]
    options = prm_options(lr=1e-3, batch=8, best="f1")

    with pytest.raises(InputError, match="best=f1 needs a process model, and validation data that"):
        fit_prm(examples(), folder, tmp_path / "out", options, validation=right)
    with pytest.raises(InputError, match="best=f1 needs a process model"):
        fit_orm(examples(), folder, tmp_path / "out", orm_options(best="f1", validation=0.25))

    assert not (tmp_path / "out").exists()
    fitted = fit_prm(examples(), folder, tmp_path / "out", options, validation=examples(9, seed=1))
    assert "f1" in fitted.validation


def test_a_loss_that_is_no_number_is_told_with_file_and_line(folder: Path, tmp_path: Path) -> None:
    options = prm_options(**{**QUICK, "lr": 0.9, "clip": 0, "validation": 0})
    broken = base(tmp_path / "broken")
    tensors = load_file(broken / "model.safetensors")
    tensors["model.embed_tokens.weight"][:] = float("nan")
    from safetensors.torch import save_file

    save_file(tensors, broken / "model.safetensors", {"format": "pt"})

    with pytest.raises(
        FitError,
        match=r"the loss is no number at step 1, of train.jsonl line \d+, train.jsonl line \d+, "
        r"train.jsonl line \d+, train.jsonl line \d+ and 4 more; nothing was learnt from it",
    ):
        fit_prm(examples(), broken, tmp_path / "out", options)

    assert not (tmp_path / "out/model.safetensors").exists()


@pytest.mark.parametrize("layer", ["score", "norm"])
def test_a_model_that_is_measured_and_gives_no_numbers_ends_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layer: str
) -> None:
    def spoilt(*given: Any, **more: Any) -> Any:
        scoring = build(*given, **more)
        one = scoring.model.score if layer == "score" else scoring.model.model.norm
        one.weight.requires_grad_(False).fill_(float("inf"))
        return scoring

    build = building.build
    monkeypatch.setattr(building, "build", spoilt)
    monkeypatch.setattr(trainer.FitTrainer, "go", lambda self, checkpoint: self.evaluate())

    with pytest.raises(FitError, match="is no number any more where the model is measured; a low"):
        fit_prm(examples(), folder, tmp_path / "out", prm_options(**QUICK, epochs=1))


def test_one_bad_row_is_found_in_its_batch(folder: Path, tmp_path: Path) -> None:
    broken = base(tmp_path / "broken")
    tensors = load_file(broken / "model.safetensors")
    from transformers import AutoTokenizer

    auto: Any = AutoTokenizer
    [odd] = auto.from_pretrained(broken).encode("~", add_special_tokens=False)
    tensors["model.embed_tokens.weight"][odd] = float("inf")
    from safetensors.torch import save_file

    save_file(tensors, broken / "model.safetensors", {"format": "pt"})
    data = [*examples(), Example("p", ("~",), (1.0,), where="train.jsonl line 99")]

    with pytest.raises(FitError, match=r"of train.jsonl line 99; not"):
        fit_prm(data, broken, tmp_path / "out", prm_options(**{**QUICK, "validation": 0}))


def test_it_is_said_where_questions_are_fitted_to_and_measured_on(
    folder: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    options = prm_options(**{**QUICK, "validation": 0}, epochs=1)
    others = [replace(one, id=f"other/{one.id}") for one in examples(3)]

    fit_prm(
        examples(), folder, tmp_path / "out", options,
        validation=examples(2), pool=others, say=told.append,
    )  # fmt: skip

    [said] = [line for line in told if "fitted to as well" in line]
    assert said.startswith("2 questions of the validation data are")


def test_a_question_s_rows_are_never_divided() -> None:
    data = examples(40, 5)

    train, validation = split(data, 0.1, seed=1)

    one, other = ({row.question for row in some} for some in (train, validation))
    assert not one & other
    assert len(other) == 4
    assert len(train) + len(validation) == len(data)
    assert {row.question for row in split(data[::-1], 0.1, seed=1)[1]} == other
    assert {row.question for row in split(data, 0.1, seed=2)[1]} != other


BAD: list[tuple[list[Example], dict[str, Any], str]] = [
    ([], {}, "0 questions cannot be split"),
    ([], {"validation": 0}, "there is no solution to fit to"),
    ([Example("p", ("a",), (1.0,))], {}, "1 question cannot be split for validation"),
    ([Example("p", ("a",), (None,))], {"validation": 0}, "there is no solution to fit to"),
    ([Example("p", ("x " * 400,), (1.0,), where="f line 3")], {"validation": 0}, "^f line 3: lon"),
    ([Example("p", ("x " * 40,), (1.0,))], {"validation": 0, "max_length": 20}, "than the 20 tok"),
]


@pytest.mark.parametrize(("data", "chosen", "message"), BAD)
def test_bad_data_are_refused_before_anything_is_made(
    folder: Path, tmp_path: Path, data: list[Example], chosen: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        fit_prm(data, folder, tmp_path / "out", prm_options(**chosen))

    assert not (tmp_path / "out").exists()


def test_a_base_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        fit_prm(examples(), "./absent", tmp_path / "out")


def test_an_outcome_model_learns_what_is_right(folder: Path, tmp_path: Path) -> None:
    options = orm_options(lr=5e-3, batch=16, epochs=10, validation=0.2)
    bad = Bad(skip=True)

    fitted = fit_orm(
        [*examples(40, 4), Example("p", ("x " * 900,), correct=True)],
        folder,
        tmp_path / "out",
        options,
        pool=examples(10, 8, seed=3),
        bad=bad,
    )

    assert bad.total == 1
    assert fitted.validation["best_of_8"] > fitted.validation["best_of_1"] + 0.2
    assert json.loads((tmp_path / "out/fit.json").read_text())["kind"] == "orm"
