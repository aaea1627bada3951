"""A scripted search over steps: a question, and a model and a verifier that are pure functions."""

import hashlib
import itertools
from collections.abc import Sequence

from ponder.models import Message
from ponder.tasks import MathTask, Task

QUESTION = MathTask("sum", "What is 1 + 1?")


def number(*of: object) -> int:
    """Some number that is the same for the same, and differs otherwise."""
    return int.from_bytes(hashlib.sha256(repr(of).encode()).digest()[:6], "big")


def continuation(prefix: str, copy: int) -> tuple[str, bool]:
    """The next step after that prefix for its `copy`-th sample (from 0), and whether the answer
    ends with it: none does before its third step, all do at the ninth."""
    depth = prefix.count("\n\n")
    seed = number(prefix, copy)
    ends = depth >= 8 or (depth >= 2 and seed % 4 == 0)
    return (f"So \\boxed{{{seed % 3}}}", True) if ends else (f"Step {seed % 1000}.", False)


def script(messages: list[Message], path: str, index: int) -> str:
    """A model's reply: by steps where it is stopped after one, else to its end."""
    prefix = messages[-1]["content"] if messages[-1]["role"] == "assistant" else ""
    last = path.rpartition("/")[2]
    copy = int(last[1:].partition("~")[0]) - 1 if last.startswith("s") else 0
    text = ""
    for _ in itertools.count():
        step, ended = continuation(prefix + text, copy)
        if ended:
            return text + step
        text, copy = f"{text}{step}\n\n", 0
    raise AssertionError


def scores(task: Task, steps: Sequence[str]) -> list[float]:
    """A score for each step, that depends on all before it; no two are equal."""
    return [number(*steps[: i + 1]) / 2**48 for i in range(len(steps))]


class Reference:
    """Beam search and DVTS as huggingface/search-and-learn publishes them, on the same model and
    verifier: what was scored in each round, and the answers at the end."""

    def __init__(self, samples: int, width: int, rounds: int) -> None:
        self.samples, self.width, self.rounds = samples, width, rounds
        self.scored: list[list[str]] = []

    def _score(self, texts: Sequence[str]) -> list[float]:
        self.scored.append(list(texts))
        return [scores(QUESTION, text.removesuffix("\n\n").split("\n\n"))[-1] for text in texts]

    def beam(self) -> list[str]:
        """The first N answers that were completed."""
        active, completed = [""] * self.samples, []
        copies = list(range(self.samples))
        for turn in range(self.rounds):
            if turn:
                copies = [i // len(active) for i in range(self.samples)]
                active = (active * (self.samples // len(active) + 1))[: self.samples]
            grown = [self._write(*one, turn) for one in zip(active, copies, strict=True)]
            marks = self._score([text for text, _ in grown])
            completed += [text for text, ended in grown if ended]
            going = [(text, mark) for (text, ended), mark in zip(grown, marks) if not ended]  # noqa: B905
            if not going:
                break
            top = sorted(going, key=lambda one: one[1])[-(self.samples // self.width) :]
            active = [text for text, mark in going if (text, mark) in top]
        return completed[: self.samples]

    def dvts(self) -> list[list[str]]:
        """Each subtree's answers of its last round that are finished."""
        return [self._subtree(tree) for tree in range(self.samples // self.width)]

    def _subtree(self, tree: int) -> list[str]:
        text = ""
        for turn in range(self.rounds):
            grown = [self._write(text, copy, turn) for copy in range(self.width)]
            marks = self._score([grown_text for grown_text, _ in grown])
            text, ended = grown[marks.index(max(marks))]
            if ended:
                break
        return [grown_text for grown_text, done in grown if done]

    def _write(self, prefix: str, copy: int, turn: int) -> tuple[str, bool]:
        step, ended = continuation(prefix, copy)
        text = prefix + step
        while turn == self.rounds - 1 and not ended:
            step, ended = continuation(text + "\n\n", 0)
            text = f"{text}\n\n{step}"
        return (text, True) if ended else (f"{text}\n\n", False)
