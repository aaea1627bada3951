"""Makes models small enough to be read whole in a moment, and their tokenizers."""

import random
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

torch.set_num_threads(1)  # more are slower for matrices this small

SPECIAL = ["<|end|>", "<|turn|>", "<|stop|>"]
TEMPLATE = (
    "{% for message in messages %}<|turn|>{{ message['role'] }}\n{{ message['content'] }}<|stop|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
)
CORPUS = ["the cat sat on the mat.\n\nthen it left.", "Step 1: two and two are four.\n\n", "é ü 猫"]
KINDS: dict[str, dict[str, Any]] = {
    "llama": {"model_type": "llama"},
    "qwen2": {"model_type": "qwen2", "tie_word_embeddings": True},
    "mistral": {"model_type": "mistral", "sliding_window": None},
    "mistral, window": {"model_type": "mistral", "sliding_window": 8},
    "qwen2, both": {
        "model_type": "qwen2",
        "use_sliding_window": True,
        "sliding_window": 6,
        "max_window_layers": 1,
    },
    "llama, one head": {"model_type": "llama", "num_key_value_heads": 4, "attention_bias": True},
}


def model(
    kind: str = "llama", *, vocabulary: int = 97, auto: Any = AutoModelForCausalLM, **options: Any
) -> Any:
    """A random model, the same each time."""
    sizes = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "bos_token_id": None,
        "eos_token_id": 0,
        "pad_token_id": None,
        # Wide enough that one token is much likelier than the next, as in a model that was trained.
        "initializer_range": 0.3,
    }
    kept = {**sizes, **KINDS[kind], **options}
    return bare(kept.pop("model_type"), auto=auto, **kept)


def bare(kind: str, *, auto: Any = AutoModelForCausalLM, **options: Any) -> Any:
    """A random model of any kind that transformers has."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **{"vocab_size": 50, "hidden_size": 16, **options})
    return auto.from_config(config).eval()


def tokenizer() -> Any:
    """Byte-level, with a chat template: any text comes back as it was."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(CORPUS * 4, trainer)
    wrap: Any = PreTrainedTokenizerFast
    wrapped = wrap(tokenizer_object=made, eos_token="<|end|>")
    wrapped.chat_template = TEMPLATE
    return wrapped


def save(folder: Path, kind: str, **options: Any) -> Path:
    """A folder that holds such a model, its tokenizer and what ends its replies."""
    words = tokenizer()
    made = model(kind, vocabulary=len(words), **options)
    made.generation_config.eos_token_id = [0, 2]
    made.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def texts(count: int, *, seed: int = 1, shared: int = 0, longest: int = 30) -> list[list[int]]:
    """Random sequences of tokens that begin with the same `shared` ones."""
    numbers = random.Random(seed)
    trunk = [numbers.randrange(97) for _ in range(shared)]
    return [
        trunk + [numbers.randrange(97) for _ in range(numbers.randrange(1, longest))]
        for _ in range(count)
    ]
