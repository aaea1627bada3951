"""Tiny tokenizers, trained here, of the two kinds that reward models have."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

FAST: Any = PreTrainedTokenizerFast

CORPUS = [
    "What is two and three? Step 1: we add two and three to get five. ки",
    "Step 2: so the answer is 5 ки",
    " + - +- ки ки ки Question Answer Solution Let's think step by step. system user assistant",
    "Please reason step by step, and put your final answer within \\boxed{}.",
]
LINES = [" \n\n\n\n\n", "\n\n", "\n", ".\n", " ки\n", " \n\n\n\n\nStep 2"] * 20
WORDS = Regex(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
"""How Llama 3 and Qwen cut texts before they merge."""
CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
LLAMA = (
    "{{ bos_token }}{% for m in messages %}<|start|>{{ m.role }}<|end|>\n\n"
    "{{ m.content | trim }}<|eot|>{% endfor %}"
)


@cache
def byte_level(template: str = CHATML) -> Any:
    """A byte-level BPE, as Llama 3 and Qwen have."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(WORDS, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|begin|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|start|>", "<|end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=[*special, "<|eot|>", "<extra_0>", "[PRM]"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS * 20 + LINES, trainer)
    return FAST(
        tokenizer_object=tokenizer,
        bos_token="<|begin|>",
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        chat_template=template,
    )


@cache
def sentencepiece() -> Any:
    """A BPE with a space before the first word and bytes for what it lacks, as Llama 2 and Mistral
    have; it begins texts with "<s>"."""
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False
    )
    trained.train_from_iterator(CORPUS * 20, trainer)
    state = json.loads(trained.to_str())
    state["model"]["byte_fallback"] = True
    vocabulary = state["model"]["vocab"]
    for byte in range(256):
        vocabulary.setdefault(f"<0x{byte:02X}>", len(vocabulary))
    state["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": "<s>", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
    }
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return FAST(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
    )


PROBLEM = "What is two and three?"
STEPS = ("we add two and three", "to get five.", "so the answer is 5")
TOKENIZERS: dict[str, Callable[[], Any]] = {
    "math-shepherd": sentencepiece,
    "reasoneval-7b": sentencepiece,
    "reasoneval-34b": sentencepiece,
    "llemma": sentencepiece,
    "rlhflow": lambda: byte_level(LLAMA),
    "rlhflow-orm": lambda: byte_level(LLAMA),
}
"""The kind of tokenizer a format was made with, where it is not `byte_level`."""


def tokenizer_for(name: str) -> Any:
    """A tokenizer of the kind that this format was made with."""
    return TOKENIZERS.get(name, byte_level)()
