"""What a revision model is fitted to: wrong answers in the context, then a right one.

"Scaling LLM Test-Time Compute Optimally", section 6.1 and appendix H (arXiv 2408.03314): of
parallel samples of each question, those that came to no answer are dropped; for every right one n
wrong ones, n uniform from 0 to 4 (to their number, where that is less), become the answers before
it, of which the last is the nearest to it in characters, and the others any.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..examples import Example, by_question
from .edit_distance import nearest

CONTEXT = 4
"""Wrong answers at most (paper: 4)."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A right answer, and the wrong ones before it, oldest first."""

    question: str
    """What revisions of one question share."""
    prompt: str
    context: tuple[str, ...]
    answer: str
    where: str = ""
    """File and line of the right answer, for messages."""


@dataclass
class Account:
    """What became of the samples."""

    samples: int = 0
    unanswered: int = 0
    """Dropped, since they came to no answer."""
    ungraded: int = 0
    """Dropped, since nobody knows whether they are right."""
    questions: int = 0
    hopeless: int = 0
    """Questions without a right answer: nothing is learnt from them."""
    lengths: Counter[int] = field(default_factory=Counter)
    """Revisions by how many wrong answers come before."""

    def lines(self) -> list[str]:
        """In words, a line each."""
        sizes = ", ".join(f"{n} after {size}" for size, n in sorted(self.lengths.items()))
        return [
            f"{self.samples} samples of {self.questions} questions: {self.unanswered} without an "
            f"answer and {self.ungraded} without a grade are dropped",
            f"{self.hopeless} questions have no right answer",
            f"{self.lengths.total()} right answers by wrong ones before: {sizes or 'none'}",
        ]


def revisions(
    samples: Iterable[Example],
    *,
    context: int = CONTEXT,
    seed: int = 0,
    account: Account | None = None,
) -> Iterator[Revision]:
    """The revisions that the samples make, question by question. What is drawn for a question
    depends on the seed, its name and its samples alone."""
    account = account or Account()
    for question, some in by_question(samples).items():
        right, wrong = _graded(some, account)
        account.questions += 1
        account.hopeless += not right
        rng = random.Random(f"{seed}/{question}".encode("utf-8", "surrogatepass"))
        texts = [text_of(one) for one in wrong]
        for one in right:
            count = rng.randint(0, min(context, len(texts)))
            made = Revision(
                question,
                one.prompt,
                _before(text_of(one), texts, count, rng),
                text_of(one),
                one.where,
            )
            account.lengths[count] += 1
            yield made


def text_of(example: Example) -> str:
    """A solution as a model wrote it: steps are apart by an empty line, as the prompt wants."""
    return "\n\n".join(example.steps).strip()


def _graded(some: Sequence[Example], account: Account) -> tuple[list[Example], list[Example]]:
    """The right and the wrong ones."""
    account.samples += len(some)
    answered = [one for one in some if one.answer is not None]
    graded = [one for one in answered if one.correct is not None]
    account.unanswered += len(some) - len(answered)
    account.ungraded += len(answered) - len(graded)
    return [one for one in graded if one.correct], [one for one in graded if not one.correct]


def _before(answer: str, wrong: Sequence[str], count: int, rng: random.Random) -> tuple[str, ...]:
    """So many wrong answers, the nearest last."""
    if not count:
        return ()
    last = nearest(answer, wrong)
    others = [text for place, text in enumerate(wrong) if place != last]
    return (*rng.sample(others, count - 1), wrong[last])
