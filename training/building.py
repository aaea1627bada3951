"""From a base model to one that can be fitted, and from that to a folder that loads back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file
from torch import nn

from ..errors import InputError
from ..models.local import Source, find
from ..models.local.decoder import limit_of
from ..models.local.loading import explained, forget, quiet
from ..tasks import hub
from ..verifiers.prm import Tokens
from ..verifiers.prm.recorded import KEY
from .fit_options import FitOptions
from .kinds import Kind
from .lora import merged, with_lora
from .scoring import Reading, Scoring

HEADS = ("score", "classifier")
"""How families of transformers call a classifier's head."""
RATES = (
    "attention_dropout", "attn_pdrop", "resid_pdrop", "embd_pdrop", "hidden_dropout",
    "attention_dropout_prob", "hidden_dropout_prob", "dropout", "residual_dropout",
)  # fmt: skip
"""How families call their rates of dropout; not all families have any."""
LOCAL = "local_files_only"
ADAPTER = "adapter"
"""The folder of a fit by LoRA that holds the adapter alone."""


def base_tokenizer(base: str, *, gguf: bool = False, bare: bool = False) -> Any:
    """The base model's tokenizer; with `bare`, of a folder that need hold nothing else.

    Raises:
        InputError: there is no such model.
        MissingError: the hub is not reached.
    """
    source, arguments = (Source(base, base), {}) if bare else _source(base, gguf=gguf)
    with quiet(), explained(source, offline=LOCAL in arguments):
        return transformers.AutoTokenizer.from_pretrained(source.place, **arguments)


def longest(base: str) -> int:
    """How many tokens a base model takes, as its config says."""
    source, arguments = _source(base)
    with quiet(), explained(source, offline=LOCAL in arguments):
        config = transformers.AutoConfig.from_pretrained(source.place, **arguments)
    return limit_of(config.get_text_config(decoder=True))


def build(
    base: str, kind: Kind, tokenizer: Any, options: FitOptions, *, cuda: bool = False
) -> Scoring:
    """The base model with the kind's head, whose first weights are those of the seed.

    Raises:
        InputError: it is no model that such a head can be put on, or a tensor of it is missing.
        MissingError: the hub is not reached, or a library is missing.
    """

    def prepare(config: Any) -> None:
        _set_rates(config, options.dropout)
        _label(config, kind, tokenizer)

    model, missing = _loaded(base, kind.auto, options, prepare, cuda=cuda)
    reading = _reading(model, kind, tokenizer)
    own = f"{reading.head}." if reading.head else "\0"
    _refuse_missing(base, [name for name in missing if not name.startswith(own)])
    return Scoring(_prepared(model, reading.head, options), reading, options.dropout)


def language_model(
    base: str,
    options: FitOptions,
    *,
    cuda: bool = False,
    lora: bool = True,
    gguf: bool = False,
    dtype: str | None = None,
) -> Any:
    """The base model with its own head, as it is fitted; raises as `build`. Without `lora` none is
    added yet. With `gguf` it may be a GGUF file, whose quantised weights are written out. `dtype`
    is another than float32, or bfloat16 with LoRA on a GPU."""

    def prepare(config: Any) -> None:
        _set_rates(config, options.dropout)

    model, missing = _loaded(
        base, "AutoModelForCausalLM", options, prepare, cuda=cuda, gguf=gguf, dtype=dtype
    )
    _refuse_missing(base, missing)
    return _prepared(model, "", options, lora=lora)


def new_language_model(config: Path, options: FitOptions) -> Any:
    """A model with that config.json, whose weights are drawn from the seed; without LoRA.

    Raises:
        InputError: it is no config that transformers knows.
    """
    auto: Any = transformers.AutoModelForCausalLM
    with quiet(), explained(Source(str(config), str(config)), offline=False):
        found = transformers.AutoConfig.from_pretrained(str(config))
        _set_rates(found, options.dropout)
        transformers.set_seed(options.seed)
        model = auto.from_config(found, dtype=torch.float32)
    return _prepared(model, "", options, lora=False)


def _loaded(
    base: str,
    auto: str,
    options: FitOptions,
    prepare: Callable[[Any], None],
    *,
    cuda: bool,
    gguf: bool = False,
    dtype: str | None = None,
) -> tuple[Any, list[str]]:
    """The model of that class with its config prepared, and which tensors the base lacks of it."""
    source, arguments = _source(base, gguf=gguf)
    # What is fitted is kept in float32; with LoRA on a GPU, all else is in bfloat16.
    held = dtype or ("bfloat16" if options.lora and cuda else "float32")
    with quiet(), explained(source, offline=LOCAL in arguments):
        config = transformers.AutoConfig.from_pretrained(source.place, **arguments)
        prepare(config)
        transformers.set_seed(options.seed)
        model, info = getattr(transformers, auto).from_pretrained(
            source.place,
            config=config,
            dtype=getattr(torch, held),
            output_loading_info=True,
            **arguments,
        )
        if source.gguf:
            _plain(model)
    return model, sorted(info["missing_keys"])


def _plain(model: Any) -> None:
    """A model that was read from a GGUF file is not quantised any more, whatever it says of itself:
    nothing would save it, nor fit it."""
    for name in ("hf_quantizer", "is_quantized", "quantization_method"):
        model.__dict__.pop(name, None)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config


def _refuse_missing(base: str, missing: Sequence[str]) -> None:
    if missing:
        raise InputError(f"model {base}: tensors are missing, {missing[0]} among them")


def _prepared(model: Any, head: str, options: FitOptions, *, lora: bool = True) -> Any:
    """The model as it is fitted."""
    if options.gradient_checkpointing:
        getattr(model, "activation_checkpointing_enable", model.gradient_checkpointing_enable)()
    return with_lora(model, head, options) if options.lora and lora else model


def _source(base: str, *, gguf: bool = False) -> tuple[Source, dict[str, Any]]:
    source = find(base)
    if source.gguf and not gguf:
        raise InputError(f"model {base}: a GGUF file cannot be fitted; name its original folder")
    local = {LOCAL: True} if source.on_hub and not hub.reached() else {}
    more = {**local, "trust_remote_code": False} if local else local
    return source, {**source.arguments, **more}


def _set_rates(config: Any, dropout: float) -> None:
    for name in RATES:
        if isinstance(getattr(config, name, None), int | float):
            setattr(config, name, dropout)


def _label(config: Any, kind: Kind, tokenizer: Any) -> None:
    """What the outputs of a head are called."""
    if kind.auto != "AutoModelForCausalLM":
        config.num_labels = kind.outputs
        labels = kind.record.labels or (("correct",) if kind.outcome else ("positive",))
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
        if getattr(config, "pad_token_id", None) is None:
            config.pad_token_id = tokenizer.pad_token_id or tokenizer.eos_token_id


def _reading(model: Any, kind: Kind, tokenizer: Any) -> Reading:
    record = kind.record
    if record.words:
        tokens = Tokens(tokenizer)
        ids = tuple(tokens.one(word, record.format) for word in record.words)
        return Reading(len(ids), ids, kind.over)
    if kind.auto == "AutoModelForCausalLM":
        return Reading(1)
    head = next((name for name in HEADS if isinstance(getattr(model, name, None), nn.Module)), "")
    if not head:
        raise InputError(f"{type(model).__name__} has no head called {' or '.join(HEADS)}")
    return Reading(kind.outputs, head=head)


# --- saving -----------------------------------------------------------------------------------


def save(scoring: Scoring, kind: Kind, tokenizer: Any, folder: Path) -> None:
    """The fitted model as `prm:FOLDER` or `orm:FOLDER` loads it, and transformers too. With LoRA
    the adapter is merged, and kept beside it as well."""
    head = scoring.reading.head
    record = replace(kind.record, head=head) if head else kind.record
    setattr(scoring.config, KEY, record.to_json())
    save_model(scoring, tokenizer, folder)
    if scoring.value is not None:
        _add_value(scoring.value, folder)
    forget(str(folder))


def save_model(scoring: Scoring, tokenizer: Any, folder: Path) -> None:
    """The model and its tokenizer, as transformers loads them."""
    save_language_model(scoring.model, tokenizer, folder)


def save_language_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """The same, of a model that nothing is wrapped about."""
    model = merged(model, folder / ADAPTER)
    with quiet():
        model.save_pretrained(str(folder))
        tokenizer.save_pretrained(str(folder))
    forget(str(folder))


def _add_value(value: nn.Linear, folder: Path) -> None:
    """The value head's tensors in a file of their own, beside the language model's."""
    tensors = {f"v_head.summary.{name}": one for name, one in value.state_dict().items()}
    save_file({name: one.cpu() for name, one in tensors.items()}, folder / "v_head.safetensors")
