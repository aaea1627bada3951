"""Replies a second from a model in this process: 32 requests at once through `transformers/…`
against one at a time through transformers' own `generate`.

    python -m ponder.benchmarks.generation_throughput [--model NAME] [--rounds 3] [--requests 32]

Both run the same weights in one process, the same prompts through the same template, and every
reply has the same number of tokens (no end token ends it), drawn greedily so that the tokens can be
compared. Each round runs one after the other, in turns as to who is first, on prompts that were
never read before, so that the prefix cache has nothing but the template to give. `alone` is our own
engine with one request at a time, to tell what batching does from what the engine does.

The last line is JSON with

    faster_than_sequential  tokens a second, 32 at once over transformers' one at a time: the median
                            of the rounds' ratios
    faster_than_alone       the same over our own engine with one request at a time
    tokens_per_s            medians of all three
    equal                   replies of ours, batched, with the very tokens of transformers' own, of
                            how many; where they part, two tokens were almost equally likely
    load                    the machine's load average before: much above 0, and ratios mean little
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from ponder.models.local import Generator, load
from ponder.models.local.prompts import Prompts
from ponder.models.local.requests import Request
from ponder.models.local.sampling import Sampling

SUBJECTS = ("apples", "trains", "coins", "books", "boats", "cards", "lamps", "birds")
Replies = list[tuple[int, ...]]


def problem(number: int) -> str:
    """A question of some 60 tokens that is asked only once."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    return (
        f"{17 * number + 3} people share {number * 23 + 51} {subject}. Each of them first takes "
        f"{number % 5 + 2} {subject}, and then half of what is left is given away. How many "
        f"{subject} remain? Explain every step of your reasoning before you answer."
    )


class Contest:
    """One model, and three ways to have it reply."""

    def __init__(self, name: str, tokens: int, together: int) -> None:
        self.loaded = load(name)
        self.tokens = tokens
        self.prompts = Prompts(name, self.loaded.tokenizer)
        self.loaded.__dict__["ends"] = frozenset()  # every reply has all its tokens
        self.generator = Generator(self.loaded, together=together)

    def prompt(self, number: int) -> tuple[int, ...]:
        return tuple(self.prompts.chat([{"role": "user", "content": problem(number)}]))

    def sequential(self, prompts: Replies) -> Replies:
        """transformers' own, with its own cache."""
        replies = []
        for ids in prompts:
            given = torch.tensor([ids], device=self.loaded.decoder.device)
            with torch.inference_mode():
                said = self.loaded.model.generate(
                    given,
                    attention_mask=torch.ones_like(given),
                    do_sample=False,
                    max_new_tokens=self.tokens,
                    min_new_tokens=self.tokens,
                    eos_token_id=None,
                    pad_token_id=0,
                )
            replies.append(tuple(said[0, len(ids) :].tolist()))
        return replies

    def alone(self, prompts: Replies) -> Replies:
        return [self._submit(ids).result().ids for ids in prompts]

    def batched(self, prompts: Replies) -> Replies:
        return [future.result().ids for future in [self._submit(ids) for ids in prompts]]

    def _submit(self, ids: tuple[int, ...]) -> Any:
        return self.generator.submit(Request(ids, self.tokens, Sampling(0), 0))


def measure(way: Callable[[Replies], Replies], prompts: Replies) -> tuple[float, Replies]:
    began = time.perf_counter()
    replies = way(prompts)
    return sum(map(len, replies)) / (time.perf_counter() - began), replies


def main() -> None:
    """Read the options, do it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="transformers/smollm2-135m")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=48, help="of every reply")
    parser.add_argument("--few", type=int, default=4, help="requests measured one at a time")
    options = parser.parse_args()
    busy = round(os.getloadavg()[0], 2)
    contest = Contest(options.model, options.tokens, options.requests)
    ways = {"sequential": contest.sequential, "alone": contest.alone, "batched": contest.batched}
    for way in ways.values():
        way([contest.prompt(10**4)])  # what happens only once
    rates: dict[str, list[float]] = {name: [] for name in ways}
    equal = compared = 0
    for number in range(options.rounds):
        fresh = [contest.prompt(number * 1000 + i) for i in range(options.requests)]
        others = [contest.prompt(number * 1000 + 500 + i) for i in range(options.few)]
        given = {"sequential": fresh[: options.few], "alone": others, "batched": fresh}
        said: dict[str, Replies] = {}
        order = list(ways)[number % 3 :] + list(ways)[: number % 3]
        for name in order:
            rate, said[name] = measure(ways[name], given[name])
            rates[name].append(rate)
            print(f"round {number + 1}  {name:12}{rate:8.1f} tokens/s", flush=True)
        pairs = list(zip(said["sequential"], said["batched"], strict=False))
        equal += sum(one == two for one, two in pairs)
        compared += len(pairs)
    contest.generator.close()

    def over(name: str) -> float:
        ratios = [b / a for a, b in zip(rates[name], rates["batched"], strict=True)]
        return round(statistics.median(ratios), 2)

    figures = {
        "faster_than_sequential": over("sequential"),
        "faster_than_alone": over("alone"),
        "tokens_per_s": {name: round(statistics.median(all_), 1) for name, all_ in rates.items()},
        "equal": [equal, compared],
        "model": options.model,
        "requests": options.requests,
        "device": str(contest.loaded.decoder.device),
        "load": busy,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
