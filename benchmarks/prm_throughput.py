"""How many tokens a process reward model forwards for its scores, and how long that takes, against
the usual ways.

    python benchmarks/prm_throughput.py [--solutions 8] [--candidates 64] [--rounds 3]

One random model (Qwen2, 6 layers of 256, float32), one head, the same token ids for all:

    per prefix   each prefix of a solution by itself, a batch of one, as RLHFlow's prm_evaluate.py
                 and reward-hub score them; solutions of 10 steps (a problem of 100 tokens, steps of
                 60), each of a problem of its own
    re-prefill   all candidates of a beam search whole, again in every round, in batches, as
                 search-and-learn's beam search does; 64 candidates, of which a quarter survives and
                 has 4 successors, 10 rounds (a problem of 150 tokens, steps of 60)
    ours         `RewardModel.judge_steps`, tokenising included

They take turns, solution by solution and round by round of the search, and their scores must agree.
Nobody pays for a language model's head: it would be dearer to those who compute all its rows.

The last line is JSON with

    tokens_over_minimum       tokens ours forwarded, over the distinct tokens there are
                              (both scenarios, the worse)
    fewer_than_per_prefix     its tokens over ours; likewise fewer_than_reprefill
    faster_than_per_prefix    its seconds over ours (the median round); likewise
                              faster_than_reprefill
    others_cores              cores that somebody else kept busy: near 0, or times mean little
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn

from ponder.models.local import Decoder
from ponder.tasks import MathTask
from ponder.verifiers.prm import Layers, RewardModel, Scorer, Share, Tagged, Tokens

VOCABULARY = 4096
STEP, STEPS = 60, 10
TAG = "<step>"
FORMAT = Tagged("words", Layers("score"), Share(("negative", "positive")), "last", tag=TAG)
Score = Callable[[str, Sequence[Sequence[str]]], list[float]]


@dataclass
class Way:
    """A way to get the score of the last step of some solutions, and what it took."""

    name: str
    score: Score
    forwarded: Callable[[], int]
    seconds: list[float] = field(default_factory=list)
    tokens: int = 0

    def run(self, problem: str, solutions: Sequence[Sequence[str]]) -> list[float]:
        before, began = self.forwarded(), time.perf_counter()
        scores = self.score(problem, solutions)
        self.seconds[-1] += time.perf_counter() - began
        self.tokens += self.forwarded() - before
        return scores


class Plain:
    """The model as it is, without a cache."""

    def __init__(self, model: Any, head: nn.Linear, tokens: Tokens, batch: int) -> None:
        self.model, self.head, self.tokens, self.batch = model, head, tokens, batch
        self.forwarded = 0

    @torch.inference_mode()
    def last(self, sequences: Sequence[Sequence[int]]) -> list[float]:
        """The score at the end of each of some sequences of one length."""
        ids = torch.tensor([list(sequence) for sequence in sequences])
        self.forwarded += ids.numel()
        states = self.model.base_model(input_ids=ids, use_cache=False).last_hidden_state[:, -1]
        scores: list[float] = self.head(states).softmax(-1)[:, 1].tolist()
        return scores

    def per_prefix(self, problem: str, solutions: Sequence[Sequence[str]]) -> list[float]:
        """Every prefix by itself, each read anew."""
        scores = []
        for steps in solutions:
            prefixes = [steps[:count] for count in range(1, len(steps) + 1)]
            ids = [FORMAT.render(self.tokens, problem, prefix).ids for prefix in prefixes]
            scores.append([self.last([one])[0] for one in ids][-1])
        return scores

    def whole(self, problem: str, solutions: Sequence[Sequence[str]]) -> list[float]:
        """Every solution from its beginning, in batches."""
        ids = [FORMAT.render(self.tokens, problem, steps).ids for steps in solutions]
        batches = [ids[i : i + self.batch] for i in range(0, len(ids), self.batch)]
        return [score for batch in batches for score in self.last(batch)]


@dataclass(frozen=True)
class Bench:
    """The model, held in each way."""

    plain: Plain
    decoder: Decoder
    ours: RewardModel
    loop: asyncio.AbstractEventLoop

    def ways(self) -> tuple[Way, Way, Way]:
        """Ours, per prefix, re-prefill."""
        plain, decoder = self.plain, self.decoder
        return (
            Way("ours", self._ours, lambda: decoder.counters.forwarded),
            Way("per prefix", plain.per_prefix, lambda: plain.forwarded),
            Way("re-prefill", plain.whole, lambda: plain.forwarded),
        )

    def _ours(self, problem: str, solutions: Sequence[Sequence[str]]) -> list[float]:
        judging = self.ours.judge_steps(MathTask("t", problem), solutions)
        verdicts = self.loop.run_until_complete(judging)
        return [verdict.score or 0.0 for verdict in verdicts]


def build(layers: int, hidden: int, batch: int) -> Bench:
    torch.manual_seed(0)
    words = {"<unk>": 0, TAG: 1} | {f"w{i}": i for i in range(2, VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast: Any = transformers.PreTrainedTokenizerFast
    tokens = Tokens(fast(tokenizer_object=tokenizer, unk_token="<unk>"))
    config = transformers.Qwen2Config(
        vocab_size=VOCABULARY, hidden_size=hidden, intermediate_size=4 * hidden,
        num_hidden_layers=layers, num_attention_heads=hidden // 64,
        num_key_value_heads=hidden // 64, max_position_embeddings=2048,
    )  # fmt: skip
    qwen: Any = transformers.Qwen2Model
    model, head = qwen(config).eval(), nn.Linear(hidden, 2)
    nn.init.normal_(head.weight, std=0.2)
    decoder = Decoder(model)
    scorer = Scorer(tokens, FORMAT, decoder, torch.inference_mode()(head), decoder.limit)
    ours = RewardModel("ours", lambda: scorer, "last")
    return Bench(Plain(model, head, tokens, batch), decoder, ours, asyncio.new_event_loop())


def text(chance: random.Random, count: int) -> str:
    return " ".join(f"w{chance.randrange(2, VOCABULARY)}" for _ in range(count))


def solutions_of(problems: int, length: int) -> Iterator[tuple[str, list[str]]]:
    """A solution for each of some problems of that length."""
    chance = random.Random(1)
    for _ in range(problems):
        yield text(chance, length), [text(chance, STEP - 1) for _ in range(STEPS)]


def agree(one: Sequence[float], other: Sequence[float]) -> None:
    off = max(abs(a - b) for a, b in zip(one, other, strict=True))
    if off > 1e-4:
        raise AssertionError(f"scores differ by {off}")


def alone(bench: Bench, problems: int, rounds: int) -> tuple[Way, Way, float]:
    """Solutions one by one: ours, per prefix, and the tokens there are."""
    ours, prefix, _ = bench.ways()
    for _ in range(rounds):
        bench.decoder.prefixes.clear()
        for way in (ours, prefix):
            way.seconds.append(0.0)
        for number, (problem, steps) in enumerate(solutions_of(problems, 100)):
            order = (ours, prefix) if number % 2 else (prefix, ours)
            agree(*(way.run(problem, [steps]) for way in order))
    return ours, prefix, rounds * problems * (100 + STEP * STEPS)


def search(bench: Bench, candidates: int) -> tuple[Way, Way, float]:
    """A beam search: ours, re-prefill, and the tokens there are."""
    ours, _, whole = bench.ways()
    for way in (ours, whole):
        way.seconds.append(0.0)
    bench.decoder.prefixes.clear()
    chance = random.Random(2)
    problem = text(chance, 150)
    beams: list[list[str]] = [[] for _ in range(candidates)]
    for number in range(STEPS):
        beams = [[*beam, text(chance, STEP - 1)] for beam in beams]
        order = (ours, whole) if number % 2 else (whole, ours)
        scores = [way.run(problem, beams) for way in order]
        agree(*scores)
        best = sorted(range(candidates), key=lambda i: scores[0][i], reverse=True)
        beams = [beams[i] for i in best[: candidates // 4] for _ in range(4)]
    return ours, whole, 150 + candidates * STEP * STEPS


def busy() -> float:
    """Seconds that all cores of this machine were busy, ever."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    idle = sum(map(int, fields[3:5]))
    return (sum(map(int, fields)) - idle) / os.sysconf("SC_CLK_TCK")


def show(scenario: str, minimum: float, *ways: Way) -> None:
    print(f"{scenario}: at least {minimum:.0f} tokens")
    for way in ways:
        times = ", ".join(f"{seconds:.2f}" for seconds in way.seconds)
        print(f"  {way.name}: {way.tokens} tokens, {times} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--solutions", type=int, default=8, help="one by one")
    parser.add_argument("--candidates", type=int, default=64, help="of the search")
    parser.add_argument("--rounds", type=int, default=3, help="of the solutions one by one")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--batch", type=int, default=8, help="of the re-prefill")
    options = parser.parse_args()
    bench = build(options.layers, options.hidden, options.batch)
    for way in bench.ways():  # what is done once is nobody's
        way.seconds.append(0.0)
        way.run("w2", [["w3"]])
    began, others = time.perf_counter(), busy() - time.process_time()
    ours_alone, prefix, least_alone = alone(bench, options.solutions, options.rounds)
    show("solutions one by one", least_alone, ours_alone, prefix)
    ours_search, whole, least_search = search(bench, options.candidates)
    show("beam search", least_search, ours_search, whole)
    others = busy() - time.process_time() - others
    figures = {
        "tokens_over_minimum": max(
            ours_alone.tokens / least_alone, ours_search.tokens / least_search
        ),
        "fewer_than_per_prefix": prefix.tokens / ours_alone.tokens,
        "fewer_than_reprefill": whole.tokens / ours_search.tokens,
        "faster_than_per_prefix": statistics.median(
            theirs / mine for theirs, mine in zip(prefix.seconds, ours_alone.seconds, strict=True)
        ),
        "faster_than_reprefill": sum(whole.seconds) / sum(ours_search.seconds),
        "others_cores": others / (time.perf_counter() - began),
    }
    bench.ours.close()
    bench.loop.close()
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
