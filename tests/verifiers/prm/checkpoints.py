"""Tiny random reward models, saved in the layouts that the real ones were published in."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file
from torch import Tensor, nn

from ponder.models.local import loading
from ponder.verifiers.prm import Format, Scorer
from ponder.verifiers.prm.checkpoint import load_scorer
from tests.verifiers.prm.published import PUBLISHED
from tests.verifiers.prm.tiny import tokenizer_for

MODELS = {
    "math-shepherd": "Mistral",
    "reasoneval-7b": "Mistral",
    "rlhflow": "Llama",
    "rlhflow-orm": "Llama",
    "er-prm": "Llama",
    "llemma": "Llama",
    "reasoneval-34b": "Llama",
}
"""Families of base models; all others are Qwen2."""
CONFIG: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": False,
}


@dataclass(frozen=True)
class Published:
    """A checkpoint on disk, and the same as its authors' code would hold it."""

    folder: Path
    tokenizer: Any
    model: nn.Module
    """The language model."""
    head: nn.Module | None
    """What is laid over its last states, where that is not its own head."""

    def logits(self, ids: list[int], at: int) -> Tensor:
        """The numbers of one token, from a plain forward pass of all."""
        with torch.no_grad():
            out: Any = self.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
            if self.head is None:
                numbers: Tensor = out.logits[0, at]
            else:
                numbers = self.head(out.hidden_states[-1][0, at])
        return numbers


def fresh(folder: Path, form: Format) -> Scorer:
    """The scorer of a checkpoint, read from disk whether or not it was before."""
    loading._loaded.clear()
    return load_scorer(folder, form)


def head_for(name: str) -> tuple[str, nn.Module | None]:
    """The head of a family, and what its tensors' names begin with."""
    size = CONFIG["hidden_size"]
    if name == "qwen2.5-math-prm":
        return "score", nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, 2))
    if name in ("skywork", "pqm", "value"):
        return "v_head.summary", nn.Linear(size, 1)
    if name.startswith("reasoneval"):
        return "score_head", nn.Linear(size, 3, bias=False)
    if name in ("trl", "pure", "llemma"):
        return "score", nn.Linear(size, 2)
    if name == "classifier":
        return "score", nn.Linear(size, 1, bias=False)
    return "", None


def publish(name: str, folder: Path) -> Published:
    """A random checkpoint of that family in `folder`."""
    torch.manual_seed(sum(name.encode()))
    tokenizer, family = tokenizer_for(name), MODELS.get(name, "Qwen2")
    config = getattr(transformers, f"{family}Config")(vocab_size=len(tokenizer), **CONFIG)
    model = getattr(transformers, f"{family}ForCausalLM")(config).eval().float()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    prefix, head = head_for(name)
    tensors = dict(model.state_dict())
    if head is not None:
        tensors |= {f"{prefix}.{part}": tensor for part, tensor in head.state_dict().items()}
        if name not in ("skywork", "pqm", "value"):
            del tensors["lm_head.weight"]
    config.save_pretrained(folder)
    _save(name, tensors, folder)
    _describe(name, folder, family)
    tokenizer.save_pretrained(folder)
    return Published(folder, tokenizer, model, head)


def _save(name: str, tensors: dict[str, Tensor], folder: Path) -> None:
    tensors = {part: tensor.contiguous().clone() for part, tensor in tensors.items()}
    if name == "math-shepherd":  # published before safetensors were usual
        torch.save(tensors, folder / "pytorch_model.bin")
    elif name == "qwen2.5-math-prm":  # in parts
        parts = sorted(tensors)
        for number, some in enumerate((parts[::2], parts[1::2]), 1):
            file = f"model-0000{number}-of-00002.safetensors"
            save_file({part: tensors[part] for part in some}, folder / file, {"format": "pt"})
        index = {
            part: f"model-0000{1 + n % 2}-of-00002.safetensors" for n, part in enumerate(parts)
        }
        text = json.dumps({"metadata": {}, "weight_map": index})
        (folder / "model.safetensors.index.json").write_text(text)
    else:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def _describe(name: str, folder: Path, family: str) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["architectures"] = [f"{family}ForCausalLM"]
    if name == "qwen2.5-math-prm":
        config["architectures"] = ["Qwen2ForProcessRewardModel"]
        config["auto_map"] = {"AutoModel": "modeling_qwen2_rm.Qwen2ForProcessRewardModel"}
    elif name in ("trl", "pure", "llemma"):
        config["architectures"] = [f"{family}ForTokenClassification"]
        config["id2label"] = {"0": "LABEL_0", "1": "LABEL_1"}
    elif name == "classifier":
        config["architectures"] = [f"{family}ForSequenceClassification"]
        config["id2label"] = {"0": "LABEL_0"}
    elif name.startswith("reasoneval"):
        config["architectures"] = ["ReasonEval_7B"]
    elif name == "skywork":
        config["architectures"] = ["Qwen2ForPrmModel"]
    path.write_text(json.dumps(config))


def reference(published: Published, name: str, problem: str, steps: tuple[str, ...]) -> float:
    """The score of the last step, as the authors' code computes it from that prefix alone."""
    tokenizer = published.tokenizer
    logits = published.logits(*PUBLISHED[name](tokenizer, problem, steps))
    if name in ("skywork", "llemma"):
        return float(torch.sigmoid(logits.mean()))
    if name == "pqm":
        return float(logits)
    if name in ("qwen2.5-math-prm", "trl"):
        return float(logits.softmax(-1)[1])
    if name == "pure":
        return float(logits.softmax(-1)[1] - logits.softmax(-1)[0])
    if name.startswith("reasoneval"):
        return float(logits.softmax(-1)[1:].sum())
    if name == "ratings":
        ratings = logits[[tokenizer.encode(word)[-1] for word in "+=-"]].softmax(-1)
        return float(ratings[:2].sum())
    space = " " if name in ("openr", "er-prm") else ""
    words = [tokenizer.encode(f"{space}{sign}")[-1] for sign in "+-"]
    return float(logits[words].softmax(-1)[0])
