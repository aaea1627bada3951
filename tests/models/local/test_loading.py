"""From a name to a model in memory."""

import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForTokenClassification

from ponder.errors import InputError, MissingError
from ponder.models.local import find, load
from tests.models.local.tiny import model, save, tokenizer


def test_a_folder_is_loaded_once_whatever_it_is_called(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)

    loaded = load(f"transformers/{folder}")

    assert loaded is load(str(folder)) is load(f"./{folder.name}")
    assert loaded.decoder.dtype == torch.float32
    assert loaded.ends == {0, 2}


def test_another_dtype_is_another_model(folder: Path) -> None:
    half = load(str(folder), dtype="bfloat16")

    assert half.decoder.dtype == torch.bfloat16
    assert half is not load(str(folder))


def test_a_head_that_transformers_does_not_know_is_read_by_its_name(tmp_path: Path) -> None:
    made = model("qwen2", vocabulary=301)
    made.config.architectures = ["Qwen2ForProcessRewardModel"]
    state = {f"model.{name}": tensor for name, tensor in made.model.state_dict().items()}
    head = torch.randn(2, 32)
    made.config.save_pretrained(tmp_path)
    torch.save({**state, "score.0.weight": head}, tmp_path / "pytorch_model.bin")
    tokenizer().save_pretrained(tmp_path)

    loaded = load(str(tmp_path))

    assert list(loaded.tensors("score.")) == ["score.0.weight"]
    assert torch.equal(loaded.tensors("score.")["score.0.weight"], head)
    [states] = loaded.decoder.states([[5, 6]], [[1]])
    with torch.inference_mode():
        want = made.model(input_ids=torch.tensor([[5, 6]])).last_hidden_state[0, 1]
    torch.testing.assert_close(states[0], want, atol=1e-5, rtol=0)


def test_a_head_that_transformers_knows_comes_with_the_model(tmp_path: Path) -> None:
    made = model(vocabulary=301, auto=AutoModelForTokenClassification, num_labels=3)
    made.save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)

    assert load(str(tmp_path)).model.score.weight.shape == (3, 32)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("transformers//no/such/folder", "there is no folder /no/such/folder"),
        ("transformers/no such", "there is no folder no such"),
        ("transformers/a.gguf", r"there is no file a\.gguf"),
    ],
)
def test_what_is_not_there_is_named(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        find(name)


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no config\.json"):
        find(str(tmp_path))


def test_a_checkpoint_that_lacks_tensors_is_not_filled_up_at_random(tmp_path: Path) -> None:
    made = model(vocabulary=301)
    state = made.state_dict()
    del state["model.layers.1.mlp.up_proj.weight"]
    made.save_pretrained(tmp_path, state_dict=state)
    tokenizer().save_pretrained(tmp_path)

    with pytest.raises(InputError, match=r"tensors are missing, model\.layers\.1\.mlp\.up_proj"):
        load(str(tmp_path))


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "junk.gguf").write_bytes(b"GGUF" + bytes(100))

    with pytest.raises(InputError, match=r"junk\.gguf cannot be loaded"):
        load(f"{tmp_path}/junk.gguf")


def test_an_id_where_the_hub_is_not_reached_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(MissingError, match="no such folder, and the hub is not reached"):
        load("transformers/nobody/nothing")


def test_a_dtype_that_is_none_is_answered_with_those_that_are(folder: Path) -> None:
    with pytest.raises(InputError, match="'int8' is not one of float32, bfloat16"):
        load(str(folder), dtype="int8")


@pytest.mark.parametrize("device", ["cuda:99", "abacus"])
def test_a_device_that_is_not_here_is_named(folder: Path, device: str) -> None:
    with pytest.raises(MissingError, match=f"device '{device}' is not here: "):
        load(str(folder), device=device)


def test_weights_that_are_known_but_not_here_say_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PONDER_HOME", str(tmp_path))

    with pytest.raises(MissingError, match="run `ponder models pull smollm2-135m`"):
        find("transformers/smollm2-135m")


def test_a_machine_without_torch_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    from ponder.models import local

    with pytest.raises(MissingError, match=r"need torch: pip install 'ponder\[local\]'"):
        _ = local.load


def test_what_a_folder_brings_is_never_run(tmp_path: Path) -> None:
    save(tmp_path, "llama")
    config = (tmp_path / "config.json").read_text()
    brought = '"auto_map": {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"},'
    unknown = config.replace('"llama"', '"own"').replace("{", "{" + brought, 1)
    (tmp_path / "config.json").write_text(unknown)
    (tmp_path / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")

    with pytest.raises(InputError, match="cannot be loaded"):
        load(str(tmp_path))

    assert not (tmp_path / "ran").exists()
