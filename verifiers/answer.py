"""Gold answers as verifiers: a grade, for after a search only."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ..tasks import AnswerKey, MathTask, Task, final_answer
from ..tasks.equivalence import judge
from ..tasks.grader_pool import GraderPool
from ..tasks.grader_process import Judgement
from ..tasks.show import cut
from .base import Verdict

NO_ANSWER = Verdict(0.0, False, "no final answer")
NO_QUESTION = Verdict(reason="answers are graded of questions, and the task asks for a program")


@dataclass(frozen=True)
class AnswerGrade:
    """Grades worked solutions by their final answers, once a search is over. The score is 1 or 0;
    what has no final answer is wrong. Its reasons quote the gold answer: never show them to a
    model."""

    key: AnswerKey
    last_number: bool = False
    """Whether the last number of a solution that names no answer is taken for one, as
    `final_answer` has it."""
    pool: GraderPool | None = None
    """Compares answers; the process's own pool if None."""
    name: str = "answer grade"

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`.

        Raises:
            MissingError: what compares answers is not installed (see `tasks.equivalence.require`).
        """
        if not isinstance(task, MathTask):
            return [NO_QUESTION] * len(candidates)
        answers = [final_answer(text, last_number=self.last_number) for text in candidates]
        distinct = list(dict.fromkeys(answer for answer in answers if answer is not None))
        judgements = await asyncio.gather(*map(self._judge, distinct))
        verdicts = dict(zip(distinct, map(self._verdict, distinct, judgements), strict=True))
        return [NO_ANSWER if answer is None else verdicts[answer] for answer in answers]

    async def _judge(self, answer: str) -> Judgement:
        return await judge(answer, self.key.answer, self.key.grading, pool=self.pool)

    def _verdict(self, answer: str, judgement: Judgement) -> Verdict:
        if judgement.equal is None:
            return Verdict(reason=f"answered {cut(answer)}: {judgement.why}")
        if judgement.equal:
            return Verdict(1.0, True, f"answered {cut(answer)}")
        return Verdict(0.0, False, f"answered {cut(answer)}, expected {cut(self.key.answer)}")
