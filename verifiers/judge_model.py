"""Language models as judges of steps and solutions: generative process reward models.

What is taken from GenPRM (Zhao et al., 2504.00891) and ThinkPRM (Khalifa et al., 2504.16828): the
judge may write before it decides, its score is the probability of Yes against No where it decides,
and the scores of `n` such texts are averaged. What differs: a judge that comes to no verdict gives
none, where GenPRM's script counts 0.5 and ThinkPRM's an error as wrong; and the code that GenPRM's
judges write is not run.
"""

import asyncio
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from ..errors import ModelError, ModelRejected, SearchStopped
from ..models.base import Choice, ChoosingModel, Completion, Message, Model, Usage
from ..tasks import Task
from .aggregation import Aggregate, aggregate
from .base import Verdict
from .judge_prompts import LONG, SHORT, SOLUTION, STEP, SYSTEM, VERDICT
from .steps import Splitting, problem_of, split_steps

YES, NO = "Yes", "No"
SAID = re.compile(r"(?:\bverdict\W{1,8}|\\boxed\{\W*)(yes|no|correct|incorrect)\b", re.I)
WORD = re.compile(r"\W*(yes|no|correct|incorrect)\b", re.I)
KEPT = 65536
"""Judgements that are remembered, so that a search pays for each prefix once."""


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What came of one question."""

    score: float | None
    reason: str
    usage: Usage = field(default_factory=Usage)


@dataclass
class JudgeModel:
    """A model that is asked, for every step, whether it is right.

    With a model that tells how likely it is to say something (`ChoosingModel`), a score is the
    probability of Yes against No; with any other, the share of Yes among `n` verdicts. A step or
    solution without a verdict, or whose model failed, has no score, which costs only its own
    solution. What was judged is not asked again, so a search pays for each of its prefixes once.
    """

    model: Model
    n: int = 1
    """Verdicts on each question."""
    think: bool = True
    """Whether the judge writes before it decides."""
    by: Literal["step", "solution"] = "step"
    """What `judge` asks about: each step, or the solution as a whole."""
    temperature: float = 0.6
    """GenPRM's."""
    max_tokens: int = 2048
    aggregate: Aggregate = "min"
    """How a solution's score comes from its steps'. A choice of ours: it is as good as its worst
    step."""
    splitting: Splitting | str = "auto"
    seed: int = 0
    name: str = ""
    _known: dict[str, _Judgement] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """By the question."""
    _chooses: bool = field(default=True, init=False, repr=False, compare=False)
    """Whether the model is asked for probabilities; and whether it ever gave any."""
    _chose: bool = field(default=False, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.name = self.name or f"judge:{self.model.name}"
        self._chooses = isinstance(self.model, ChoosingModel)

    @property
    def settings(self) -> dict[str, Any]:
        """See `Configured.settings`."""
        told = (one.name for one in fields(self) if one.init and one.name != "model")
        return {"model": self.model.name, **{name: getattr(self, name) for name in told}}

    async def ready(self) -> None:
        """See `Preparable.ready`."""
        await self.model.ready()

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """See `Priced.price`."""
        return self.model.price(prompt_tokens, completion_tokens)

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`."""
        if self.by == "step":
            split = [split_steps(text, self.splitting) for text in candidates]
            return await self.judge_steps(task, split)
        problem = problem_of(task)
        questions = [
            [SOLUTION.format(problem=problem, steps=text.strip())] if text.strip() else []
            for text in candidates
        ]
        judged = await self._all(questions, f"judge/{task.id}")
        return [_of_whole(found, usage) for found, usage in judged]

    async def judge_steps(self, task: Task, solutions: Sequence[Sequence[str]]) -> list[Verdict]:
        """See `StepVerifier.judge_steps`. A step is judged given those before it."""
        questions = [
            [_about_step(task, steps[:count]) for count in range(1, len(steps) + 1)]
            for steps in solutions
        ]
        judged = await self._all(questions, f"judge/{task.id}")
        return [self._of_steps(found, usage) for found, usage in judged]

    def _of_steps(self, judged: Sequence[_Judgement], usage: Usage) -> Verdict:
        scores: list[float] = []
        for number, found in enumerate(judged, 1):
            if found.score is None:
                return Verdict(reason=f"step {number}: {found.reason}", usage=usage)
            scores.append(found.score)
        if not scores:
            return Verdict(reason="there are no steps to judge")
        worst = min(range(len(scores)), key=scores.__getitem__)
        return Verdict(
            aggregate(scores, self.aggregate),
            reason=f"step {worst + 1}: {judged[worst].reason}",
            steps=tuple(scores),
            usage=usage,
        )

    async def _all(
        self, questions: Sequence[Sequence[str]], path: str
    ) -> list[tuple[list[_Judgement], Usage]]:
        """The answers to some lists of questions, each asked once, and the cost of each list: that
        of what it was the first to ask."""
        every = dict.fromkeys(question for some in questions for question in some)
        found = {question: self._known[question] for question in every if question in self._known}
        new = [question for question in every if question not in found]
        answers = await asyncio.gather(
            *(self._ask(question, f"{path}/{number}") for number, question in enumerate(new))
        )
        unpaid = dict(zip(new, answers, strict=True))
        found |= unpaid
        self._remember(unpaid)
        results = []
        for some in questions:
            costs = [unpaid.pop(question).usage for question in some if question in unpaid]
            results.append(([found[question] for question in some], sum(costs, Usage())))
        return results

    def _remember(self, answers: dict[str, _Judgement]) -> None:
        """What has a score; another might come out better next time."""
        self._known |= {q: found for q, found in answers.items() if found.score is not None}
        for question in list(self._known)[: max(0, len(self._known) - KEPT)]:
            del self._known[question]

    async def _ask(self, question: str, path: str) -> _Judgement:
        try:
            said = await self._say(question, path, LONG) if self.think else []
            if self._chooses:
                try:
                    return await self._by_probability(question, said, path)
                except ModelRejected:
                    # A server that never gave such numbers is not asked for them again.
                    self._chooses = self._chose
            return self._by_votes(said or await self._say(question, path, SHORT))
        except (ModelError, SearchStopped) as error:
            return _Judgement(None, f"{self.model.name}: {error}")

    async def _by_probability(
        self, question: str, said: Sequence[Completion], path: str
    ) -> _Judgement:
        assert isinstance(self.model, ChoosingModel)
        choose = self.model.choose
        if said:
            # Where each text has its verdict, or after it if it has none.
            messages, words = _messages(question + LONG), (f" {YES}", f" {NO}")
            prefixes = [_before_verdict(one.text) + VERDICT for one in said]
        else:
            messages, words, prefixes = _messages(question + SHORT), (YES, NO), [""]
        chosen = await asyncio.gather(
            *(
                choose(messages, words, path=f"{path}/{number}", prefix=prefix)
                for number, prefix in enumerate(prefixes)
            )
        )
        self._chose = True
        return _mean(chosen, sum((one.usage for one in said), Usage()))

    async def _say(self, question: str, path: str, how: str) -> list[Completion]:
        return await self.model.chat(
            _messages(question + how),
            path=path,
            n=self.n,
            temperature=self.temperature,
            max_tokens=self.max_tokens if self.think else 8,
            seed=self.seed,
        )

    def _by_votes(self, said: Sequence[Completion]) -> _Judgement:
        usage = sum((one.usage for one in said), Usage())
        votes = [vote for one in said if (vote := said_yes(one.text, self.think)) is not None]
        if not votes:
            return _Judgement(None, f"none of {len(said)} replies has a verdict", usage)
        yes = sum(votes)
        return _Judgement(yes / len(votes), f"{yes} of {len(votes)} verdicts are Yes", usage)


def said_yes(text: str, thought: bool = True) -> bool | None:
    """The last verdict in a judge's reply, or None if there is none. Of a judge that was asked for
    one word, the first word."""
    found = SAID.findall(text)
    if not found and not thought and (word := WORD.match(text)):
        found = [word[1]]
    return found[-1].lower() in ("yes", "correct") if found else None


def _before_verdict(text: str) -> str:
    """What a judge wrote up to where it gave its (last) verdict."""
    found = list(SAID.finditer(text))
    return text[: found[-1].start()].rstrip(" \n*#") if found else text.rstrip()


def _mean(choices: Sequence[Choice], usage: Usage) -> _Judgement:
    """Of the probabilities of Yes."""
    usage = sum((choice.usage for choice in choices), usage)
    shares = [
        probability
        for choice in choices
        for word, probability in choice.probabilities.items()
        if word.strip() == YES and math.isfinite(probability)
    ]
    if not shares:
        return _Judgement(None, "the model gave no probabilities", usage)
    score = math.fsum(shares) / len(shares)
    return _Judgement(score, f"Yes with probability {score:.3g}", usage)


def _about_step(task: Task, steps: Sequence[str]) -> str:
    numbered = "\n\n".join(f"Step {number}: {step}" for number, step in enumerate(steps, 1))
    return STEP.format(problem=problem_of(task), steps=numbered, number=len(steps))


def _messages(question: str) -> list[Message]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]


def _of_whole(judged: Sequence[_Judgement], usage: Usage) -> Verdict:
    if not judged:
        return Verdict(reason="there is nothing to judge")
    return Verdict(judged[0].score, reason=judged[0].reason, usage=usage)
