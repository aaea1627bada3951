"""What it costs to choose instruction data by a student, against the released script.

    python benchmarks/ifd_throughput.py [--pairs 120] [--rounds 3]

One random model (Llama, 2 layers of 160, a vocabulary of 8,000, float32, one thread) and pairs of
random words, 10 to 60 in an instruction and 10 to 200 in an answer. Three things:

    the route    the graph `reflect` with a scripted teacher, against the released four files: the
                 original pair, and it with a new instruction, a better answer, and both, each
                 scored by four losses. Calls of the teacher and texts that the student reads are
                 counted. A pair whose answer is not replaced ends after 7 texts; the first number
                 is of those that go all the way, the second of all
    CPU          IFD and r-IFD of every pair (four losses): `Student` with all of them at once,
                 against one text at a time with all logits and hidden states, as
                 selection_code/data_analysis.py has it. They take turns, and must agree
    logits       the most that are held at once: ours, theirs, and of a batch like ours if all of
                 its logits were computed

The last line is JSON with

    forwards_per_sample        texts read a pair that goes all the way (the four files: 16)
    forwards_per_sample_mean   of all pairs
    teacher_calls_per_sample   (the four files: 3)
    cpu_over_one_at_a_time     CPU seconds ours over theirs, the median round: below 1 is faster
    logits_over_full_batch     bytes of logits ours over those of a batch with all of them
    logits_mb                  ours, theirs and the full batch's
    largest_difference         of any loss
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ponder.graphs import reflect
from ponder.models import Message, ScriptedModel
from ponder.models.local.scoring import PORTION
from ponder.nodes import Context
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import InstructionTask
from ponder.verifiers.ifd import Student
from ponder.verifiers.ifd.templates import TEMPLATES, guess

VOCABULARY = 8000
LIMIT = 2048


def words(count: int, seed: int = 0) -> list[str]:
    """Pronounceable ones."""
    rng = random.Random(seed)
    parts = [a + b for a in "bdfglmnprst" for b in "aeiou"]
    return ["".join(rng.choices(parts, k=rng.randint(1, 4))) for _ in range(count)]


def made(folder: Path) -> str:
    """The student's folder."""
    known = words(20_000)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<s>", "</s>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    lines = [" ".join(known[at : at + 20]) for at in range(0, len(known), 20)]
    tokenizer.train_from_iterator([*lines, TEMPLATES["vicuna"].plain, guess("")], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    fast: Any = PreTrainedTokenizerFast
    fast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>").save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=160, intermediate_size=432, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=LIMIT,
        bos_token_id=0, eos_token_id=1, initializer_range=0.1,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return str(folder)


def pairs(count: int, seed: int = 1) -> list[InstructionTask]:
    """To be scored."""
    rng, known = random.Random(seed), words(20_000)

    def text(least: int, most: int) -> str:
        return " ".join(rng.choices(known, k=rng.randint(least, most)))

    return [InstructionTask(str(n), text(10, 60), text(10, 200)) for n in range(count)]


class OneAtATime:
    """Four losses of a pair as the released script computes them."""

    def __init__(self, student: Any, tokenizer: Any) -> None:
        self.model, self.tokenizer = student, tokenizer
        self.forwards = self.longest = 0

    @torch.inference_mode()
    def __call__(self, pair: InstructionTask) -> list[float]:
        """L(x), L(y), L(x|y'), L(y|x)."""
        template = TEMPLATES["vicuna"]
        asked, reverse = template(pair.instruction), template(guess(pair.output))
        return [
            self._loss(pair.instruction, LIMIT - self._length(reverse) + 1),
            self._loss(pair.output, LIMIT - self._length(asked) + 1),
            self._loss(reverse + pair.instruction, LIMIT, pair.instruction),
            self._loss(asked + pair.output, LIMIT, pair.output),
        ]

    def _length(self, text: str) -> int:
        return len(self.tokenizer.encode(text, truncation=True, max_length=LIMIT))

    def _loss(self, text: str, limit: int, found: str | None = None) -> float:
        encode = self.tokenizer.encode
        ids = encode(text, return_tensors="pt", truncation=True, max_length=limit)
        labels = ids.clone()
        if found is not None:
            labels[0, : len(encode(text[: text.rfind(found)]))] = -100
        self.forwards += 1
        self.longest = max(self.longest, ids.shape[1])
        return float(self.model(ids, labels=labels, output_hidden_states=True).loss)


async def ours(student: Student, some: Sequence[InstructionTask]) -> list[list[float]]:
    """The same of all pairs at once, with nothing known before."""
    engine = await student.engine()
    engine.losses.forget()
    engine.loaded.decoder.prefixes.clear()
    hard, back = await asyncio.gather(
        asyncio.gather(*(student.difficulty(pair, [pair.output]) for pair in some)),
        asyncio.gather(*(student.recovery(pair, [pair.output]) for pair in some)),
    )
    return [
        [loss.value for loss in (b.alone, h.alone, b.given, h.given) if loss is not None]
        for [h], [b] in zip(hard, back, strict=True)
    ]


def teacher(new: InstructionTask, better: InstructionTask) -> ScriptedModel:
    """Writes those."""

    def script(messages: list[Message], path: str, index: int) -> str:
        if path.startswith("instruction"):
            return f"[New Instruction] {new.instruction} [End] [New Answer] {new.output} [End]"
        return f"[Better Answer] {better.output} [End]"

    return ScriptedModel(script)


async def route(student: Student, some: Sequence[InstructionTask]) -> tuple[int, list[int]]:
    """Calls of the teacher, and texts that the student read of each pair."""
    losses = (await student.engine()).losses
    calls, forwards = 0, list[int]()
    written = zip(pairs(len(some), seed=2), pairs(len(some), seed=3), strict=True)
    for pair, (new, better) in zip(some, written, strict=True):
        asked, before = teacher(new, better), losses.counters.forwards
        context = Context(asked, verifier=student, sandbox=ScriptedSandbox(lambda *_: []))
        await reflect().ainvoke({"task": pair}, context=context)
        calls += len(asked.calls)
        forwards.append(losses.counters.forwards - before)
    return calls, forwards


async def measured(count: int, rounds: int, folder: Path) -> dict[str, Any]:
    """All of it."""
    name, some = made(folder), pairs(count)
    student = Student(name, mode="official", max_length=LIMIT)
    engine = await student.engine()
    plain = OneAtATime(engine.loaded.model, engine.loaded.tokenizer)
    seconds: dict[str, list[float]] = {"ours": [], "one at a time": []}
    worst = 0.0
    for number in range(rounds + 1):  # the first round warms up
        began = time.process_time()
        theirs = [plain(pair) for pair in some]
        between = time.process_time()
        found = await ours(student, some)
        if number:
            seconds["one at a time"].append(between - began)
            seconds["ours"].append(time.process_time() - between)
        for one, other in zip(found, theirs, strict=True):
            worst = max(worst, *(abs(a - b) for a, b in zip(one, other, strict=True)))
    ratios = [a / b for a, b in zip(seconds["ours"], seconds["one at a time"], strict=True)]
    for way, taken in seconds.items():
        print(f"{way:<16} {statistics.median(taken):.2f} CPU s for 4 losses of {count} pairs")
    engine.losses.forget()
    calls, forwards = await route(student, some)
    whole = [one for one in forwards if one > 7]
    print(
        f"{len(whole)} of {count} pairs go all the way; the others end after {min(forwards)} texts"
    )
    most = engine.losses.counters
    held = min(PORTION // VOCABULARY, most.most_scored) * VOCABULARY
    logits = {"ours": held, "theirs": plain.longest * VOCABULARY, "full": most.most * VOCABULARY}
    student.close()
    return {
        "forwards_per_sample": statistics.mean(whole),
        "forwards_per_sample_mean": round(statistics.mean(forwards), 2),
        "teacher_calls_per_sample": calls / count,
        "cpu_over_one_at_a_time": round(statistics.median(ratios), 3),
        "logits_over_full_batch": round(logits["ours"] / logits["full"], 3),
        "logits_mb": {name: round(4 * number / 2**20, 1) for name, number in logits.items()},
        "largest_difference": worst,
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measured(given.pairs, given.rounds, Path(folder)))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
