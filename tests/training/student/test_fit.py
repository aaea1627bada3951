"""Fits of language models: what they learn, with pauses and without, and how they go on."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from ponder import training
from ponder.errors import FitError, InputError, MissingError
from ponder.models import TransformersModel
from ponder.models.pauses import PAUSE, PauseConfig, read_pauses
from ponder.training import (
    Bad,
    fit_student,
    pretrain,
    pretrain_options,
    student_options,
)
from ponder.training.instructions import Placed, Turn
from ponder.training.journal import read_metrics
from ponder.training.lora import with_lora
from ponder.training.pauses.rows import Row
from ponder.training.pauses.token import add_pause_token
from ponder.training.student.encoding import ConversationEncoder, Paused
from ponder.training.student.trainer import Collate, token_loss
from tests.training.tiny import base

ROOT = Path(__file__).parents[3]
QUICK: dict[str, Any] = {"lr": 5e-3, "batch": 4, "epochs": 4, "max_length": 128}
Auto: Any = AutoModelForCausalLM


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("base"), llama=False)


def said(*texts: str) -> tuple[Turn, ...]:
    roles: Any = ("user", "assistant") * len(texts)
    return tuple(Turn(role, text) for role, text in zip(roles, texts, strict=False))


def data(count: int = 12) -> list[Placed]:
    return [
        (said(f"What is {n}?", f"It is {'yes' if n % 2 else 'no'}."), f"d.jsonl line {n}")
        for n in range(count)
    ]


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "model.safetensors")


def same(one: Path, other: Path) -> bool:
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


def test_it_learns_to_answer(folder: Path, tmp_path: Path) -> None:
    options = student_options("small", **{**QUICK, "epochs": 12})

    fitted = fit_student(data(), folder, tmp_path / "out", options, validation=data())

    losses = [line["validation"]["loss"] for line in fitted.metrics if "validation" in line]
    assert losses[-1] < losses[0] / 3
    assert fitted.examples == 12
    assert fitted.validation["loss"] == min(losses)
    assert not (tmp_path / "out/checkpoints").exists()
    assert read_pauses(tmp_path / "out") is None


def test_no_pauses_are_plain_finetuning_bit_for_bit(folder: Path, tmp_path: Path) -> None:
    for out, more in (("plain", {}), ("none", {"pauses": 0, "pause_token": "<wait>"})):
        fit_student(data(), folder, tmp_path / out, student_options("small", **QUICK, **more))

    assert same(tmp_path / "plain", tmp_path / "none")


def test_a_model_that_knows_pauses_and_is_given_none_is_finetuned_as_any(
    folder: Path, tmp_path: Path
) -> None:
    known = tmp_path / "known"
    fit_student(data(), folder, known, student_options("small", **QUICK, pauses=3))
    unknown = tmp_path / "unknown"
    shutil.copytree(known, unknown, ignore=shutil.ignore_patterns("pauses.json"))

    for base_ in (known, unknown):
        out = tmp_path / f"{base_.name}-out"
        fit_student(data(), base_, out, student_options("small", **QUICK))

    assert read_pauses(tmp_path / "known-out") is not None
    assert read_pauses(tmp_path / "unknown-out") is None
    assert same(tmp_path / "known-out", tmp_path / "unknown-out")


def test_only_the_pause_s_row_of_the_embedding_has_a_gradient(folder: Path, tmp_path: Path) -> None:
    options = student_options("small", **QUICK, pauses=3, lora=2)

    fit_student(data(), folder, tmp_path / "out", options)

    before, after = weights(folder), weights(tmp_path / "out")
    name = "model.embed_tokens.weight"
    config = read_pauses(tmp_path / "out")
    assert config is not None
    rows = len(before[name])
    assert config == PauseConfig(PAUSE, rows, 3)
    assert torch.equal(after[name][:rows], before[name])
    assert not torch.equal(after[name][rows], before[name].mean(0))
    assert torch.equal(after["lm_head.weight"][:rows], before["lm_head.weight"])


@pytest.mark.parametrize("lora", [0, 2])
def test_of_the_embedding_the_pause_has_a_gradient_with_lora_and_all_that_is_seen_without(
    folder: Path, lora: int
) -> None:
    model, tokenizer = Auto.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    id = add_pause_token(model, tokenizer, PAUSE)
    row = ConversationEncoder.of("m", tokenizer, "vicuna", 128, pause=id, pauses=2)(
        said("Hi", "yes")
    )
    if lora:
        model = with_lora(model, "", student_options(lora=lora), token=id)

    batch = Collate(0)([row])
    loss: Any = token_loss(model, {name: one for name, one in batch.items() if name != "where"})[0]
    loss.backward()

    fitted = {
        name: one for name, one in model.named_parameters() if "embed" in name and one.requires_grad
    }
    [embedding] = fitted.values()
    assert embedding.grad is not None
    moved = embedding.grad.norm(dim=-1).nonzero()[:, 0].tolist()
    assert len(embedding) == (1 if lora else id + 1)
    assert moved == ([0] if lora else sorted(set(row.ids[:-1])))


def test_with_lora_the_rest_may_be_held_in_half_of_the_memory(folder: Path, tmp_path: Path) -> None:
    settings = {**QUICK, "epochs": 12, "pauses": 2, "lora": 4, "validation": 0.0}
    for out, dtype in (("one", "float32"), ("half", "bfloat16")):
        options = student_options("small", **settings, dtype=dtype)
        fit_student(data(), folder, tmp_path / out, options, validation=data())

    one, half = (read_metrics(tmp_path / out)[-1]["validation"]["loss"] for out in ("one", "half"))
    assert one == pytest.approx(half, rel=0.05)
    assert {tensor.dtype for tensor in weights(tmp_path / "half").values()} == {torch.bfloat16}
    with pytest.raises(InputError, match="dtype=bfloat16 needs lora"):
        student_options(dtype="bfloat16")


def test_a_tied_head_leaves_the_other_rows_alone_too(tmp_path: Path) -> None:
    folder = base(tmp_path / "gpt2", family="GPT2", llama=False)
    options = student_options("small", **QUICK, pauses=3, lora=2)

    fit_student(data(), folder, tmp_path / "out", options)

    before, after = weights(folder), weights(tmp_path / "out")
    rows = len(before["transformer.wte.weight"])
    assert torch.equal(after["transformer.wte.weight"][:rows], before["transformer.wte.weight"])
    assert len(after["transformer.wte.weight"]) == rows + 1


def test_what_is_fitted_with_pauses_loads_in_transformers_and_never_says_one(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    fit_student(data(), folder, out, student_options("small", **QUICK, pauses=3))

    model, tokenizer = Auto.from_pretrained(out), AutoTokenizer.from_pretrained(out)

    config = read_pauses(out)
    assert config is not None
    assert tokenizer.convert_tokens_to_ids(PAUSE) == config.id == model.config.vocab_size - 1
    assert model.generation_config.suppress_tokens == [config.id]
    asked = torch.tensor([tokenizer.encode("What is 1?") + [config.id] * 3])
    made = model.generate(
        asked, max_new_tokens=4, return_dict_in_generate=True, output_scores=True, do_sample=False
    )
    assert all(torch.isneginf(scores[0, config.id]) for scores in made.scores)


async def test_a_student_is_asked_as_it_was_finetuned(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = student_options("small", **{**QUICK, "epochs": 30, "template": "alpaca"})
    fit_student(data(), folder, out, options)
    encode = ConversationEncoder.of("m", AutoTokenizer.from_pretrained(folder), "alpaca", 128)
    row = encode(said("What is 3?", "It is yes."))
    asked: Any = [{"role": "user", "content": "What is 3?"}]

    model, tokenizer = Auto.from_pretrained(out), AutoTokenizer.from_pretrained(out)
    held: Any = tokenizer.apply_chat_template(asked)
    plain = held["input_ids"]
    ours = TransformersModel(f"transformers/{out}")
    [reply] = await ours.chat(asked, path="p", max_tokens=20, temperature=0.0)

    assert tuple(plain) == row.ids[: row.prefix]
    made = model.generate(torch.tensor([plain]), do_sample=False, max_new_tokens=20)[0]
    assert made.tolist() == list(row.ids)
    assert reply.text == "It is yes."


def test_what_ends_an_answer_ends_generation(folder: Path, tmp_path: Path) -> None:
    end = AutoTokenizer.from_pretrained(folder).convert_tokens_to_ids("<|im_end|>")
    options = student_options("small", **{**QUICK, "template": "chat"})

    fit_student(data(4), folder, tmp_path / "out", options)

    model = Auto.from_pretrained(tmp_path / "out")
    assert end != AutoTokenizer.from_pretrained(tmp_path / "out").eos_token_id
    assert end in model.generation_config.eos_token_id


def test_sliding_windows_have_no_prefix_that_is_read_both_ways(tmp_path: Path) -> None:
    folder = base(tmp_path / "base", family="Mistral", llama=False)
    options = student_options("small", **QUICK, prefix_lm=True)

    with pytest.raises(InputError, match="prefix_lm needs layers that see all"):
        fit_student(data(), folder, tmp_path / "out", options)

    assert not (tmp_path / "out").exists()


def test_prompts_that_are_cut_are_counted(folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    rows = [*data(3), (said("What is " * 200, "yes"), "")]
    options = student_options("small", **QUICK)

    fit_student(rows, folder, tmp_path / "out", options, say=told.append)

    assert told[0] == "prompts that lose their beginning, for want of room: 1 (max_length)"


def test_a_pause_token_is_added_once_and_a_padded_vocabulary_never_shrinks(folder: Path) -> None:
    model, tokenizer = Auto.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    model.resize_token_embeddings(len(tokenizer) + 50, mean_resizing=False)
    rows = len(model.get_input_embeddings().weight)

    id = add_pause_token(model, tokenizer, PAUSE)
    held = model.get_input_embeddings().weight.detach().clone()

    assert add_pause_token(model, tokenizer, PAUSE) == id == len(tokenizer) - 1
    assert len(held) == rows
    assert torch.equal(model.get_input_embeddings().weight, held)
    others = torch.arange(rows) != id
    assert torch.allclose(held[id], held[others].mean(0))


def test_a_prefix_is_read_both_ways(folder: Path) -> None:
    model = Auto.from_pretrained(folder).eval()
    encode = ConversationEncoder.of(
        "m", AutoTokenizer.from_pretrained(folder), "vicuna", 128, pause=5, pauses=2
    )
    rows = [encode(said("What is 1?", "yes")), encode(said("What is it, and why?", "no, no"))]
    collate = Collate(0, prefix_lm=True)
    names = ("input_ids", "attention_mask", "labels")

    with torch.inference_mode():
        both = collate(rows)
        total, count = token_loss(model, {name: both[name] for name in names})
        alone = [collate([row]) for row in rows]
        apart = [token_loss(model, {name: one[name] for name in names}) for one in alone]
        causal = token_loss(model, {name: Collate(0)(rows[:1])[name] for name in names})

    assert count == sum(row.learnt for row in rows)
    assert float(total) == pytest.approx(float(sum(one for one, _ in apart)), rel=1e-5)
    assert abs(float(causal[0]) - float(apart[0][0])) > 1e-4


def test_the_first_token_of_a_prefix_sees_its_last_and_not_the_answer(folder: Path) -> None:
    model = Auto.from_pretrained(folder).base_model.eval()
    ids = torch.tensor([[5, 6, 7, 8, 9]])

    def first(place: int, id: int) -> torch.Tensor:
        changed = ids.clone()
        changed[0, place] = id
        mask = Collate(0, prefix_lm=True)([Row((5, 6, 7, 8, 9), (-100,) * 5, 3)])["attention_mask"]
        with torch.inference_mode():
            out = model(input_ids=changed, attention_mask=mask).last_hidden_state[0, 0]
        return torch.as_tensor(out)

    assert not torch.allclose(first(2, 7), first(2, 11), atol=1e-4)
    assert torch.allclose(first(3, 8), first(3, 11), atol=1e-6)


def test_pauses_are_drawn_anew_in_every_epoch_and_the_same_for_a_seed() -> None:
    rows = Paused([tuple(range(40))] * 3, 99, 0.2, seed=4)

    drawn = {(epoch, index): rows.row(index, epoch) for epoch in range(3) for index in range(3)}

    assert len({row.ids for row in drawn.values()}) == 9
    again = Paused([tuple(range(40))] * 3, 99, 0.2, seed=4)
    assert all(again.row(index, epoch) == row for (epoch, index), row in drawn.items())
    assert all(len(row.ids) == 40 for row in drawn.values())


def texts() -> list[str]:
    rng = random.Random(3)
    return [" ".join(rng.choices(["one", "two", "three", "yes", "no"], k=30)) for _ in range(40)]


@pytest.mark.parametrize("more", [{"gradient_checkpointing": True}, {"rows": 1}])
def test_less_memory_makes_no_other_model(
    folder: Path, tmp_path: Path, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    fit_student(data(), folder, tmp_path / "one", student_options("small", **QUICK))
    monkeypatch.setattr("ponder.training.student.trainer.CHUNK", 3)

    fit_student(data(), folder, tmp_path / "other", student_options("small", **QUICK, **more))

    one, other = weights(tmp_path / "one"), weights(tmp_path / "other")
    assert max(float((one[name] - other[name]).abs().max()) for name in one) < 1e-5


def test_a_fit_tells_nobody(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr("trl.trainer.base_trainer.send_telemetry", lambda **k: told.append(k))

    fit_student(data(4), folder, tmp_path / "out", student_options("small", **QUICK))

    assert not told


def test_a_row_whose_loss_is_no_number_is_named(folder: Path, tmp_path: Path) -> None:
    broken = base(tmp_path / "broken", llama=False)
    tensors = weights(broken)
    [odd] = AutoTokenizer.from_pretrained(broken).encode("~", add_special_tokens=False)
    tensors["model.embed_tokens.weight"][odd] = float("inf")
    save_file(tensors, broken / "model.safetensors", {"format": "pt"})
    rows = [*data(3), (said("~", "yes"), "d.jsonl line 99")]

    with pytest.raises(FitError, match=r"step 1, of d.jsonl line 99; nothing was learnt"):
        fit_student(rows, broken, tmp_path / "out", student_options("small", **QUICK))


def test_without_trl_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)

    with pytest.raises(MissingError, match=r"needs trl: pip install 'ponder\[train\]'"):
        _ = training.fit_student


BAD: list[tuple[tuple[Turn, ...], str]] = [
    (said("Hi"), "must end with what the assistant says"),
    (said("Hi", " "), "an answer is empty"),
    (said("Hi", "yes " * 99), "the answer is too long"),
    ((Turn("assistant", "Hi"),), "an answer must follow what a user says"),
]


@pytest.mark.parametrize(("turns", "why"), BAD, ids=[why for _, why in BAD])
def test_what_cannot_be_learnt_is_refused_with_its_line_or_counted(
    folder: Path, tmp_path: Path, turns: Any, why: str
) -> None:
    options = student_options("small", **{**QUICK, "epochs": 1})
    rows = [*data(2), (turns, "d.jsonl line 9")]

    with pytest.raises(InputError, match=f"d.jsonl line 9: .*{why}"):
        fit_student(rows, folder, tmp_path / "out", options)
    bad = Bad(skip=True)
    fitted = fit_student(rows, folder, tmp_path / "out", options, bad=bad)

    assert (fitted.examples, bad.total) == (2, 1)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"best": "loss"}, "best=loss needs validation data"),
        ({"template": "chat"}, "has no chat template"),
    ],
)
def test_settings_that_do_not_fit_are_one_line(
    tmp_path: Path, settings: dict[str, Any], why: str
) -> None:
    folder = base(tmp_path / "base", chat=False)

    with pytest.raises(InputError, match=why):
        fit_student(data(), folder, tmp_path / "out", student_options("small", **settings))


KILLED = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[1])
from tests.training.student.test_fit import settle
settle(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5]))
"""


def settle(kind: str, folder: Path, out: Path, dies: int = 0) -> None:
    """Make a fit; the process is killed after so many steps."""

    def say(line: str) -> None:
        if dies and line.startswith(f"step {dies},"):
            import os
            import signal

            os.kill(os.getpid(), signal.SIGKILL)

    if kind == "student":
        options = student_options("small", **QUICK, every=2, pauses=2, lora=2, dropout=0.1)
        fit_student(data(), folder, out, options, validation=data(3), say=say)
    else:
        some = pretrain_options(lr=5e-3, batch=4, epochs=3, length=32, every=2, pauses=0.2)
        pretrain(texts(), folder, out, some, say=say)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["student", "pretrain"])
def test_a_fit_that_was_killed_goes_on_to_the_same_weights(
    folder: Path, tmp_path: Path, kind: str
) -> None:
    settle(kind, folder, tmp_path / "whole")

    arguments = [KILLED, str(ROOT), kind, str(folder), str(tmp_path / "killed"), "6"]
    killed = subprocess.run([sys.executable, "-c", *arguments], capture_output=True, check=False)
    settle(kind, folder, tmp_path / "killed")

    assert killed.returncode == -9, killed.stderr.decode()
    assert same(tmp_path / "whole", tmp_path / "killed")
    metrics = [(tmp_path / one / "metrics.jsonl").read_text() for one in ("whole", "killed")]
    assert metrics[0] == metrics[1]
    assert json.loads((tmp_path / "killed/fit.json").read_text())["result"]["steps"] > 6
