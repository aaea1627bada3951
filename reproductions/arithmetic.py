"""Arithmetic on a clock: questions of several steps whose every step is known to be right or wrong.

    from 8, A: + 7, B: * 2, C: max 4?        one after the other, modulo HOURS

    A: 8 + 7 = 5
    B: 5 * 2 = 0
    C: 0 max 4 = 4
    \\boxed{ 4}

A solution is right only if every line is; its answer can be right without. The modulus has many
divisors, and `max` and `min` forget what they do not take, so a wrong line often leads to the right
answer after all: what tells outcome supervision from process supervision (2305.20050, section 6).
"""

import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ponder.tasks import MathTask
from ponder.training import Example

HOURS = 10
"""The modulus. 2 × 5: multiplying loses what it shares with the factor."""
STEP = "\n"
"""What stands between two lines."""
NAMES = "ABCDEFGH"
"""Of the operations of a question, in order."""
SIGNS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: (a + b) % HOURS,
    "-": lambda a, b: (a - b) % HOURS,
    "*": lambda a, b: (a * b) % HOURS,
    "max": max,
    "min": min,
}
OPERATIONS = (
    "+ 2", "+ 3", "+ 7", "+ 9", "- 1", "- 4", "- 5", "- 8", "* 2", "* 3", "* 7", "* 8", "* 9",
    "max 4", "min 5",
)  # fmt: skip
"""What may be done to a number."""
SHAKY = 0.45
"""The share of sums, differences and products that there is a misconception of."""
SLIPS = 0.5
"""The share of lines in homework whose result is any number."""


def apply(operation: str, value: int) -> int:
    """What comes of it."""
    sign, operand = operation.split()
    return SIGNS[sign](value, int(operand))


@dataclass(frozen=True, slots=True)
class Question:
    """A number and what is done to it."""

    start: int
    operations: tuple[str, ...]

    @property
    def text(self) -> str:
        """As a model reads it; it is also the question's id."""
        named = zip(NAMES, self.operations, strict=False)
        return ", ".join([f"from {self.start}", *(f"{name}: {one}" for name, one in named)]) + "?"

    @property
    def lines(self) -> tuple[str, ...]:
        """The solution that is right."""
        value, lines = self.start, []
        for name, operation in zip(NAMES, self.operations, strict=False):
            reached = apply(operation, value)
            lines.append(f"{name}: {value} {operation} = {reached}")
            value = reached
        return (*lines, f"\\boxed{{ {value}}}")

    @property
    def answer(self) -> str:
        """Its final answer."""
        return self.lines[-1][len("\\boxed{ ") : -1]

    @property
    def task(self) -> MathTask:
        """As ponder's graphs are given it."""
        return MathTask(self.text, self.text)


def draw(random: random.Random, shortest: int, longest: int) -> Question:
    """A question of so many operations, at random."""
    count = random.randint(shortest, longest)
    return Question(random.randrange(HOURS), tuple(random.choices(OPERATIONS, k=count)))


def questions(seed: int, count: int, *, shortest: int = 5, longest: int = 8) -> list[Question]:
    """So many questions, no two alike."""
    numbers = random.Random(seed)
    found: dict[str, Question] = {}
    while len(found) < count:
        one = draw(numbers, shortest, longest)
        found.setdefault(one.text, one)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Misconception:
    """What those believe who wrote the solutions that the generator learnt from."""

    instead: int
    """What they write."""
    rate: float
    """How often."""


Beliefs = Mapping[tuple[int, str], Misconception]


def misconceptions(seed: int = 0) -> Beliefs:
    """Of some sums, differences and products: a value that is near, or what comes of another sign.
    Where the rate is above a half, a majority is wrong."""
    numbers = random.Random(f"misconceptions/{seed}")
    found: dict[tuple[int, str], Misconception] = {}
    for operation, value in itertools.product(OPERATIONS, range(HOURS)):
        sign, operand = operation.split()
        right = apply(operation, value)
        others = {SIGNS[other](value, int(operand)) for other in "+-*"}
        near = {(right + by) % HOURS for by in (-2, -1, 1, 2)}
        instead = numbers.choice(sorted((others | near) - {right}))
        rate = numbers.uniform(0.2, 0.8)
        if sign in "+-*" and numbers.random() < SHAKY:
            found[value, operation] = Misconception(instead, rate)
    return found


def careless(question: Question, beliefs: Beliefs, numbers: random.Random) -> tuple[str, ...]:
    """A solution by somebody who holds them."""
    value, lines = question.start, []
    for name, operation in zip(NAMES, question.operations, strict=False):
        reached = apply(operation, value)
        belief = beliefs.get((value, operation))
        if belief and numbers.random() < belief.rate:
            reached = belief.instead
        lines.append(f"{name}: {value} {operation} = {reached}")
        value = reached
    return (*lines, f"\\boxed{{ {value}}}")


def homework(
    question: Question, beliefs: Beliefs, numbers: random.Random
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[bool, ...]]:
    """A solution full of slips; of each line what should stand there, according to somebody who
    holds these beliefs, too, and whether it does."""
    value, lines, corrections, marks = question.start, [], [], []
    for name, operation in zip(NAMES, question.operations, strict=False):
        believed = apply(operation, value)
        belief = beliefs.get((value, operation))
        if belief and numbers.random() < belief.rate:
            believed = belief.instead
        reached = numbers.randrange(HOURS) if numbers.random() < SLIPS else believed
        lines.append(f"{name}: {value} {operation} = {reached}")
        corrections.append(believed)
        marks.append(reached == believed)
        value = reached
    return (*lines, f"\\boxed{{ {value}}}"), (*corrections, value), (*marks, True)


@dataclass(frozen=True, slots=True)
class Solution:
    """What a model wrote, and what is known of it."""

    question: Question
    lines: tuple[str, ...]
    ended: bool = True
    """Whether the model ended it itself."""

    @property
    def answer(self) -> str | None:
        """Its final answer; None if it has none."""
        last = self.lines[-1] if self.lines and self.ended else ""
        boxed = last.startswith("\\boxed{ ") and last.endswith("}")
        return last[len("\\boxed{ ") : -1] if boxed else None

    @property
    def first_wrong(self) -> int | None:
        """The place of the first line that is wrong, or missing; None if all is right."""
        gold = self.question.lines
        for place, line in enumerate(self.lines):
            if place >= len(gold) or line != gold[place]:
                return place
        return None if len(self.lines) == len(gold) else len(self.lines)

    @property
    def correct(self) -> bool:
        """Whether its answer is."""
        return self.answer == self.question.answer

    @property
    def sound(self) -> bool:
        """Whether all of it is."""
        return self.first_wrong is None

    def labelled(self) -> Example:
        """With its true labels, up to and including the first wrong line (2305.20050, 2.4)."""
        return labelled(self, self.first_wrong)


def labelled(solution: Solution, wrong: int | None) -> Example:
    """A solution that somebody found wrong from that line on, or not at all."""
    lines = len(solution.lines)
    known = [1.0] * lines if wrong is None else [1.0] * wrong + [0.0]
    labels = (*known[:lines], *(None for _ in range(lines - len(known))))
    return Example(
        solution.question.text,
        solution.lines,
        labels,
        correct=solution.correct,
        answer=solution.answer,
        id=solution.question.text,
    )


def read(question: Question, text: str, *, ended: bool = True) -> Solution:
    """A model's reply as a solution."""
    return Solution(question, tuple(line for line in text.split(STEP) if line.strip()), ended)
