"""Diversity of ideas, as PlanSearch measures it (2409.03733, equation 1; check_similar.py of its
code): each sample is put into words, and a judge says of pairs whether their ideas are similar.

What is taken over: at most 40 samples of a task, drawn at random; a summary that fails is replaced
by that of another sample, for up to 3 rounds; greedy replies; and a reply counts as "similar" if it
has "yes" anywhere in it, in whatever case. The prompts are our own.

What differs: a judge that gives no answer gives none, where the official code takes a placeholder
for its answer; equal texts are summarised once, and their pairs are similar without asking.
"""

import asyncio
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from ...errors import SearchStopped
from ...models.base import Message, Model, Usage
from ...models.budget import Budget
from ...models.store import Store, digest
from ...nodes.calls import Calls
from ...nodes.prompt import render
from ...nodes.request import CallEnded
from ...nodes.sampling import Sampling
from ...tasks import MathTask, Task
from .drawing import MOST, shuffled
from .record import TaskDiversity

ROUNDS = 3
"""How often summaries that failed are replaced."""
SUMMARY = Sampling(temperature=0.0, top_p=0.9, max_tokens=512)
VERDICT = Sampling(temperature=0.0, top_p=None, max_tokens=128)


@dataclass
class _Spent:
    """What one task has cost, and what went wrong last."""

    usage: Usage = field(default_factory=Usage)
    reason: str = ""


@dataclass(frozen=True)
class ByIdeas:
    """Two samples are the same if a model says that their ideas are similar."""

    judge: Model
    most: int = MOST
    pairs: int | None = None
    """Pairs of a task that are judged at most, drawn at random; None judges all, as the paper does
    (780 of 40 samples)."""
    seed: int = 0
    budget: Budget = field(default_factory=Budget)
    """For a whole run."""
    calls: Calls | None = None
    """Of the run that is measured; set by `begin`."""

    @property
    def how(self) -> str:
        """See `Measure.how`."""
        pairs = "all" if self.pairs is None else self.pairs
        return f"ideas:{self.judge.name},most={self.most},pairs={pairs},seed={self.seed}"

    async def begin(self, run: str, store: Store) -> "ByIdeas":
        """See `Measure.begin`. Replies go to the store, so that nothing is paid for twice; a larger
        budget goes on where a smaller one ended.

        Raises:
            InputError: there is no such model.
            MissingError: this machine lacks its weights, its key, or a library.
        """
        await self.judge.ready()
        limits = {name: getattr(self.budget, name) for name in self.budget.__slots__}
        key = digest(["diversity", run, self.how, limits])[:16]
        calls = Calls(key, "diversity", store, self.budget, self.seed)
        calls.start_clock()
        return replace(self, calls=calls)

    async def measure(self, task: Task, texts: Mapping[str, str]) -> TaskDiversity:
        """See `Measure.measure`.

        Raises:
            SearchStopped: the budget is spent.
            StoreError: a reply could not be kept.
        """
        spent = _Spent()
        ideas, failed = await self._ideas(task, texts, spent)
        pairs = self._pairs(task, list(ideas))
        judged = await asyncio.gather(
            *(self._similar(task, pair, texts, ideas, spent) for pair in pairs)
        )
        self._see_that_it_goes_on()
        return TaskDiversity(
            task.id,
            self.how,
            samples=len(ideas),
            left_out=failed,
            pairs=sum(one is not None for one in judged),
            similar=sum(one is True for one in judged),
            unjudged=judged.count(None),
            usage=spent.usage,
            reason=spent.reason,
        )

    async def _ideas(
        self, task: Task, texts: Mapping[str, str], spent: _Spent
    ) -> tuple[dict[str, str], int]:
        """The idea of each sample that is compared, and how many could not be put into words."""
        waiting = deque(shuffled(task.id, texts, self.seed))
        found: dict[str, str] = {}
        failed = 0
        for _ in range(1 + ROUNDS):
            batch = [waiting.popleft() for _ in range(min(self.most - len(found), len(waiting)))]
            first = {texts[id]: id for id in reversed(batch)}
            said = await asyncio.gather(
                *(self._summary(task, id, text, spent) for text, id in first.items())
            )
            self._see_that_it_goes_on()
            ideas = dict(zip(first, said, strict=True))
            found |= {id: idea for id in batch if (idea := ideas[texts[id]])}
            failed += sum(not ideas[texts[id]] for id in batch)
        return found, failed

    def _pairs(self, task: Task, ids: Sequence[str]) -> list[tuple[str, str]]:
        every = list(combinations(ids, 2))
        if self.pairs is None or len(every) <= self.pairs:
            return every
        return random.Random(f"{self.seed}/{task.id}/pairs").sample(every, self.pairs)

    async def _summary(self, task: Task, id: str, text: str, spent: _Spent) -> str:
        """The sample's idea in words; "" if there is none."""
        messages = render("idea_of", task=task, text=text, is_code=not isinstance(task, MathTask))
        return (await self._ask(f"{task.id}/{id}/idea", messages, SUMMARY, spent) or "").strip()

    async def _similar(
        self,
        task: Task,
        pair: tuple[str, str],
        texts: Mapping[str, str],
        ideas: Mapping[str, str],
        spent: _Spent,
    ) -> bool | None:
        one, other = pair
        if texts[one] == texts[other]:
            return True
        both = [{"idea": ideas[id], "text": texts[id]} for id in pair]
        messages = render("same_idea", both=both, is_code=not isinstance(task, MathTask))
        said = await self._ask(f"{task.id}/{one}|{other}/same", messages, VERDICT, spent)
        return None if said is None else "yes" in said.lower()

    async def _ask(
        self, path: str, messages: list[Message], sampling: Sampling, spent: _Spent
    ) -> str | None:
        assert self.calls is not None
        try:
            reply = await self.calls.ask(self.judge, path, messages, sampling)
        except CallEnded as ended:
            spent.usage += ended.ending.usage
            spent.reason = ended.ending.reason
            return None
        spent.usage += reply.usage
        return reply.text

    def _see_that_it_goes_on(self) -> None:
        assert self.calls is not None
        if self.calls.stopped is not None:
            raise SearchStopped(self.calls.stopped)
